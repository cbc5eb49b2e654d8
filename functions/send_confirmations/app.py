"""Send the emails that signature rows request: from the table's stream, or later from a queue when SES takes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import of_queue, of_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the table's stream or of the waiting emails; what the answer names is delivered again."""
    records = event["Records"]
    if records[0].get("eventSource") == "aws:sqs":
        return of_queue.send(records)
    return of_stream.send(records)
