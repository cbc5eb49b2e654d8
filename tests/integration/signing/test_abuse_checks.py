"""Test the abuse checks: letters from bots wait in quarantine, a flood is slowed, and people can still sign."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.world import ADA, FORM, SITE, World
from tests.support.world import world as make_world
from undersigned.base.networks import window_of
from undersigned.signing.rules.abuse_checks import FORM_WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import Answer


def test_a_person_is_not_in_quarantine(world: World) -> None:
    world.sign()
    assert world.row().quarantine is None


@pytest.mark.asvs("2.4.1", "16.3.3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"topic": "cheap pills"}, "trap"),
        ({"form": ""}, "no form"),
        ({"form": "end-demand-illinois~abc~.forged"}, "no form"),
    ],
)
def test_a_suspicious_form_waits_in_quarantine_with_the_reason(
    world: World, changes: dict[str, object], reason: str
) -> None:
    suspicious, clean = world.sign(**changes), world.sign(email="eve@signers.example")
    assert (suspicious.status, _without_values(suspicious)) == (clean.status, _without_values(clean))
    assert world.row().quarantine == reason
    assert world.row("eve@signers.example").quarantine is None


def _without_values(answer: Answer) -> str:
    """Return a page without what was posted, which its form keeps, and without the address."""
    return re.sub(r'value="[^"]*"|<bdi>[^<]*@[^<]*</bdi>', "", answer.body)


def test_the_forms_page_has_the_same_bytes_for_everybody_for_half_a_minute(world: World) -> None:
    world.clock.advance(seconds=-(world.clock.now.timestamp() % FORM_WINDOW.total_seconds()))
    first = world.get(FORM, source="192.0.2.1")
    world.clock.advance(seconds=29)
    assert world.get(FORM, source="198.51.100.9", headers={"user-agent": "another"}) == first
    world.clock.advance(seconds=1)
    assert world.get(FORM).content != first.content


def test_people_who_got_the_same_page_can_all_sign(world: World) -> None:
    """A cache gave it to both, and a browser filled in one of them at once."""
    form = world.get(FORM, as_json=True).json["form"]
    emails = ["ada@signers.example", "eve@signers.example"]
    for email in emails:
        world.sign(form=form, email=email)
    assert [world.row(email).quarantine for email in emails] == [None, None]


def test_a_form_that_was_open_for_hours_can_be_signed(world: World) -> None:
    form = world.form()
    world.clock.advance(hours=47)
    world.sign(form=form)
    assert world.row().quarantine is None


def test_the_form_token_of_another_campaign_is_suspicious(world: World) -> None:
    issued_at = window_of(world.clock.now, FORM_WINDOW)
    world.sign(form=world.stack.links.sign("form", "another-campaign", issued_at=issued_at))
    assert world.row().quarantine == "no form"


def test_a_form_dated_by_a_machine_whose_clock_is_far_ahead_is_suspicious(world: World) -> None:
    world.sign(form=world.form(opened=-3_600))
    assert world.row().quarantine == "no form"


def test_an_old_form_token_does_not_count(world: World) -> None:
    form = world.form()
    world.clock.advance(days=3)
    world.sign(form=form)
    assert world.row().quarantine == "no form"


def test_one_person_may_post_the_same_form_twice(world: World) -> None:
    form = world.form()
    world.sign(form=form)
    world.clock.advance(seconds=1)
    assert world.sign(form=form, note="Once more").status == 200
    assert (world.row().quarantine, world.row().words.note) == (None, "Once more")


def test_signing_is_one_conditional_write_beside_the_networks_count(world: World) -> None:
    world.calls.clear()
    world.sign()
    writes = [call for call in world.calls if "Get" not in call and "Query" not in call]
    assert writes == ["dynamodb:UpdateItem", "dynamodb:PutItem"]


def test_the_same_form_sent_twice_is_one_letter_and_one_email(world: World) -> None:
    """A double click without JavaScript, or a browser whose first answer got lost."""
    form = world.form()
    for _ in range(3):
        assert world.sign(form=form).status == 200
        world.clock.advance(seconds=30)
    world.run_stream()
    assert len(world.sent) == 1
    assert world.press(world.sent[0].link("confirm")).status == 200
    world.run_stream()
    assert world.counts()["TOTAL"] == 1


def test_the_same_form_sent_twice_sends_one_email_when_both_wait_in_the_stream_apart(world: World) -> None:
    form = world.form()
    for _ in range(2):
        world.sign(form=form)
        world.run_stream()
    assert len(world.sent) == 1


def test_who_signs_again_after_minutes_gets_another_email(world: World) -> None:
    for _ in range(2):
        world.sign()
        world.run_stream()
        world.clock.advance(minutes=2)
    assert len(world.sent) == 2


def test_a_browser_that_posts_its_form_for_a_quarter_of_an_hour_causes_one_email(world: World) -> None:
    """`form.js` posts a form until it is answered. Each answer can get lost after the form was written."""
    form = world.form()
    for _ in range(30):
        world.sign(form=form)
        world.run_stream()
        world.clock.advance(seconds=30)
    assert len(world.sent) == 1


def test_who_got_no_email_and_opens_the_form_again_after_two_minutes_gets_another_one(world: World) -> None:
    """The page after signing says so: “If the email isn’t there, fill in the form again”."""
    world.sign(form=world.form())
    world.run_stream()
    world.clock.advance(minutes=3)
    world.sign(form=world.form())
    world.run_stream()
    assert len(world.sent) == 2


def test_other_words_in_the_same_copy_of_the_form_get_an_email_of_their_own_at_once(world: World) -> None:
    form = world.form()
    for note in ("First", "Second"):
        world.sign(form=form, note=note)
    world.run_stream()
    assert len(world.sent) == 2


@pytest.mark.parametrize("token", ["", "end-demand-illinois~abc~.forged"])
def test_a_form_without_a_valid_token_has_no_copies(world: World, token: str) -> None:
    """An organization's own form may post anything in this field, and the same each time.

    Its posts within a quarter of an hour are the same form.
    """
    world.change_and_wait(allowed_origins=(SITE,))
    for emails, minutes in ((1, 3), (1, 15), (2, 0)):
        values = {**ADA, "form": token}
        assert world.post(f"{FORM}/signatures", values, headers={"origin": SITE}).status == 200
        world.run_stream()
        assert len(world.sent) == emails
        world.clock.advance(minutes=minutes)


def test_who_has_confirmed_and_sends_the_form_twice_gets_one_more_email(world: World) -> None:
    world.confirmed()
    world.clock.advance(hours=1)
    for _ in range(2):
        world.sign()
        world.run_stream()
    assert len(world.sent) == 2
    world.clock.advance(minutes=2)
    world.sign()
    world.run_stream()
    assert len(world.sent) == 3


def test_a_form_that_comes_again_after_its_letter_was_confirmed_sends_nothing(world: World) -> None:
    """The answer got lost, the email came, and the browser tries again."""
    form = world.form()
    world.sign(form=form)
    world.run_stream()
    world.press(world.sent[0].link("confirm"))
    world.clock.advance(seconds=20)
    assert world.sign(form=form).status == 200
    world.run_stream()
    assert len(world.sent) == 1
    world.sign(form=form, note="Other words")
    world.run_stream()
    assert len(world.sent) == 2


def test_a_form_that_comes_again_leaves_room_for_others_who_share_the_address(world: World) -> None:
    form = world.form()
    for name in ("Ada Specimen", "Bo Specimen", "Ada Specimen", "Bo Specimen", "Cy Specimen"):
        assert world.sign(name=name, signature=name, form=form).status == 200
        world.run_stream()
        world.clock.advance(seconds=10)
    assert len(world.sent) == 3
    for sent, name in zip(world.sent, ("Ada", "Bo", "Cy"), strict=True):
        assert f"{name} Specimen" in world.get(sent.link("confirm")).body


def test_a_person_who_repeats_what_a_bot_sent_gets_an_email_of_their_own(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    world.sign()
    world.run_stream()
    assert len(world.sent) == 2


def test_a_form_with_a_mistake_keeps_its_token(world: World) -> None:
    form = world.form()
    page = world.sign(form=form, name="")
    assert page.status == 422
    assert form in page.body
    world.sign(form=form)
    assert world.row().quarantine is None


def test_the_link_of_a_form_in_quarantine_tells_nothing_of_it(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    said = world.get(world.sent[-1].link("confirm"), as_json=True).json
    assert world.row().status == "quarantined"
    assert (said["status"], said["version"], said["links"]) == ("pending", 0, None)


def test_confirming_a_letter_takes_it_out_of_quarantine_and_keeps_the_suspicion(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert (world.row().status, world.row().quarantine) == ("confirmed", "trap")
    world.run_stream()
    world.week()
    assert [sent.printed.count("Dear Police Chief") for sent in world.deliveries] == [1]


def test_a_bot_causes_at_most_one_email_a_day_to_an_address(world: World) -> None:
    for _ in range(3):
        world.sign(topic="cheap pills")
        world.run_stream()
    assert len(world.sent) == 1
    # The person with this address still gets an email.
    world.sign()
    world.run_stream()
    assert len(world.sent) == 2


def test_a_bot_gets_the_same_answer_with_the_same_calls_as_a_person(world: World) -> None:
    world.sign(email="warm@signers.example")
    results = []
    for changes in ({}, {"topic": "cheap pills", "email": "eve@signers.example"}):
        world.calls.clear()
        answer = world.sign(**changes)
        results.append((answer.status, _without_values(answer), list(world.calls)))
    assert results[0] == results[1]


# Floods


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_world(monkeypatch, forms_a_minute=3) as new:
        yield new


def test_a_flood_from_one_address_is_slowed_while_others_sign(small: World) -> None:
    answers = [small.sign(email=f"bot{number}@signers.example") for number in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    slowed = answers[-1]
    assert 1 <= int(slowed.headers["retry-after"]) <= 60
    assert "Many people are signing from your network." in slowed.body
    assert 'value="1 Sample Street"' in slowed.body
    other = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, source="198.51.100.9")
    assert other.status == 200
    small.clock.advance(seconds=int(slowed.headers["retry-after"]))
    assert small.sign(email="bot3@signers.example").status == 200


def test_a_flood_from_a_whole_network_is_slowed(small: World) -> None:
    statuses = [
        small.post(
            f"{FORM}/signatures",
            {**ADA, "email": f"bot{number}@signers.example", "form": small.form()},
            source=f"198.51.100.{number}",
        ).status
        for number in range(16)
    ]
    assert statuses == [200] * 15 + [429]


def test_a_programs_answer_says_when_to_try_again(small: World) -> None:
    for number in range(3):
        small.sign(email=f"bot{number}@signers.example")
    answer = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, as_json=True)
    assert (answer.status, answer.json["title"]) == (429, "Just a moment")
    assert answer.headers["retry-after"]


def test_a_form_with_mistakes_does_not_count_towards_a_flood(small: World) -> None:
    assert [small.sign(name="").status for _ in range(5)] == [422] * 5
    assert small.sign().status == 200


def test_no_ip_address_is_stored(world: World) -> None:
    for _ in range(2):
        world.sign()
    scanned = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)
    stored = json.dumps(scanned["Items"], default=str)
    assert "203.0.113." not in stored
    [rate] = [item for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")]
    assert int(rate["expires_at"]["N"]) <= world.clock.now.timestamp() + 120


def post_from(world: World, source: str, email: str) -> None:
    values = {**ADA, "form": world.form(), "email": email}
    world.request("POST", f"{FORM}/signatures", values, source=source)


def test_a_row_has_a_hash_of_the_network_that_is_another_one_each_day(world: World) -> None:
    sources = ["203.0.113.7", "203.0.113.200", "198.51.100.7"]
    for number, source in enumerate(sources):
        post_from(world, source, f"s{number}@signers.example")
    world.clock.advance(days=1)
    post_from(world, sources[0], "s3@signers.example")
    first, same, other, next_day = (world.row(f"s{number}@signers.example").network for number in range(4))
    assert first == same
    assert len({first, other, next_day}) == 3
    assert first is not None
    assert re.fullmatch("[0-9a-f]{12}", first)


def test_the_networks_hash_goes_when_the_letter_is_sealed_or_erased(world: World) -> None:
    for email in ("ada@signers.example", "eve@signers.example"):
        world.sign(email=email)
    world.run_stream()
    world.press(world.sent[0].link("confirm"))
    assert world.row().network == world.row("eve@signers.example").network is not None
    world.week()
    assert world.row().period
    eve = world.row("eve@signers.example")
    world.erase(eve.signer)
    assert world.row().network is None
    assert world.row(eve.words.email).network is None


def test_an_ip_address_has_a_different_hash_each_minute(world: World) -> None:
    for _ in range(2):
        for _ in range(2):
            world.sign()
        world.clock.advance(minutes=1)
    scanned = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)
    rates = {item["pk"]["S"] for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")}
    assert len(rates) == 2


# An organization's own form


def test_an_organizations_own_form_needs_no_form_token(world: World) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": SITE})
    assert world.row().quarantine is None


@pytest.mark.parametrize("origin", ["null", "https://letters.example"])
def test_a_form_of_no_allowed_site_needs_a_form_token(world: World, origin: str) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": origin})
    assert world.row().quarantine == "no form"


def test_a_form_of_a_site_that_is_not_allowed_is_refused(world: World) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    foreign = {"origin": "https://www.enddemand.example.evil.example"}
    assert world.post(f"{FORM}/signatures", ADA, headers=foreign).status == 403
