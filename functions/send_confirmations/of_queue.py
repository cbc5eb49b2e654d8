"""Mails that had to wait: each is tried until SES takes it, or its row asks for it no more."""

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
    """Send waiting mails; a message that is named in the answer comes again when it is due."""
    failed = []
    for record in records:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            mail = read_waiting_message(record["body"])
            if not _is_done(mail):
                # A message of its own, for one that comes again would count as failed and be given up in the end.
                wired.stack.waiting_mails.put(mail, after=UNTIL_SES_IS_ASKED_AGAIN)
        except Exception as error:  # noqa: BLE001  (one bad message never stops its neighbours; it is reported)
            logger.error("a waiting mail failed", extra={**facts_of(error), "received": received})
            wired.stack.waiting_mails.hide(record["receiptHandle"], seconds_until_next_try(received))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _is_done(mail: WaitingMail) -> bool:
    return sending.is_done(
        mail.campaign, lambda: wired.confirmations.send_late(mail.campaign, mail.signer, mail.request)
    )
