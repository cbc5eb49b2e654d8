"""Measuring: how long letters and deliveries of a campaign wait, and which of them should have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.organizing.rules.reconciliations import Gauges
    from undersigned.signing.rules.signatures import Signature

SENT_WITHIN = timedelta(hours=24)
"""How long after the day of its campaign a letter should have been sent."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Kept:
    """The controls of a campaign and its targets, by id: they can keep letters back."""

    campaign: Campaign
    controls: Controls
    targets: Mapping[str, Target]

    def is_kept_back(self, target: str) -> bool:
        """Say whether somebody decided that letters to a target are not sent, or they wait for *Send now*."""
        decided = self.controls.paused or self.campaign.send_now_only
        return decided or target not in self.targets or self.targets[target].held_by() is not None

    def should_go(self, target: str, run: datetime) -> bool:
        """Say whether the letters that waited for a target at a run of the campaign should have gone with it."""
        day = run.date()
        return not self.is_kept_back(target) and (self.targets[target].free_from or day) <= day


def last_overdue_run(campaign: Campaign, schedule: WeeklySchedule, now: datetime) -> datetime:
    """Return the campaign's last run that is a day ago. Letters that waited then, and still do, are overdue."""
    cadence = cadence_of(campaign, schedule)
    return cadence.last_slot(now - SENT_WITHIN)


def with_letters(stack: Stack, gauges: Gauges, rows: Iterable[Signature], kept: Kept) -> Gauges:
    """Measure the letters in trays among some rows."""
    now = stack.clock()
    run = last_overdue_run(kept.campaign, schedule_of(stack), now)
    for row in rows:
        if row.in_tray and row.confirmed_at is not None:
            gauges = gauges.with_longest(unsealed_for=int((now - row.confirmed_at).total_seconds()))
            is_overdue = (row.waits_since or row.confirmed_at) < run and kept.should_go(row.target, run)
            gauges = gauges.plus(overdue=int(is_overdue))
    return gauges


def with_delivery(stack: Stack, gauges: Gauges, delivery: Delivery, kept: Kept) -> Gauges:
    """Measure a delivery. If it has been under way for a day, its letters are overdue."""
    now = stack.clock()
    if since := delivery.awaits_outcome_since:
        gauges = gauges.with_longest(without_outcome_for=int((now - since).total_seconds()))
    known = kept.targets.get(delivery.key.target)
    is_free = not kept.controls.paused and known is not None and not known.held_by(delivery.way_to(known))
    if delivery.state in UNDER_WAY and now - delivery.opened_at > SENT_WITHIN and is_free:
        bundles = Deliveries(stack.table).bundles(delivery.key)
        gauges = gauges.plus(overdue=sum(len(bundle.signers) for bundle in bundles))
    return gauges
