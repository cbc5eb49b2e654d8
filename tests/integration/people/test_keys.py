"""Test what each kind of key reads on every route of programs, and that nobody can guess keys."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import CAMPAIGN, PERIOD, Answer
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.people.keys import make_key
from undersigned.people.rules.api_keys import digest_of

if TYPE_CHECKING:
    from tests.support.world import World

OTHER = "another-campaign"
NOBODY = "0" * 32
EXPORT = "0123456789abcdef"

COUNTS, LETTERS = "us_counts", "us_letters"


@pytest.fixture
def campaign(world: World) -> World:
    """Return a campaign with a sent letter (Ada's), a waiting one, an export, and each kind of key."""
    world.put_key(COUNTS, "counts")
    world.put_key(LETTERS, "letters")
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    return world


def ask(world: World, path: str, key: str | None, **options: Any) -> Answer:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    base = options.pop("base", f"/organizer/campaigns/{CAMPAIGN}")
    return world.get(base + path.format(ada=world.signer("ada@signers.example")), headers=headers, **options)


@pytest.mark.parametrize("header", ["", "Basic dXM6dXM=", "Bearer", "Bearer ", "us_letters", "Token us_letters"])
def test_only_a_bearer_key_is_accepted(world: World, header: str) -> None:
    world.put_key(LETTERS, "letters")
    assert world.get(f"/organizer/campaigns/{CAMPAIGN}", headers={"authorization": header}).status == 401


def test_a_key_works_for_90_days(world: World) -> None:
    key, _ = make_key(world.stack, CAMPAIGN, "counts", "", "command line")
    world.clock.advance(days=90, seconds=-1)
    assert ask(world, "", key).status == 200
    world.clock.advance(seconds=1)
    assert ask(world, "", key).status == 401


def test_only_a_wrong_key_that_is_repeated_has_to_wait(campaign: World) -> None:
    overview = ""
    tries = [ask(campaign, overview, "us_wrong", source=f"198.51.100.{number}").status for number in range(11)]
    assert tries == [401] * 10 + [429]
    assert ask(campaign, overview, "us_wrong", source="203.0.113.9").headers["retry-after"] == "60"
    assert ask(campaign, overview, "us_another", source="198.51.100.77").status == 401
    assert ask(campaign, overview, LETTERS, source="198.51.100.77").status == 200
    campaign.clock.advance(seconds=60)
    assert ask(campaign, overview, "us_wrong", source="198.51.100.77").status == 401


def test_a_wrong_key_that_waits_writes_nothing(campaign: World) -> None:
    for _ in range(10):
        ask(campaign, "", "us_wrong")
    campaign.calls.clear()
    assert ask(campaign, "", "us_wrong").status == 429
    assert campaign.calls == ["dynamodb:GetItem"] * 2


def test_good_keys_and_requests_without_a_key_do_not_count(campaign: World) -> None:
    for _ in range(12):
        assert ask(campaign, "", COUNTS).status == 200
        assert ask(campaign, "/signatures", COUNTS).status == 403
        assert ask(campaign, "", None).status == 401


def test_neither_a_wrong_key_nor_who_sent_it_is_stored_and_its_counter_expires(campaign: World) -> None:
    ask(campaign, "", "us_wrong", source="198.51.100.7")
    items = campaign.stack.client("dynamodb").scan(TableName=campaign.stack.settings.table_name)["Items"]
    [counter] = [item for item in items if item["pk"]["S"].startswith("RATE#KEYS#")]
    assert not any(text in str(items) for text in ("198.51", "us_wrong", digest_of("us_wrong")))
    assert int(counter["expires_at"]["N"]) <= (campaign.clock.now + timedelta(days=1)).timestamp()


def test_a_delivery_lists_the_letters_of_its_packets(campaign: World) -> None:
    delivery = ask(campaign, f"/deliveries/{PERIOD}/evanston", COUNTS).json
    assert delivery["packets"][0]["letters"] == [campaign.signer("ada@signers.example")]
    assert json.dumps(delivery).count("@") == 1  # only the target's address
    assert Deliveries(campaign.stack.table).delivery(DeliveryKey(CAMPAIGN, "evanston", PERIOD)) is not None
