"""Stops: an office's word that its mailbox gets no more of a campaign's letters, until somebody there resumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from datetime import datetime, timedelta

MOST_LINKS = 2
"""How many emails with the link that resumes one stop sends: one at once, one when an organizer asks for it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when a mailbox gets no letters, and the office's reason, if it gave one.

    `accepted_at` is when SES took the last email to it before that. `mails` are the emails with the link that resumes.
    """

    email: str
    at: datetime
    reason: str = ""
    accepted_at: datetime | None = None
    mails: int = 0

    @property
    def mailbox(self) -> str:
        """Return the short name of the mailbox."""
        return mailbox_digest(self.email)

    @property
    def after(self) -> timedelta | None:
        """Return how long after SES took the last email it was stopped: in seconds, probably by a program."""
        return self.at - self.accepted_at if self.accepted_at else None
