"""Links of signers: they end by themselves, however often they are opened."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.world import Sent, World

A_DAY_BEFORE_THE_END = timedelta(days=399)


def own_link(world: World, mail: Sent) -> str:
    """Return the address of the letter to which an email's link leads."""
    link = mail.link("confirm" if "/confirm/" in mail.text else "letters")
    return str(world.get(link, as_json=True).json["links"]["letter"])


@pytest.mark.asvs("6.5.1")
def test_opening_a_letter_does_not_prolong_its_link(world: World) -> None:
    link = own_link(world, world.confirmed())
    world.clock.advance(days=A_DAY_BEFORE_THE_END.days)
    renewed = world.get(link, as_json=True).json["links"]["letter"]
    assert world.get(f"{link}/withdraw").headers["location"].startswith(renewed)
    world.clock.advance(days=2)
    assert world.get(renewed).status == 410


def test_the_links_after_confirming_and_withdrawing_end_with_the_email(world: World) -> None:
    world.sign()
    world.run_stream()
    confirm = world.sent[-1].link("confirm")
    world.clock.advance(days=13)
    [after_confirming] = re.findall(r'href="(/letters/[^"]+)', world.post(confirm).body)
    after_withdrawing = world.post(f"{own_link(world, world.sent[-1])}/withdraw", as_json=True).json["links"]["letter"]
    world.clock.advance(days=A_DAY_BEFORE_THE_END.days - 13)
    assert world.get(after_confirming).status == world.get(after_withdrawing).status == 200
    world.clock.advance(days=2)
    assert world.get(after_confirming).status == world.get(after_withdrawing).status == 410


def size_of(name: str, value: Any) -> int:
    """Return the bytes of an attribute: a map takes 3 more, and 1 for each of its own (DynamoDB, "Item sizes")."""
    [(kind, content)] = value.items()
    if kind == "M":
        return len(name) + 3 + sum(1 + size_of(*each) for each in content.items())
    return len(name) + len(str(content).encode())


def test_a_row_with_every_attribute_stays_below_a_kilobyte(world: World) -> None:
    """DynamoDB counts the bytes of names and values; a write of more than 1,024 costs twice as much."""
    world.confirmed(note="Thank you for reading this.", updates="yes")
    world.week()
    items = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]
    [row] = [item for item in items if item["pk"]["S"].startswith("SIGNATURE#")]
    assert {"bundle", "tallied"} <= row.keys()
    assert sum(map(size_of, row, row.values())) < 1024
