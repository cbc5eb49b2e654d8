"""Requests from the table's stream: each change of a row's `mail_request` goes into the queue, which alone sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.aws.queue import WaitingMail
from undersigned.aws.stream import failures_from, read_change, signer_of
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = Logger()


def queue(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Queue the emails that the records request. What the queue does not take comes again, for a day."""
    asked: dict[WaitingMail, Mapping[str, Any]] = {}
    for record in records:
        try:
            change = read_change(record)
            for words in change.asking:
                mail = WaitingMail(words.campaign, words.signer, words.mail_request, is_released=change.is_release)
                asked[mail] = record
        except Exception as error:  # noqa: BLE001  (it must not hold up those behind it; it is reported)
            logger.error("a record is damaged", extra=facts_of(error))
            # The queue's worker reads the row itself.
            asked[WaitingMail(*signer_of(record))] = record
    return failures_from(_put(asked))


def _put(asked: Mapping[WaitingMail, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Queue emails, and return the records of those that the queue did not take."""
    try:
        refused = wired.stack.waiting_mails.put_all(list(asked), wired.stack.settings.mails_at_once)
    except Exception as error:  # noqa: BLE001  (an email that was queued twice is sent once; it is reported)
        logger.error("emails were not queued", extra={"emails": len(asked), **facts_of(error)})
        return list(asked.values())
    if refused:
        logger.error("emails were not queued", extra={"emails": len(refused)})
    return [asked[mail] for mail in refused]
