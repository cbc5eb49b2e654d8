"""Feedback: what SES says of a mail, written on its delivery and its target."""

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
    """Records events; late, doubled and disordered ones do no harm."""

    deliveries: DeliveryStore
    campaigns: CampaignStore

    def record(self, event: MailEvent) -> Delivery | None:
        """Record an event and return the delivery as it then stands; None when there is no such delivery."""
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
            # Written after the delivery, and again when the event comes twice: a crash in between mends itself.
            if event.kind == "bounce" and event.permanent and delivery.email and event.attempt == delivery.attempt:
                self.campaigns.set_mail_state(event.delivery.campaign, event.delivery.target, delivery.email, "bounced")
            return changed
        return None
