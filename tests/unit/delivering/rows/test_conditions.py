"""What a write of a delivery or a packet depends on: each fact that another process can have changed meanwhile."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.deliveries import delivery_of
from tests.support.memory import Memory
from undersigned.base.errors import ChangedError
from undersigned.base.table import Table, Update
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import Attempt, Delivery, DeliveryKey, PacketRecord
from undersigned.delivering.rules.plans import Week

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
KEY = DeliveryKey("trees", "oakton", "2026-11-30")
BOUNCED = delivery_of(KEY, "bounced", NOW, attempt=1, last=Attempt(since=NOW))
TOLD = replace(BOUNCED, told=BOUNCED.revision)
PACKET = PacketRecord(number=1, first=1, last=9, bytes=1, residents=0, since=NOW.date(), erased=1, stored_at=NOW)


@pytest.fixture
def table() -> Table:
    return Table(Memory(lambda: NOW).client("dynamodb", None), "table")


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"state": "open"},
        {"attempt": 2},
        {"attempt": 0},
        {"last": Attempt(since=NOW, permanent=True)},
        {"cleared_at": NOW},
        {"erased": frozenset({"ada"})},
    ],
    ids=str,
)
def test_a_delivery_that_has_changed_meanwhile_is_not_written(table: Table, meanwhile: Mapping[str, Any]) -> None:
    changed = replace(BOUNCED, **meanwhile)
    table.put(changed.item())
    with pytest.raises(ChangedError):
        Deliveries(table).change(TOLD, BOUNCED)
    assert Deliveries(table).delivery(KEY) == changed


def test_a_change_keeps_what_only_erasures_change_and_removes_what_is_no_more(table: Table) -> None:
    before = replace(BOUNCED, erased=frozenset({"ada"}), erased_at=NOW, reason="no such mailbox")
    table.put(before.item())
    swept = replace(before, erased_at=None)
    Deliveries(table).change(replace(swept, reason=None), swept)
    assert Deliveries(table).delivery(KEY) == replace(before, reason=None)


@pytest.mark.parametrize("free_from", [date(2026, 12, 7), None])
def test_a_delivery_takes_a_week_only_if_its_target_is_as_it_was_read(table: Table, free_from: date | None) -> None:
    other = date(2026, 12, 1)
    target = Target.locate(campaign="trees", id="oakton")
    table.update(Update(target, assign={"name": "Oakton"} | Target.written(free_from=free_from)))
    with pytest.raises(ChangedError):
        Deliveries(table).open(delivery_of(KEY, "open", NOW), Week(other, other))
    Deliveries(table).open(delivery_of(KEY, "open", NOW), Week(free_from, other))


def test_a_delivery_is_not_swept_if_another_letter_was_erased_or_it_was_deleted(table: Table) -> None:
    erased = replace(BOUNCED, erased=frozenset({"ada"}), erased_at=NOW)
    for row in (replace(erased, erased_at=NOW.replace(hour=16)), None):
        table.delete(erased.own_key())
        if row:
            table.put(row.item())
        with pytest.raises(ChangedError):
            Deliveries(table).note_swept(erased)
        assert Deliveries(table).delivery(KEY) == row


@pytest.mark.parametrize("erased", [0, 1, 2])
def test_a_packet_is_not_recorded_over_one_with_more_erased_letters(table: Table, erased: int) -> None:
    deliveries = Deliveries(table)
    deliveries.put_packet(KEY, PACKET)
    for write in (deliveries.put_packet, deliveries.put_file):
        if erased:
            write(KEY, replace(PACKET, erased=erased))
        else:
            with pytest.raises(ChangedError):
                write(KEY, replace(PACKET, erased=erased))
    assert [packet.erased for packet in deliveries.packets(KEY)] == [max(erased, 1)]


def test_a_packet_without_erased_letters_is_recorded_again_and_its_file_only_if_it_is_there(table: Table) -> None:
    deliveries, packet = Deliveries(table), replace(PACKET, erased=0)
    with pytest.raises(ChangedError):
        deliveries.put_file(KEY, packet)
    deliveries.put_packet(KEY, packet)
    deliveries.put_packet(KEY, packet)
    deliveries.put_file(KEY, replace(packet, erased=1, stored_at=None))
    assert deliveries.packets(KEY) == (replace(packet, erased=1, stored_at=None),)


def test_what_a_key_says_is_no_attribute() -> None:
    for row in (Bundle(7, (), NOW), replace(PACKET, number=7)):
        item = row.item(**asdict(KEY))
        assert item["sk"].endswith("#2026-11-30#0007")
        assert "number" not in item
    assert Delivery.read(BOUNCED.item()).key == KEY
