"""Delivery controls: pause, approve, hold, retry, settle and so on. Each action is recorded in the activity log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.controls import Action, AuditEntry
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import ExplainedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.campaigns import Target
    from undersigned.domain.deliveries import Delivery
    from undersigned.services.planning import Plan, Planning
    from undersigned.services.ports import CampaignStore, DeliveryQueue, DeliveryStore, SignatureStore

_RETRIED = ("open", "held", "bounced")

APPROVABLE_FOR = timedelta(days=31)
"""How long after its day a period can be approved."""


class NotNowError(ExplainedError):
    """This can't be done now; says why not, and the way out."""


@dataclass(kw_only=True, frozen=True, slots=True)
class DeliveryControls:
    """An organizer's actions on deliveries. `by` is a key's first digits, a signed link, or the command line."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    queue: DeliveryQueue
    planning: Planning
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def pause(self, campaign: str, by: str, why: str) -> None:
        """Pause a campaign's deliveries. Emails that SES has accepted still arrive."""
        self.campaigns.campaign(campaign)
        self.campaigns.pause(campaign, paused=True)
        self.record(campaign, "pause", by, why=why)

    def resume(self, campaign: str, by: str, why: str) -> None:
        """Resume a campaign's deliveries, beginning with the next plan."""
        self.campaigns.campaign(campaign)
        self.campaigns.pause(campaign, paused=False)
        self.record(campaign, "resume", by, why=why)

    def approve(self, campaign: str, period: str, by: str, why: str) -> Plan:
        """Approve a period's deliveries, and queue them immediately.

        Raises NotNowError for a day in the future, whose letters nobody has seen yet, and for one that is long past.
        """
        self.campaigns.campaign(campaign)
        # One day of tolerance, for any time zone of the schedule.
        age = self.clock().date() - date.fromisoformat(period)
        if not -timedelta(days=1) <= age <= APPROVABLE_FOR:
            raise NotNowError(
                Message(
                    "%(day)s is not in the last %(days)s days. Approve the day that is waiting.",
                    {"day": period, "days": APPROVABLE_FOR.days},
                )
            )
        self.campaigns.approve(campaign, period)
        self.record(campaign, "approve", by, about=period, why=why)
        return self.planning.plan(period, campaign)

    def hold(self, campaign: str, target: str, by: str, why: str) -> None:
        """Hold one target's letters back, for a reason that their signers can read."""
        if not why.strip():
            raise NotNowError(Message("Give a reason. The people who signed can read it on their letter’s page."))
        self.campaigns.hold(campaign, target, why.strip())
        self.record(campaign, "hold", by, about=target, why=why)

    def release(self, campaign: str, target: str, by: str, why: str) -> None:
        """Release a target's letters after a hold or a complaint. The next plan queues them."""
        self.campaigns.release(campaign, target, self.clock())
        self.record(campaign, "release", by, about=target, why=why)

    def retry(self, key: DeliveryKey, by: str, why: str) -> Delivery:
        """Send a delivery again that failed, bounced or is held. The target's address is assumed to be correct now.

        Raises NotFoundError for an unknown delivery, NotNowError if its email was sent or may have been sent.
        """
        target, delivery = self.campaigns.target(key.campaign, key.target), self._delivery(key)
        if delivery.question(self.clock()) in {"in doubt", "no outcome"}:
            raise NotNowError(
                Message("Nobody knows whether the email arrived. Ask the recipient’s office, then settle the delivery.")
            )
        if delivery.state not in _RETRIED:
            raise NotNowError(
                Message(
                    "The delivery’s state is “%(state)s”. Only one that failed, bounced or is held can be sent again.",
                    {"state": delivery.state},
                )
            )
        again = self._open_again(delivery, target)
        self.campaigns.set_mail_state(key.campaign, key.target, target.email, "ok")
        self.record(key.campaign, "retry", by, about=f"{key.target} {key.period}", why=why)
        self.queue.put([key])
        return again

    def settle(self, key: DeliveryKey, by: str, why: str, *, sent: bool) -> Delivery:
        """Decide about a delivery that is in doubt, has no outcome or bounced: its email was sent, or it was not.

        If it was not sent, it is sent again. A late event that says that the first email left still stops the second
        one, until that begins.

        Raises NotFoundError for an unknown delivery, NotNowError if there is nothing to decide.
        """
        target, delivery, now = self.campaigns.target(key.campaign, key.target), self._delivery(key), self.clock()
        question = delivery.question(now)
        if question is None:
            raise NotNowError(
                Message(
                    "The delivery’s state is “%(state)s”. There is nothing to decide: only a delivery that is in "
                    "doubt, has had no outcome for three days, or bounced can be settled.",
                    {"state": delivery.state},
                )
            )
        if sent:
            sent_at = delivery.sent_at or delivery.sending_since
            settled = replace(delivery, state="sent", sent_at=sent_at, settled_at=now, reason=None)
            self._change(settled, delivery)
        else:
            settled = self._open_again(delivery, target)
            if question == "bounced":
                self.campaigns.set_mail_state(key.campaign, key.target, target.email, "ok")
        action: Action = "settle as sent" if sent else "settle as not sent"
        self.record(key.campaign, action, by, about=f"{key.target} {key.period}", why=why)
        if not sent:
            self.queue.put([key])
        return settled

    def _delivery(self, key: DeliveryKey) -> Delivery:
        if delivery := self.deliveries.delivery(key):
            return delivery
        message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
        raise NotFoundError(message)

    def _open_again(self, delivery: Delivery, target: Target) -> Delivery:
        """Open a delivery for its next attempt. Keeps what SES said about the last one: see `after`."""
        if target.is_held:
            why = target.hold or Message("someone there marked an email as spam")
            raise NotNowError(Message("The letters are on hold: %(why)s. Release them first.", {"why": why}))
        again = replace(delivery, state="open", sending_since=None, reason=None)
        if again != delivery:
            self._change(again, delivery)
        return again

    def _change(self, changed: Delivery, delivery: Delivery) -> None:
        try:
            self.deliveries.change(changed, state=delivery.state, attempt=delivery.attempt)
        except ChangedError as error:
            raise NotNowError(Message("The delivery has just changed. Look at it again.")) from error

    def test(self, campaign: str, target: str, period: str, by: str, why: str) -> None:
        """Send the email that a target would get now to the campaign's organizer instead.

        Raises NotFoundError for an unknown target, NotNowError if no letters are waiting for it.
        """
        self.campaigns.target(campaign, target)
        if not self.signatures.has_waiting(campaign, target):
            raise NotNowError(Message("No letters are waiting for this recipient, so there is no email to send."))
        self.record(campaign, "test", by, about=target, why=why)
        self.queue.put_test(DeliveryKey(campaign, target, period))

    def record(self, campaign: str, action: Action, by: str, *, about: str = "", why: str = "") -> None:
        """Record an action in the activity log."""
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())
