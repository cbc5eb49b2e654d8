"""Feedback: record SES events on the delivery and on its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import after
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from undersigned.domain.deliveries import Delivery, MailEvent
    from undersigned.services.ports import CampaignStore, DeliveryStore

_TRIES = 5


@dataclass(kw_only=True, frozen=True, slots=True)
class Feedback:
    """Records events, which may be late, repeated or out of order."""

    deliveries: DeliveryStore
    campaigns: CampaignStore

    def record(self, event: MailEvent) -> Delivery | None:
        """Record an event, and return the changed delivery; None if there is no such delivery."""
        for attempt in range(1, _TRIES + 1):
            delivery = self.deliveries.delivery(event.delivery)
            if delivery is None:
                return None
            if attempt == 1:
                self.deliveries.record_event(event)
            changed = after(delivery, event)
            try:
                if changed != delivery:
                    self.deliveries.change(changed, state=delivery.state, attempt=delivery.attempt)
            except ChangedError:
                if attempt == _TRIES:
                    raise
                continue
            # Written after the delivery, and again if the event is repeated, so a crash in between does no harm.
            self._mark_target(event, changed)
            return changed
        return None

    def _mark_target(self, event: MailEvent, delivery: Delivery) -> None:
        """Hold the target's letters after a complaint, and mark an address that takes no email.

        A repeated bounce marks nothing once a person has decided to send the delivery again.
        """
        campaign, target = event.delivery.campaign, event.delivery.target
        if event.kind == "complaint":
            self.campaigns.record_complaint(campaign, target, event.at)
        is_bounce = event.kind == "bounce" and event.permanent and event.attempt == delivery.attempt
        if is_bounce and delivery.email and delivery.question(event.at) == "bounced":
            self.campaigns.set_mail_state(campaign, target, delivery.email, "bounced")
