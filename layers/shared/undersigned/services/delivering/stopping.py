"""Stopping: an office stops the emails to its mailbox, and resumes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.delivering.stops import Stop
from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.deliveries import Deliveries


@dataclass(kw_only=True, frozen=True, slots=True)
class Stopping:
    """Stops emails, and resumes them. Raises NotFoundError for an unknown target."""

    campaigns: Campaigns
    deliveries: Deliveries
    clock: Callable[[], datetime]

    def stop(self, campaign: str, target: str, mailbox: str, reason: str) -> Stop | None:
        """Stop the emails to a mailbox, and return the stop; None if no email to it is known.

        A mailbox that is stopped keeps its moment, so that the link in its email works, and gets the reason, if there
        is one. An email that was handed to SES before may still arrive.
        """
        new = self._new(campaign, target, mailbox, reason)
        _, stop = self.campaigns.change_stop(
            campaign, target, mailbox, lambda known: replace(known, reason=reason or known.reason) if known else new
        )
        return stop

    def _new(self, campaign: str, target: str, mailbox: str, reason: str) -> Stop | None:
        deliveries = self.deliveries.deliveries(campaign, target, whole=False)
        to_it = [each for each in deliveries if each.email and mailbox_digest(each.email) == mailbox]
        emails = [self.campaigns.target(campaign, target).email, *(each.email for each in to_it if each.email)]
        email = next((email for email in emails if mailbox_digest(email) == mailbox), None)
        accepted = (each.last.sent_at or each.last.since for each in to_it)
        accepted_at = max((moment for moment in accepted if moment), default=None)
        return Stop(email, self.clock(), reason, accepted_at=accepted_at) if email else None

    def resume(self, campaign: str, target: str, mailbox: str, at: datetime) -> Stop | None:
        """End the stop of a moment, and return it; None if it has ended. A later stop of the mailbox stays."""
        before, after = self.campaigns.change_stop(
            campaign, target, mailbox, lambda known: None if known and known.at == at else known
        )
        return before if after is None else None
