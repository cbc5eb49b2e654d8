"""Write the queued exports: a campaign's signatures as a CSV file in the packets' bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.errors import NotFoundError
from undersigned.base.logs import facts_of
from undersigned.base.queue import seconds_until_next_try
from undersigned.base.queues import read_export_message
from undersigned.organizing.rules.exports import TRIES
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
stack = Wiring.of_environment("table_name", "packet_bucket", "export_queue_url")
exporting = stack.counting.exporting


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the export queue; SQS delivers the messages named in the answer again when they are due."""
    return {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]} for record in event["Records"] if not _written(record)
        ]
    }


def _written(record: Mapping[str, Any]) -> bool:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    campaign = export_id = ""
    try:
        campaign, export_id = read_export_message(record["body"])
        export = exporting.write(campaign, export_id)
    except NotFoundError:
        logger.info("the export has expired", extra={"campaign": campaign, "export": export_id})
    except Exception as error:  # noqa: BLE001  (it is reported, and SQS delivers the message again)
        logger.error("an export failed", extra={**facts_of(error), "campaign": campaign, "received": received})
        if export_id:
            exporting.put_off(campaign, export_id, last=received >= TRIES)
        stack.export_queue.hide(record["receiptHandle"], seconds_until_next_try(received))
        return False
    else:
        facts = {"campaign": campaign, "export": export_id, "rows": export.rows, "bytes": export.bytes}
        logger.info("export", extra=facts)
    return True
