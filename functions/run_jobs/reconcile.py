"""Compare every campaign's rows, trays, counters and deliveries, daily, and queue what is missing.

It also removes personal data whose time is over.

The daily run queues a message for each campaign. A campaign that takes longer than one run continues in a new message.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.base.metrics import emit_all
from undersigned.campaigns.catalog import schedule_of
from undersigned.delivering.hours import at_slot_of_stack
from undersigned.organizing.queues import read_reconciliation, reconciliation_queue
from undersigned.organizing.reconciling import begin, proceed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.stack import Stack
    from undersigned.organizing.rules.reconciliations import Finding

logger = Logger()

_TO_FINISH = 60_000
"""Milliseconds in which a page of rows, the deliveries and the sums of all bundles are read."""


def run(stack: Stack, day: str | None, campaign: str | None) -> None:
    """Queue the reconciliation of all campaigns if its hour has come; by hand, now, of all or of one."""
    if day is not None or campaign is not None:
        _begin(stack, campaign)
    else:
        daily = schedule_of(stack).reconciliations
        at_slot_of_stack(stack, "reconcile", daily, lambda _, _slot: _begin(stack, None))


def _begin(stack: Stack, campaign: str | None) -> None:
    for begun in begin(stack, campaign):
        reconciliation_queue(stack).put(begun)


def go_on(stack: Stack, body: str, context: LambdaContext) -> None:
    """Continue the reconciliation of a message. Raises an error if SQS must deliver it again."""
    found = proceed(
        stack, read_reconciliation(body), _report, lambda: context.get_remaining_time_in_millis() > _TO_FINISH
    )
    if not found.is_done:
        reconciliation_queue(stack).put(found)
        return
    logger.info("reconciled", extra={"campaign": found.campaign, **asdict(found.summary)})
    emit_all(
        [
            ("OldestUnsealedLetter", found.gauges.unsealed_for),
            ("LettersOverdue", found.gauges.overdue),
            ("OldestWithoutOutcome", found.gauges.without_outcome_for),
            ("RowsMinusCounters", found.gauges.differing),
        ]
    )


def _report(finding: Finding) -> None:
    """Log a difference that the reconciliation can't explain. An alarm counts these lines."""
    logger.error(finding.kind, extra={"campaign": finding.campaign, "unexplained": "yes", **finding.about})
