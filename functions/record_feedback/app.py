"""Record SES's events about deliveries' emails, and count confirmation emails that did harm."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit
from undersigned.base.queue import seconds_until_next_try
from undersigned.delivering.rows.mail_events import ConfirmationReport, read_feedback_message, read_mail_event
from undersigned.delivering.rules.mail_events import STATE_AFTER
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.metrics import MetricName
    from undersigned.delivering.feedback import Recorded
    from undersigned.delivering.rules.deliveries import DeliveryState
    from undersigned.delivering.rules.mail_events import MailEvent

logger = Logger()

_COUNTED: dict[DeliveryState, MetricName] = {
    "sent": "LettersSent",
    "delivered": "LettersDelivered",
    "bounced": "LettersBounced",
    "complained": "LettersBounced",
}

stack = Wiring.of_environment("table_name", "feedback_queue_url")
feedback = stack.delivering.feedback


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Record a batch of SES's events; SQS delivers the messages named in the answer again when they are due.

    An event that comes by itself, because a person passed it on, raises its error.
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


def _record(event: MailEvent | ConfirmationReport | None) -> None:
    if event is None:
        return
    if isinstance(event, ConfirmationReport):
        feedback.count(event.kind, event.lane)
        logger.info("confirmation email", extra={"kind": event.kind, "lane": event.lane})
        return
    recorded = feedback.record(event)
    if recorded:
        _emit(recorded, event)
    log = logger.error if _needs_a_decision(recorded, event) else logger.info
    log(
        "mail event",
        extra={
            "kind": event.kind,
            **asdict(event.delivery),
            "state": recorded.delivery.state if recorded else "no such delivery",
        },
    )


def _needs_a_decision(recorded: Recorded | None, event: MailEvent) -> bool:
    """Return whether a person must look at the email. Such an event is logged as an error, and an alarm counts it.

    It is logged once, although most events come in both ways. A bounce that doesn't change the delivery needs nobody:
    it is an out-of-office reply after the delivery, or about an earlier attempt.
    """
    if recorded is None:
        return event.kind in {"bounce", "complaint", "reject"}
    is_back = event.kind in {"bounce", "reject"} and recorded.delivery.state == "bounced"
    return recorded.is_news and (is_back or event.kind == "complaint")


def _emit(recorded: Recorded, event: MailEvent) -> None:
    """Count the letters of a new event, once for each state of their delivery."""
    delivery = recorded.delivery
    metric = _COUNTED.get(delivery.state)
    if recorded.is_news and metric and delivery.state == STATE_AFTER.get(event.kind):
        emit(metric, delivery.letters)
