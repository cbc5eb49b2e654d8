"""Sending a confirmation email, and what happens when SES doesn't take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.logs import facts_of
from undersigned.services.ports import MailRefusedError, SendingStoppedError, ThrottledError, UncertainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.services.confirming import ConfirmationOutcome

logger = Logger()


def is_done(campaign: str, send: Callable[[], ConfirmationOutcome]) -> bool:
    """Send an email; return False when SES takes no email now or doesn't answer, so that it must wait."""
    try:
        outcome = send()
    except (ThrottledError, SendingStoppedError, UncertainError) as error:
        # The account is over its quota or paused, or SES is down. A person may have to act, so it is an error, which an
        # alarm counts.
        logger.error("emails must wait", extra={"campaign": campaign, **facts_of(error), "reason": str(error)})
        return False
    except MailRefusedError as error:
        # Trying again doesn't help, and the signer can sign with another address.
        logger.warning("SES refused an email", extra={"campaign": campaign, "reason": str(error)})
    else:
        logger.info("confirmation email", extra={"campaign": campaign, "outcome": outcome})
    return True
