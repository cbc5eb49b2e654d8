"""Email organizers a report on a period's deliveries, and the operator that all is well.

It is called the day after, weekly and hourly by schedules of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.domain.schedule import day_before, period_of
from undersigned.logs import facts_of
from undersigned.services.organizer_post import tell_each
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.services.organizer_post import PostOutcome

logger = Logger()
stack = Wiring.of_environment(
    "table_name", "sender", "configuration_set", "schedule", "operator_topic", "plans_at_once"
)
reporting = stack.reporting()
hours = stack.hours()
all_is_well = stack.all_is_well()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> None:
    """Report on the day before `scheduled_time` (ISO 8601).

    This is for all campaigns that follow the stack's schedule, or for `campaign`; with `hour` instead, for all that
    have a cadence of their own, about each day that ended since the last such run. After an error, Lambda runs this
    again, and only the reports that were not sent are sent. When all of the weekly run are, the operator gets an email.
    """
    if "hour" in event:
        with hours.since_last("report", datetime.fromisoformat(event["hour"])) as (after, until):
            tell_each(reporting.due(after, until), reporting.send, _log_outcome)
        return
    scheduled = datetime.fromisoformat(event["scheduled_time"])
    campaign = event.get("campaign")
    zone = stack.cadence(campaign).time_zone if campaign else stack.settings.schedule.time_zone
    period = day_before(period_of(scheduled, zone))
    campaigns = [campaign] if campaign else reporting.campaigns()
    tell_each(((campaign, period) for campaign in campaigns), reporting.send, _log_outcome)
    if not campaign:
        figures = all_is_well.tell(period)
        logger.info("told the operator", extra={"period": period, "decisions": figures.decisions})


def _log_outcome(campaign: str, period: str, outcome: PostOutcome | Exception) -> None:
    if isinstance(outcome, Exception):
        logger.error("a report was not sent", extra={"campaign": campaign, **facts_of(outcome)})
    else:
        logger.info("report", extra={"campaign": campaign, "period": period, "outcome": outcome})
