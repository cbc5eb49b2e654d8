"""Deliveries: one target's letters of one period, sealed in bundles and sent in one mail.

Bundles form a log that only grows: each seals up to 99 letters, and an empty one closes the delivery.
Whoever would seal more finds the next number taken, so what a mail holds can't change once it is closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

DeliveryState = Literal["open", "sending", "sent", "delivered", "bounced", "complained", "held", "empty"]
"""`held`: the address takes no mail; `empty`: every letter was taken back before it could be sealed."""

PACKET_SIZE = 250
"""Letters in one PDF: Typst's memory grows with the pages of one document."""

ATTACHMENT_LIMIT = 7_000_000
"""Bytes of PDFs that travel in a mail; base64 adds a third, and many servers refuse mails over 10 MB."""

UNSETTLED_FOR = timedelta(hours=1)
"""How long a mail without any event may have been sent all the same."""

_FRESH_FOR = timedelta(days=1)
"""How long a try goes on with a PDF that was stored: it is kept for 31 days at least, and links work for 30."""

UNDER_WAY: tuple[DeliveryState, ...] = ("open", "sending")
"""Letters are being put in a mail, or the mail is being sent."""

_SETTLED: tuple[DeliveryState, ...] = ("sent", "delivered", "complained", "empty")


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a stack's mails come from, and the base address of the links in them."""

    address: str
    public_url: str


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """Which delivery: one campaign's letters to one target in one period (a day, `2026-11-30`)."""

    campaign: str
    target: str
    period: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Letters sealed in one transaction, by their signers' ids; one without letters closes the delivery."""

    number: int
    signers: tuple[str, ...]

    @property
    def closes(self) -> bool:
        """Say whether this is the last bundle."""
        return not self.signers


@dataclass(frozen=True, slots=True)
class PacketRecord:
    """One stored PDF: letters `first` to `last` (1-based), and what the mail says of them.

    `residents` counts signers in the target's town; `letters` are the versions it holds; `erased` is
    how many of the delivery's letters had been erased by then; `stored_at` is when the PDF was stored.
    """

    number: int
    first: int
    last: int
    bytes: int
    sha256: str
    residents: int
    since: date
    letters: tuple[str, ...]
    erased: int = 0
    stored_at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Say whether the PDF will be there for as long as a link in a mail of now is to work."""
        return self.stored_at is not None and now - self.stored_at < _FRESH_FOR


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a delivery. `attempt` counts the tries to send; `email` is where the last one went.

    `sent_at`, `settled_at` and `message_id` are what is known of that try. `permanent` says of a bounce that the
    address takes no mail. `erased` are signers whose sealed letters were erased; `left_out` are those of them
    whose letters were not in that try.
    """

    key: DeliveryKey
    state: DeliveryState
    opened_at: datetime
    attempt: int = 0
    letters: int = 0
    packets: int = 0
    bytes: int = 0
    email: str | None = None
    sending_since: datetime | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    message_id: str | None = None
    reason: str | None = None
    permanent: bool = False
    erased: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()

    @property
    def may_lose_letters(self) -> bool:
        """Say whether a sealed letter can be kept out of any further mail; not while one is being made."""
        return self.state not in UNDER_WAY

    @property
    def is_settled(self) -> bool:
        """Say whether nothing is left to do: the mail has left, or there was none to send."""
        return self.state in _SETTLED

    @property
    def is_unfinished(self) -> bool:
        """Say whether sealed letters may be waiting in it for their mail, or for another one after a bounce."""
        return self.state in {"open", "sending", "bounced"} or (self.state == "held" and self.letters > 0)

    def may_be_sent_at(self, now: datetime) -> datetime | None:
        """Return until when a started try must be given for its event, or None when it may be sent now."""
        if self.state != "sending" or self.sending_since is None:
            return None
        until = self.sending_since + UNSETTLED_FOR
        return until if now < until else None


MailEventKind = Literal["send", "delivery", "bounce", "complaint", "reject", "delivery_delay"]


@dataclass(frozen=True, slots=True)
class MailEvent:
    """What SES says of the mail of one try. `permanent` is for bounces: the address takes no mail."""

    kind: MailEventKind
    delivery: DeliveryKey
    attempt: int
    message_id: str
    at: datetime
    reason: str | None = None
    permanent: bool = False


_RANK: dict[DeliveryState, float] = {
    "open": 0,
    "held": 0,
    "sending": 1,
    "sent": 2,
    "delivered": 3,
    "bounced": 4,
    "complained": 5,
    "empty": 6,
}

_RANK_OF_PASSING_BOUNCE = 2.5
"""Below `delivered`: after a delivery, a bounce that is not permanent is an out-of-office reply."""


def _rank(state: DeliveryState, *, permanent: bool) -> float:
    return _RANK_OF_PASSING_BOUNCE if state == "bounced" and not permanent else _RANK[state]


def _reached(delivery: Delivery) -> float:
    # What is held because its mail came back has come back: a late word that this mail has left must not settle it.
    state: DeliveryState = "bounced" if delivery.state == "held" and delivery.settled_at else delivery.state
    return _rank(state, permanent=delivery.permanent)


_STATE_AFTER: dict[MailEventKind, DeliveryState] = {
    "send": "sent",
    "delivery": "delivered",
    "bounce": "bounced",
    "complaint": "complained",
    "reject": "bounced",
}


def after(delivery: Delivery, event: MailEvent) -> Delivery:
    """Return the delivery as it stands after an event.

    Events come late, twice and in any order, so a state only moves forward (a mail that was delivered may
    still bounce for good; one that bounced so was not delivered), and an event of an earlier try changes nothing.
    """
    state = _STATE_AFTER.get(event.kind)
    if state is None or event.attempt != delivery.attempt:
        return delivery
    permanent = event.permanent or event.kind == "reject"
    if _rank(state, permanent=permanent) <= _reached(delivery):
        return delivery
    return replace(
        delivery,
        state=state,
        message_id=event.message_id,
        sent_at=delivery.sent_at or event.at,
        settled_at=None if state == "sent" else event.at,
        reason=event.reason,
        permanent=permanent,
    )


def packet_spans(letters: int, size: int = PACKET_SIZE) -> tuple[tuple[int, int], ...]:
    """Return the letters of each packet as 1-based first and last: 612 → (1, 250), (251, 500), (501, 612)."""
    return tuple((first, min(first + size - 1, letters)) for first in range(1, letters + 1, size))


def packet_name(key: DeliveryKey, number: int, erased: int = 0) -> str:
    """Name a packet in the store; nothing in it is personal.

    One that is typeset anew, without what was erased, has a name of its own: whoever is late can't put a letter back.
    """
    without = f"-without-{erased}" if erased else ""
    return f"packets/{key.campaign}/{key.period}/{key.target}/{number:04d}{without}.pdf"


def packet_filename(key: DeliveryKey, number: int, of: int) -> str:
    """Name a packet as the addressee's office sees it: ASCII, without anything personal."""
    return f"letters-{key.period}-{number}-of-{of}.pdf" if of > 1 else f"letters-{key.period}.pdf"
