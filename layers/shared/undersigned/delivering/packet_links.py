"""The link in a delivery's email: its packets, a hundred on each page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.catalog import catalog_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.packets import packet_filename
from undersigned.delivering.storing import sent_packets

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.storing import SentPacket


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets that the link in a delivery's email opens, and how many are on each page."""

    campaign: Campaign
    target: Target
    key: DeliveryKey
    packets: tuple[SentPacket, ...]
    on_page: int

    @property
    def pages(self) -> tuple[tuple[SentPacket, ...], ...]:
        """Return the packets of each page; one page at least."""
        return tuple(batched(self.packets, self.on_page, strict=False)) or ((),)

    def page(self, number: str) -> int:
        """Return the number of a page, from 1. Raises NotFoundError for one that isn't there."""
        for known in range(1, len(self.pages) + 1):
            if str(known) == number:
                return known
        message = f"page {number[:10]!r} is not among these pages"
        raise NotFoundError(message)

    def file(self, number: str) -> tuple[str, str]:
        """Return a packet's name in the store and its file name.

        Raises NotFoundError, PacketErasedError, PacketNotReadyError.
        """
        packet = next((packet for packet in self.packets if str(packet.record.number) == number), None)
        if packet is None:
            message = f"Packet {number[:10]!r} is not among these packets"
            raise NotFoundError(message)
        return packet.file(self.key), packet_filename(self.key, packet.record.number, len(self.packets))


def packets_of_link(stack: Stack, token: str) -> Packets:
    """Return the packets that a delivery's email names. Raises TokenError, NotFoundError."""
    key = DeliveryKey(*stack.links.read("packets", token).parts)
    entry, deliveries = catalog_of(stack).entry(key.campaign, key.target), Deliveries(stack.table)
    delivery = deliveries.delivery(key)
    packets = sent_packets(deliveries, delivery) if delivery else ()
    return Packets(entry.campaign, entry.target(key.target), key, packets, stack.limits.packets_on_page)
