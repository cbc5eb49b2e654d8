"""Email organizers a report a day after their deliveries, and each week the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.run_jobs import wired
from undersigned.base.logs import facts_of
from undersigned.campaigns.rules.cadence import day_before, reported_days

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.campaigns.rules.campaigns import Campaign

logger = Logger()


def run(day: str | None, campaign: str | None) -> None:
    """Report on the days since each campaign's last report, or on a day by hand.

    After an error, only the reports that were not sent are sent.
    """
    if day is None:
        _run_due()
    elif campaign:
        _send(campaign, day)
    else:
        wired.hours.of_all("report", lambda each: _send(each, day), _log_error)
        wired.weekly_email.send(day)


def _run_due() -> None:
    def report(settings: Campaign, after: datetime, slot: datetime) -> None:
        for period in wired.reporting.periods(settings, reported_days(after, slot)):
            _send(settings.id, period)

    def tell(_: datetime, slot: datetime) -> None:
        wired.weekly_email.send(day_before(slot.date().isoformat()))

    try:
        wired.hours.each("report", report, _log_error)
    finally:
        wired.hours.of_stack("weekly email", wired.stack.schedule.operators_email, tell)


def _send(campaign: str, period: str) -> None:
    outcome = wired.reporting.send(campaign, period)
    logger.info("report", extra={"campaign": campaign, "period": period, "outcome": outcome})


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})
