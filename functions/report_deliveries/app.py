"""Email organizers a report on a period's deliveries, on a schedule of its own: the day after the weekly run."""

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
stack = Wiring.of_environment("table_name", "sender", "configuration_set", "schedule")
reporting = stack.reporting()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> None:
    """Report on the day before `scheduled_time` (ISO 8601), for all campaigns or for `campaign`.

    After an error, Lambda runs this again, and only the reports that were not sent are sent.
    """
    scheduled = datetime.fromisoformat(event["scheduled_time"])
    period = day_before(period_of(scheduled, stack.settings.delivery_time_zone))
    campaign = event.get("campaign")
    tell_each(
        [campaign] if campaign else reporting.campaigns(),
        lambda campaign: reporting.send(campaign, period),
        _log_outcome,
    )


def _log_outcome(campaign: str, outcome: PostOutcome | Exception) -> None:
    if isinstance(outcome, Exception):
        logger.error("a report was not sent", extra={"campaign": campaign, **facts_of(outcome)})
    else:
        logger.info("report", extra={"campaign": campaign, "outcome": outcome})
