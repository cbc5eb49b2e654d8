"""Send the mails that signature rows ask for: as the table's stream tells of them, or later if SES took none then."""

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
    """Answer a batch of the table's stream or of the waiting mails; what is named in the answer comes again."""
    records = event["Records"]
    if records[0].get("eventSource") == "aws:sqs":
        return of_queue.send(records)
    return of_stream.send(records)
