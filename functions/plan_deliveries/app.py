"""Queue a period's deliveries: weekly by the schedule, or now for one campaign when an organizer requests it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.domain.schedule import period_of
from undersigned.logs import facts_of
from undersigned.services.organizer_post import tell_each
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.services.organizer_post import PostOutcome

logger = Logger()
stack = Wiring.of_environment(
    "table_name", "secret_arn", "delivery_queue_url", "delivery_time_zone", "sender", "configuration_set"
)
planning = stack.planning()
approval_requests = stack.approval_requests()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Plan for `scheduled_time` (ISO 8601), for all campaigns or for `campaign`, and return what was queued.

    Emails the organizers whose approval is missing. After an error, Lambda plans again, which is harmless.
    """
    scheduled = datetime.fromisoformat(event["scheduled_time"])
    period = period_of(scheduled, stack.settings.delivery_time_zone)
    planned = planning.plan(period, event.get("campaign"))
    logger.info(
        "planned", extra={"period": period, "deliveries": len(planned.queued), "awaiting": len(planned.awaiting)}
    )
    tell_each(
        dict.fromkeys(key.campaign for key in planned.awaiting),
        lambda campaign: approval_requests.ask(campaign, period, planned.awaiting),
        _log_outcome,
    )
    return {
        "period": period,
        "deliveries": [asdict(key) for key in planned.queued],
        "awaiting_approval": [asdict(key) for key in planned.awaiting],
    }


def _log_outcome(campaign: str, outcome: PostOutcome | Exception) -> None:
    if isinstance(outcome, Exception):
        logger.error("an organizer was not asked", extra={"campaign": campaign, **facts_of(outcome)})
    else:
        logger.info("approval request", extra={"campaign": campaign, "outcome": outcome})
