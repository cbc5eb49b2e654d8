"""Queue deliveries, and ask organizers for the approvals that are missing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.run_jobs import wired
from undersigned.logs import facts_of
from undersigned.services.operating.organizer_post import tell_each

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.services.delivering.planning import Plan
    from undersigned.services.operating.organizer_post import PostOutcome

logger = Logger()


def run(day: str | None, campaign: str | None) -> dict[str, Any]:
    """Queue the deliveries of each campaign whose slot has come, or of a day by hand. Return queued and waiting ones.

    An error about one campaign or target is raised at the end, when all others are planned and asked for.
    """
    plans: list[Plan] = []

    def plan(settings: Campaign, _: datetime, slot: datetime) -> None:
        planned = wired.planning.plan_campaign(settings, slot.date().isoformat())
        plans.append(planned)
        _finish(planned, settings.id)

    if day is None:
        wired.hours.each("plan", plan, _log_error)
    else:
        plans.append(wired.planning.plan(day, campaign))
        _finish(plans[0], campaign)
    return {
        "deliveries": [asdict(key) for planned in plans for key in planned.queued],
        "awaiting_approval": [asdict(key) for planned in plans for key in planned.awaiting],
    }


def _finish(planned: Plan, campaign: str | None) -> None:
    """Ask for the approvals that a plan lacks. Raises the error that kept campaigns, targets or organizers out."""
    _log(planned, campaign)
    _ask(planned)
    planned.check()


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
