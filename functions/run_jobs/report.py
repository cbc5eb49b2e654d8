"""Email organizers a report a day after their deliveries, and each week the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import day_before, reported_days
from undersigned.delivering.hours import at_slot_of_stack, at_slots, for_all
from undersigned.organizing.reporting import reported_periods, send_report
from undersigned.organizing.weekly_email import tell_operator

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign

logger = Logger()


def run(stack: Stack, day: str | None, campaign: str | None) -> None:
    """Report on the days since each campaign's last report, or on a day by hand.

    After an error, only the reports that were not sent are sent.
    """
    if day is None:
        _run_due(stack)
    elif campaign:
        _send(stack, campaign, day)
    else:
        for_all(stack, "report", lambda each: _send(stack, each, day), _log_error)
        tell_operator(stack, day)


def _run_due(stack: Stack) -> None:
    def report(settings: Campaign, after: datetime, slot: datetime) -> None:
        for period in reported_periods(stack, settings, reported_days(after, slot)):
            _send(stack, settings.id, period)

    def tell(_: datetime, slot: datetime) -> None:
        tell_operator(stack, day_before(slot.date().isoformat()))

    try:
        at_slots(stack, "report", report, _log_error)
    finally:
        at_slot_of_stack(stack, "weekly email", schedule_of(stack).operators_email, tell)


def _send(stack: Stack, campaign: str, period: str) -> None:
    outcome = send_report(stack, campaign, period)
    logger.info("report", extra={"campaign": campaign, "period": period, "outcome": outcome})


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})
