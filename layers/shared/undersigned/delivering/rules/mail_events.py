"""Mail events: what SES reports about the email of a delivery, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from undersigned.base.rows import Row
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.states import REPORTS, STATES

if TYPE_CHECKING:
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.states import Report

MailEventKind = Literal["send", "delivery", "bounce", "complaint", "reject", "delivery_delay"]


@dataclass(frozen=True, slots=True)
class MailEvent(DeliveryKey, Row):
    """What SES reports about the email of one attempt. `permanent` says of a bounce that the address takes no email."""

    pk, sk = "DELIVERY#{campaign}#{target}", "EVENT#{period}#{at}#{attempt}#{kind}"

    kind: MailEventKind
    attempt: int
    message_id: str
    at: datetime
    reason: str | None = None
    permanent: bool = False


_NEWS = tuple(REPORTS)
"""SES's reports, each after those to which it is news."""


def report_of(event: MailEvent) -> Report | None:
    """Return what an event says about its email; None for a delay."""
    match event.kind:
        case "delivery_delay":
            return None
        case "reject":
            return "bounce"
        case "bounce":
            return "bounce" if event.permanent else "passing bounce"
        case _:
            return event.kind


def after_event(delivery: Delivery, event: MailEvent) -> Delivery:
    """Return the delivery after an event.

    Events arrive late, twice and in any order, so only news counts: an email that was delivered may still bounce
    permanently, but one that bounced permanently was not delivered. News also counts after a person's decision, until
    the next attempt begins: an email that has left is not sent a second time. An event of an earlier attempt changes
    nothing, and neither does any event once the letters' personal data is gone: there is nothing left to send. Once a
    person decided that the letters go by hand, only an email that arrived is news: then nobody needs the paper.
    """
    report = report_of(event)
    if report is None or event.attempt != delivery.attempt or delivery.cleared_at is not None:
        return delivery
    if report not in STATES[delivery.state].after or _NEWS.index(report) <= _last_report(delivery):
        return delivery
    state = REPORTS[report]
    if delivery.way == "by hand" and state not in {"delivered", "complained"}:
        return delivery
    last = replace(
        delivery.last,
        reported=state,
        message_id=event.message_id,
        sent_at=delivery.last.sent_at or event.at,
        settled_at=None if state == "sent" else event.at,
        permanent=report == "bounce",
    )
    return replace(delivery, state=state, reason=event.reason, last=last, way="email")


def _last_report(delivery: Delivery) -> int:
    """Return the place of SES's last report among all; -1 without one."""
    last = delivery.last
    if last.reported == "bounced":
        return _NEWS.index("bounce" if last.permanent else "passing bounce")
    return next((place for place, report in enumerate(_NEWS) if REPORTS[report] == last.reported), -1)
