"""Packets: the sealed letters of a delivery in PDFs, and the names of these files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, PacketRecord


def are_attached(packets: Sequence[PacketRecord], most: int) -> bool:
    """Say whether an email has its packets attached (at most so many bytes), rather than a link to them."""
    return sum(packet.bytes for packet in packets) <= most


def packet_spans(letters: int, size: int) -> tuple[tuple[int, int], ...]:
    """Return the first and last letter (1-based) of each packet: 612 → (1, 250), (251, 500), (501, 612)."""
    return tuple((first, min(first + size - 1, letters)) for first in range(1, letters + 1, size))


def erased_by_packet(signers: Sequence[str], erased: AbstractSet[str], size: int) -> Counter[int]:
    """Count the erased letters of each packet, by its number."""
    return Counter(place // size + 1 for place, signer in enumerate(signers if erased else ()) if signer in erased)


@dataclass(frozen=True)
class Batch:
    """The letters of a delivery, by their signers in order: what is sealed, or what would be sealed now.

    Its packets leave out the erased ones, and the others keep their numbers.
    """

    campaign: Campaign
    target: Target
    delivery: Delivery
    signers: Sequence[str] = ()

    @property
    def by_hand(self) -> bool:
        """Say whether each packet has an address sheet, and is printed on both sides of the paper."""
        return self.delivery.way == "by hand"

    @property
    def letters(self) -> int:
        """Return how many letters are not erased."""
        return len(self.signers) - len(self.delivery.erased)

    @cached_property
    def spans(self) -> Mapping[int, tuple[int, int]]:
        """Return the first and the last letter of each packet, by its number."""
        return dict(enumerate(packet_spans(len(self.signers), self.delivery.packet_size), start=1))

    @cached_property
    def erased_in(self) -> Mapping[int, int]:
        """Return how many letters of each packet are erased, by its number; 0 for all others."""
        return erased_by_packet(self.signers, self.delivery.erased, self.delivery.packet_size)

    def name_of(self, number: int) -> str:
        """Return how logs name a packet."""
        key = self.delivery.key
        return f"{key.campaign}/{key.period}/{key.target}/{number}"


def packets_prefix(key: DeliveryKey) -> str:
    """Return the beginning of the names of a delivery's packets in the store."""
    return f"packets/{key.campaign}/{key.period}/{key.target}/"


def packet_name(key: DeliveryKey, number: int, erased: int) -> str:
    """Return a packet's name in the store, by how many of its letters are erased. It contains no personal data.

    Erased letters don't come back, so a name stands for the same letters always: a slow process can't replace a PDF by
    one with other letters, and which files have an erased letter is in their names.
    """
    return f"{packets_prefix(key)}{number:04d}/{erased}.pdf"


def has_erased(name: str, erased: Mapping[int, int]) -> bool:
    """Say whether a PDF has an erased letter, by its name, and by how many letters are erased of each packet."""
    *_, number, without = name.removesuffix(".pdf").split("/")
    return int(without) < erased.get(int(number), 0)


def packet_filename(key: DeliveryKey, number: int, of: int) -> str:
    """Return a packet's file name for people: ASCII, with campaign, target and day, without personal data."""
    place = f"-{number}-of-{of}" if of > 1 else ""
    return f"{key.campaign}-{key.target}-{key.period}{place}.pdf"


def reference_number(period: str, number: int) -> str:
    """Return the number by which an office refers to a letter: the delivery's day, and the letter's number in it."""
    return f"{period}-{number}"
