"""Lockout: nobody can keep an organizer out with wrong keys, or name the address that limits count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cdn import EDGE, PROOF, in_front_of
from tests.support.world import ADA, CAMPAIGN, world
from undersigned.base.cdn_proof import PROOF_HEADER
from undersigned.people.keys import new_key_text
from undersigned.people.rules.api_keys import REFUSAL_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import Answer, World

OVERVIEW = f"/organizer/campaigns/{CAMPAIGN}"
NETWORK = "192.0.2.1"


@pytest.fixture
def organized(world: World) -> World:
    """Return a stack with the key us_letters."""
    world.put_key("us_letters", "letters")
    return world


def ask(world: World, key: str, source: str = NETWORK) -> Answer:
    return world.get(OVERVIEW, headers={"authorization": f"Bearer {key}"}, source=source)


@pytest.mark.asvs("6.3.1")
def test_wrong_keys_from_a_network_do_not_lock_out_the_right_one(organized: World) -> None:
    for number in range(100):
        assert ask(organized, f"us_{number}").status in {401, 429}
    assert ask(organized, "us_letters").status == 200


def test_a_wrong_key_that_is_sent_again_and_again_has_to_wait(organized: World) -> None:
    answers = [ask(organized, "us_wrong", source=f"198.51.100.{number}") for number in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].headers["retry-after"] == "60"
    organized.clock.advance(seconds=60)
    assert ask(organized, "us_wrong").status == 401


def test_the_counters_of_wrong_keys_are_bounded(organized: World) -> None:
    """Whatever keys and campaigns a stranger makes up: few rows, and few writes to each."""
    for number in range(150):
        path = f"/organizer/campaigns/made-up-{number // 3}"
        organized.get(path, headers={"authorization": f"Bearer us_{number}"})
    organized.calls.clear()
    for _ in range(50):
        ask(organized, "us_wrong")
    assert organized.calls.count("dynamodb:UpdateItem") == 10
    items = organized.stack.client("dynamodb").scan(TableName=organized.stack.settings.table_name)["Items"]
    assert len([item for item in items if item["pk"]["S"].startswith("RATE#")]) <= REFUSAL_GROUPS == 4096


@pytest.mark.asvs("6.3.1", "6.4.1", "6.5.3", "6.5.4", "11.5.1")
def test_guessing_a_key_is_hopeless() -> None:
    """256 random bits, against the 200 requests that the API takes in a second."""
    tries_in_ten_years = 200 * 60 * 60 * 24 * 3653
    assert len({new_key_text() for _ in range(100)}) == 100
    assert {len(new_key_text()) for _ in range(100)} == {3 + 43}
    assert tries_in_ten_years / 2**256 < 2**-220


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize("header", ["x-forwarded-for", "cloudfront-viewer-address", "true-client-ip", "forwarded"])
@pytest.mark.parametrize("proof", [None, "", "wrong", "é", PROOF[:-1], f"{PROOF},{PROOF}"])
def test_around_the_cdn_nobody_can_name_an_address(
    monkeypatch: pytest.MonkeyPatch, header: str, proof: str | None
) -> None:
    with world(monkeypatch, forms_a_minute=2, fast=True) as few:
        in_front_of(few, monkeypatch)
        named = {} if proof is None else {PROOF_HEADER: proof}
        for number, status in enumerate([202, 202, 429]):
            headers = named | {header: f"198.{number}.100.7, {NETWORK}"}
            assert _sign(few.request, few, headers=headers, source=NETWORK) == status


@pytest.mark.asvs("15.3.4")
def test_a_visitors_address_is_the_one_that_the_cdn_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    with world(monkeypatch, forms_a_minute=2, fast=True) as few:
        cdn = in_front_of(few, monkeypatch)
        for number in range(30):
            assert _sign(cdn.request, few, source=f"198.{number}.100.7") == 202
        assert [_sign(cdn.request, few, source="198.18.100.7") for _ in range(2)] == [202, 429]


@pytest.mark.parametrize("header", ["x-forwarded-for", PROOF_HEADER])
def test_through_the_cdn_nobody_can_name_another_address(monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    with world(monkeypatch, forms_a_minute=2, fast=True) as few:
        cdn = in_front_of(few, monkeypatch)
        for number, status in enumerate([202, 202, 429]):
            headers = {header: f"198.{number}.100.7, {EDGE}"}
            assert _sign(cdn.request, few, headers=headers, source=NETWORK) == status


@pytest.mark.asvs("16.5.3")
@pytest.mark.parametrize("way", ["", "198.18.100.7", f"nonsense, {EDGE}", "198.18.100.7, 203.0.113.1"])
def test_a_way_that_cannot_be_read_counts_for_cloudfronts_address(
    monkeypatch: pytest.MonkeyPatch, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    with world(monkeypatch, forms_a_minute=2, fast=True) as few:
        in_front_of(few, monkeypatch)
        headers = {PROOF_HEADER: PROOF, "x-forwarded-for": way}
        assert [_sign(few.request, few, headers=headers, source=EDGE) for _ in range(3)] == [202, 202, 429]
        assert "the CDN names no visitor" in caplog.messages


def _sign(request: Callable[..., Answer], stack: World, **options: Any) -> int:
    values = {**ADA, "form": stack.form()}
    return request("POST", f"/campaigns/{CAMPAIGN}/signatures", values, as_json=True, **options).status
