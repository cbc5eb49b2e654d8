"""Record SES's events about deliveries' emails, and count confirmation emails that did harm."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit
from undersigned.base.queue import SqsQueue, seconds_until_next_try
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.delivering.feedback import ConfirmationReport, read_feedback_message, read_mail_event, record
from undersigned.signing.rows.mail_budgets import MailBudgets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.metrics import MetricName
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned.delivering.rules.states import DeliveryState

logger = Logger()

_COUNTED: dict[DeliveryState, MetricName] = {
    "sent": "LettersSent",
    "delivered": "LettersDelivered",
    "bounced": "LettersBounced",
    "complained": "LettersBounced",
}


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return the function's handler."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        """Record a batch of SES's events; SQS delivers the messages named in the answer again when they are due.

        An event that comes by itself, because a person passed it on, raises its error.
        """
        if "Records" not in event:
            _record(stack, read_mail_event(event))
        failed = []
        for message in event.get("Records", ()):
            try:
                _record(stack, read_feedback_message(message["body"]))
            except Exception as error:  # noqa: BLE001  (one bad event must not stop the others; it is reported)
                received = int(message["attributes"]["ApproximateReceiveCount"])
                logger.error("an event of SES failed", extra={**facts_of(error), "received": received})
                queue = SqsQueue(stack.sqs, stack.settings.feedback_queue_url)
                queue.hide(message["receiptHandle"], seconds_until_next_try(received))
                failed.append({"itemIdentifier": message["messageId"]})
        return {"batchItemFailures": failed}

    return handler


def _record(stack: Stack, event: MailEvent | ConfirmationReport | None) -> None:
    if event is None:
        return
    if isinstance(event, ConfirmationReport):
        # For the brake. An event that comes twice counts twice.
        MailBudgets(stack.table).record_report(event.kind, event.lane, stack.clock())
        logger.info("confirmation email", extra={"kind": event.kind, "lane": event.lane})
        return
    recorded = record(stack, event)
    delivery = recorded.delivery
    # Each state of a delivery counts its letters once.
    if delivery and recorded.reached and (metric := _COUNTED.get(recorded.reached)):
        emit(metric, delivery.letters)
    log = logger.error if recorded.needs_a_decision else logger.info
    state = delivery.state if delivery else "no such delivery"
    log("mail event", extra={"kind": event.kind, **asdict(event.key), "state": state})


handler = make_handler(Stack(Settings(os.environ).check("table_name", "feedback_queue_url")))
