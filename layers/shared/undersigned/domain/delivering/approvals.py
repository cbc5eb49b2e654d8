"""Approvals: a period's letters that are sent only after an organizer has approved them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.languages import Message, number

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.delivering.deliveries import Delivery
    from undersigned.domain.delivering.plans import PlanLine

MOST_LISTED = 200
"""The most recipients that an email or a page about an approval lists. Mail programs cut an email off at 100 kB, above
the button, and nobody reads thousands of lines."""


def not_all_listed(recipients: int, language: str) -> str:
    """Say how many recipients are listed, or nothing if all are."""
    if recipients <= MOST_LISTED:
        return ""
    values = {"listed": number(MOST_LISTED, language), "count": number(recipients, language)}
    return Message("These are the first %(listed)s of %(count)s recipients.", values).in_language(language)


@dataclass(frozen=True, slots=True)
class WaitingLetters:
    """How many letters wait for one target."""

    target: Target
    letters: int


@dataclass(frozen=True, slots=True)
class PeriodState:
    """The current state of a period that needs an approval.

    `waiting` is an approval's plan for the letters in the trays. `deliveries` have begun. `seen_at` is when this was
    read: an approval covers letters until then.
    """

    campaign: Campaign
    period: str
    waiting: tuple[PlanLine, ...]
    deliveries: tuple[tuple[Target, Delivery], ...]
    is_approved: bool
    is_paused: bool
    seen_at: datetime

    @property
    def awaits_approval(self) -> bool:
        """Say whether there is anything to approve. A period is approved once."""
        return self.campaign.approval and not self.is_approved and any(not line.too_soon for line in self.waiting)
