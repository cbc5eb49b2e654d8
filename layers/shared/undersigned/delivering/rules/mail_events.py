"""Mail events: what SES reports about the email of a delivery, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, DeliveryState

MailEventKind = Literal["send", "delivery", "bounce", "complaint", "reject", "delivery_delay"]


@dataclass(frozen=True, slots=True)
class MailEvent:
    """What SES reports about the email of one attempt. `permanent` says of a bounce that the address takes no email."""

    kind: MailEventKind
    delivery: DeliveryKey
    attempt: int
    message_id: str
    at: datetime
    reason: str | None = None
    permanent: bool = False


_RANK: dict[DeliveryState | None, float] = {None: 0, "sent": 2, "delivered": 3, "bounced": 4, "complained": 5}

_RANK_OF_PASSING_BOUNCE = 2.5
"""Below `delivered`: after a delivery, a bounce that is not permanent is an out-of-office reply."""


def _rank(reported: DeliveryState | None, *, permanent: bool) -> float:
    return _RANK_OF_PASSING_BOUNCE if reported == "bounced" and not permanent else _RANK[reported]


STATE_AFTER: dict[MailEventKind, DeliveryState] = {
    "send": "sent",
    "delivery": "delivered",
    "bounce": "bounced",
    "complaint": "complained",
    "reject": "bounced",
}
"""The state that an event of the last attempt leads to, if it says more than what is known."""


def after(delivery: Delivery, event: MailEvent) -> Delivery:
    """Return the delivery after an event.

    Events arrive late, twice and in any order, so only news counts: an email that was delivered may still bounce
    permanently, but one that bounced permanently was not delivered. News also counts after a person's decision, until
    the next attempt begins: an email that has left is not sent a second time. An event of an earlier attempt changes
    nothing, and neither does any event once the letters' personal data is gone: there is nothing left to send. Once a
    person decided that the letters go by hand, only an email that arrived is news: then nobody needs the paper.
    """
    state = STATE_AFTER.get(event.kind)
    is_over = delivery.state == "empty" or delivery.cleared_at is not None
    if state is None or event.attempt != delivery.attempt or is_over:
        return delivery
    if delivery.way == "by hand" and state not in {"delivered", "complained"}:
        return delivery
    permanent = event.permanent or event.kind == "reject"
    if _rank(state, permanent=permanent) <= _rank(delivery.last.reported, permanent=delivery.last.permanent):
        return delivery
    last = replace(
        delivery.last,
        reported=state,
        message_id=event.message_id,
        sent_at=delivery.last.sent_at or event.at,
        settled_at=None if state == "sent" else event.at,
        permanent=permanent,
    )
    return replace(delivery, state=state, reason=event.reason, last=last, way="email")
