"""Controls: an organizer's decisions about a campaign's deliveries, and the audit of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from undersigned.base.characters import can_be_printed
from undersigned.base.errors import LOAD_AGAIN, GivenError
from undersigned.base.languages import Message
from undersigned.base.rows import Row

if TYPE_CHECKING:
    from datetime import date

    from undersigned.campaigns.rules.campaigns import Campaign

LONGEST_REASON = 500
"""The most characters in a reason."""


@dataclass(frozen=True, slots=True)
class Controls(Row):
    """Whether a campaign's deliveries are paused, and since when it is closed.

    `roster` is a text that changes with the campaign's targets.
    """

    pk, sk = "CAMPAIGN#{campaign}", "CONTROLS"

    paused: bool = False
    roster: str = ""
    closed_at: datetime | None = None

    def is_open(self, campaign: Campaign, now: datetime) -> bool:
        """Say whether people can sign: it is one of the campaign's days, and nobody closed it."""
        return self.closed_at is None and campaign.is_open(campaign.local(now).date())

    def closed_on(self, campaign: Campaign, today: date) -> date | None:
        """Return the day on which signing ended: somebody closed the campaign, or its last day is over."""
        if self.closed_at is not None:
            return campaign.local(self.closed_at).date()
        return campaign.closes if campaign.closes and campaign.closes < today else None


@dataclass(frozen=True, slots=True)
class AuditEntry(Row):
    """One action in the activity log.

    `by` is a person's address, the key's first digits or a signed link; `about` is a target, a period, a letter's id or
    a person with their role; `why` is in the organizer's own words. An entry contains nothing about signers. An `id` in
    the key distinguishes entries of the same moment.
    """

    pk, sk = "AUDIT#{campaign}", "{at}#{id}"

    campaign: str
    at: datetime
    action: str
    by: str
    about: str = ""
    why: str = ""


def read_seen_at(text: object) -> datetime:
    """Read the moment of a page from its form. Raises GivenError for anything else."""
    # In the first and the last year, another time zone can be out of Python's reach.
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise GivenError(LOAD_AGAIN)


def checked_reason(why: str) -> str:
    """Return a reason without surrounding spaces.

    Raises GivenError if it is too long, or has characters that pages, emails and terminals can't show.
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
