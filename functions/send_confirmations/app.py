"""Send the emails that forms request.

The table's stream puts them into a queue. A schedule does so with those that were over a budget. Only the queue's
worker sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import of_people, of_postponed, of_queue, of_stream
from undersigned.people.queue import is_to_person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the table's stream or of the waiting emails; the records named in the answer come again.

    The schedule's event has no records.
    """
    records = event.get("Records")
    if records is None:
        of_postponed.queue()
        return {}
    if records[0].get("eventSource") != "aws:sqs":
        return of_stream.queue(records)
    # Each queue has batches of its own.
    return of_people.send(records) if is_to_person(records[0]["body"]) else of_queue.send(records)
