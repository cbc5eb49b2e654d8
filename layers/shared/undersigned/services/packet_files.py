"""The files of packets: stored while a delivery is made, shown by links, deleted when a letter in them is erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.errors import ExplainedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.deliveries import Delivery, DeliveryKey, PacketRecord
    from undersigned.services.ports import DeliveryStore, PacketStore


class PacketErasedError(ExplainedError):
    """Every letter in the packet was erased, so there is nothing left to show."""


class PacketNotReadyError(ExplainedError):
    """A letter in the packet was erased, and the packet is being typeset again without it."""


@dataclass(frozen=True, slots=True)
class SentPacket:
    """A packet that an email names: the ids of the letters that were in it, and of those that were erased since."""

    record: PacketRecord
    letters: tuple[str, ...]
    erased: frozenset[str]

    @property
    def is_gone(self) -> bool:
        """Say whether every letter in it was erased."""
        return bool(self.erased) and len(self.erased) == len(self.letters)

    @property
    def is_outdated(self) -> bool:
        """Say whether its PDF still has an erased letter, or is typeset again and not stored yet."""
        is_stored = self.record.stored_at is not None or not self.record.omitted or self.is_gone
        return self.record.omitted < len(self.erased) or not is_stored

    def file(self) -> str:
        """Return the PDF's name in the store. Raises PacketErasedError, PacketNotReadyError."""
        if self.is_gone:
            raise PacketErasedError(Message("Every letter in this packet was erased."))
        if self.is_outdated:
            raise PacketNotReadyError(
                Message(
                    "A letter in this packet was erased, so the packet is being made again without it. "
                    "Try again in a few minutes."
                )
            )
        return self.record.name


def sent_packets(deliveries: DeliveryStore, delivery: Delivery) -> tuple[SentPacket, ...]:
    """Return the packets that a delivery's email names."""
    named = delivery.named(deliveries.packets(delivery.key))
    since = delivery.erased - delivery.left_out
    # A delivery has up to a thousand bundles, so they are read only if it matters.
    letters = delivery.letters_in(deliveries.bundles(delivery.key)) if since else ()
    found = ((packet, letters[packet.first - 1 : packet.last]) for packet in named)
    return tuple(SentPacket(packet, within, since.intersection(within)) for packet, within in found)


def packet_file(deliveries: DeliveryStore, key: DeliveryKey, number: int) -> tuple[str, int]:
    """Return the name of a packet's PDF in the store, and how many packets there are.

    Raises NotFoundError, PacketErasedError, PacketNotReadyError.
    """
    delivery = deliveries.delivery(key)
    packets = sent_packets(deliveries, delivery) if delivery else ()
    for packet in packets:
        if packet.record.number == number:
            return packet.file(), len(packets)
    message = f"delivery {key.period} to {key.target!r} has no packet {number}"
    raise NotFoundError(message)


def store(  # noqa: PLR0913, PLR0917  (a packet, and where it goes)
    deliveries: DeliveryStore, files: PacketStore, key: DeliveryKey, packet: PacketRecord, pdf: bytes, now: datetime
) -> PacketRecord:
    """Record a packet and store its PDF. Raises ChangedError if one with more omitted letters is recorded."""
    # Recorded first, so that each PDF that may be stored can be found and deleted.
    deliveries.add_packet(key, replace(packet, stored_at=None))
    files.put(packet.name, pdf)
    stored = replace(packet, stored_at=now)
    try:
        deliveries.add_packet(key, stored)
    except ChangedError:
        # Another process was faster, and one of these letters was erased since.
        files.delete(packet.name)
        raise
    return stored


def delete_erased(deliveries: DeliveryStore, files: PacketStore, delivery: Delivery) -> tuple[SentPacket, ...]:
    """Delete every PDF that has an erased letter, and return the packets to typeset again without it.

    Doing it twice is harmless, and so is doing it while the delivery's next attempt is made: its packets are typeset
    without the letters that were erased by then, and no letter can be erased until it has left.
    """
    if not delivery.erased:
        return ()
    outdated = tuple(packet for packet in sent_packets(deliveries, delivery) if packet.is_outdated)
    recorded = deliveries.packets(delivery.key)
    named = delivery.named(recorded)
    left_over = (record for record in recorded if record.erased < len(delivery.erased) and record not in named)
    for record in (*left_over, *(packet.record for packet in outdated)):
        files.delete(record.name)
    return outdated
