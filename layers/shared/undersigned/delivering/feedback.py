"""Feedback: record SES events on the delivery and on its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError
from undersigned.delivering.rules.mail_events import after

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned.signing.rows.mail_budgets import MailBudgets
    from undersigned.signing.rules.mail_budgets import Lane, MailReport

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Recorded:
    """A delivery after an event. `is_news` is false if the event has come before, by the other way or repeated."""

    delivery: Delivery
    is_news: bool


@dataclass(kw_only=True, frozen=True, slots=True)
class Feedback:
    """Records events, which may be late, repeated or out of order."""

    deliveries: Deliveries
    campaigns: Campaigns
    budgets: MailBudgets
    clock: Callable[[], datetime]

    def count(self, kind: MailReport, lane: Lane) -> None:
        """Count a confirmation email that did harm, for the brake. An event that comes twice counts twice."""
        self.budgets.record_report(kind, lane, self.clock())

    def record(self, event: MailEvent) -> Recorded | None:
        """Record an event, and return the changed delivery; None if there is no such delivery."""
        for attempt in range(1, _TRIES + 1):
            delivery = self.deliveries.delivery(event.delivery)
            if delivery is None:
                return None
            changed = after(delivery, event)
            try:
                if changed != delivery:
                    self.deliveries.change(changed, delivery)
            except ChangedError:
                if attempt == _TRIES:
                    raise
                continue
            # Written after the delivery, and again if the event is repeated, so a crash in between does no harm.
            self._mark_target(event, changed)
            # Last, so that an event that could not be recorded is still news when it comes again.
            return Recorded(changed, self.deliveries.record_event(event))
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
