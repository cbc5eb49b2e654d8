"""Emails to people who organize, and to organizers about offices that stopped the emails.

Those to sign in with are tried until it would be too late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.base.errors import MailRefusedError, SendingStoppedError
from undersigned.base.logs import facts_of
from undersigned.delivering.office import tell_of_stop
from undersigned.people import people_post
from undersigned.people.queue import StopMail, people_mails, read_person_mail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from undersigned.people.queue import PersonMail

logger = Logger()

_SOON = 20
"""Seconds until an email is tried again for which somebody waits."""


def send(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Send emails; SQS delivers the messages named in the answer again when they are due."""
    failed = []
    for record in records:
        try:
            _send(read_person_mail(record["body"]))
        except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
            received = int(record["attributes"]["ApproximateReceiveCount"])
            logger.error("a waiting email failed", extra={**facts_of(error), "received": received})
            people_mails(wired.stack).hide(record["receiptHandle"], _SOON)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _send(mail: PersonMail | StopMail) -> None:
    """Send an email. Raises an error if it must be tried again; one that SES refuses is not."""
    kind, send_it = _of(mail)
    try:
        outcome = send_it()
    except SendingStoppedError:
        raise
    except MailRefusedError as error:
        logger.warning("SES refused an email", extra={"kind": kind, "reason": str(error)})
    else:
        logger.info("email to a person", extra={"kind": kind, "outcome": outcome})


def _of(mail: PersonMail | StopMail) -> tuple[str, Callable[[], str]]:
    """Return the kind of an email, and what sends it."""
    match mail:
        case StopMail():
            return "stop", lambda: tell_of_stop(wired.stack, mail.campaign, mail.target)
        case _ if mail.request:
            return "sign-in", lambda: people_post.send_sign_in(wired.stack, mail.request)
        case _:
            return "invitation", lambda: people_post.send_invitation(wired.stack, mail.campaign, mail.person)
