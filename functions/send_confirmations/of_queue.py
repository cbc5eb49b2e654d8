"""The queues' emails.

A waiting confirmation email is tried until SES takes it, or until its row no longer requests it. An email to a person
who organizes is tried until it would be too late.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import of_people, sending, wired
from undersigned.aws.queue import (
    UNTIL_SES_IS_ASKED_AGAIN,
    read_person_mail,
    read_waiting_message,
    seconds_until_next_try,
)
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.aws.queue import WaitingMail

logger = Logger()

_SOON = 20
"""Seconds until an email is tried again for which somebody waits."""


def send(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Send waiting emails; SQS delivers the messages named in the answer again when they are due."""
    failed = []
    for record in records:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        person_mail = None
        try:
            if person_mail := read_person_mail(record["body"]):
                of_people.send(person_mail)
                continue
            mail = read_waiting_message(record["body"])
            if not _is_done(mail):
                # Put a new message: the old one would count as failed, and end in the dead-letter queue.
                again = replace(mail, granted=True)
                wired.stack.waiting_mails.put(again, after=UNTIL_SES_IS_ASKED_AGAIN)
        except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
            logger.error("a waiting email failed", extra={**facts_of(error), "received": received})
            if person_mail:
                wired.stack.people_mails.hide(record["receiptHandle"], _SOON)
            else:
                wired.stack.waiting_mails.hide(record["receiptHandle"], seconds_until_next_try(received))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _is_done(mail: WaitingMail) -> bool:
    signature = wired.confirmations.still_requested(mail.campaign, mail.signer, mail.request)
    if signature is None:
        return True
    # One that waits for SES has been taken from its budgets. A stop or a brake postpones it, too.
    admitted = wired.confirmations.admit([signature], released=[signature] if mail.granted else ())
    with sending.Outcomes() as outcomes:
        return not admitted.signatures or sending.is_done(signature, outcomes)
