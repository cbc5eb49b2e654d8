"""A delivery of a million letters: its bundles and packets have numbers of five digits and more."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.memory import Memory
from undersigned.base.table import Table
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import DeliveryKey, PacketRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
KEY = DeliveryKey("trees", "oakton", "2026-11-30")


@pytest.fixture
def table() -> Table:
    return Table(Memory(lambda: NOW).client("dynamodb", None), "table")


@pytest.mark.parametrize("order", [(9_998, 9_999, 10_000, 10_001), (10_001, 9_999, 10_000, 9_998)])
def test_bundles_are_in_the_order_of_their_numbers(table: Table, order: Sequence[int]) -> None:
    deliveries = Deliveries(table)
    for number in order:
        table.put(Bundle(number, (f"{number:032x}",), NOW).item(**asdict(KEY)))
    deliveries.seal(KEY, Bundle(10_002, (), NOW))
    found = deliveries.bundles(KEY)
    assert [bundle.number for bundle in found] == [9_998, 9_999, 10_000, 10_001, 10_002]
    assert found[-1].closes, "otherwise the delivery never ends"


def test_packets_are_in_the_order_of_their_numbers(table: Table) -> None:
    deliveries = Deliveries(table)
    for number in (10_000, 9_999, 2):
        first = 250 * (number - 1) + 1
        packet = PacketRecord(number=number, first=first, last=first + 249, bytes=1, residents=0, since=NOW.date())
        table.put(packet.item(**asdict(KEY)))
    assert [packet.number for packet in deliveries.packets(KEY)] == [2, 9_999, 10_000]


def test_a_delivery_has_only_bundles_and_packets_of_its_own(table: Table) -> None:
    deliveries, another = Deliveries(table), replace(KEY, period="2026-12-07")
    packet = PacketRecord(number=1, first=1, last=1, bytes=1, residents=0, since=NOW.date())
    for key, size in ((KEY, 1), (another, 2)):
        deliveries.seal(key, Bundle(1, (), NOW))
        deliveries.put_packet(key, replace(packet, bytes=size))
    assert [len(deliveries.bundles(key)) for key in (KEY, another)] == [1, 1]
    assert [[packet.bytes for packet in deliveries.packets(key)] for key in (KEY, another)] == [[1], [2]]
    assert [period for period, _ in deliveries.bundles_to("trees", "oakton")] == [KEY.period, another.period]
