"""Stops: an office's word that its mailbox gets no more of a campaign's letters, until the organizer lifts it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  (rows are read by annotations)
from typing import TYPE_CHECKING

from undersigned.base.characters import can_be_printed
from undersigned.base.email_addresses import canonical_email
from undersigned.base.languages import Message, number

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_REASON = 500
"""The most characters of a reason that are kept."""

_MINUTES_OF_A_PROGRAM = 5
"""A stop so soon after an email was probably no person's."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when a mailbox gets no letters, and the office's reason, if it gave one.

    `accepted_at` is when SES took the last email to it before that. `told` says whether the organizer got an email.
    """

    at: datetime
    reason: str = ""
    accepted_at: datetime | None = None
    told: bool = False

    def how_soon(self, language: str) -> Iterator[Message]:
        """Say how long after the last email it came. Programs open links within seconds, and give no reason."""
        if self.accepted_at is None:
            return
        after = self.at - self.accepted_at
        seconds, days = int(after.total_seconds()), after.days + 1
        if seconds >= _MINUTES_OF_A_PROGRAM * 60:
            yield Message.counted(
                "The emails were stopped within a day after the last one left.",
                "The emails were stopped within %(count)s days after the last one left.",
                days,
                {"count": number(days, language)},
            )
            return
        yield Message.counted(
            "The emails were stopped %(count)s second after the last one left.",
            "The emails were stopped %(count)s seconds after the last one left.",
            seconds,
            {"count": number(seconds, language)},
        )
        if not self.reason:
            yield Message(
                "That was probably not a person, but a program that checks the office’s email and opens each link."
            )


def reason_in(text: object) -> str:
    """Return a reason as one line that pages and emails can show. What is too long or can't be printed is left out."""
    line = "".join(filter(can_be_printed, " ".join(str(text or "").split())))[:LONGEST_REASON]
    return line if can_be_printed(line) else ""


def mailbox_digest(email: str) -> str:
    """Return the name of a mailbox in stops and links. Every spelling of its address has the same one."""
    return hashlib.sha256(canonical_email(email).encode()).hexdigest()[:12]
