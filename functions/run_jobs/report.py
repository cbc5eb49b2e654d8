"""Email organizers a report a day after their deliveries, and each week the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import day_before, reported_days
from undersigned.wiring import cases

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
        cases(stack).operating.hours.of_all("report", lambda each: _send(stack, each, day), _log_error)
        cases(stack).operating.weekly_email.send(day)


def _run_due(stack: Stack) -> None:
    def report(settings: Campaign, after: datetime, slot: datetime) -> None:
        for period in cases(stack).operating.reporting.periods(settings, reported_days(after, slot)):
            _send(stack, settings.id, period)

    def tell(_: datetime, slot: datetime) -> None:
        cases(stack).operating.weekly_email.send(day_before(slot.date().isoformat()))

    try:
        cases(stack).operating.hours.each("report", report, _log_error)
    finally:
        cases(stack).operating.hours.of_stack("weekly email", schedule_of(stack).operators_email, tell)


def _send(stack: Stack, campaign: str, period: str) -> None:
    outcome = cases(stack).operating.reporting.send(campaign, period)
    logger.info("report", extra={"campaign": campaign, "period": period, "outcome": outcome})


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})
