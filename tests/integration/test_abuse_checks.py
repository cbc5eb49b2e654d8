"""Bots at the form: what looks like one waits in quarantine, a flood is slowed, and people beside them sign."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import altcha
import pytest

from tests.world import ADA, CAMPAIGN, World
from tests.world import world as make_world
from undersigned.domain.abuse_checks import PACE_WINDOW
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.signatures import Signature

FORM = f"/campaigns/{CAMPAIGN}"
SITE = "https://www.enddemand.example"


def row(world: World, email: str = "ada@signers.example") -> Signature:
    found = world.wiring.signatures.signature(CAMPAIGN, signer_id(world.wiring.secret(), email))
    assert found
    return found


def change(world: World, **settings: Any) -> None:
    """Change the campaign's settings, and wait until every function has heard of it."""
    campaigns = world.wiring.campaigns
    campaign = campaigns.campaign(CAMPAIGN)
    assert campaign
    campaigns.put_campaign(replace(campaign, **settings))
    world.clock.turn(minutes=2)


def proof_of(challenge: str) -> str:
    """Solve a challenge as a browser does."""
    made = altcha.Challenge.from_dict(json.loads(challenge))
    solution = altcha.solve_challenge(made)
    assert solution
    return altcha.Payload(made, solution).to_base64()


def test_a_person_is_not_in_quarantine(world: World) -> None:
    world.sign()
    assert row(world).quarantine is None


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"topic": "cheap pills"}, "trap"),
        ({"form": ""}, "no form"),
        ({"form": "end-demand-illinois~abc~.forged"}, "no form"),
    ],
)
def test_what_looks_like_a_bots_form_waits_in_quarantine_with_the_reason(
    world: World, odd: dict[str, object], reason: str
) -> None:
    assert world.sign(**odd).headers["location"] == world.sign(email="eve@signers.example").headers["location"]
    assert row(world).quarantine == reason
    assert row(world, "eve@signers.example").quarantine is None


def test_a_form_that_comes_back_within_three_seconds_was_filled_in_by_no_person(world: World) -> None:
    world.sign(form=world.form(opened=1))
    assert row(world).quarantine == "too fast"


def test_a_form_of_another_campaign_or_of_last_week_is_none(world: World) -> None:
    form = world.form()
    world.clock.turn(days=3)
    world.sign(form=form)
    assert row(world).quarantine == "no form"


def test_a_form_counts_once(world: World) -> None:
    form = world.form()
    world.sign(form=form)
    world.sign(form=form, email="eve@signers.example")
    assert row(world).quarantine is None
    assert row(world, "eve@signers.example").quarantine == "form used"


def test_who_sends_the_same_form_twice_is_a_person_in_a_hurry(world: World) -> None:
    form = world.form()
    world.sign(form=form)
    assert world.sign(form=form, note="Once more").status == 303
    assert (row(world).quarantine, row(world).note) == (None, "Once more")


def test_a_form_with_a_mistake_is_not_spent(world: World) -> None:
    form = world.form()
    page = world.sign(form=form, name="")
    assert page.status == 422
    assert form in page.body
    world.sign(form=form)
    assert row(world).quarantine is None


def test_a_letter_leaves_the_quarantine_by_the_button_in_its_mail(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert row(world).quarantine is None
    world.run_stream()
    world.week()
    assert [sent.text.count("Ada Specimen") for sent in world.deliveries] == [1]


def test_a_bot_gets_no_more_than_one_mail_a_day_for_an_address(world: World) -> None:
    for _ in range(3):
        world.sign(topic="cheap pills")
        world.run_stream()
    assert len(world.sent) == 1
    # The person whose address it is still gets theirs.
    world.sign()
    world.run_stream()
    assert len(world.sent) == 2


def test_signing_is_answered_the_same_way_and_with_the_same_calls_for_a_bot(world: World) -> None:
    world.sign(email="warm@signers.example")
    made = []
    for odd in ({}, {"topic": "cheap pills", "email": "eve@signers.example"}):
        world.calls.clear()
        answer = world.sign(**odd)
        made.append((answer.status, answer.headers["location"], list(world.calls)))
    assert made[0] == made[1]


# An organization's own form


def test_an_organizations_own_form_needs_no_token(world: World) -> None:
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": SITE})
    assert row(world).quarantine is None


def test_any_other_site_needs_one(world: World) -> None:
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": "https://www.enddemand.example.evil.example"})
    assert row(world).quarantine == "no form"


# The proof of work


def test_a_campaign_that_asks_for_a_proof_takes_one_for_each_form(world: World) -> None:
    change(world, proof_of_work="always")
    asked = world.get(FORM, as_json=True).json
    world.clock.turn(seconds=30)
    proof = proof_of(asked["challenge"])
    world.sign(form=asked["form"], proof=proof)
    assert row(world).quarantine is None
    # The same proof with a form of its own, and with the form that it belongs to.
    again = world.get(FORM, as_json=True).json
    world.clock.turn(seconds=30)
    world.sign(form=again["form"], proof=proof, email="eve@signers.example")
    assert row(world, "eve@signers.example").quarantine == "no proof"
    world.sign(form=asked["form"], proof=proof, email="bob@signers.example")
    assert row(world, "bob@signers.example").quarantine == "form used"


@pytest.mark.parametrize(
    "proof", ["", "e30=", "not base64", "eyJjaGFsbGVuZ2UiOiB7fX0=", "W10=", "bnVsbA==", "W1tb" * 4000, 7]
)
def test_a_proof_that_is_none_sends_the_letter_to_quarantine(world: World, proof: object) -> None:
    change(world, proof_of_work="always")
    world.post(f"{FORM}/signatures", {**ADA, "form": world.form(needs_proof=True), "proof": proof}, as_json=True)
    assert row(world).quarantine == "no proof"


def test_a_proof_is_asked_for_while_sign_ups_jump_and_not_when_they_are_as_usual(world: World) -> None:
    assert world.get(FORM, as_json=True).json["challenge"] is None
    world.wiring.abuse_counters.add_sign_ups(CAMPAIGN, world.clock.now, 60)
    world.clock.turn(seconds=20)
    assert world.get(FORM, as_json=True).json["challenge"]
    # A site's own form has no token that could say so.
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": SITE})
    assert row(world).quarantine == "no form"
    world.clock.turn(minutes=30)
    assert world.get(FORM, as_json=True).json["challenge"] is None


def test_the_tally_notes_how_fast_people_sign(world: World) -> None:
    for number in range(3):
        world.sign(email=f"signer{number}@signers.example")
    world.run_stream()
    assert sum(world.wiring.abuse_counters.sign_ups(CAMPAIGN, world.clock.now - PACE_WINDOW).values()) == 3


# Floods


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_world(monkeypatch, forms_a_minute=3) as made:
        yield made


def test_a_flood_from_one_address_is_slowed_and_told_so_while_others_sign(small: World) -> None:
    answers = [small.sign(email=f"bot{number}@signers.example") for number in range(4)]
    assert [answer.status for answer in answers] == [303, 303, 303, 429]
    slowed = answers[-1]
    assert 1 <= int(slowed.headers["retry-after"]) <= 60
    assert "What you typed is kept" in slowed.body
    assert 'value="1 Sample Street"' in slowed.body
    beside = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, source="198.51.100.9")
    assert beside.status == 303
    small.clock.turn(seconds=int(slowed.headers["retry-after"]))
    assert small.sign(email="bot3@signers.example").status == 303


def test_a_flood_from_a_whole_network_is_slowed(small: World) -> None:
    statuses = [
        small.post(
            f"{FORM}/signatures",
            {**ADA, "email": f"bot{number}@signers.example", "form": small.form()},
            source=f"198.51.100.{number}",
        ).status
        for number in range(16)
    ]
    assert statuses == [303] * 15 + [429]


def test_a_program_is_told_in_problem_details_when_to_try_again(small: World) -> None:
    for number in range(3):
        small.sign(email=f"bot{number}@signers.example")
    answer = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, as_json=True)
    assert (answer.status, answer.json["title"]) == (429, "Just a moment")
    assert answer.headers["retry-after"]


def test_a_form_with_mistakes_is_no_part_of_a_flood(small: World) -> None:
    assert [small.sign(name="").status for _ in range(5)] == [422] * 5
    assert small.sign().status == 303


def test_no_address_of_a_signers_computer_is_kept(world: World) -> None:
    world.sign()
    scanned = world.wiring._client("dynamodb").scan(TableName=world.wiring.settings.table_name)
    kept = json.dumps(scanned["Items"], default=str)
    assert "203.0.113." not in kept
    [counted] = [item for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")]
    assert int(counted["expires_at"]["N"]) <= world.clock.now.timestamp() + 120


def test_the_same_address_is_another_hash_in_each_minute(world: World) -> None:
    world.sign()
    world.clock.turn(minutes=1)
    world.sign()
    scanned = world.wiring._client("dynamodb").scan(TableName=world.wiring.settings.table_name)
    rates = {item["pk"]["S"] for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")}
    assert len(rates) == 2
