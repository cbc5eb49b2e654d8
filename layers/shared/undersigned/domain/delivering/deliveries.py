"""Deliveries: one target's letters of one period, sealed in bundles and sent in one email.

Bundles form a log that only grows: each seals up to 99 letters, and an empty one closes the delivery. It takes the next
number, so nothing more can be sealed, and the content of the email can't change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload, override

from undersigned.domain.tokens import VALID_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from undersigned.domain.authoring.campaigns import Addressee, Campaign, Target

DeliveryState = Literal[
    "open", "sending", "in_doubt", "sent", "delivered", "bounced", "given_up", "complained", "held", "empty"
]
"""`in_doubt`: nobody knows whether the email left; `held`: its target's letters are held; `empty`: it has no letter."""

Question = Literal["in doubt", "no outcome", "bounced"]
"""The questions that a person decides about a delivery: did its email leave, did it arrive, what is done now."""

Settlement = Literal["sent", "not sent", "handed over", "given up"]
"""A person's decisions. `handed over`: after a bounce, the office got the letters in another way."""

PACKET_SIZE = 250
"""Letters in one PDF. Typst's memory grows with the pages of a document."""

ATTACHMENT_LIMIT = 7_000_000
"""The most bytes of PDFs to attach: some 950 typed or 760 drawn letters. Base64 adds a third, and many servers refuse
emails over 10 MB; SES takes 40.

Source: "Service quotas in Amazon SES", SES developer guide.
"""

UNSETTLED_FOR = timedelta(hours=1)
"""How long to wait for an event after SES's answer was lost. After that, a person decides."""

OUTCOME_WITHIN = timedelta(hours=72)
"""How long a sent email may have no outcome. SES publishes events with best effort, so some never come.

Source: "Monitoring Amazon SES sending using EventBridge", SES developer guide.
"""

_FRESH_FOR = timedelta(days=1)
"""How long an attempt reuses a stored PDF: PDFs are kept for at least 31 days, and links work for 30."""

_STORED_WITHIN = timedelta(hours=1)
"""How long after an erasure a process that began before it may store a file that has the letter.

Source: "Configure Lambda function timeout", Lambda developer guide: a function is ended after 15 minutes.
"""

_ID = 16
"""Bytes of a signer's id."""

UNDER_WAY: tuple[DeliveryState, ...] = ("open", "sending")
"""The states while an email is being made or sent."""

_SETTLED: tuple[DeliveryState, ...] = ("sent", "delivered", "given_up", "complained", "empty")


@dataclass(frozen=True, slots=True)
class Sender:
    """The From address of a stack's emails, and the base address of the links in them."""

    address: str
    public_url: str


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """Identifies a delivery: one campaign's letters to one target in one period (a day, `2026-11-30`)."""

    campaign: str
    target: str
    period: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Letters sealed in one transaction, by their signers' ids. A bundle without letters closes the delivery."""

    number: int
    signers: tuple[str, ...]

    @property
    def closes(self) -> bool:
        """Say whether this is the last bundle."""
        return not self.signers


class Signers(Sequence[str]):
    """Ids of signers in 16 bytes each. A million of them as strings would take 90 MB while packets are typeset."""

    def __init__(self, signers: Iterable[str]) -> None:
        """Keep the ids: 128 bits, in hexadecimal digits."""
        self._ids = bytearray()
        for signer in signers:
            self._ids += int(signer, 16).to_bytes(_ID)

    def __len__(self) -> int:
        return len(self._ids) // _ID

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    @override
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index] * _ID
        return self._ids[place : place + _ID].hex()


def sealed_in(bundles: Iterable[Bundle]) -> Signers:
    """Return the signers of the letters in bundles, in order."""
    return Signers(signer for bundle in bundles for signer in bundle.signers)


@dataclass(frozen=True, slots=True)
class PacketRecord:
    """A packet: sealed letters `first` to `last` (1-based), what the email says about them, and the PDF stored now.

    `bytes` and `sha256` are those of the PDF that was sent, or is about to be. `residents` counts the signers whose
    postal code is one of the target's. `letters` are the versions in it, and `addressed` the addressee that each
    of them shows; without any, all its letters were erased before, and the email doesn't have it. `erased` is how many
    of its letters were erased before the stored PDF was made, which has the fingerprint `stored_sha256`. There is no
    PDF if all were.
    """

    number: int
    first: int
    last: int
    bytes: int
    sha256: str
    residents: int
    since: date
    letters: tuple[str, ...]
    addressed: tuple[Addressee, ...] = ()
    erased: int = 0
    stored_sha256: str = ""
    stored_at: datetime | None = None

    @property
    def held(self) -> int:
        """Return how many letters were in it when it was stored."""
        return self.last - self.first + 1 - self.erased

    @property
    def texts(self) -> tuple[tuple[str, Addressee], ...]:
        """Return the letter versions in it, each with the addressee that it shows."""
        return tuple(zip(self.letters, self.addressed, strict=True))

    def is_ready_to_send(self, erased: int, now: datetime) -> bool:
        """Say whether it is without its erased letters, and kept for as long as a link in an email sent now works.

        One that was made again after an email is made anew for the next one: its record says what was sent.
        """
        is_what_is_sent = bool(self.letters) and self.erased == erased and self.sha256 == self.stored_sha256
        return is_what_is_sent and self.stored_at is not None and now - self.stored_at < _FRESH_FOR


@dataclass(frozen=True, slots=True)
class Attempt:
    """The email of a delivery's last attempt, and its outcome so far.

    `left_out` are the signers whose letters were erased before it. `settled_at` is when its outcome was known, from an
    event or from a person. `reported` is SES's last report about it; it stays when a person decides otherwise, so that
    a repeated event doesn't undo the decision. `permanent` says that it bounced because the address takes no email.
    """

    packets: int = 0
    bytes: int = 0
    left_out: frozenset[str] = frozenset()
    since: datetime | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    message_id: str | None = None
    reported: DeliveryState | None = None
    permanent: bool = False

    @property
    def awaits_outcome_since(self) -> datetime | None:
        """Return when the email left, unless its outcome is known."""
        return self.sent_at if self.settled_at is None else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery and its state. `attempt` counts the attempts to send it, and `last` is the last one.

    `letters` and `email` are what the last attempt sent, and where to; `reason` is why it has its state. `erased` are
    the signers whose sealed letters were erased. `erased_at` is when the last one was, until its files were swept so
    late that no process can store one with it any more. `packet_size` is how many letters each of its packets holds,
    except the last one. `cleared_at` is when its packets were deleted, because the time was over for which the
    campaign's personal data is kept. `told` is the revision about which an alarm has said that a person must decide.
    """

    key: DeliveryKey
    state: DeliveryState
    opened_at: datetime
    attempt: int = 0
    letters: int = 0
    email: str | None = None
    reason: str | None = None
    last: Attempt = Attempt()
    erased: frozenset[str] = frozenset()
    erased_at: datetime | None = None
    packet_size: int = PACKET_SIZE
    cleared_at: datetime | None = None
    told: str | None = None

    def begun(self, packets: Sequence[PacketRecord], email: str, at: datetime) -> Delivery:
        """Return it with its next attempt, whose email has these packets."""
        sent = [packet for packet in packets if packet.letters]
        return replace(
            self,
            state="sending",
            attempt=self.attempt + 1,
            letters=sum(packet.held for packet in packets),
            email=email,
            reason=None,
            last=Attempt(len(sent), sum(packet.bytes for packet in sent), left_out=self.erased, since=at),
        )

    def sent(self, message_id: str, at: datetime) -> Delivery:
        """Return it after SES has taken its email."""
        return replace(self, state="sent", last=replace(self.last, reported="sent", message_id=message_id, sent_at=at))

    def opened_again(self, reason: str | None = None) -> Delivery:
        """Return it for its next attempt. SES's reports about the last one stay: see `after`.

        `reason` is why the last email surely did not leave.
        """
        return replace(self, state="open", reason=reason, last=replace(self.last, since=None))

    def in_doubt(self) -> Delivery:
        """Return it in doubt: for an hour, nobody has told the outcome of its email."""
        return replace(self, state="in_doubt")

    def held(self, letters: int, email: str, reason: str) -> Delivery:
        """Return it with its sealed letters, which are not sent."""
        return replace(self, state="held", letters=letters, email=email, reason=reason)

    def cleared(self, at: datetime) -> Delivery:
        """Return it without packets: none is made any more."""
        return replace(self, cleared_at=at)

    def emptied(self) -> Delivery:
        """Return it without any letter to send."""
        return replace(self, state="empty")

    def settled(self, outcome: Settlement, at: datetime) -> Delivery:
        """Return it after a person's decision about its email."""
        match outcome:
            case "not sent":
                return self.opened_again()
            case "given up":
                return replace(self, state="given_up", last=replace(self.last, settled_at=at))
            case "sent" | "handed over":
                last = replace(self.last, sent_at=self.last.sent_at or self.last.since, settled_at=at)
                return replace(self, state="sent", reason=None, last=last)

    def named(self, recorded: Sequence[PacketRecord]) -> Sequence[PacketRecord]:
        """Return the packets that its email names, of those that were recorded; before the first attempt, none."""
        return recorded if self.attempt else ()

    @property
    def revision(self) -> str:
        """Name the state that a person sees and decides about: the attempt and the state, such as `2-bounced`.

        An attempt whose hour is over is shown as in doubt before that is recorded.
        """
        return f"{self.attempt}-{'in_doubt' if self.state == 'sending' else self.state}"

    @property
    def may_have_arrived(self) -> bool:
        """Say whether the target may have an email of this delivery."""
        return self.attempt > 0 and self.state not in {"open", "bounced", "given_up", "held", "empty"}

    @property
    def may_lose_letters(self) -> bool:
        """Say whether a sealed letter can be left out of the next attempt: not while SES may have the email.

        A worker that makes the email meanwhile can't send it: see `Deliveries.begin_sending`.
        """
        return self.state != "sending"

    @property
    def is_settled(self) -> bool:
        """Say whether nothing is left to do: the email was sent, or nobody sends it any more."""
        return self.state in _SETTLED

    def is_long_over(self, now: datetime) -> bool:
        """Say whether its letters are surely needed no more: its outcome is known, and its links have ended.

        An email that was delivered may still bounce within days, and would have to be sent again.
        """
        since = self.last.settled_at or (self.last.sent_at if self.state in {"delivered", "complained"} else None)
        return self.is_settled and since is not None and now - since > VALID_FOR["packets"]

    def is_sweep_final(self, begun: datetime) -> bool:
        """Say whether a look for such files that began then finds all of them: no process can store one any more."""
        return self.erased_at is None or begun - self.erased_at > _STORED_WITHIN

    def has_ended_links(self, now: datetime) -> bool:
        """Say whether nobody has a link that leads to its packets: no email left, or its links have ended."""
        since = self.last.sent_at or self.last.since
        return since is None or now - since > VALID_FOR["packets"]

    @property
    def day(self) -> date:
        """Return the day that names it."""
        return date.fromisoformat(self.key.period)

    @property
    def occupies_week(self) -> bool:
        """Say whether its target got its email or may still get it, so that others keep seven days away.

        False if it surely did not arrive: there was nothing to send, the address takes no email, or it is held and was
        never given to SES. One in doubt counts.
        """
        match self.state:
            case "empty":
                return False
            case "bounced" | "given_up":
                return not self.last.permanent
            case "held":
                return self.last.since is not None and not self.last.permanent
            case _:
                return True

    @property
    def is_unfinished(self) -> bool:
        """Say whether it has sealed letters that may still have to be sent, or sent again."""
        return self.state in {"open", "sending", "in_doubt", "bounced"} or (self.state == "held" and self.letters > 0)

    @property
    def awaits_decision(self) -> bool:
        """Say whether it is sent again only if a person says so: it is in doubt, or its last email bounced."""
        return self.state in {"in_doubt", "bounced"} or (self.state == "held" and self.last.reported == "bounced")

    @property
    def is_kept_back(self) -> bool:
        """Say whether it is held without a week of its target. When the hold is over, it takes one and goes on."""
        return self.state == "held" and not self.occupies_week and not self.awaits_decision

    def question(self, now: datetime) -> Question | None:
        """Return what a person has to decide about it, if anything."""
        match self.state:
            case "sending" if self.may_have_event_until(now) is None:
                return "in doubt"
            case "in_doubt":
                return "in doubt"
            case "sent" if (since := self.last.awaits_outcome_since) and now - since >= OUTCOME_WITHIN:
                return "no outcome"
            case "bounced" | "held" if self.awaits_decision:
                return "bounced"
            case _:
                return None

    def may_have_event_until(self, now: datetime) -> datetime | None:
        """Return until when to wait for the event of an attempt that has started, or None if the wait is over."""
        if self.state != "sending" or self.last.since is None:
            return None
        until = self.last.since + UNSETTLED_FOR
        return until if now < until else None


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
    nothing, and neither does any event once the letters' personal data is gone: there is nothing left to send.
    """
    state = STATE_AFTER.get(event.kind)
    is_over = delivery.state == "empty" or delivery.cleared_at is not None
    if state is None or event.attempt != delivery.attempt or is_over:
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
    return replace(delivery, state=state, reason=event.reason, last=last)


def packet_spans(letters: int, size: int) -> tuple[tuple[int, int], ...]:
    """Return the first and last letter (1-based) of each packet: 612 → (1, 250), (251, 500), (501, 612)."""
    return tuple((first, min(first + size - 1, letters)) for first in range(1, letters + 1, size))


def erased_by_packet(signers: Sequence[str], erased: AbstractSet[str], size: int) -> Counter[int]:
    """Count the erased letters of each packet, by its number."""
    return Counter(place // size + 1 for place, signer in enumerate(signers if erased else ()) if signer in erased)


@dataclass(frozen=True)
class Batch:
    """Letters to one target, in packets of `size`: the common input of sending and previewing.

    The `erased` ones are in no packet, and the others keep their numbers.
    """

    campaign: Campaign
    target: Target
    key: DeliveryKey
    signers: Sequence[str]
    erased: AbstractSet[str]
    size: int

    @property
    def letters(self) -> int:
        """Return how many letters are not erased."""
        return len(self.signers) - len(self.erased)

    @cached_property
    def spans(self) -> Mapping[int, tuple[int, int]]:
        """Return the first and the last letter of each packet, by its number."""
        return dict(enumerate(packet_spans(len(self.signers), self.size), start=1))

    @cached_property
    def erased_in(self) -> Mapping[int, int]:
        """Return how many letters of each packet are erased, by its number; 0 for all others."""
        return erased_by_packet(self.signers, self.erased, self.size)


def packets_prefix(key: DeliveryKey) -> str:
    """Return the beginning of the names of a delivery's packets in the store."""
    return f"packets/{key.campaign}/{key.period}/{key.target}/"


def packet_name(key: DeliveryKey, number: int, erased: int) -> str:
    """Return a packet's name in the store, by how many of its letters are erased. It contains no personal data.

    Erased letters don't come back, so a name stands for the same letters always: a slow process can't replace a PDF by
    one with other letters, and which files have an erased letter is in their names.
    """
    return f"{packets_prefix(key)}{number:04d}/{erased}.pdf"


def has_erased(name: str, erased: Mapping[int, int]) -> bool:
    """Say whether a PDF has an erased letter, by its name, and by how many letters are erased of each packet."""
    *_, number, without = name.removesuffix(".pdf").split("/")
    return int(without) < erased.get(int(number), 0)


def packet_filename(key: DeliveryKey, number: int, of: int) -> str:
    """Return a packet's file name for the recipient: ASCII, without personal data."""
    return f"letters-{key.period}-{number}-of-{of}.pdf" if of > 1 else f"letters-{key.period}.pdf"
