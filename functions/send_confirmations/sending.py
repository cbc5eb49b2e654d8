"""What becomes of a mail that is handed to SES."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.logs import facts_of
from undersigned.services.ports import MailRefusedError, SendingStoppedError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.services.confirming import ConfirmationOutcome

logger = Logger()


def is_done(campaign: str, send: Callable[[], ConfirmationOutcome]) -> bool:
    """Send a mail; False when it has to wait, for SES takes none at present."""
    try:
        outcome = send()
    except (ThrottledError, SendingStoppedError) as error:
        # Over the account's quota, or paused: a person may have to look, so it is an error, which an alarm counts.
        logger.error("mails have to wait", extra={"campaign": campaign, **facts_of(error), "reason": str(error)})
        return False
    except MailRefusedError as error:
        # No later try mends it, and the signer can sign with another address.
        logger.warning("SES refused a mail", extra={"campaign": campaign, "reason": str(error)})
    else:
        logger.info("confirmation mail", extra={"campaign": campaign, "outcome": outcome})
    return True
