"""The queues of exports to write, and of reconciliations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from undersigned.base.queue import LONGEST_DELAY, SqsQueue, read_json
from undersigned.organizing.rules.reconciliations import Reconciliation

if TYPE_CHECKING:
    from undersigned.base.stack import Stack


def export_message(campaign: str, export_id: str) -> str:
    """Return the body of an export message."""
    return json.dumps({"campaign": campaign, "export": export_id})


def read_export_message(body: str) -> tuple[str, str]:
    """Read the campaign and the id of an export from a message. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"campaign": str(campaign), "export": str(export_id)}:
            return campaign, export_id
        case _:
            error = 'an export message reads {"campaign": …, "export": …}'
            raise ValueError(error)


class ExportQueue(SqsQueue):
    """The queue of exports in SQS."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
        self.send(export_message(campaign, export_id))


def export_queue(stack: Stack) -> ExportQueue:
    """Return the stack's queue of exports."""
    return ExportQueue(stack.sqs, stack.settings.export_queue_url)


def reconciliation_message(run: Reconciliation) -> str:
    """Return the body of a reconciliation's message. It has sums and a position in the listing, no personal data."""
    return json.dumps(run.as_values())


def read_reconciliation(body: str) -> Reconciliation:
    """Read a reconciliation from a message. Raises ValueError if it is damaged."""
    message = read_json(body)
    try:
        return Reconciliation.of_values(message)
    except (AttributeError, KeyError, TypeError) as error:
        text = 'a reconciliation reads {"campaign": …, "may_queue": …, …}, as Reconciliation.as_values writes it'
        raise ValueError(text) from error


class ReconciliationQueue(SqsQueue):
    """The queue of reconciliations in SQS."""

    def put(self, run: Reconciliation) -> None:
        """Queue a reconciliation. Its rows are read 15 minutes after the counters."""
        # Rows are found through an index, which can be minutes late, and letters that it lacks may be counted already.
        self.send(reconciliation_message(run), LONGEST_DELAY if run.begins_rows else 0)


def reconciliation_queue(stack: Stack) -> ReconciliationQueue:
    """Return the stack's queue of reconciliations."""
    return ReconciliationQueue(stack.sqs, stack.settings.reconciliation_queue_url)
