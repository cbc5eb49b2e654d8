"""Emails to people who organize and about stops. Those to sign in with are tried until it would be too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.aws.queue import StopMail, read_person_mail
from undersigned.domain.errors import MailRefusedError, SendingStoppedError
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.aws.queue import PersonMail
    from undersigned.services.delivering.stop_post import StopPostOutcome
    from undersigned.services.people.people_post import PeoplePostOutcome

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
            wired.stack.people_mails.hide(record["receiptHandle"], _SOON)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _send(mail: PersonMail | StopMail) -> None:
    """Send an email. Raises an error if it must be tried again; one that SES refuses is not."""
    kind = "stop" if isinstance(mail, StopMail) else "sign-in" if mail.request else "invitation"
    outcome: PeoplePostOutcome | StopPostOutcome
    try:
        if isinstance(mail, StopMail):
            outcome = wired.stack.delivering.stop_post.send(mail.stop, mail.number)
        elif mail.request:
            outcome = wired.people_post.send_sign_in(mail.request)
        else:
            outcome = wired.people_post.send_invitation(mail.campaign, mail.person)
    except SendingStoppedError:
        raise
    except MailRefusedError as error:
        logger.warning("SES refused an email", extra={"kind": kind, "reason": str(error)})
    else:
        logger.info("email to a person", extra={"kind": kind, "outcome": outcome})
