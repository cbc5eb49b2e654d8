"""Waiting emails: each is tried until SES takes it, or until its row no longer requests it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import sending, wired
from undersigned.aws.queue import UNTIL_SES_IS_ASKED_AGAIN, read_waiting_message, seconds_until_next_try
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.aws.queue import WaitingMail

logger = Logger()


def send(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Send waiting emails; SQS delivers the messages named in the answer again when they are due."""
    failed = []
    for record in records:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            mail = read_waiting_message(record["body"])
            if not _is_done(mail):
                # Put a new message: the old one would count as failed, and end in the dead-letter queue.
                wired.stack.waiting_mails.put(mail, after=UNTIL_SES_IS_ASKED_AGAIN)
        except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
            logger.error("a waiting email failed", extra={**facts_of(error), "received": received})
            wired.stack.waiting_mails.hide(record["receiptHandle"], seconds_until_next_try(received))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _is_done(mail: WaitingMail) -> bool:
    return sending.is_done(
        mail.campaign, lambda: wired.confirmations.send_late(mail.campaign, mail.signer, mail.request)
    )
