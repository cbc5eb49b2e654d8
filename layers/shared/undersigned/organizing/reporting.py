"""Reporting: tell organizers after each delivery which letters were sent and which not, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned.delivering.emails import organizer_mails
from undersigned.organizing.rules.reports import Report, ReportLine, left_between, line_of_waiting, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rows.counters import Counters
    from undersigned.campaigns.rules.cadence import Cadence, WeeklySchedule
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.organizer_post import PostOutcome
    from undersigned.delivering.planning import Planning
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.rows.signatures import Signatures


@dataclass(kw_only=True, frozen=True, slots=True)
class Gathering:
    """Gathers the content of a report, with so many calls at once. Changes nothing."""

    campaigns: Campaigns
    signatures: Signatures
    deliveries: Deliveries
    counters: Counters
    schedule: WeeklySchedule
    clock: Callable[[], datetime]
    at_once: int

    def report(self, campaign: str, period: str, *, days: int = 1) -> Report:
        """Return the current outcome of a campaign's letters that were sent in so many days, and of those that wait.

        The last of the days is the period. Raises NotFoundError.
        """
        settings = self.campaigns.campaign(campaign)
        controls = self.campaigns.controls(campaign)
        targets = self.campaigns.targets(campaign, whole=False)
        waiting = self.signatures.how_many_wait_each(campaign, targets[0].id, targets[-1].id) if targets else {}
        since, until = cadence_of(settings, self.schedule).reported_between(date.fromisoformat(period), days)
        lines: list[ReportLine] = []

        def deliveries_to(target: Target) -> tuple[Target, tuple[Delivery, ...]]:
            return target, tuple(self._deliveries(campaign, target.id))

        for target, delivered in each_at_once(deliveries_to, targets, self.at_once):
            lines += lines_of(target, delivered, since=since, until=until, now=self.clock())
            if letters := waiting[target.id]:
                lines.append(line_of_waiting(controls, target, letters))
        signatures = self.counters.total(campaign)[0]
        return Report(settings, period, tuple(lines), signatures)

    def _deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        for delivery in self.deliveries.deliveries(campaign, target, whole=False):
            if delivery.state == "open" and not delivery.letters:
                # `letters` is written when the email is sent. Until then, only the bundles have the number.
                sealed = sum(len(bundle.signers) for bundle in self.deliveries.bundles(delivery.key))
                yield replace(delivery, letters=sealed)
            else:
                yield delivery


@dataclass(kw_only=True, frozen=True, slots=True)
class Reporting:
    """Emails reports, and how many letters wait for *Send now*."""

    gathering: Gathering
    planning: Planning
    tell_organizer: Callable[..., PostOutcome]
    sender: Sender
    clock: Callable[[], datetime]

    def periods(self, campaign: Campaign, days: Sequence[date]) -> Iterator[str]:
        """Return the days that have a report, oldest first: those of the cadence, and others with deliveries.

        A day has one if it is a delivery's day, or if an email left on it.
        """
        cadence = cadence_of(campaign, self.gathering.schedule)
        for day in days:
            if cadence.is_on(day) or self._has_delivery(campaign.id, day, cadence):
                yield day.isoformat()

    def _has_delivery(self, campaign: str, day: date, cadence: Cadence) -> bool:
        since, until = cadence.reported_between(day, 1)

        def has(target: Target) -> bool:
            return any(
                delivery.day == day or left_between(delivery, since, until)
                for delivery in self.gathering.deliveries.deliveries(campaign, target.id, whole=False)
            )

        return any(each_at_once(has, self.gathering.campaigns.targets(campaign, whole=False), self.gathering.at_once))

    def send(self, campaign: str, period: str) -> PostOutcome:
        """Email a campaign's organizer the report of a period once, if anything was sent or held back.

        Raises NotFoundError, and the errors of `send_once`.
        """
        report = self.gathering.report(campaign, period)
        if not report.is_worth_a_mail:
            return "nothing to say"
        next_delivery = cadence_of(report.campaign, self.gathering.schedule).next_after(self.clock())
        return self.tell_organizer(
            "report",
            campaign,
            period,
            lambda: organizer_mails.report(self.sender, report, next_delivery),
        )

    def send_waiting(self, campaign: Campaign, after: datetime, slot: datetime) -> PostOutcome:
        """Email an organizer how many letters wait for *Send now*, once for each slot of the campaign's cadence.

        `slot` is a daily one, and `after` the one before. Raises the errors of `send_once`.
        """
        weekly = cadence_of(campaign, self.gathering.schedule).last_slot(slot)
        if weekly <= after:
            return "nothing to say"
        planned = self.planning.preview(campaign, slot.date().isoformat())
        waiting = [line for line in planned.going if line.begun is None]
        if not waiting:
            return "nothing to say"
        letters, period = sum(line.letters for line in waiting), weekly.date().isoformat()
        return self.tell_organizer(
            "waiting",
            campaign.id,
            period,
            lambda: organizer_mails.waiting(self.sender, campaign, period, letters, len(waiting)),
        )
