"""Events tell other programs about signatures and deliveries. docs/events.md explains each event.

The only personal data in an event is the signature's id, which is useless without an API key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.domain.delivering.deliveries import Delivery, DeliveryState
    from undersigned.domain.signing.signatures import Signature, Status

SOURCE = "undersigned"

_IDS = UUID("6f0b5a0e-3f0c-5d55-9a3b-2f6c1d1f7a10")
"""The namespace of event ids (RFC 9562, version 5): an event that is announced twice has the same id twice."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its kind (EventBridge's detail type), time and details."""

    id: str
    kind: str
    at: datetime
    details: Mapping[str, str | int]

    @property
    def detail(self) -> Mapping[str, str | int]:
        """Return the event's detail as EventBridge delivers it."""
        return {"id": self.id, "at": self.at.isoformat(), **self.details}


def event_of_signature(signature: Signature, before: Status | None) -> Event | None:
    """Return the event for a change of a signature, or None; `before` is the status before the change.

    A form that was not confirmed causes no event.
    """
    match before, signature.status:
        case None | "withdrawn" | "erased", "confirmed":
            return _of_signature("confirmed", signature, signature.confirmed_at)
        case "confirmed", "withdrawn":
            return _of_signature("withdrawn", signature, signature.withdrawn_at)
        case "confirmed" | "withdrawn", "erased":
            return _of_signature("erased", signature, signature.erased_at)
        case _:
            return None


def _of_signature(
    what: Literal["confirmed", "withdrawn", "erased"], signature: Signature, at: datetime | None
) -> Event | None:
    if at is None:
        return None
    row = f"{signature.campaign}/{signature.signer}/{signature.version}"
    return Event(
        id=str(uuid5(_IDS, f"signature/{row}/{what}/{at.isoformat()}")),
        kind=f"{SOURCE}.signature.{what}",
        at=at,
        details={"campaign": signature.campaign, "target": signature.target, "signature": signature.signer},
    )


def event_of_delivery(delivery: Delivery, before: DeliveryState | None, at: datetime, change: str) -> Event | None:
    """Return the event for a change of a delivery, or None if its state is the same as `before`.

    `change` identifies the change among all changes of the table, so that a state that is reached twice has two events.
    """
    if delivery.state == before:
        return None
    key = delivery.key
    return Event(
        id=str(uuid5(_IDS, f"delivery/{key.campaign}/{key.target}/{key.period}/{delivery.state}/{change}")),
        kind=f"{SOURCE}.delivery.{delivery.state}",
        at=at,
        details={
            "campaign": key.campaign,
            "target": key.target,
            "period": key.period,
            "attempt": delivery.attempt,
            "letters": delivery.letters,
            "way": delivery.way,
        },
    )
