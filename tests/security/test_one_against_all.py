"""What one address, office, organizer or campaign does, as often as they may, takes nothing from forty others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.organizers import someone
from tests.support.packets import links_of_office
from tests.support.workshop import author_of
from tests.support.world import ADA, CAMPAIGN, FORM, PERIOD
from tests.support.world import world as make_world
from undersigned.base.networks import window_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.signing.rules.abuse_checks import FORM_WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import Sent, World

OTHERS = 40
NETWORK = "203.0.113"
OWN = "one@own.example"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Make a stack without moto: these tests send hundreds of forms."""
    with make_world(monkeypatch, fast=True) as made:
        yield made


def send(world: World, email: str, source: str = f"{NETWORK}.7", **more: object) -> None:
    """Send a form, which may be refused."""
    world.request("POST", f"{FORM}/signatures", {**ADA, "email": email, "form": world.form(), **more}, source=source)


def to_itself(world: World) -> list[Sent]:
    return [sent for sent in world.sent if sent.to.endswith("@own.example")]


def floods_one_address(world: World) -> None:
    for number in range(60):
        send(world, OWN, note=f"{number}")


def fills_in_the_trap(world: World) -> None:
    for number in range(60):
        send(world, f"s{number}@own.example", topic="pills")


def disowns_its_forms(world: World) -> None:
    for number in range(20):
        send(world, f"s{number}@own.example")
    world.run_stream()
    for sent in to_itself(world):
        assert "The form is deleted" in world.post(sent.link("disown")).body


def signs_and_withdraws(world: World) -> None:
    for number in range(5):
        send(world, OWN, note=f"{number}")
        world.run_stream()
        confirm = to_itself(world)[-1].link("confirm")
        world.press(confirm)
        own = world.get(confirm, as_json=True).json["links"]["letter"]
        world.post(f"{own}/withdraw")
        world.clock.advance(minutes=1)


def marks_everything_as_spam(world: World) -> None:
    """SES reports each later email to it as a complaint without sending it."""
    for number in range(20):
        send(world, OWN, note=f"{number}")
        world.run_stream()
        for sent in to_itself(world)[-1:]:
            world.feedback("suppressed_complaint", sent)
        world.clock.advance(hours=9)
    world.confirmed(email="early@signers.example")


def names_domains_that_do_not_exist(world: World) -> None:
    for number in range(60):
        send(world, f"s{number}@nowhere.org", asks="1")
        send(world, f"s{number}@nowhere.org")


def an_office_presses_all_its_buttons(world: World) -> None:
    world.confirmed(email="early@signers.example")
    world.week()
    page, cover = links_of_office(world)
    for _ in range(10):
        for path in (page, cover):
            world.get(path)
        assert world.post(f"{page}/received", {"period": PERIOD}).status == 303
        assert world.post(f"{page}/stop", {"reason": "No."}).status == 200
        world.run_people_mails()


def an_organizer_of_the_campaign(world: World) -> None:
    world.confirmed(email="early@signers.example")
    world.week()
    world.feedback("delivery", world.deliveries[0])
    browser = someone(world, "editor")
    for number in range(50):
        known = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").answer
        seen = {"revision": known.revision if known else ""}
        answer = {"day": PERIOD, "text": f"Answer {number}", "public": "yes", **seen}
        assert browser.press("/targets/evanston/answer", answer).status == 303
        browser.press("/exports", {})
        browser.words("/signatures")
    world.clock.advance(minutes=2)


def an_organizer_who_sends_tests_and_invites_everybody(world: World) -> None:
    author, owner = author_of(world), someone(world, "owner")
    for number in range(40):
        author.press("/workshop/test-email")
        owner.press("/people", {"email": f"p{number}@own.example", "role": "viewer"})
        owner.post("/organizer/sign-in", {"email": f"p{number}@own.example"})
    world.run_people_mails()
    world.run_queue()


def an_organizer_who_holds_and_pauses(world: World) -> None:
    """Letters wait, but people sign and confirm as ever."""
    browser = someone(world, "editor")
    browser.press("/pause", {"why": "a look at the letter"})
    for target in ("evanston", "skokie"):
        assert browser.press(f"/targets/{target}/hold", {"why": "a new chief"}).status == 303


def another_campaign(world: World) -> None:
    """It is flooded from the same network, breaks its letter, and is closed."""
    campaigns = Campaigns(world.stack.table)
    campaign, targets = campaigns.campaign(CAMPAIGN), campaigns.targets(CAMPAIGN)
    assert campaign
    campaigns.put_campaign(replace(campaign, id="another"))
    for target in targets:
        campaigns.put_target("another", target)
    world.clock.advance(minutes=2)
    for number in range(60):
        issued_at = window_of(world.clock.now - timedelta(minutes=1), FORM_WINDOW)
        token = world.stack.links.sign("form", "another", issued_at=issued_at)
        values = {**ADA, "email": f"s{number % 30}@own.example", "form": token, "topic": "pills" * (number % 2)}
        world.request("POST", "/campaigns/another/signatures", values, source=f"{NETWORK}.7")
    world.run_stream()
    for sent in to_itself(world):
        world.feedback("bounce", sent)
    campaigns.put_campaign(replace(campaign, id="another", closes=world.clock.now.date() - timedelta(days=9)))
    assert world.get("/campaigns/another").status in {200, 404, 410}


ACTS = [
    floods_one_address,
    fills_in_the_trap,
    disowns_its_forms,
    signs_and_withdraws,
    marks_everything_as_spam,
    names_domains_that_do_not_exist,
    an_office_presses_all_its_buttons,
    an_organizer_of_the_campaign,
    an_organizer_who_sends_tests_and_invites_everybody,
    an_organizer_who_holds_and_pauses,
    another_campaign,
]


@pytest.mark.parametrize(
    "act", [ACTS[0], *(pytest.param(act, marks=pytest.mark.slow) for act in ACTS[1:])], ids=lambda act: act.__name__
)
def test_forty_others_get_their_emails_counts_and_pages(world: World, act: Callable[[World], None]) -> None:
    act(world)
    world.run_stream()
    world.clock.advance(seconds=3)
    count = json.loads(world.get(f"{FORM}/count", as_json=True).body)["signatures"]
    # They are neighbours: every second one is in the network of the one who acts.
    for number in range(OTHERS):
        source = f"{NETWORK}.{100 + number}" if number % 2 else f"198.51.{number}.7"
        page = world.get(FORM)
        assert page.status == 200
        send(world, f"other{number}@signers.example", source, name=f"Other Person {number}")
        world.clock.advance(seconds=30)
    world.run_stream()
    emails = {sent.to: sent for sent in world.sent if sent.to.startswith("other")}
    assert len(emails) == OTHERS
    for sent in emails.values():
        assert "Thank you" in world.press(sent.link("confirm")).body
    world.run_stream()
    world.clock.advance(seconds=3)
    assert json.loads(world.get(f"{FORM}/count", as_json=True).body)["signatures"] == count + OTHERS
    rows = [world.signature(email) for email in emails]
    assert {(row.status, row.quarantine, row.in_tray) for row in rows} == {("confirmed", None, True)}
    assert world.counts()["TOTAL"] == count + OTHERS
