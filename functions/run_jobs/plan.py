"""Queue deliveries, and ask organizers for the approvals that are missing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.run_jobs import wired
from undersigned.domain.schedule import Cadence
from undersigned.logs import facts_of
from undersigned.services.organizer_post import tell_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.domain.campaigns import Campaign
    from undersigned.domain.schedule import Due
    from undersigned.services.organizer_post import PostOutcome
    from undersigned.services.planning import Plan

logger = Logger()


def run(day: str | None, campaign: str | None) -> dict[str, Any]:
    """Queue what has come of each campaign's cadence, or a day's deliveries by hand. Return what was queued and waits.

    An error about one campaign or target is raised at the end, when all others are planned and asked for.
    """
    plans: list[Plan] = []
    if day is None:
        _run_due(plans)
    else:
        plans.append(wired.planning.plan(day, campaign))
        _log(plans[0], campaign)
        _ask(plans[0])
        plans[0].check()
    return {
        "deliveries": [asdict(key) for planned in plans for key in planned.queued],
        "awaiting_approval": [asdict(key) for planned in plans for key in planned.awaiting],
    }


def _run_due(plans: list[Plan]) -> None:
    def plan(settings: Campaign, due: Sequence[Due]) -> None:
        planned = wired.planning.plan_due(settings, due)
        plans.append(planned)
        _log(planned, settings.id)
        planned.check()

    def ask(settings: Campaign, due: Sequence[Due]) -> None:
        if settings.approval:
            planned = wired.planning.plan_due(settings, due, queues=False)
            _ask(planned)
            planned.check()

    # An organizer who can't be asked must not hold up the plans of the others.
    try:
        wired.hours.each("plan", Cadence.due, plan, _log_error)
    finally:
        wired.hours.each("ask", Cadence.due, ask, _log_error)


def _log(planned: Plan, campaign: str | None) -> None:
    facts = {"deliveries": len(planned.queued), "awaiting": len(planned.awaiting)}
    logger.info("planned", extra={"campaign": campaign or "all", **facts})
    for failed in planned.failed:
        logger.error(
            "not planned", extra={"campaign": failed.campaign, "targets": failed.targets, **facts_of(failed.error)}
        )


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})


def _ask(planned: Plan) -> None:
    tell_each(
        dict.fromkeys((key.campaign, key.period) for key in planned.awaiting),
        lambda campaign, period: wired.approval_requests.ask(campaign, period, planned.awaiting),
        _log_outcome,
    )


def _log_outcome(campaign: str, period: str, outcome: PostOutcome | Exception) -> None:
    if isinstance(outcome, Exception):
        logger.error("an organizer was not asked", extra={"campaign": campaign, **facts_of(outcome)})
    else:
        logger.info("approval request", extra={"campaign": campaign, "period": period, "outcome": outcome})
