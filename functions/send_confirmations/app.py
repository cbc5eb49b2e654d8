"""Send the emails that signature rows request.

They come from the table's stream; from a queue, if SES took none; and from an index, if they were over a budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import of_postponed, of_queue, of_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the table's stream or of the waiting emails; what the answer names is delivered again.

    The schedule's event has no records.
    """
    records = event.get("Records")
    if records is None:
        of_postponed.send()
        return {}
    if records[0].get("eventSource") == "aws:sqs":
        return of_queue.send(records)
    return of_stream.send(records)
