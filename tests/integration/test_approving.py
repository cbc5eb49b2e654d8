"""Test approval by email: the organizer gets one email, sees the deliveries, and approves them with a button."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN, PERIOD
from undersigned.services.operating.organizer_post import NotToldError

if TYPE_CHECKING:
    from tests.world import World

ORGANIZER = "organizer@enddemand.example"


@pytest.fixture(autouse=True)
def _needs_approval(world: World) -> None:
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    organizer = replace(campaign.organizer, email=ORGANIZER)
    world.wiring.campaigns.put_campaign(replace(campaign, approval=True, organizer=organizer))


def link(world: World) -> str:
    return world.mails("approval")[-1].link("organizer/approve")


def sent(world: World) -> list[str]:
    return [mail.tags["target"] for mail in world.deliveries]


def test_the_request_lists_letters_by_target(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example")
    world.confirmed(email="cy@signers.example", postal_code="60091")
    world.week()
    [mail] = world.mails("approval")
    assert (mail.to, mail.tags["period"]) == (ORGANIZER, PERIOD)
    assert mail.mail["Subject"] == "3 letters are waiting for your approval: End Demand Illinois"
    assert "2 letters  Police Chief Avery Sample, Evanston Police Department" in mail.text
    assert "1 letter   Police Chief" in mail.text
    assert "nothing is lost" in mail.text
    assert "until December 8, 2026" in " ".join(mail.text.split())
    assert sent(world) == []


def test_a_period_has_one_request_for_any_number_of_plans(world: World) -> None:
    world.confirmed()
    world.plan()
    world.clock.advance(hours=6)  # the same day in Chicago, the next day in UTC
    world.plan()
    assert len(world.mails("approval")) == 1
    world.clock.advance(days=7)
    world.plan()
    assert [mail.tags["period"] for mail in world.mails("approval")] == [PERIOD, "2026-12-01"]


@pytest.mark.parametrize("refusal", ["throttled", "AccessDeniedException", "MessageRejected"])
def test_a_request_that_could_not_be_sent_is_sent_by_the_next_plan(world: World, refusal: str) -> None:
    world.confirmed()
    if refusal == "throttled":
        world.throttles = 100
    else:
        world.refusal = refusal
    with pytest.raises(NotToldError, match=f"the organizers of {CAMPAIGN} could not be emailed"):
        world.plan()
    world.throttles, world.refusal = 0, ""
    world.plan()
    world.plan()
    assert len(world.mails("approval")) == 1


def test_a_scanner_that_opens_the_link_approves_nothing(world: World) -> None:
    world.confirmed()
    world.plan()
    for _ in range(2):
        page = world.get(link(world))
        assert page.status == 200
        assert "Evanston Police Department</td><td>1</td><td>Ready to send" in page.body
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {}
    assert world.run_queue() == []


def test_the_button_approves_the_period_and_sends_it_immediately(world: World) -> None:
    world.confirmed()
    world.plan()
    page = world.press(link(world), {})
    assert "<h1>Approved</h1>" in page.body
    assert "<button>" not in page.body
    world.run_queue()
    assert sent(world) == ["evanston"]
    assert "<td>Sent</td>" in world.get(link(world)).body
    [entry] = world.wiring.campaigns.audit(CAMPAIGN)
    assert (entry.action, entry.by, entry.about) == ("approve", "link in the email", PERIOD)


def test_pressing_twice_sends_once(world: World) -> None:
    world.confirmed()
    world.plan()
    for _ in range(2):
        assert world.post(link(world)).status == 303
    world.run_queue()
    assert world.post(link(world)).status == 303
    world.run_queue()
    assert sent(world) == ["evanston"]


def test_letters_confirmed_after_the_delivery_wait_for_the_next_approval(world: World) -> None:
    world.confirmed()
    world.plan()
    world.post(link(world))
    world.run_queue()
    world.confirmed(email="bo@signers.example")
    world.post(link(world))
    world.run_queue()
    assert sent(world) == ["evanston"]
    assert "Ready to send" not in world.get(link(world)).body


def test_the_page_of_a_paused_campaign_says_so_and_sends_nothing(world: World) -> None:
    world.confirmed()
    world.plan()
    world.wiring.delivering.controls.pause(CAMPAIGN, "cli", "")
    assert "Campaign paused" in world.get(link(world)).body
    world.post(link(world))
    assert world.run_queue() == []
    world.wiring.delivering.controls.resume(CAMPAIGN, "cli", "")
    world.post(link(world))
    world.run_queue()
    assert sent(world) == ["evanston"]


def test_a_target_on_hold_is_shown_as_on_hold(world: World) -> None:
    world.confirmed()
    world.wiring.delivering.controls.hold(CAMPAIGN, "evanston", "cli", "the chief <retires>")
    world.plan()
    html = world.mails("approval")[0].mail.get_body(("html",))
    assert html
    assert "(the chief &lt;retires&gt;)" in html.get_content()
    assert "On hold: the chief &lt;retires&gt;" in world.get(link(world)).body


def test_without_waiting_letters_there_is_nothing_to_approve(world: World) -> None:
    mail = world.confirmed()
    world.plan()
    letters = world.get(mail.link("confirm")).body.partition('action="')[2].partition('"')[0]
    world.post(letters)
    page = world.get(link(world)).body
    assert "No letters waiting" in page
    assert "<button>" not in page


def test_a_campaign_without_approval_sends_no_request(world: World) -> None:
    world.change(approval=False)
    world.confirmed()
    world.week()
    assert world.mails("approval") == []


def test_a_forged_truncated_or_wrong_link_is_refused(world: World) -> None:
    confirmation = world.confirmed().link("confirm").rpartition("/")[2]
    world.plan()
    for path in (link(world)[:-1], link(world).replace(PERIOD, "2026-12-01"), f"/organizer/approve/{confirmation}"):
        assert world.get(path).status == 404
        assert world.post(path).status == 404
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {}


def test_an_approval_link_works_for_two_weeks(world: World) -> None:
    world.confirmed()
    world.plan()
    world.clock.advance(days=14)
    assert world.get(link(world)).status == 200
    world.clock.advance(seconds=1)
    for answer in (world.get(link(world)), world.post(link(world))):
        assert answer.status == 410
        assert "the next email that asks you has a new link" in answer.body


def test_a_link_to_a_period_far_ahead_is_answered_with_a_page(world: World) -> None:
    token = world.wiring.organizer_tokens.for_approval(CAMPAIGN, "2026-12-24")
    answer = world.post(f"/organizer/approve/{token}")
    assert (answer.status, answer.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert sent(world) == []


def test_the_request_and_its_page_are_in_the_campaigns_language(world: World) -> None:
    world.change(language="es")
    world.confirmed()
    world.plan()
    assert world.mails("approval")[0].mail["Subject"] == "1 carta espera su aprobación: End Demand Illinois"
    assert "<h1>Esperan su aprobación</h1>" in world.get(link(world)).body
