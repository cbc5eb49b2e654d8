"""Events: what other programs hear of signatures and deliveries; docs/events.md says what each one means.

Nothing in an event is personal beyond the signature's id, which leads nowhere without an organizer's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.domain.deliveries import Delivery, DeliveryState
    from undersigned.domain.signatures import Signature, Status

SOURCE = "undersigned"

_IDS = UUID("6f0b5a0e-3f0c-5d55-9a3b-2f6c1d1f7a10")
"""The namespace of events' ids (RFC 9562, version 5): the same happening has the same id, however often it is told."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its kind (EventBridge's detail type), moment and details."""

    id: str
    kind: str
    at: datetime
    details: Mapping[str, str | int]

    @property
    def detail(self) -> Mapping[str, str | int]:
        """Return all that is told."""
        return {"id": self.id, "at": self.at.isoformat(), **self.details}


def event_of_signature(signature: Signature, before: Status | None) -> Event | None:
    """Return what a change of a signature means to others, if anything; `before` is its status until then.

    Who never heard of a letter need not hear that it was taken back; that it is erased is told in any case.
    """
    match before, signature.status:
        case "pending", "confirmed":
            return _of_signature("confirmed", signature, signature.confirmed_at)
        case "confirmed", "withdrawn":
            return _of_signature("withdrawn", signature, signature.withdrawn_at)
        case "pending" | "confirmed" | "withdrawn", "erased":
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
    """Return what a change of a delivery means to others; None unless its state is another one than `before`.

    `change` names the change among all of the table's, so that a state that comes twice is told twice.
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
        },
    )
