"""The files of packets: stored while a delivery is made, shown by links, deleted when a letter in them is erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import UNDER_WAY, packet_name
from undersigned.domain.errors import ExplainedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from undersigned.domain.deliveries import Delivery, DeliveryKey, PacketRecord
    from undersigned.services.ports import DeliveryStore, PacketStore


class PacketErasedError(ExplainedError):
    """Every letter in the packet was erased, or their time was over. There is nothing left to show."""


class PacketNotReadyError(ExplainedError):
    """A letter in the packet was erased, and the packet is being typeset again without it."""


@dataclass(frozen=True, slots=True)
class SentPacket:
    """A packet that an email names, and how many of its letters were erased since.

    `erased` has their ids unless the packet was typeset again without them.
    """

    record: PacketRecord
    missing: int = 0
    erased: frozenset[str] = frozenset()

    @property
    def is_gone(self) -> bool:
        """Say whether every letter in it was erased."""
        return self.missing == self.record.last - self.record.first + 1

    @property
    def has_erased(self) -> bool:
        """Say whether its PDF has an erased letter."""
        return self.record.omitted < self.missing

    @property
    def is_outdated(self) -> bool:
        """Say whether its PDF still has an erased letter, or is typeset again and not stored yet."""
        is_stored = self.record.stored_at is not None or not self.record.omitted or self.is_gone
        return self.has_erased or not is_stored

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
    since = delivery.erased - delivery.last.left_out
    packets = tuple(SentPacket(packet, packet.omitted) for packet in named)
    if sum(packet.missing for packet in packets) == len(since) and not any(packet.is_outdated for packet in packets):
        # All were made again. To read ten thousand bundles would take longer than a page has.
        return packets
    letters = delivery.letters_in(deliveries.bundles(delivery.key))
    erased = (since.intersection(letters[packet.first - 1 : packet.last]) for packet in named)
    return tuple(SentPacket(packet, len(within), within) for packet, within in zip(named, erased, strict=True))


def awaits_repacking(deliveries: DeliveryStore, delivery: Delivery, now: datetime) -> bool:
    """Say whether a page shows that a packet of a delivery is being made again."""
    # While its next attempt is made, that makes them.
    if not delivery.erased or delivery.state in UNDER_WAY or delivery.cleared_at or delivery.has_ended_links(now):
        return False
    return any(packet.is_outdated for packet in sent_packets(deliveries, delivery))


def packet_file(deliveries: DeliveryStore, key: DeliveryKey, number: int, now: datetime) -> tuple[str, int]:
    """Return the name of a packet's PDF in the store, and how many packets there are.

    Raises NotFoundError, PacketErasedError, PacketNotReadyError.
    """
    delivery = deliveries.delivery(key)
    packets = sent_packets(deliveries, delivery) if delivery else ()
    packet = next((packet for packet in packets if packet.record.number == number), None)
    is_over = delivery is not None and delivery.has_ended_links(now)
    if delivery and (delivery.cleared_at or (is_over and packet and packet.is_outdated and not packet.is_gone)):
        raise PacketErasedError(Message("The time to keep this packet was over, so it was deleted."))
    if packet:
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
    """Delete every PDF that has an erased letter; return the packets to typeset again without it.

    Doing it twice is harmless, and so is doing it while the delivery's next attempt is made: its packets are typeset
    without the letters that were erased by then. If one is erased meanwhile, the attempt begins again.
    """
    if not delivery.erased:
        return ()
    packets = sent_packets(deliveries, delivery)
    outdated = tuple(packet for packet in packets if packet.is_outdated)
    files.delete(*sorted({*_with_erased(deliveries, delivery, packets), *(packet.record.name for packet in outdated)}))
    return outdated


def delete_stored_late(deliveries: DeliveryStore, files: PacketStore, delivery: Delivery) -> None:
    """Delete the files with an erased letter that a slow process may have stored after `delete_erased`.

    It deletes no file that another process may be storing without the letter.
    """
    if not delivery.erased:
        return
    files.delete(*sorted(_with_erased(deliveries, delivery, sent_packets(deliveries, delivery))))


def _with_erased(deliveries: DeliveryStore, delivery: Delivery, packets: Sequence[SentPacket]) -> set[str]:
    """Return the names of all files with an erased letter that were ever stored, or may still be."""
    key, recorded = delivery.key, deliveries.packets(delivery.key)
    named = {record.id for record in delivery.named(recorded)}
    left_over = (record for record in recorded if record.erased < len(delivery.erased) and record.id not in named)
    return {
        *(record.name for record in left_over),
        *(packet.record.name for packet in packets if packet.has_erased),
        *_earlier_names(key, recorded),
    }


def _earlier_names(key: DeliveryKey, recorded: Iterable[PacketRecord]) -> Iterator[str]:
    """Return the names that packets had before their letters were erased. A slow process may store such a file."""
    return (packet_name(key, record.id, fewer) for record in recorded for fewer in range(record.omitted))


def delete_files(deliveries: DeliveryStore, files: PacketStore, key: DeliveryKey) -> None:
    """Delete all files of a delivery."""
    recorded = deliveries.packets(key)
    names = {*filter(None, (record.name for record in recorded)), *_earlier_names(key, recorded)}
    files.delete(*sorted(names))


def clear_files(deliveries: DeliveryStore, files: PacketStore, delivery: Delivery, now: datetime) -> None:
    """Delete all files of a delivery, then note it: none is made any more. Raises ChangedError if it has changed."""
    delete_files(deliveries, files, delivery.key)
    deliveries.change(delivery.cleared(now), state=delivery.state, attempt=delivery.attempt)
