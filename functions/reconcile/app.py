"""Compare every campaign's rows, trays, waiting emails, counters and deliveries, daily, and ask for what is missing.

It also removes personal data whose time is over.

The schedule queues a message for each campaign. A campaign that takes longer than one run continues in a new message.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.queue import read_reconciliation
from undersigned.metrics import emit_all
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.domain.reconciliations import Finding

logger = Logger()

_TO_FINISH = 60_000
"""Milliseconds in which a page of rows, the deliveries and the sums of all bundles are read."""


def report(finding: Finding) -> None:
    """Log a difference as an error, which an alarm counts."""
    logger.error(finding.kind, extra={"campaign": finding.campaign, **finding.about})


stack = Wiring.of_environment(
    "table_name", "packet_bucket", "delivery_queue_url", "waiting_mails_url", "reconciliation_queue_url", "schedule"
)
reconciling = stack.reconciling(report)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Queue the reconciliation of all campaigns, or of `campaign`; or run those in a batch of the queue.

    An error fails the whole batch, which is one message. SQS delivers it again.
    """
    if "Records" not in event:
        for run in reconciling.begin(event.get("campaign")):
            stack.reconciliation_queue.put(run)
    for record in event.get("Records", []):
        _run(record["body"], context)
    return {"batchItemFailures": []}


def _run(body: str, context: LambdaContext) -> None:
    run = reconciling.proceed(read_reconciliation(body), lambda: context.get_remaining_time_in_millis() > _TO_FINISH)
    if run.is_done:
        logger.info("reconciled", extra={"campaign": run.campaign, **asdict(run.summary)})
        emit_all(
            [
                ("OldestUnsealedLetter", run.gauges.unsealed_for),
                ("LettersOverdue", run.gauges.overdue),
                ("OldestWithoutOutcome", run.gauges.without_outcome_for),
                ("RowsMinusCounters", run.gauges.differing),
            ]
        )
    else:
        stack.reconciliation_queue.put(run)
