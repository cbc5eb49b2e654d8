"""Sending a confirmation email, and what happens when SES doesn't take it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.domain.signatures import requested_at
from undersigned.logs import facts_of
from undersigned.metrics import emit
from undersigned.services.ports import MailRefusedError, SendingStoppedError, ThrottledError, UncertainError

if TYPE_CHECKING:
    from undersigned.domain.signatures import Signature
    from undersigned.services.confirming import Confirmations

logger = Logger()


@dataclass(slots=True)
class Outcomes:
    """What became of some emails: one line of the log for each campaign, and one of metrics.

    A line for each email would be the largest part of the log, and tell nothing more. Threads may share it.
    """

    _found: list[tuple[str, str]] = field(default_factory=list)
    _delays: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def add(self, signature: Signature, outcome: str) -> None:
        """Keep the outcome of an email, and how long after the form it was sent."""
        self._found.append((signature.campaign, outcome))
        asked_at = requested_at(signature.mail_request)
        # One that a budget postponed is late on purpose.
        if outcome == "sent" and asked_at and not signature.mail_postponed:
            self._delays.append((wired.stack.now() - asked_at).total_seconds())

    def __exit__(self, *_: object) -> None:
        """Write them to the log."""
        for campaign in dict.fromkeys(campaign for campaign, _ in self._found):
            outcomes = Counter(outcome for of, outcome in self._found if of == campaign)
            logger.info("confirmation emails", extra={"campaign": campaign, "outcomes": dict(outcomes)})
        emit("ConfirmationDelay", *self._delays)


def is_done(
    signature: Signature, outcomes: Outcomes, confirmations: Confirmations | None = None, *, claims: bool = True
) -> bool:
    """Send an email; return False when SES takes no email now or doesn't answer, so that it must wait.

    Without `claims`, nothing is written before it is sent (see `Confirmations.send`).
    """
    campaign = signature.campaign
    try:
        outcome = (confirmations or wired.confirmations).send(signature, claims=claims)
    except (ThrottledError, SendingStoppedError, UncertainError) as error:
        # The account is over its quota or paused, or SES is down. A person may have to act, so it is an error, which an
        # alarm counts.
        logger.error("emails must wait", extra={"campaign": campaign, **facts_of(error), "reason": str(error)})
        return False
    except MailRefusedError as error:
        # Trying again doesn't help, and the signer can sign with another address.
        logger.warning("SES refused an email", extra={"campaign": campaign, "reason": str(error)})
    else:
        outcomes.add(signature, outcome)
    return True
