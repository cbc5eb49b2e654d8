"""Emails from the table's stream: one for each change of a row's `mail_request`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import sending, wired
from undersigned.aws.queue import WaitingMail
from undersigned.aws.stream import failures_from, read_change
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.signatures import Signature

logger = Logger()

_LONGEST = timedelta(seconds=30)
"""How long a batch sends emails, because those of the next batches wait for it. The last call may take 12 s more."""


def send(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Send the emails that the records request. When SES takes none or is slow, put the rest into the queue.

    They can't wait in the stream, which keeps records for a day.
    """
    failed: list[Mapping[str, Any]] = []
    ses_takes_email = True
    until = wired.stack.now() + _LONGEST
    for record in records:
        try:
            change = read_change(record)
            if change.asks_for_mail:
                ses_takes_email = ses_takes_email and wired.stack.now() < until and _is_done(change.signature)
                if not ses_takes_email:
                    _put_into_queue(change.signature)
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    return failures_from(failed)


def _is_done(signature: Signature) -> bool:
    return sending.is_done(signature.campaign, lambda: wired.confirmations_of_stream.send(signature))


def _put_into_queue(signature: Signature) -> None:
    wired.stack.waiting_mails.put(WaitingMail(signature.campaign, signature.signer, signature.mail_request))
