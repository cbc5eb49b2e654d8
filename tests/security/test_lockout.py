"""Lockout: nobody can keep an organizer out with wrong keys, or name the address that limits count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.world import ADA, CAMPAIGN, world
from undersigned.domain.api_keys import REFUSAL_GROUPS, ApiKey, digest_of
from undersigned.services.people import new_key_text

if TYPE_CHECKING:
    from tests.world import Answer, World

OVERVIEW = f"/organizer/campaigns/{CAMPAIGN}"
NETWORK = "192.0.2.1"


@pytest.fixture
def organized(world: World) -> World:
    """Return a stack whose organizer has the key us_manage."""
    world.wiring.api_keys.put_api_key(
        ApiKey(CAMPAIGN, digest_of("us_manage"), "manage", "", datetime(2026, 1, 1, tzinfo=UTC))
    )
    return world


def ask(world: World, key: str, source: str = NETWORK) -> Answer:
    return world.get(OVERVIEW, headers={"authorization": f"Bearer {key}"}, source=source)


def test_wrong_keys_from_a_network_do_not_lock_out_the_right_one(organized: World) -> None:
    for number in range(100):
        assert ask(organized, f"us_{number}").status in {401, 429}
    assert ask(organized, "us_manage").status == 200
    form = {"campaign": CAMPAIGN, "key": "us_manage"}
    signed_in = organized.post("/organizer/session", form, headers={"sec-fetch-site": "same-origin"}, source=NETWORK)
    assert signed_in.status == 303


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
    items = organized.wiring._client("dynamodb").scan(TableName=organized.wiring.settings.table_name)["Items"]
    assert len([item for item in items if item["pk"]["S"].startswith("RATE#")]) <= REFUSAL_GROUPS == 4096


def test_guessing_a_key_is_hopeless() -> None:
    """256 random bits, against the 200 requests that the API takes in a second."""
    tries_in_ten_years = 200 * 60 * 60 * 24 * 3653
    assert len({new_key_text() for _ in range(100)}) == 100
    assert {len(new_key_text()) for _ in range(100)} == {3 + 43}
    assert tries_in_ten_years / 2**256 < 2**-220


@pytest.mark.parametrize("header", ["x-forwarded-for", "cloudfront-viewer-address", "true-client-ip", "forwarded"])
def test_nobody_can_name_an_address(monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    with world(monkeypatch, forms_a_minute=2) as few:
        assert [_sign(few, {header: f"198.{number}.100.7"}) for number in range(3)] == [202, 202, 429]


def _sign(stack: World, headers: dict[str, str]) -> int:
    return stack.post(
        f"/campaigns/{CAMPAIGN}/signatures",
        {**ADA, "form": stack.form()},
        as_json=True,
        headers=headers,
        source=NETWORK,
    ).status
