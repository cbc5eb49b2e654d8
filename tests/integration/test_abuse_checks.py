"""Test the abuse checks: letters from bots wait in quarantine, a flood is slowed, and people can still sign."""

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
    """Change the campaign's settings, and wait until every function has read them."""
    campaigns = world.wiring.campaigns
    campaign = campaigns.campaign(CAMPAIGN)
    assert campaign
    campaigns.put_campaign(replace(campaign, **settings))
    world.clock.advance(minutes=2)


def proof_of(challenge: str) -> str:
    """Solve a challenge as a browser does."""
    parsed = altcha.Challenge.from_dict(json.loads(challenge))
    solution = altcha.solve_challenge(parsed)
    assert solution
    return altcha.Payload(parsed, solution).to_base64()


def test_a_person_is_not_in_quarantine(world: World) -> None:
    world.sign()
    assert row(world).quarantine is None


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
    assert world.sign(**changes).headers["location"] == world.sign(email="eve@signers.example").headers["location"]
    assert row(world).quarantine == reason
    assert row(world, "eve@signers.example").quarantine is None


def test_a_form_posted_within_three_seconds_is_suspicious(world: World) -> None:
    world.sign(form=world.form(opened=1))
    assert row(world).quarantine == "too fast"


def test_an_old_form_token_does_not_count(world: World) -> None:
    form = world.form()
    world.clock.advance(days=3)
    world.sign(form=form)
    assert row(world).quarantine == "no form"


def test_a_form_token_counts_once(world: World) -> None:
    form = world.form()
    world.sign(form=form)
    world.sign(form=form, email="eve@signers.example")
    assert row(world).quarantine is None
    assert row(world, "eve@signers.example").quarantine == "form used"


def test_one_person_may_post_the_same_form_twice(world: World) -> None:
    form = world.form()
    world.sign(form=form)
    assert world.sign(form=form, note="Once more").status == 303
    assert (row(world).quarantine, row(world).note) == (None, "Once more")


def test_a_form_with_a_mistake_is_not_consumed(world: World) -> None:
    form = world.form()
    page = world.sign(form=form, name="")
    assert page.status == 422
    assert form in page.body
    world.sign(form=form)
    assert row(world).quarantine is None


def test_confirming_a_letter_takes_it_out_of_quarantine(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert row(world).quarantine is None
    world.run_stream()
    world.week()
    assert [sent.text.count("Ada Specimen") for sent in world.deliveries] == [1]


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
        results.append((answer.status, answer.headers["location"], list(world.calls)))
    assert results[0] == results[1]


# An organization's own form


def test_an_organizations_own_form_needs_no_form_token(world: World) -> None:
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": SITE})
    assert row(world).quarantine is None


@pytest.mark.parametrize("origin", ["null", "https://letters.example"])
def test_a_form_of_no_allowed_site_needs_a_form_token(world: World, origin: str) -> None:
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": origin})
    assert row(world).quarantine == "no form"


def test_a_form_of_a_site_that_is_not_allowed_is_refused(world: World) -> None:
    change(world, allowed_origins=(SITE,))
    foreign = {"origin": "https://www.enddemand.example.evil.example"}
    assert world.post(f"{FORM}/signatures", ADA, headers=foreign).status == 403


# The proof of work


def test_each_form_needs_a_proof_of_its_own(world: World) -> None:
    change(world, proof_of_work="always")
    served = world.get(FORM, as_json=True).json
    world.clock.advance(seconds=30)
    proof = proof_of(served["challenge"])
    world.sign(form=served["form"], proof=proof)
    assert row(world).quarantine is None
    # The same proof with another form, and again with its own form.
    again = world.get(FORM, as_json=True).json
    world.clock.advance(seconds=30)
    world.sign(form=again["form"], proof=proof, email="eve@signers.example")
    assert row(world, "eve@signers.example").quarantine == "no proof"
    world.sign(form=served["form"], proof=proof, email="bob@signers.example")
    assert row(world, "bob@signers.example").quarantine == "form used"


@pytest.mark.parametrize(
    "proof", ["", "e30=", "not base64", "eyJjaGFsbGVuZ2UiOiB7fX0=", "W10=", "bnVsbA==", "W1tb" * 4000, 7]
)
def test_a_wrong_proof_sends_the_letter_to_quarantine(world: World, proof: object) -> None:
    change(world, proof_of_work="always")
    world.post(f"{FORM}/signatures", {**ADA, "form": world.form(needs_proof=True), "proof": proof}, as_json=True)
    assert row(world).quarantine == "no proof"


def test_a_proof_is_required_only_while_the_pace_has_jumped(world: World) -> None:
    assert world.get(FORM, as_json=True).json["challenge"] is None
    world.wiring.abuse_counters.add_sign_ups(CAMPAIGN, world.clock.now, 60)
    world.clock.advance(seconds=20)
    assert world.get(FORM, as_json=True).json["challenge"]
    # A site's own form has no form token to carry a challenge.
    change(world, allowed_origins=(SITE,))
    world.post(f"{FORM}/signatures", ADA, headers={"origin": SITE})
    assert row(world).quarantine == "no form"
    world.clock.advance(minutes=30)
    assert world.get(FORM, as_json=True).json["challenge"] is None


def test_the_tally_records_the_pace(world: World) -> None:
    for number in range(3):
        world.sign(email=f"signer{number}@signers.example")
    world.run_stream()
    assert sum(world.wiring.abuse_counters.sign_ups(CAMPAIGN, world.clock.now - PACE_WINDOW).values()) == 3


# Floods


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_world(monkeypatch, forms_a_minute=3) as new:
        yield new


def test_a_flood_from_one_address_is_slowed_while_others_sign(small: World) -> None:
    answers = [small.sign(email=f"bot{number}@signers.example") for number in range(4)]
    assert [answer.status for answer in answers] == [303, 303, 303, 429]
    slowed = answers[-1]
    assert 1 <= int(slowed.headers["retry-after"]) <= 60
    assert "What you typed is kept" in slowed.body
    assert 'value="1 Sample Street"' in slowed.body
    other = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, source="198.51.100.9")
    assert other.status == 303
    small.clock.advance(seconds=int(slowed.headers["retry-after"]))
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


def test_a_programs_answer_says_when_to_try_again(small: World) -> None:
    for number in range(3):
        small.sign(email=f"bot{number}@signers.example")
    answer = small.post(f"{FORM}/signatures", {**ADA, "form": small.form()}, as_json=True)
    assert (answer.status, answer.json["title"]) == (429, "Just a moment")
    assert answer.headers["retry-after"]


def test_a_form_with_mistakes_does_not_count_towards_a_flood(small: World) -> None:
    assert [small.sign(name="").status for _ in range(5)] == [422] * 5
    assert small.sign().status == 303


def test_no_ip_address_is_stored(world: World) -> None:
    world.sign()
    scanned = world.wiring._client("dynamodb").scan(TableName=world.wiring.settings.table_name)
    stored = json.dumps(scanned["Items"], default=str)
    assert "203.0.113." not in stored
    [rate] = [item for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")]
    assert int(rate["expires_at"]["N"]) <= world.clock.now.timestamp() + 120


def test_an_ip_address_has_a_different_hash_each_minute(world: World) -> None:
    world.sign()
    world.clock.advance(minutes=1)
    world.sign()
    scanned = world.wiring._client("dynamodb").scan(TableName=world.wiring.settings.table_name)
    rates = {item["pk"]["S"] for item in scanned["Items"] if item["pk"]["S"].startswith("RATE#")}
    assert len(rates) == 2
