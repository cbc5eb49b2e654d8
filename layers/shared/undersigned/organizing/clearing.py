"""Clearing: remove personal data whose time is over, from packets and rows. The counts stay.

A confirmed letter keeps its data until nothing can need it: it was sent, its outcome is known, and the links to its
packets have ended. So a letter that waits is still sent, whatever its campaign says. Doing any part twice is harmless.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.storing import clear_files, sweep
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import WITHDRAWN_FOR
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import ChangedMeanwhileError, UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.stops import Stop
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.rules.signatures import Signature


@dataclass(frozen=True, slots=True)
class Over:
    """Whether a campaign's time is over, and the deliveries (target and period) whose packets are deleted."""

    campaign: bool = False
    deliveries: AbstractSet[tuple[str, str]] = frozenset()


def clear_deliveries(stack: Stack, campaign: Campaign, targets: Sequence[Target]) -> Over:
    """Delete answers, reasons of stops, packets and a draft whose time is over; return what `clear_rows` takes."""
    if not campaign.is_over(campaign.local(stack.clock()).date()):
        return Over()
    _delete_draft(stack, campaign)
    cleared: set[tuple[str, str]] = set()
    for target in targets:
        if target.answer:
            with suppress(ChangedError):  # The next run sees what somebody records or deletes now.
                Campaigns(stack.table).put_answer(campaign.id, target, None)
        for mailbox, stop in target.stops.items():
            if stop.reason:
                OfficeRows(stack.table).change_stop(campaign.id, target.id, mailbox, _without_reason)
        cleared |= _clear_deliveries_to(stack, campaign.id, target)
    return Over(campaign=True, deliveries=cleared)


def _delete_draft(stack: Stack, campaign: Campaign) -> None:
    """Delete the draft, unless somebody changed it after the last day."""
    drafts = Drafts(stack)
    try:
        draft = drafts.draft(campaign.id)
    except UnreadableDraftError as error:
        draft = error.draft
    last = campaign.kept_until
    if draft and not (last and draft.changed_at and campaign.local(draft.changed_at).date() > last):
        with suppress(ChangedMeanwhileError):
            drafts.discard(draft)


def _without_reason(stop: Stop | None) -> Stop | None:
    return replace(stop, reason="") if stop else None


def _clear_deliveries_to(stack: Stack, campaign: str, target: Target) -> set[tuple[str, str]]:
    deliveries, now, cleared = Deliveries(stack.table), stack.clock(), set()
    for delivery in deliveries.deliveries(campaign, target.id, whole=False):
        if delivery.cleared_at is None and delivery.with_word_of(target).is_long_over(now):
            # Its rows follow in the next run: no packet is made then.
            with suppress(ChangedError):
                clear_files(stack, delivery)
        elif delivery.cleared_at is not None:
            cleared.add((target.id, delivery.key.period))
    return cleared


def clear_rows(stack: Stack, rows: Iterable[Signature], over: Over) -> int:
    """Clear the rows whose time is over, and return how many those were. Leaves a row that has just changed."""
    cleared, now = 0, stack.clock()
    for row in rows:
        if not row.is_empty and _is_over(row, over, now):
            with suppress(ChangedError):
                Signatures(stack.table).clear(row, now)
                cleared += 1
    return cleared


def _is_over(row: Signature, over: Over, now: datetime) -> bool:
    match row.status:
        case "withdrawn":
            return over.campaign or row.withdrawn_at is None or now - row.withdrawn_at > WITHDRAWN_FOR
        case "confirmed":
            return row.period is not None and (row.target, row.period) in over.deliveries
        case _:
            return False


def sweep_delivery(stack: Stack, delivery: Delivery) -> None:
    """Delete a delivery's files that have an erased letter, unless an earlier sweep certainly deleted all of them.

    All tries to repack may have failed. Or a process that began before the last erasure stored a file after all others
    had finished, and was then killed.
    """
    if delivery.cleared_at is not None or delivery.erased_at is None:
        return
    begun = stack.clock()
    sweep(stack, delivery.key)
    if delivery.is_sweep_final(begun):
        with suppress(ChangedError):  # Another letter was erased, or it was deleted with its campaign.
            Deliveries(stack.table).note_swept(delivery)
