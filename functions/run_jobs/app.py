"""Run the jobs of the hourly schedule: plan, report, reconcile. Each catches up on the slots since its last run."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.organizing.jobs import JOBS, go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return the function's handler."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Run each of `jobs`, and return what they did; or run the reconciliations in a batch of their queue.

        A person who runs a job by hand gives the `day` (2026-11-30) to plan, or to report on, and can give one
        `campaign`. The first error of a job is raised at the end, when the others are done. Lambda then runs them
        again, which is harmless. An error of a reconciliation fails its batch, which is one message.
        """
        if "Records" in event:
            for record in event["Records"]:
                go_on(stack, record["body"], context.get_remaining_time_in_millis)
            return {"batchItemFailures": []}
        day = date.fromisoformat(event["day"]).isoformat() if event.get("day") else None
        answers: dict[str, object] = {}
        errors: list[Exception] = []
        for job in event["jobs"]:
            try:
                answers[job] = JOBS[job](stack, day, event.get("campaign"))
            except Exception as error:  # noqa: BLE001  (one job's error must not stop the others; it is raised below)
                logger.error("a job failed", extra={"job": job, **facts_of(error)})
                errors.append(error)
        if errors:
            raise errors[0]
        return answers

    return handler


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "packet_bucket",
            "draft_bucket",
            "delivery_queue_url",
            "reconciliation_queue_url",
            "schedule",
            "sender",
            "configuration_set",
            "operator_topic",
            "plans_at_once",
        )
    )
)
