"""Stops: an office's word that its mailbox gets no more of a campaign's letters, until somebody there resumes."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from undersigned.domain.characters import can_be_printed
from undersigned.domain.errors import TokenError
from undersigned.domain.languages import Message, number
from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LONGEST_REASON = 500
"""The most characters of a reason that are kept."""

_MINUTES_OF_A_PROGRAM = 5
"""A stop so soon after an email was probably no person's."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when a mailbox gets no letters, and the office's reason, if it gave one.

    `accepted_at` is when SES took the last email to it before that. `mails` are the emails with the link that resumes,
    `notices` those that told the organizer. Only that link has the `secret`.
    """

    email: str
    at: datetime
    secret: str
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
                "That was probably no person, but a program that checks the office’s email and opens each link."
            )


@dataclass(frozen=True, slots=True)
class StopMail:
    """The emails about a mailbox's stop since a moment: to the organizer, and the link that ends it, by its number."""

    campaign: str
    target: str
    mailbox: str
    at: datetime
    number: int


_LINK = re.compile("([a-z0-9-]{1,50})~([a-z0-9-]{1,50})~([0-9a-f]{12})~([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class ResumeLink:
    """The link that ends a stop. Its secret is the stop's, not a signature, so it works whatever keys have ended."""

    campaign: str
    target: str
    mailbox: str
    secret: str

    @classmethod
    def read(cls, token: str) -> Self:
        """Read the part of the link after `/office/resume/`; raises TokenError."""
        if found := _LINK.fullmatch(token):
            return cls(*found.groups())
        message = "the link is damaged"
        raise TokenError(message)

    def __str__(self) -> str:
        """Return the part of the link after `/office/resume/`."""
        return f"{self.campaign}~{self.target}~{self.mailbox}~{self.secret}"

    def is_of(self, secret: str | None) -> bool:
        """Say whether the link has a stop's secret."""
        return secret is not None and hmac.compare_digest(self.secret, secret)


def reason_in(text: object) -> str:
    """Return a reason as one line that pages and emails can show. What is too long or can't be printed is left out."""
    line = "".join(filter(can_be_printed, " ".join(str(text or "").split())))[:LONGEST_REASON]
    return line if can_be_printed(line) else ""
