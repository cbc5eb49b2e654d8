"""Write the queued exports: a campaign's signatures as a CSV file in the packets' bucket."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.errors import NotFoundError
from undersigned.base.logs import facts_of
from undersigned.base.queue import seconds_until_next_try
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.organizing.exporting import put_off_export, write_export
from undersigned.organizing.queues import export_queue, read_export_message
from undersigned.organizing.rules.exports import TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return the function's handler."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        """Process a batch of the export queue; SQS delivers the messages that the answer names again when due."""
        failed = [record["messageId"] for record in event["Records"] if not _written(stack, record)]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    return handler


def _written(stack: Stack, record: Mapping[str, Any]) -> bool:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    campaign = export_id = ""
    try:
        campaign, export_id = read_export_message(record["body"])
        export = write_export(stack, campaign, export_id)
    except NotFoundError:
        logger.info("the export has expired", extra={"campaign": campaign, "export": export_id})
    except Exception as error:  # noqa: BLE001  (it is reported, and SQS delivers the message again)
        logger.error("an export failed", extra={**facts_of(error), "campaign": campaign, "received": received})
        if export_id:
            put_off_export(stack, campaign, export_id, last=received >= TRIES)
        export_queue(stack).hide(record["receiptHandle"], seconds_until_next_try(received))
        return False
    else:
        facts = {"campaign": campaign, "export": export_id, "rows": export.rows, "bytes": export.bytes}
        logger.info("export", extra=facts)
    return True


handler = make_handler(Stack(Settings(os.environ).check("table_name", "packet_bucket", "export_queue_url")))
