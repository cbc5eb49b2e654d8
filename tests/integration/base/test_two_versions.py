"""Test two versions of the code at once: what another version wrote is read, finished and shown as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.search.invariants import words_of
from tests.support.pdfs import boxes_of
from tests.support.world import CAMPAIGN
from undersigned.delivering import delivering
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.packets import packet_name
from undersigned.organizing.deliveries import delivery_record

if TYPE_CHECKING:
    from tests.support.world import World

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
NAMES = ("Ada", "Ben", "Cyd", "Dee", "Eve")


@pytest.fixture(autouse=True)
def _links_only(world: World) -> None:
    world.limit(attached=0)


def confirm_letters(world: World) -> None:
    for name in NAMES:
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")


def stop_before_sending(world: World, monkeypatch: pytest.MonkeyPatch, packet_size: int) -> None:
    """Typeset the packets of a delivery, and end before its email is sent."""
    world.limit(packet_size=packet_size)
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "email_of", _crash)
        world.week()
    assert world.deliveries == []


def _crash(*_: object, **__: object) -> None:
    message = "the process ended"
    raise RuntimeError(message)


def continue_with(world: World, packet_size: int) -> None:
    world.limit(packet_size=packet_size)
    world.week()


def linked(world: World) -> list[str]:
    """Return the words of each packet that the email links to."""
    [mail] = world.deliveries
    paths = re.findall(r'href="(/packets/[^"]+/\d+)"', world.get(mail.link("packets")).body)
    return [words_of(stored(world, world.get(path).headers["location"])) for path in paths]


def stored(world: World, address: str) -> bytes:
    return world.stack.bucket.get(urlsplit(address).path.removeprefix("/"))


def letters_linked(world: World) -> list[int]:
    """Return how many letters each linked packet has, after a check that together they have each letter once."""
    found = [[name for name in NAMES if f"7 {name} Place" in words] for words in linked(world)]
    assert sorted(name for names in found for name in names) == list(NAMES)
    return [len(names) for names in found]


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2), (5, 1), (1, 5)])
def test_each_letter_is_in_one_packet_if_their_size_changes_during_a_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch, before: int, after: int
) -> None:
    confirm_letters(world)
    stop_before_sending(world, monkeypatch, before)
    continue_with(world, after)
    assert sum(letters_linked(world)) == len(NAMES)


def test_a_delivery_keeps_the_packets_that_it_began_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slower process of the other version may still store them."""
    confirm_letters(world)
    stop_before_sending(world, monkeypatch, 2)
    continue_with(world, 3)
    assert letters_linked(world) == [2, 2, 1]
    assert delivery_record(world.stack, KEY).delivery.last.packets == 3


def test_a_delivery_keeps_its_paper_if_the_campaign_gets_another_before_it_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm_letters(world)
    record = Deliveries.put_packet

    def crash_after_the_first(*given: Any) -> None:
        record(*given)
        _crash()

    world.limit(packet_size=2)
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "put_packet", crash_after_the_first)
        world.week()
    world.change(paper_size="a4")
    world.week()
    assert printed_on(world, KEY) == [{(612, 792)}] * 3
    world.erase(world.signer("Ada@signers.example"))
    world.run_queue()
    assert sum(packet.erased for packet in Deliveries(world.stack.table).packets(KEY)) == 1
    assert printed_on(world, KEY) == [{(612, 792)}] * 3
    world.clock.advance(days=7)
    world.confirmed(email="new@signers.example")
    world.week()
    assert printed_on(world, replace(KEY, period=world.day())) == [{(595, 842)}]


def printed_on(world: World, key: DeliveryKey) -> list[set[tuple[int, int]]]:
    """Return the sizes of the pages of each packet of a delivery."""
    made = Deliveries(world.stack.table).packets(key)
    return [boxes_of(world.stack.bucket.get(packet_name(key, each.number, each.erased))) for each in made]


@pytest.mark.parametrize(("before", "after", "bundles"), [(1, 3, [1, 3, 1, 0]), (3, 1, [3, 1, 1, 0])])
def test_bundles_of_another_size_are_continued(
    world: World, monkeypatch: pytest.MonkeyPatch, before: int, after: int, bundles: list[int]
) -> None:
    confirm_letters(world)
    seal = Deliveries.seal

    def crash_after_sealing(*given: Any) -> None:
        seal(*given)
        _crash()

    with monkeypatch.context() as patch:
        world.variables["BUNDLE_SIZE"] = str(before)
        world.restart("deliver")
        patch.setattr(Deliveries, "seal", crash_after_sealing)
        world.week()
    world.variables["BUNDLE_SIZE"] = str(after)
    world.restart("deliver")
    world.week()
    assert [len(bundle.signers) for bundle in Deliveries(world.stack.table).bundles(KEY)] == bundles
    assert sum(letters_linked(world)) == len(NAMES)
