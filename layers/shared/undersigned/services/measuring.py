"""Measuring: how long letters and deliveries of a campaign wait, and which of them should have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import UNDER_WAY
from undersigned.domain.plans import next_day
from undersigned.domain.schedule import cadence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.controls import Controls
    from undersigned.domain.deliveries import Delivery
    from undersigned.domain.reconciliations import Gauges
    from undersigned.domain.schedule import WeeklySchedule
    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import DeliveryStore

SENT_WITHIN = timedelta(hours=24)
"""How long after the day of its campaign a letter should have been sent."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Kept:
    """What keeps letters of a campaign back: its controls and its targets, by id."""

    campaign: Campaign
    controls: Controls
    targets: Mapping[str, Target]

    def is_kept_back(self, target: str, period: str) -> bool:
        """Say whether somebody decided that letters to a target are not sent, or has not approved their period."""
        lets_begin = self.controls.lets_begin(period, needs_approval=self.campaign.approval)
        return not lets_begin or target not in self.targets or self.targets[target].held_because is not None


@dataclass(kw_only=True, frozen=True, slots=True)
class Measuring:
    """Measures what waits. Reads a target's deliveries only if a letter to it looks overdue."""

    deliveries: DeliveryStore
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def rows(self, gauges: Gauges, rows: Iterable[Signature], kept: Kept) -> Gauges:
        """Measure the letters in trays among some rows."""
        now = self.clock()
        cadence = cadence_of(kept.campaign, self.schedule)
        run = cadence.moment(cadence.last_day(now - SENT_WITHIN))
        period = run.date().isoformat()
        # Letters that wait for others are not overdue until signing has ended. Then the rest goes.
        waits_for_others = kept.campaign.letters_wanted_on(run.date()) > 1
        blocked: dict[str, bool] = {}
        for row in rows:
            if not row.in_tray or row.confirmed_at is None:
                continue
            gauges = gauges.with_longest(unsealed_for=int((now - row.confirmed_at).total_seconds()))
            if row.confirmed_at >= run or waits_for_others:
                continue
            if row.target not in blocked:
                blocked[row.target] = kept.is_kept_back(row.target, period) or self._is_too_soon(
                    row.campaign, row.target, run
                )
            gauges = gauges.plus(overdue=0 if blocked[row.target] else 1)
        return gauges

    def of_deliveries(self, gauges: Gauges, target: str, deliveries: Sequence[Delivery], kept: Kept) -> Gauges:
        """Measure the deliveries to a target. One that is being made for a day has its letters overdue."""
        now = self.clock()
        for delivery in deliveries:
            if delivery.state == "sent" and delivery.settled_at is None and delivery.sent_at:
                gauges = gauges.with_longest(without_outcome_for=int((now - delivery.sent_at).total_seconds()))
            # A delivery that has begun needs no further approval.
            is_free = not kept.controls.paused and target in kept.targets and not kept.targets[target].held_because
            if delivery.state in UNDER_WAY and now - delivery.opened_at > SENT_WITHIN and is_free:
                sealed = sum(len(bundle.signers) for bundle in self.deliveries.bundles(delivery.key))
                gauges = gauges.plus(overdue=sealed)
        return gauges

    def _is_too_soon(self, campaign: str, target: str, run: datetime) -> bool:
        day = next_day(self.deliveries.deliveries(campaign, target))
        return day is not None and run.date() < day
