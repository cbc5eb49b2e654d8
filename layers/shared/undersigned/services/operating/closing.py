"""Closing: end a campaign's signing now, and open it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.campaigns.rules.controls import AuditEntry, checked_reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.domain.people.actions import Action


@dataclass(kw_only=True, frozen=True, slots=True)
class Closing:
    """Closes and reopens campaigns. Their first and last day stay as they are.

    Letters that wait are still sent, and signers can confirm for 14 days. Both methods raise NotFoundError, and
    GivenError for a reason that can't be kept. If nothing changes, nothing is recorded.
    """

    campaigns: Campaigns
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def close(self, campaign: str, by: str, why: str) -> datetime:
        """Close a campaign, and return since when it is closed."""
        closed_at = self._closed_at(campaign)
        if closed_at is None:
            closed_at = self.clock()
            self._set(campaign, closed_at, "close", by, why)
        return closed_at

    def reopen(self, campaign: str, by: str, why: str) -> None:
        """Let people sign again, on the campaign's days."""
        if self._closed_at(campaign) is not None:
            self._set(campaign, None, "reopen", by, why)

    def _closed_at(self, campaign: str) -> datetime | None:
        self.campaigns.campaign(campaign)
        return self.campaigns.controls(campaign).closed_at

    def _set(self, campaign: str, closed_at: datetime | None, action: Action, by: str, why: str) -> None:
        # The entry comes first, so that no change is without one.
        entry = AuditEntry(campaign, self.clock(), action, by, why=checked_reason(why))
        self.campaigns.record_audit(entry, self.new_id())
        self.campaigns.close(campaign, closed_at)
