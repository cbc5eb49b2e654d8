"""Reporting: tell organizers after each delivery which letters were sent and which not, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned.campaigns.rules.campaigns import first_free
from undersigned.delivering.emails import organizer_mails
from undersigned.delivering.organizer_post import tell_organizer
from undersigned.delivering.planning import make_plan
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.organizing.emails.reports import report as report_mail
from undersigned.organizing.overviews import Overview
from undersigned.organizing.rules.reports import Report, ReportLine, left_between, line_of_waiting, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.cadence import Cadence
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.organizer_post import PostOutcome
    from undersigned.delivering.rules.deliveries import Delivery


def make_report(stack: Stack, campaign: str, period: str, *, days: int = 1) -> Report:
    """Return the current outcome of a campaign's letters that were sent within some days, and of letters that wait.

    The last of the days is the period. Changes nothing. Raises NotFoundError.
    """
    found = Overview(stack, campaign)
    since, until = cadence_of(found.campaign, schedule_of(stack)).reported_between(date.fromisoformat(period), days)
    controls, waiting, lines = found.controls, found.waiting(found.every_target), list[ReportLine]()

    def deliveries_to(target: Target) -> tuple[Target, tuple[Delivery, ...]]:
        return target, tuple(_with_sealed(stack, made) for made in found.deliveries_to(target))

    for target, delivered in each_at_once(deliveries_to, found.every_target, stack.settings.plans_at_once):
        lines += lines_of(target, delivered, since=since, until=until, now=stack.clock())
        if letters := waiting[target.id]:
            lines.append(line_of_waiting(controls, target, letters))
    return Report(found.campaign, period, tuple(lines), found.count.signatures)


def _with_sealed(stack: Stack, delivery: Delivery) -> Delivery:
    """Return a delivery with the number of its letters, which it has when the email is sent, and its bundles before."""
    if delivery.state != "open" or delivery.letters:
        return delivery
    return replace(delivery, letters=len(sealed_in(Deliveries(stack.table).bundles(delivery.key))))


def reported_periods(stack: Stack, campaign: Campaign, days: Sequence[date]) -> Iterator[str]:
    """Return the days that have a report, oldest first: the cadence's days, and other days with deliveries.

    A day has one if it is a delivery's day, or if an email left on it.
    """
    cadence = cadence_of(campaign, schedule_of(stack))
    for day in days:
        if cadence.is_on(day) or _has_delivery(stack, campaign.id, day, cadence):
            yield day.isoformat()


def _has_delivery(stack: Stack, campaign: str, day: date, cadence: Cadence) -> bool:
    found, (since, until) = Overview(stack, campaign), cadence.reported_between(day, 1)

    def has(target: Target) -> bool:
        return any(made.day == day or left_between(made, since, until) for made in found.deliveries_to(target))

    return any(each_at_once(has, found.every_target, stack.settings.plans_at_once))


def send_report(stack: Stack, campaign: str, period: str) -> PostOutcome:
    """Email a campaign's organizer the report of a period once, if anything was sent or held back.

    Raises NotFoundError, and the errors of `tell_organizer`.
    """
    report = make_report(stack, campaign, period)
    if not report.is_worth_a_mail:
        return "nothing to say"
    free = first_free(line.target for line in report.of("waiting"))
    next_delivery = cadence_of(report.campaign, schedule_of(stack)).next_after(stack.clock(), not_before=free)
    return tell_organizer(
        stack, "report", campaign, period, lambda: report_mail(stack.settings.sender, report, next_delivery)
    )


def send_waiting(stack: Stack, campaign: Campaign, after: datetime, slot: datetime) -> PostOutcome:
    """Email an organizer how many letters wait for *Send now*, once for each slot of the campaign's cadence.

    `slot` is a daily slot, and `after` the slot before. Raises the errors of `tell_organizer`, and NotPlannedError.
    """
    weekly = cadence_of(campaign, schedule_of(stack)).last_slot(slot)
    if weekly <= after:
        return "nothing to say"
    planned = make_plan(stack, campaign, slot.date().isoformat())
    waiting = [line for line in planned.going if line.begun is None]
    if not waiting:
        # An error may have kept all of them out. Then the next run tries again.
        planned.check()
        return "nothing to say"
    letters, period = sum(line.letters for line in waiting), weekly.date().isoformat()
    return tell_organizer(
        stack,
        "waiting",
        campaign.id,
        period,
        lambda: organizer_mails.waiting(stack.settings.sender, campaign, period, letters, len(waiting)),
    )
