"""The jobs' services, made once per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from undersigned.organizing.rules.reconciliations import Finding

logger = Logger()


def report(finding: Finding) -> None:
    """Log a difference that the reconciliation can't explain. An alarm counts these lines."""
    logger.error(finding.kind, extra={"campaign": finding.campaign, "unexplained": "yes", **finding.about})


stack = Wiring.of_environment(
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
hours = stack.operating.hours
planning = stack.delivering.planning
reporting = stack.operating.reporting
weekly_email = stack.operating.weekly_email
reconciling = stack.operating.reconciling(report)
