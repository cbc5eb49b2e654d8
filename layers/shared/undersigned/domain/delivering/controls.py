"""Controls: an organizer's decisions about a campaign's deliveries, and the audit of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from undersigned.domain.characters import can_be_printed
from undersigned.domain.errors import LOAD_AGAIN, GivenError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.delivering.deliveries import Delivery
    from undersigned.domain.people.actions import Action

LONGEST_REASON = 500
"""The most characters in a reason."""


@dataclass(frozen=True, slots=True)
class Controls:
    """Whether a campaign's deliveries are paused, since when it is closed, and the periods that are approved.

    `approved` has the look of each period's approval: letters that were due by then are covered. `roster` is a text
    that changes with the campaign's targets.
    """

    paused: bool = False
    approved: Mapping[str, datetime] = field(default_factory=dict)
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

    def lets_begin(self, period: str, *, needs_approval: bool) -> bool:
        """Say whether a delivery of a period may begin. A delivery that has begun needs no further approval."""
        return not self.paused and (period in self.approved or not needs_approval)

    def until(self, period: str, *, needs_approval: bool, begun: Delivery | None = None) -> datetime | None:
        """Return the moment by which a letter must be due to go in a period; None for any letter.

        A delivery that has `begun` takes no letter that came later, even if its campaign needed no approval then.
        """
        if not needs_approval:
            return None
        moments = (self.approved.get(period), begun.opened_at if begun else None)
        return min((moment for moment in moments if moment), default=None)


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


def read_look(text: object) -> datetime:
    """Read the look that a page or an answer gave to an organizer. Raises GivenError for anything else."""
    # In the first and the last year, another time zone can be out of Python's reach.
    with suppress(ValueError, OverflowError):
        look = datetime.fromisoformat(text) if isinstance(text, str) else None
        if look is not None and look.tzinfo is not None:
            return look.astimezone(UTC)
    raise GivenError(
        Message(
            "`look` must be the moment that the page or the answer gave, with a time zone, such as "
            "2026-11-30T15:00:00+00:00. Look at what is waiting again."
        ),
        plainly=LOAD_AGAIN,
    )


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
