"""Make the queued deliveries: seal, typeset, store, send. Typeset again what letters were erased from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.errors import MailRefusedError, SendingStoppedError, SendingThrottledError
from undersigned.base.logs import facts_of
from undersigned.base.queue import LONGEST_DELAY, seconds_until_next_try
from undersigned.delivering.delivering import UnsettledError
from undersigned.delivering.queue import (
    LONGEST_WAIT,
    UNTIL_SES_IS_ASKED_AGAIN,
    DeliveryMessage,
    DraftTest,
    read_message,
)
from undersigned.delivering.storing import OutOfTimeError
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.delivering.rules.deliveries import DeliveryKey

logger = Logger()

_ONE_STEP = 120_000
"""The most milliseconds that a step takes.

A packet takes seconds. An email takes up to half a minute until SES has capacity, and up to half a minute at SES.
"""

_MOST_RECEIPTS = 8
"""A message that waits for an event and was received so often is replaced by a new one, so that the wait can't use up
its tries (template.yaml: `maxReceiveCount`)."""


def report_replaced(key: DeliveryKey, packet: int, characters: dict[str, int]) -> None:
    """Log which characters no font has. Code points alone reveal nothing about anyone."""
    logger.warning("characters replaced", extra={**asdict(key), "packet": packet, "characters": characters})


stack = Wiring.of_environment(
    "table_name",
    "secret_arn",
    "sender",
    "configuration_set",
    "packet_bucket",
    "draft_bucket",
    "delivery_queue_url",
    "bundle_size",
)
delivering = stack.delivering.delivering(report_replaced)
storing = stack.delivering.storing(report_replaced)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the delivery queue; SQS delivers the messages named in the answer again when they are due."""
    failed = []
    for record in event["Records"]:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            message = read_message(record["body"])
            if isinstance(message, DraftTest):
                _send_draft_test(message)
            else:
                _run(message, context)
            continue
        except UnsettledError as error:
            facts = {"until": error.until.isoformat()}
            if error.__cause__:
                logger.warning("SES gave no answer", extra=facts | facts_of(error.__cause__))
            else:
                logger.info("an email may have been sent", extra=facts)
            wait = max(1, int((error.until - stack.clock()).total_seconds()) + 1)
            if received >= _MOST_RECEIPTS and isinstance(message, DeliveryMessage):
                _continue(message, after=min(wait, LONGEST_DELAY))
                continue
        except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
            logger.error("a delivery failed", extra={**facts_of(error), "received": received})
            wait = seconds_until_next_try(received)
        stack.queue.hide(record["receiptHandle"], wait)
        failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _send_draft_test(test: DraftTest) -> None:
    from undersigned.workshop.draft_testing import send_test

    try:
        message_id = send_test(stack, test.campaign, test.to)
    except SendingStoppedError:
        raise
    except MailRefusedError as error:
        logger.warning("SES refused a test of a draft", extra={"campaign": test.campaign, "reason": str(error)})
        return
    logger.info("test email of a draft", extra={"campaign": test.campaign, "message_id": message_id or "no draft"})


def _run(message: DeliveryMessage, context: LambdaContext) -> None:
    if message.test_to:
        message_id = delivering.test(message.key, message.test_to)
        logger.info("test email", extra={**asdict(message.key), "message_id": message_id or "no letter waits"})
        return
    if message.is_repacking:
        _repack(message.key, context)
        return
    try:
        delivery = delivering.deliver(message.key, lambda: _has_time(context), again=message.again, until=message.until)
    except OutOfTimeError:
        logger.info("a delivery continues in another run", extra=asdict(message.key))
        _continue(message)
    except (SendingThrottledError, SendingStoppedError) as error:
        logger.error("a delivery must wait", extra={**asdict(message.key), "reason": str(error)})
        _continue(message, after=UNTIL_SES_IS_ASKED_AGAIN)
    else:
        state = delivery.state if delivery else "nothing to send now"
        # A person must decide about an email in doubt, so it is logged as an error, which an alarm counts.
        log = logger.error if state == "in_doubt" else logger.info
        log("delivery", extra={**asdict(message.key), "state": state})


def _continue(message: DeliveryMessage, after: int = 0) -> None:
    now = stack.clock()
    since = message.since or now
    if now - since < LONGEST_WAIT:
        stack.queue.put_again(message.key, since, after=after)
    else:
        # The next plan queues it again.
        logger.error("a delivery waited for two weeks", extra=asdict(message.key))


def _repack(key: DeliveryKey, context: LambdaContext) -> None:
    try:
        packets = storing.store_again(key, lambda: _has_time(context))
    except OutOfTimeError:
        logger.info("a repacking continues in another run", extra=asdict(key))
        stack.queue.put_repacking(key)
    else:
        logger.info("repacked", extra={**asdict(key), "packets": packets})


def _has_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() > _ONE_STEP
