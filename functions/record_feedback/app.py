"""Record what SES reports about a delivery's email."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.mail_events import read_feedback_message, read_mail_event
from undersigned.aws.queue import seconds_until_next_try
from undersigned.logs import facts_of
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.domain.deliveries import MailEvent

logger = Logger()
stack = Wiring.of_environment("table_name", "feedback_queue_url")
feedback = stack.feedback()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Record a batch of SES's events; SQS delivers the messages named in the answer again when they are due.

    An event that comes by itself, because a person or an earlier version passed it on, raises its error.
    """
    if "Records" not in event:
        _record(read_mail_event(event))
    failed = []
    for record in event.get("Records", ()):
        try:
            _record(read_feedback_message(record["body"]))
        except Exception as error:  # noqa: BLE001  (one bad event must not stop the others; it is reported)
            received = int(record["attributes"]["ApproximateReceiveCount"])
            logger.error("an event of SES failed", extra={**facts_of(error), "received": received})
            stack.feedback_queue.hide(record["receiptHandle"], seconds_until_next_try(received))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _record(event: MailEvent | None) -> None:
    if event is None:
        return
    delivery = feedback.record(event)
    # A person must look at an email that bounced, so it is logged as an error, which an alarm counts.
    log = logger.error if event.kind in {"bounce", "complaint", "reject"} else logger.info
    log(
        "mail event",
        extra={
            "kind": event.kind,
            **asdict(event.delivery),
            "state": delivery.state if delivery else "no such delivery",
        },
    )
