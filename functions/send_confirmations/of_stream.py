"""Requests from the table's stream: each form's email goes into the queue, which alone sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit_all
from undersigned.base.queues import WaitingMail
from undersigned.signing.stream import failures_from, read_form_change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.signing.stream import FormChange

logger = Logger()


def queue(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Queue the emails that the records request. A record comes again, for a day, if the queue does not take it."""
    asked: dict[WaitingMail, Mapping[str, Any]] = {}
    forms: list[FormChange] = []
    for record in records:
        try:
            if change := read_form_change(record):
                asked[WaitingMail(*change.name)] = record
                forms.append(change)
        except Exception as error:  # noqa: BLE001  (it must not hold up those behind it; it is reported)
            logger.error("a record is damaged", extra=facts_of(error))
    new = [form for form in forms if form.is_new]
    # A batch that comes again counts again.
    emit_all([("Signed", len(new)), ("Suspicious", sum(form.is_suspicious for form in new))])
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
