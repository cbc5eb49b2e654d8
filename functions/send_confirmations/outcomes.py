"""The outcomes of some emails: one line of the log for each campaign, and one of metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from aws_lambda_powertools import Logger

from undersigned.base.metrics import emit
from undersigned.signing.rules.signatures import requested_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.signing.rules.signatures import Signature

logger = Logger()


@dataclass(slots=True)
class Outcomes:
    """The outcomes of some emails, by a clock.

    A line for each email would be the largest part of the log, and tell nothing more. Threads may share it.
    """

    now: Callable[[], datetime]
    _found: list[tuple[str, str]] = field(default_factory=list)
    _delays: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def add(self, signature: Signature, outcome: str) -> None:
        """Keep the outcome of an email, and how long after the form it was sent, or still waits."""
        self._found.append((signature.campaign, outcome))
        asked_at = requested_at(signature.mail_request)
        # An email that a budget postponed leaves late on purpose.
        if asked_at and (outcome == "waits" or (outcome == "sent" and not signature.mail_postponed)):
            self._delays.append((self.now() - asked_at).total_seconds())

    def __exit__(self, *_: object) -> None:
        """Write them to the log."""
        for campaign in dict.fromkeys(campaign for campaign, _ in self._found):
            outcomes = Counter(outcome for of, outcome in self._found if of == campaign)
            logger.info("confirmation emails", extra={"campaign": campaign, "outcomes": dict(outcomes)})
        emit("ConfirmationDelay", *self._delays)
