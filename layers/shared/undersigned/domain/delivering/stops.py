"""Stops: an office's word that its mailbox gets no more of a campaign's letters, until somebody there resumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.characters import can_be_printed
from undersigned.domain.languages import Message, number
from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MOST_LINKS = 2
"""How many emails with the link that ends a stop are sent: one at once, one when an organizer asks for it."""

LONGEST_REASON = 500
"""The most characters of a reason that are kept."""

_MINUTES_OF_A_PROGRAM = 5
"""A stop so soon after an email was probably no person's."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when a mailbox gets no letters, and the office's reason, if it gave one.

    `accepted_at` is when SES took the last email to it before that. `mails` are the emails with the link that resumes,
    `notices` those that told the organizer.
    """

    email: str
    at: datetime
    reason: str = ""
    accepted_at: datetime | None = None
    mails: int = 0
    notices: int = 0

    @property
    def mailbox(self) -> str:
        """Return the name of the mailbox in links."""
        return mailbox_digest(self.email)

    def how_soon(self, language: str) -> Iterator[Message]:
        """Say how long after the last email it came. Programs open links within seconds, and give no reason."""
        if self.accepted_at is None:
            return
        after = self.at - self.accepted_at
        seconds, days = int(after.total_seconds()), after.days + 1
        if seconds >= _MINUTES_OF_A_PROGRAM * 60:
            yield Message.counted(
                "It was stopped within a day after the last email left.",
                "It was stopped within %(count)s days after the last email left.",
                days,
                {"count": number(days, language)},
            )
            return
        yield Message.counted(
            "It was stopped %(count)s second after the last email left.",
            "It was stopped %(count)s seconds after the last email left.",
            seconds,
            {"count": number(seconds, language)},
        )
        if not self.reason:
            yield Message(
                "That was probably no person, but a program that checks the office’s email and opens each link."
            )


def reason_in(text: object) -> str:
    """Return a reason as one line that pages and emails can show. What is too long or can't be printed is left out."""
    line = "".join(filter(can_be_printed, " ".join(str(text or "").split())))[:LONGEST_REASON]
    return line if can_be_printed(line) else ""
