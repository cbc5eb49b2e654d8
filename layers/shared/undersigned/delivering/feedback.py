"""Feedback: read SES's events, and record them on the delivery and on its target."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from undersigned.base.errors import ChangedError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.mail_events import MailEvent, MailEventKind, after_event, report_of
from undersigned.delivering.rules.states import REPORTS
from undersigned.signing.rules.mail_budgets import LANES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.stack import Stack
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.states import DeliveryState
    from undersigned.signing.rules.mail_budgets import MailReport
    from undersigned.signing.rules.signatures import Lane

_TRIES = 5

_KINDS: dict[str, MailEventKind] = {
    "Send": "send",
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "DeliveryDelay": "delivery_delay",
}
_COMPLAINTS = ("abuse", "auth-failure", "fraud", "other", "virus")
"""The types of complaints that SES documents. A type comes from outside, so terminals and emails show no other one."""

_NO_COMPLAINT = "not-spam"
"""The type of a report that takes a complaint back: somebody moved the email out of their spam."""

_NOT_SENT = "OnAccountSuppressionList"
"""The subtype of a bounce or a complaint about an email that SES did not send: the account's suppression list has its
address. A complaint then is not news; the person complained about an earlier email ("Complaint object", SES developer
guide)."""

_DETAILS = {"Delivery": "delivery", "Bounce": "bounce", "Complaint": "complaint", "DeliveryDelay": "deliveryDelay"}


@dataclass(frozen=True, slots=True)
class ConfirmationReport:
    """A report that a confirmation email did harm: how, and in which lane."""

    kind: MailReport
    lane: Lane


def read_mail_event(event: Mapping[str, Any]) -> MailEvent | None:
    """Read an event. Return None for an email that is not a delivery's, and for an event that changes nothing.

    SNS's event is the `detail` of EventBridge's. Raises ArithmeticError, AttributeError, LookupError, TypeError or
    ValueError if it is damaged.
    Source: "Examples of event data that Amazon SES publishes to EventBridge", and the same page for SNS, in the SES
    developer guide.
    """
    detail = event.get("detail", event)
    mail, tags = detail["mail"], detail["mail"]["tags"]
    event_type = detail["eventType"]
    if tags.get("kind") != ["delivery"] or event_type not in _KINDS:
        return None
    about = detail.get(_DETAILS.get(event_type, ""), {})
    if about.get("complaintFeedbackType") == _NO_COMPLAINT:
        return None
    if about.get("complaintSubType") == _NOT_SENT:
        event_type, about = "Bounce", {**about, "bounceType": "Permanent", "bounceSubType": _NOT_SENT}
    return MailEvent(
        campaign=tags["campaign"][0],
        target=tags["target"][0],
        period=tags["period"][0],
        kind=_KINDS[event_type],
        attempt=int(tags["attempt"][0]),
        message_id=mail["messageId"],
        at=datetime.fromisoformat(about.get("timestamp", mail["timestamp"])),
        reason=_reason(event_type, detail, about),
        permanent=about.get("bounceType") == "Permanent",
    )


def read_confirmation_report(report: Mapping[str, Any]) -> ConfirmationReport | None:
    """Read the part of a confirmation email's event that the template's rule passes on. Return None if it did no harm.

    Like SES, this counts no temporary bounce, and none of the account's own suppression list, because nothing was sent
    ("Reputation metrics messages" and "Using the account-level suppression list", SES developer guide). Raises KeyError
    or ValueError if the report is damaged.
    """
    [lane] = report["lane"]
    if lane not in LANES:
        message = "a confirmation email's lane is clean or suspicious"
        raise ValueError(message)
    if _NOT_SENT in (report["subtype"], report["complaint"]):
        return None
    if report["type"] == "Complaint":
        return ConfirmationReport("complained", lane)
    return ConfirmationReport("bounced", lane) if report["bounce"] == "Permanent" else None


def read_feedback_message(body: str) -> MailEvent | ConfirmationReport | None:
    """Read an event from a queue's message: EventBridge's, or SNS's with or without its envelope.

    Raises the errors of `read_mail_event`.
    """
    try:
        event = json.loads(body)
        if "Message" in event:
            event = json.loads(event["Message"])
    except RecursionError as error:
        message = "an event has no deeply nested brackets"
        raise ValueError(message) from error
    if "confirmation" in event:
        return read_confirmation_report(event["confirmation"])
    return read_mail_event(event)


def _reason(event_type: str, detail: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """Return the reason in the terms of SES. Leaves out diagnostic texts, because they can quote addresses."""
    if event_type == "Bounce":
        return f"{about['bounceType']} bounce, {about['bounceSubType']}"
    if event_type == "Complaint":
        said = about.get("complaintFeedbackType")
        return f"complaint, {said if said in _COMPLAINTS else 'no reason given'}"
    if event_type == "Reject":
        return f"rejected by SES, {detail['reject']['reason']}"
    return None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and its delivery after it: None if there is no such delivery.

    `is_news` is false if the event has come before, by the other way or repeated.
    """

    event: MailEvent
    delivery: Delivery | None = None
    is_news: bool = False

    @property
    def needs_a_decision(self) -> bool:
        """Say whether a person must look at the email. Such an event is logged as an error, and an alarm counts it.

        It is logged once, although most events come in both ways. A bounce that doesn't change the delivery needs
        nobody: it is an out-of-office reply after the delivery, or about an earlier attempt.
        """
        if self.delivery is None:
            return self.event.kind in {"bounce", "complaint", "reject"}
        is_back = self.event.kind in {"bounce", "reject"} and self.delivery.state == "bounced"
        return self.is_news and (is_back or self.event.kind == "complaint")

    @property
    def reached(self) -> DeliveryState | None:
        """Return the state that the event led to, if that is new."""
        report = report_of(self.event)
        if self.delivery is None or report is None or not self.is_news:
            return None
        return self.delivery.state if self.delivery.state == REPORTS[report] else None


def record(stack: Stack, event: MailEvent) -> Recorded:
    """Record an event, which may be late, repeated or out of order."""
    deliveries, tries = Deliveries(stack.table), 0
    while True:
        tries += 1
        delivery = deliveries.delivery(event)
        if delivery is None:
            return Recorded(event)
        changed = after_event(delivery, event)
        try:
            if changed != delivery:
                deliveries.change(changed, delivery)
        except ChangedError:
            if tries == _TRIES:
                raise
            continue
        # Written after the delivery, and again if the event is repeated, so a crash in between does no harm.
        _mark_target(Campaigns(stack.table), event, changed)
        # Last, so that an event that could not be recorded is still news when it comes again.
        return Recorded(event, changed, deliveries.record_event(event))


def _mark_target(campaigns: Campaigns, event: MailEvent, delivery: Delivery) -> None:
    """Hold the target's letters after a complaint, and mark an address that takes no email.

    A repeated bounce marks nothing once a person has decided to send the delivery again.
    """
    campaign, target = event.campaign, event.target
    if event.kind == "complaint":
        campaigns.record_complaint(campaign, target, event.at)
    is_bounce = event.kind == "bounce" and event.permanent and event.attempt == delivery.attempt
    if is_bounce and delivery.email and delivery.question(event.at) == "bounced":
        campaigns.set_mail_state(campaign, target, delivery.email, "bounced")
