"""Controls: an organizer's decisions about a campaign's deliveries, and the audit of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.domain.characters import can_be_printed
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from datetime import datetime

type Action = Literal[
    "pause", "resume", "approve", "hold", "release", "retry", "settle as sent", "settle as not sent", "test", "deliver",
    "test draft", "approve again", "retry again", "settle as not sent again", "deliver again", "push",
    "remove", "release from quarantine", "hold letters", "release letters", "remove letters",
    "export", "create key", "revoke key", "rotate secret", "stop confirmations", "start confirmations",
    "backup", "restore", "close", "publish", "make draft", "discard draft",
    "add person", "change role", "remove person", "print sign-in link",
]  # fmt: skip


LONGEST_REASON = 500
"""The most characters in a reason."""


@dataclass(frozen=True, slots=True)
class Controls:
    """Whether a campaign's deliveries are paused, and the periods that are approved.

    `roster` is another text after each change of the campaign's targets; empty if only versions before 0.3 wrote them,
    which don't change it.
    """

    paused: bool = False
    approved: frozenset[str] = frozenset()
    roster: str = ""

    def lets_begin(self, period: str, *, needs_approval: bool) -> bool:
        """Say whether a delivery of a period may begin. A delivery that has begun needs no further approval."""
        return not self.paused and (period in self.approved or not needs_approval)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action in the activity log.

    `by` is a person's address, the key's first digits or a signed link; `about` is a target, a period, a letter's id or
    a person with their role; `why` is in the organizer's own words. An entry contains nothing about signers.
    """

    campaign: str
    at: datetime
    action: Action
    by: str
    about: str = ""
    why: str = ""


def checked_reason(why: str) -> str:
    """Return a reason without surrounding spaces.

    Raises GivenError for one that is too long, or has characters that pages, emails and terminals can't show.
    """
    reason = why.strip()
    if len(reason) > LONGEST_REASON:
        raise GivenError(
            Message("The reason is too long. Use %(limit)s characters or fewer.", {"limit": LONGEST_REASON})
        )
    if not can_be_printed(reason):
        raise GivenError(
            Message(
                "%(field)s has a character that we can’t print. Type it again instead of pasting it.",
                {"field": Message("Why")},
            )
        )
    return reason
