"""Make the queued deliveries: seal, typeset, store, send. Typeset again what letters were erased from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.delivering.delivering import proceed
from undersigned.delivering.queue import delivery_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.delivering.queue import DraftTest

logger = Logger()


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return the function's handler."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Process messages of the delivery queue. SQS delivers those named in the answer again when they are due."""
        failed = []
        for record in event["Records"]:
            received = int(record["attributes"]["ApproximateReceiveCount"])
            done = proceed(stack, record["body"], received, context.get_remaining_time_in_millis, _send_draft_test)
            getattr(logger, done.level)(done.what, extra=done.facts)
            if done.again_after is not None:
                delivery_queue(stack).hide(record["receiptHandle"], done.again_after)
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handler


def _send_draft_test(stack: Stack, test: DraftTest) -> str | None:
    # Only here: what reads drafts takes long to import.
    from undersigned.workshop.draft_testing import send_test

    return send_test(stack, test.campaign, test.to)


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "secret_arn",
            "sender",
            "configuration_set",
            "packet_bucket",
            "draft_bucket",
            "delivery_queue_url",
            "bundle_size",
        )
    )
)
