"""Closing: end a campaign's signing now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.domain.controls import AuditEntry, checked_reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from undersigned.domain.campaigns import Campaign
    from undersigned.services.ports import CampaignStore


@dataclass(kw_only=True, frozen=True, slots=True)
class Closing:
    """Closes campaigns. Letters that wait are still sent, and signers can confirm for 14 days."""

    campaigns: CampaignStore
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def closed_since(self, campaign: Campaign) -> date | None:
        """Return the last day of signing of a campaign that is over; None if people can sign, today or later."""
        last = self._last_day(campaign)
        return campaign.closes if campaign.closes and campaign.closes <= last else None

    def close(self, campaign: str, by: str, why: str) -> date:
        """Make yesterday the last day of signing, and return the last day. Raises NotFoundError.

        A campaign that is over stays as it is, and nothing is recorded. Raises GivenError for a reason that can't be
        kept.
        """
        why = checked_reason(why)
        settings = self.campaigns.campaign(campaign)
        if since := self.closed_since(settings):
            return since
        last = self._last_day(settings)
        # First, so that no change goes without an entry.
        entry = AuditEntry(campaign, self.clock(), "close", by, f"last day {last}", why)
        self.campaigns.record_audit(entry, self.new_id())
        opens = min(settings.opens, last) if settings.opens else None
        self.campaigns.put_campaign(replace(settings, opens=opens, closes=last))
        return last

    def _last_day(self, campaign: Campaign) -> date:
        return campaign.local(self.clock()).date() - timedelta(days=1)
