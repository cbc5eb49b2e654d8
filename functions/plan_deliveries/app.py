"""Queue deliveries: weekly and hourly by schedules, or now for one campaign when an organizer requests it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.domain.schedule import period_of
from undersigned.logs import facts_of
from undersigned.services.organizer_post import tell_each
from undersigned.services.planning import NotPlannedError
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.services.organizer_post import PostOutcome
    from undersigned.services.planning import Plan

logger = Logger()
stack = Wiring.of_environment(
    "table_name",
    "organizers_secret_arn",
    "delivery_queue_url",
    "schedule",
    "sender",
    "configuration_set",
    "plans_at_once",
)
planning = stack.planning()
hours = stack.hours()
approval_requests = stack.approval_requests()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Plan for `scheduled_time` (ISO 8601), and return what was queued.

    This is for all campaigns that follow the stack's schedule, or for `campaign`; with `hour` instead, for all that
    have a cadence of their own and became due since the last such run. Emails the organizers whose approval is missing.
    After an error, Lambda plans again, which is harmless. An error about one campaign or target is raised at the end,
    when all others are planned and asked for.
    """
    of_period = {}
    if "hour" in event:
        hour = datetime.fromisoformat(event["hour"])
        failure = None
        try:
            with hours.since_last("plan", hour) as (after, until):
                planned = planning.plan_due(after, until)
                _log("those with a cadence of their own", planned, until=until.isoformat())
                planned.check()
        except NotPlannedError as error:
            # The organizers of the others are asked first.
            failure = error
        # An organizer who can't be asked must not hold up the plans of the others.
        with hours.since_last("ask", hour) as (after, until):
            asked = planning.plan_due(after, until, queues=False)
            _ask(asked)
            asked.check()
        if failure:
            raise failure
    else:
        scheduled = datetime.fromisoformat(event["scheduled_time"])
        campaign = event.get("campaign")
        zone = stack.cadence(campaign).time_zone if campaign else stack.settings.schedule.time_zone
        period = period_of(scheduled, zone)
        planned = planning.plan(period, campaign)
        # An alarm goes off if no line of a week says that all campaigns were planned.
        _log(campaign or ("not all of them" if planned.failed else "all of them"), planned, period=period)
        _ask(planned)
        planned.check()
        of_period = {"period": period}
    return {
        **of_period,
        "deliveries": [asdict(key) for key in planned.queued],
        "awaiting_approval": [asdict(key) for key in planned.awaiting],
    }


def _log(campaigns: str, planned: Plan, **when: str) -> None:
    facts = {"deliveries": len(planned.queued), "awaiting": len(planned.awaiting)}
    logger.info("planned", extra={**when, "campaigns": campaigns, **facts})
    for failed in planned.failed:
        where = {"campaign": failed.campaign, "targets": failed.targets}
        logger.error("not planned", extra={**when, **where, **facts_of(failed.error)})


def _ask(planned: Plan) -> None:
    tell_each(
        dict.fromkeys((key.campaign, key.period) for key in planned.awaiting),
        lambda campaign, period: approval_requests.ask(campaign, period, planned.awaiting),
        _log_outcome,
    )


def _log_outcome(campaign: str, period: str, outcome: PostOutcome | Exception) -> None:
    if isinstance(outcome, Exception):
        logger.error("an organizer was not asked", extra={"campaign": campaign, **facts_of(outcome)})
    else:
        logger.info("approval request", extra={"campaign": campaign, "period": period, "outcome": outcome})
