"""Counts: what people see of a campaign's counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import ShowGoal

TOTAL = "TOTAL"
"""The counter of all confirmed letters."""


@dataclass(frozen=True, slots=True)
class Count:
    """A campaign's public count, and the organizer's goal, with when people see it."""

    campaign: str
    signatures: int
    goal: int
    show_goal: ShowGoal = "from-a-tenth"

    @property
    def shows_goal(self) -> bool:
        """Say whether people see the goal. A bar that is nearly empty discourages."""
        reached = 10 * self.signatures >= self.goal
        return self.goal > 0 and (reached if self.show_goal == "from-a-tenth" else self.show_goal == "always")
