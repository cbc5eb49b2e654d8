"""Deliveries, as organizers see them: lists, one with its packets and events, and links to packets."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.organizing.overviews import Overview

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, PacketRecord
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned.delivering.rules.states import Question


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery with its packets and the SES events of its emails; `signers` are its sealed letters' ids, in order.

    `question` is what a person has to decide, if anything.
    """

    delivery: Delivery
    target: Target
    packets: Sequence[PacketRecord]
    events: tuple[MailEvent, ...]
    signers: tuple[str, ...] = ()
    question: Question | None = None

    def letters_of(self, packet: PacketRecord) -> tuple[str, ...]:
        """Return the ids of a packet's letters in the email."""
        sealed = self.signers[packet.first - 1 : packet.last]
        return tuple(signer for signer in sealed if signer not in self.delivery.last.left_out)

    def erased_from(self, packet: PacketRecord) -> int:
        """Return how many of a packet's letters were erased."""
        return len(self.delivery.erased.intersection(self.signers[packet.first - 1 : packet.last]))


def list_deliveries(  # noqa: PLR0913, PLR0917  (which, and how many)
    stack: Stack, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
) -> tuple[tuple[DeliveryRecord, ...], DeliveryKey | None]:
    """List deliveries by period, newest first, then by target, with the last one's key if more may follow."""
    found, last = delivery_history(stack, campaign, target, period, after, limit)
    return tuple(_record(stack, *each) for each in found), last


def delivery_history(  # noqa: PLR0913, PLR0917
    stack: Stack, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
) -> tuple[list[tuple[Delivery, Target]], DeliveryKey | None]:
    """List deliveries like `list_deliveries`, with their targets, and without their packets and events."""
    page: list[tuple[Delivery, Target]] = []
    for delivery, to in _newest_deliveries(stack, campaign, target):
        if period and delivery.key.period < period:
            break
        if period not in {None, delivery.key.period} or (after and not _is_after(delivery.key, after)):
            continue
        if len(page) == limit:
            return page, page[-1][0].key
        page.append((delivery, to))
    return page, None


def _newest_deliveries(stack: Stack, campaign: str, only: str | None) -> Iterator[tuple[Delivery, Target]]:
    found = Overview(stack, campaign)
    targets = [Campaigns(stack.table).target(campaign, only)] if only else found.every_target
    deliveries = ([(made, target) for made in found.deliveries_to(target)] for target in targets)
    return heapq.merge(*deliveries, key=lambda each: each[0].key.period, reverse=True)


def _is_after(key: DeliveryKey, last: DeliveryKey) -> bool:
    return key.period < last.period or (key.period == last.period and key.target > last.target)


def delivery_record(stack: Stack, key: DeliveryKey) -> DeliveryRecord:
    """Return one delivery with its letters' ids. Raises NotFoundError."""
    deliveries = Deliveries(stack.table)
    delivery = deliveries.delivery(key)
    if delivery is None:
        message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
        raise NotFoundError(message)
    target = Campaigns(stack.table).target(key.campaign, key.target)
    return _record(stack, delivery, target, tuple(sealed_in(deliveries.bundles(key))), whole=True)


def _record(
    stack: Stack, made: Delivery, target: Target, signers: tuple[str, ...] = (), *, whole: bool = False
) -> DeliveryRecord:
    deliveries, delivery = Deliveries(stack.table), made.with_word_of(target)
    recorded = deliveries.packets(delivery.key, whole=whole)
    packets = tuple(packet for packet in delivery.packets_of_email(recorded) if packet.is_in_email)
    events = deliveries.mail_events(delivery.key)
    return DeliveryRecord(delivery, target, packets, events, signers, delivery.question(stack.clock()))
