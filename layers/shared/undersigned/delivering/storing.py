"""Stored packets: the files of a delivery, made before its email leaves and again after a letter was erased.

A file's name says how many of its packet's letters are erased. So a sweep lists the files of a delivery, and deletes
those whose name says fewer than are erased now, no matter which process stored them, or when.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import (
    NotFoundError,
    PacketErasedError,
    PacketNotReadyError,
)
from undersigned.base.languages import Message
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.delivering.rules.deliveries import UNDER_WAY
from undersigned.delivering.rules.packets import (
    erased_by_packet,
    has_erased,
    packet_name,
    packets_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, PacketRecord


@dataclass(frozen=True, slots=True)
class SentPacket:
    """A packet that an email names, and how many of its letters are erased now."""

    record: PacketRecord
    erased: int

    @property
    def is_gone(self) -> bool:
        """Say whether every letter in it was erased."""
        return self.erased == self.record.last - self.record.first + 1

    @property
    def is_outdated(self) -> bool:
        """Say whether it is not made again yet without a letter that was erased."""
        return self.record.erased < self.erased

    def file(self, key: DeliveryKey) -> str:
        """Return the PDF's name in the store. Raises PacketErasedError, PacketNotReadyError."""
        if self.is_gone:
            raise PacketErasedError(Message("Every letter in this file was erased."))
        if self.is_outdated:
            raise PacketNotReadyError(
                Message(
                    "A letter in this file was erased, so the file is being made again without it. "
                    "Try again in a few minutes."
                )
            )
        return packet_name(key, self.record.number, self.erased)


def sent_packets(deliveries: Deliveries, delivery: Delivery) -> tuple[SentPacket, ...]:
    """Return the packets that a delivery's email names."""
    packets = delivery.packets_of_email(deliveries.packets(delivery.key))
    erased = _erased_by_packet(deliveries, delivery, packets)
    return tuple(SentPacket(packet, erased[packet.number]) for packet in packets)


def _erased_by_packet(deliveries: Deliveries, delivery: Delivery, recorded: Sequence[PacketRecord]) -> Counter[int]:
    """Count the erased letters of each packet, by its number."""
    known = Counter({packet.number: packet.erased for packet in recorded})
    if known.total() == len(delivery.erased):
        # All were made again. To read ten thousand bundles would take longer than a page has.
        return known
    return erased_by_packet(sealed_in(deliveries.bundles(delivery.key)), delivery.erased, delivery.packet_size)


def awaits_repacking(deliveries: Deliveries, delivery: Delivery, now: datetime) -> bool:
    """Say whether a page shows that a packet of a delivery is being made again."""
    # While its next attempt is made, that makes them.
    if not delivery.erased or delivery.state in UNDER_WAY or delivery.cleared_at or delivery.has_ended_links(now):
        return False
    return any(packet.is_outdated for packet in sent_packets(deliveries, delivery))


def packet_file(deliveries: Deliveries, key: DeliveryKey, number: int, now: datetime) -> tuple[str, int]:
    """Return the name of a packet's PDF in the store, and how many packets there are.

    Raises NotFoundError, PacketErasedError, PacketNotReadyError.
    """
    delivery = deliveries.delivery(key)
    packets = sent_packets(deliveries, delivery) if delivery else ()
    packet = next((packet for packet in packets if packet.record.number == number), None)
    is_over = delivery is not None and delivery.has_ended_links(now)
    is_outdated = packet is not None and packet.is_outdated and not packet.is_gone
    if delivery and (delivery.cleared_at or (is_over and (is_outdated or delivery.way == "by hand"))):
        raise PacketErasedError(Message("The time to keep this file was over, so it was deleted."))
    if packet:
        return packet.file(key), len(packets)
    message = f"delivery {key.period} to {key.target!r} has no packet {number}"
    raise NotFoundError(message)


def sweep(deliveries: Deliveries, files: Bucket, key: DeliveryKey) -> None:
    """Delete each stored PDF of a delivery that has an erased letter, or all if it was cleared or deleted.

    Doing it at any time, and twice, is harmless.
    """
    delivery = deliveries.delivery(key)
    if delivery is None or delivery.cleared_at is not None:
        files.delete(*files.names(packets_prefix(key)))
    elif delivery.erased:
        erased = _erased_by_packet(deliveries, delivery, deliveries.packets(key))
        files.delete(*(name for name in files.names(packets_prefix(key)) if has_erased(name, erased)))


def clear_files(deliveries: Deliveries, files: Bucket, delivery: Delivery, now: datetime) -> None:
    """Delete all files of a delivery, then note it: none is made any more. Raises ChangedError if it has changed."""
    files.delete(*files.names(packets_prefix(delivery.key)))
    deliveries.change(delivery.cleared(now), delivery)
