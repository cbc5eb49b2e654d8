"""The jobs of the hourly schedule: plan, report, reconcile. Each does what is due since its last run, and logs it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit_all
from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import day_before, reported_days
from undersigned.delivering.hours import at_slot_of_stack, at_slots, for_all
from undersigned.delivering.planning import plan_campaign, plan_period
from undersigned.organizing.queues import read_reconciliation, reconciliation_queue
from undersigned.organizing.reconciling import begin, proceed
from undersigned.organizing.reporting import reported_periods, send_report, send_waiting
from undersigned.organizing.weekly_email import tell_operator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.delivering.planning import Plan
    from undersigned.organizing.rules.reconciliations import Finding

logger = Logger()

_TO_FINISH = 60_000
"""Milliseconds in which a page of rows, the deliveries and the sums of all bundles are read."""


def plan(stack: Stack, day: str | None, campaign: str | None) -> dict[str, Any]:
    """Queue the deliveries of each campaign whose slot has come, or of a day by hand, and return them.

    Tells organizers weekly which letters wait for *Send now*. An error about one campaign or target is raised at the
    end, when all others are planned.
    """
    plans: list[Plan] = []

    def plan_at(settings: Campaign, after: datetime, slot: datetime) -> None:
        planned = plan_campaign(stack, settings, slot.date().isoformat())
        plans.append(planned)
        _log_plan(planned, settings.id)
        if settings.send_now_only:
            outcome = send_waiting(stack, settings, after, slot)
            logger.info("letters wait", extra={"campaign": settings.id, "outcome": outcome})
        planned.check()

    if day is None:
        at_slots(stack, "plan", plan_at, _log_error)
    else:
        plans.append(plan_period(stack, day, campaign))
        _log_plan(plans[0], campaign)
        plans[0].check()
    return {"deliveries": [asdict(key) for planned in plans for key in planned.queued]}


def _log_plan(planned: Plan, campaign: str | None) -> None:
    logger.info("planned", extra={"campaign": campaign or "all", "deliveries": len(planned.queued)})
    for failed in planned.failed:
        logger.error(
            "not planned", extra={"campaign": failed.campaign, "targets": failed.targets, **facts_of(failed.error)}
        )


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})


def report(stack: Stack, day: str | None, campaign: str | None) -> None:
    """Email organizers the reports on the days since their campaign's last one, or on a day by hand.

    Emails the operator each week. After an error, only the reports that were not sent are sent.
    """

    def send(settings: Campaign, after: datetime, slot: datetime) -> None:
        for period in reported_periods(stack, settings, reported_days(after, slot)):
            _send_report(stack, settings.id, period)

    def tell(_: datetime, slot: datetime) -> None:
        tell_operator(stack, day_before(slot.date().isoformat()))

    if day is None:
        try:
            at_slots(stack, "report", send, _log_error)
        finally:
            at_slot_of_stack(stack, "weekly email", schedule_of(stack).operators_email, tell)
    elif campaign:
        _send_report(stack, campaign, day)
    else:
        for_all(stack, "report", lambda each: _send_report(stack, each, day), _log_error)
        tell_operator(stack, day)


def _send_report(stack: Stack, campaign: str, period: str) -> None:
    outcome = send_report(stack, campaign, period)
    logger.info("report", extra={"campaign": campaign, "period": period, "outcome": outcome})


def reconcile(stack: Stack, day: str | None, campaign: str | None) -> None:
    """Queue the reconciliation of all campaigns if its hour has come; by hand, now, of all or of one."""
    if day is not None or campaign is not None:
        _begin(stack, campaign)
    else:
        daily = schedule_of(stack).reconciliations
        at_slot_of_stack(stack, "reconcile", daily, lambda _, _slot: _begin(stack, None))


def _begin(stack: Stack, campaign: str | None) -> None:
    for begun in begin(stack, campaign):
        reconciliation_queue(stack).put(begun)


def go_on(stack: Stack, body: str, milliseconds_left: Callable[[], int]) -> None:
    """Continue the reconciliation of a message. Raises an error if SQS must deliver it again.

    A reconciliation that takes longer than a run continues in a new message.
    """
    found = proceed(stack, read_reconciliation(body), _log_finding, lambda: milliseconds_left() > _TO_FINISH)
    if not found.is_done:
        reconciliation_queue(stack).put(found)
        return
    logger.info("reconciled", extra={"campaign": found.campaign, **asdict(found.summary)})
    emit_all(
        [
            ("OldestUnsealedLetter", found.gauges.unsealed_for),
            ("LettersOverdue", found.gauges.overdue),
            ("OldestWithoutOutcome", found.gauges.without_outcome_for),
            ("RowsMinusCounters", found.gauges.differing),
        ]
    )


def _log_finding(finding: Finding) -> None:
    """Log a difference that the reconciliation can't explain. An alarm counts these lines."""
    logger.error(finding.kind, extra={"campaign": finding.campaign, "unexplained": "yes", **finding.about})


JOBS: Mapping[str, Callable[[Stack, str | None, str | None], object]] = {
    "plan": plan,
    "report": report,
    "reconcile": reconcile,
}
