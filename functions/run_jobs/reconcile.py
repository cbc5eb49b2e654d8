"""Compare every campaign's rows, trays, counters and deliveries, daily, and queue what is missing.

It also removes personal data whose time is over.

The daily run queues a message for each campaign. A campaign that takes longer than one run continues in a new message.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.run_jobs import wired
from undersigned.base.metrics import emit_all
from undersigned.organizing.queues import read_reconciliation, reconciliation_queue

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

_TO_FINISH = 60_000
"""Milliseconds in which a page of rows, the deliveries and the sums of all bundles are read."""


def run(day: str | None, campaign: str | None) -> None:
    """Queue the reconciliation of all campaigns if its hour has come; by hand, now, of all or of one."""
    if day is not None or campaign is not None:
        _begin(campaign)
    else:
        daily = wired.stack.schedule.reconciliations
        wired.hours.of_stack("reconcile", daily, lambda _, _slot: _begin(None))


def _begin(campaign: str | None) -> None:
    for begun in wired.reconciling.begin(campaign):
        reconciliation_queue(wired.stack).put(begun)


def proceed(body: str, context: LambdaContext) -> None:
    """Continue the reconciliation of a message. Raises an error if SQS must deliver it again."""
    found = wired.reconciling.proceed(
        read_reconciliation(body), lambda: context.get_remaining_time_in_millis() > _TO_FINISH
    )
    if not found.is_done:
        reconciliation_queue(wired.stack).put(found)
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
