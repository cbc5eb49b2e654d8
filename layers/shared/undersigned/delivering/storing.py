"""Stored packets: the files of a delivery, made before its email leaves and again after a letter was erased.

A file's name says how many of its packet's letters are erased. So a sweep lists the files of a delivery, and deletes
each file whose name says fewer letters than are erased now, no matter which process stored it, or when.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError, PacketErasedError, PacketNotReadyError
from undersigned.base.languages import Message
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.delivering.rules.deliveries import UNDER_WAY
from undersigned.delivering.rules.packets import (
    erased_by_packet,
    has_erased,
    packet_filename,
    packet_name,
    packets_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.stack import Stack
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


def sent_packets(stack: Stack, delivery: Delivery) -> tuple[SentPacket, ...]:
    """Return the packets that a delivery's email names."""
    packets = delivery.packets_of_email(Deliveries(stack.table).packets(delivery.key))
    erased = _erased_by_packet(stack, delivery, packets)
    return tuple(SentPacket(packet, erased[packet.number]) for packet in packets)


def _erased_by_packet(stack: Stack, delivery: Delivery, recorded: Sequence[PacketRecord]) -> Counter[int]:
    """Count the erased letters of each packet, by its number."""
    known = Counter({packet.number: packet.erased for packet in recorded})
    if known.total() == len(delivery.erased):
        # All were made again. To read ten thousand bundles would take longer than a page has.
        return known
    signers = sealed_in(Deliveries(stack.table).bundles(delivery.key))
    return erased_by_packet(signers, delivery.erased, delivery.packet_size)


def awaits_repacking(stack: Stack, delivery: Delivery) -> bool:
    """Say whether a page shows that a packet of a delivery is being made again."""
    # While its next attempt is made, that makes them.
    is_made = delivery.state in UNDER_WAY
    if not delivery.erased or is_made or delivery.cleared_at or delivery.has_ended_links(stack.clock()):
        return False
    return any(packet.is_outdated for packet in sent_packets(stack, delivery))


def packet_link(stack: Stack, key: DeliveryKey, number: str) -> str:
    """Return an address that works for a few minutes, from which a packet that an email names can be downloaded.

    Raises NotFoundError, PacketErasedError, PacketNotReadyError.
    """
    delivery = Deliveries(stack.table).delivery(key)
    packets = sent_packets(stack, delivery) if delivery else ()
    packet = next((packet for packet in packets if str(packet.record.number) == number), None)
    is_over = delivery is not None and delivery.has_ended_links(stack.clock())
    is_outdated = packet is not None and packet.is_outdated and not packet.is_gone
    if delivery and (delivery.cleared_at or (is_over and (is_outdated or delivery.way == "by hand"))):
        raise PacketErasedError(Message("The time to keep this file was over, so it was deleted."))
    if packet is None:
        message = f"delivery {key.period} to {key.target!r} has no packet {number[:10]!r}"
        raise NotFoundError(message)
    if packet.is_gone:
        raise PacketErasedError(Message("Every letter in this file was erased."))
    if packet.is_outdated:
        raise PacketNotReadyError(
            Message(
                "A letter in this file was erased, so the file is being made again without it. "
                "Try again in a few minutes."
            )
        )
    name = packet_name(key, packet.record.number, packet.erased)
    return stack.bucket.link(name, packet_filename(key, packet.record.number, len(packets)))


def sweep(stack: Stack, key: DeliveryKey) -> None:
    """Delete each stored PDF of a delivery that has an erased letter, or all if it was cleared or deleted.

    Doing it at any time, and twice, is harmless.
    """
    deliveries, files = Deliveries(stack.table), stack.bucket
    delivery = deliveries.delivery(key)
    if delivery is None or delivery.cleared_at is not None:
        files.delete(*files.names(packets_prefix(key)))
    elif delivery.erased:
        erased = _erased_by_packet(stack, delivery, deliveries.packets(key))
        files.delete(*(name for name in files.names(packets_prefix(key)) if has_erased(name, erased)))


def clear_files(stack: Stack, delivery: Delivery) -> None:
    """Delete all files of a delivery, then note it: none is made any more. Raises ChangedError if it has changed."""
    stack.bucket.delete(*stack.bucket.names(packets_prefix(delivery.key)))
    Deliveries(stack.table).change(delivery.cleared(stack.clock()), delivery)
