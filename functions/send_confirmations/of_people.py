"""Emails to people who organize: to sign in with, and invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.services.ports import MailRefusedError, SendingStoppedError

if TYPE_CHECKING:
    from undersigned.aws.queue import PersonMail

logger = Logger()


def send(mail: PersonMail) -> None:
    """Send an email. Raises an error if it must be tried again; one that SES refuses is not."""
    kind = "sign-in" if mail.request else "invitation"
    try:
        if mail.request:
            outcome = wired.people_post.send_sign_in(mail.request)
        else:
            outcome = wired.people_post.send_invitation(mail.campaign, mail.person)
    except SendingStoppedError:
        raise
    except MailRefusedError as error:
        logger.warning("SES refused an email", extra={"kind": kind, "reason": str(error)})
    else:
        logger.info("email to a person", extra={"kind": kind, "outcome": outcome})
