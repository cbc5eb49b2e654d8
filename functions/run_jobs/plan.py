"""Queue deliveries, and tell organizers weekly which letters wait for *Send now*."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.delivering.hours import at_slots
from undersigned.delivering.planning import plan, plan_campaign
from undersigned.organizing.reporting import send_waiting

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.delivering.planning import Plan

logger = Logger()


def run(stack: Stack, day: str | None, campaign: str | None) -> dict[str, Any]:
    """Queue the deliveries of each campaign whose slot has come, or of a day by hand. Return those that are queued.

    An error about one campaign or target is raised at the end, when all others are planned.
    """
    plans: list[Plan] = []

    def plan_at(settings: Campaign, after: datetime, slot: datetime) -> None:
        planned = plan_campaign(stack, settings, slot.date().isoformat())
        plans.append(planned)
        _log(planned, settings.id)
        if settings.send_now_only:
            outcome = send_waiting(stack, settings, after, slot)
            logger.info("letters wait", extra={"campaign": settings.id, "outcome": outcome})
        planned.check()

    if day is None:
        at_slots(stack, "plan", plan_at, _log_error)
    else:
        plans.append(plan(stack, day, campaign))
        _log(plans[0], campaign)
        plans[0].check()
    return {"deliveries": [asdict(key) for planned in plans for key in planned.queued]}


def _log(planned: Plan, campaign: str | None) -> None:
    logger.info("planned", extra={"campaign": campaign or "all", "deliveries": len(planned.queued)})
    for failed in planned.failed:
        logger.error(
            "not planned", extra={"campaign": failed.campaign, "targets": failed.targets, **facts_of(failed.error)}
        )


def _log_error(campaign: str, error: Exception) -> None:
    logger.error("a campaign failed", extra={"campaign": campaign, **facts_of(error)})
