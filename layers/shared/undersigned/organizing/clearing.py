"""Clearing: remove personal data whose time is over. The counts stay."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError
from undersigned.delivering.storing import clear_files, sweep
from undersigned.signing.rules.signatures import WITHDRAWN_FOR
from undersigned.workshop.rules.drafts import ChangedMeanwhileError, UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rows.offices import OfficeRows
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.stops import Stop
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Signature
    from undersigned.workshop.rows.drafts import Drafts


@dataclass(frozen=True, slots=True)
class Over:
    """Whether a campaign's time is over, and the deliveries (target and period) whose packets are deleted."""

    campaign: bool = False
    deliveries: AbstractSet[tuple[str, str]] = frozenset()


@dataclass(kw_only=True, frozen=True, slots=True)
class Clearing:
    """Removes personal data from packets and rows. Doing any part of it twice is harmless.

    A confirmed letter keeps its data until nothing can need it: it was sent, its outcome is known, and the links to its
    packets have ended. So a letter that waits is still sent, whatever its campaign says.
    """

    signatures: Signatures
    deliveries: Deliveries
    campaigns: Campaigns
    office_rows: OfficeRows
    drafts: Drafts
    packets: Callable[[], Bucket]
    clock: Callable[[], datetime]

    def clear_deliveries(self, campaign: Campaign, targets: Sequence[Target]) -> Over:
        """Delete answers, reasons of stops, packets and a draft whose time is over; return what `clear` takes."""
        now = self.clock()
        if not campaign.is_over(campaign.local(now).date()):
            return Over()
        self._delete_draft(campaign)
        cleared: set[tuple[str, str]] = set()
        for target in targets:
            if target.answer:
                with suppress(ChangedError):  # What somebody records or deletes meanwhile is seen in the next run.
                    self.campaigns.put_answer(campaign.id, target, None)
            for mailbox, stop in target.stops.items():
                if stop.reason:
                    self.office_rows.change_stop(campaign.id, target.id, mailbox, _without_reason)
            cleared |= self._clear_deliveries_to(campaign.id, target, now)
        return Over(campaign=True, deliveries=cleared)

    def _delete_draft(self, campaign: Campaign) -> None:
        """Delete the draft, unless somebody changed it after the last day."""
        try:
            draft = self.drafts.draft(campaign.id)
        except UnreadableDraftError as error:
            draft = error.draft
        last = campaign.kept_until
        if draft and not (last and draft.changed_at and campaign.local(draft.changed_at).date() > last):
            with suppress(ChangedMeanwhileError):
                self.drafts.discard(draft)

    def _clear_deliveries_to(self, campaign: str, target: Target, now: datetime) -> set[tuple[str, str]]:
        cleared = set()
        for delivery in self.deliveries.deliveries(campaign, target.id, whole=False):
            if delivery.cleared_at is None and delivery.with_word_of(target).is_long_over(now):
                # Its rows follow in the next run: no packet is made then.
                with suppress(ChangedError):
                    clear_files(self.deliveries, self.packets(), delivery, now)
            elif delivery.cleared_at is not None:
                cleared.add((target.id, delivery.key.period))
        return cleared

    def sweep(self, delivery: Delivery) -> None:
        """Delete a delivery's files that have an erased letter, unless an earlier sweep certainly deleted all of them.

        All tries to repack may have failed. Or a process that began before the last erasure stored a file after all
        others had finished, and was then killed.
        """
        if delivery.cleared_at is not None or delivery.erased_at is None:
            return
        begun = self.clock()
        sweep(self.deliveries, self.packets(), delivery.key)
        if delivery.is_sweep_final(begun):
            with suppress(ChangedError):  # Another letter was erased, or it was deleted with its campaign.
                self.deliveries.note_swept(delivery)

    def clear(self, rows: Iterable[Signature], over: Over) -> int:
        """Clear the rows whose time is over, and return how many those were. Leaves a row that has just changed."""
        cleared = 0
        for row in rows:
            with suppress(ChangedError):
                cleared += self._clear(row, over)
        return cleared

    def _clear(self, row: Signature, over: Over) -> bool:
        now = self.clock()
        if row.is_empty or not _is_over(row, over, now):
            return False
        self.signatures.clear(row, now)
        return True


def _without_reason(stop: Stop | None) -> Stop | None:
    return replace(stop, reason="") if stop else None


def _is_over(row: Signature, over: Over, now: datetime) -> bool:
    match row.status:
        case "withdrawn":
            return over.campaign or row.withdrawn_at is None or now - row.withdrawn_at > WITHDRAWN_FOR
        case "confirmed":
            return row.period is not None and (row.target, row.period) in over.deliveries
        case _:
            return False
