"""The link in a delivery's email: its packets, on pages."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.catalog import catalog_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.storing import sent_packets

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.storing import SentPacket


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets that a delivery's email names, on `pages`, and the page that is shown, from 1."""

    campaign: Campaign
    target: Target
    key: DeliveryKey
    pages: tuple[tuple[SentPacket, ...], ...]
    page: int


def packets_of_link(stack: Stack, token: str, page: str) -> Packets:
    """Return a page of the packets that a link opens.

    Raises TokenError, TokenExpiredError, and NotFoundError if there is no such page.
    """
    key = delivery_of_link(stack, token)
    entry, delivery = catalog_of(stack).entry(key.campaign, key.target), Deliveries(stack.table).delivery(key)
    packets = sent_packets(stack, delivery) if delivery else ()
    pages = tuple(batched(packets, stack.limits.packets_on_page, strict=False)) or ((),)
    for number in range(1, len(pages) + 1):
        if str(number) == page:
            return Packets(entry.campaign, entry.target(key.target), key, pages, number)
    message = f"page {page[:10]!r} is not among these pages"
    raise NotFoundError(message)


def delivery_of_link(stack: Stack, token: str) -> DeliveryKey:
    """Return the delivery whose packets a link opens. Raises TokenError, TokenExpiredError."""
    return DeliveryKey(*stack.links.read("packets", token).parts)
