"""Deliveries: one target's letters of one period, sent in one email, and the packets in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from undersigned.base.purposes import PURPOSES
from undersigned.base.rows import Row
from undersigned.campaigns.rules.campaigns import PaperSize, Way
from undersigned.delivering.rules.states import STATES, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.campaigns.rules.campaigns import Answer, Campaign, Target
    from undersigned.delivering.rules.states import Decision, Question

UNSETTLED_FOR = timedelta(hours=1)
"""How long to wait for an event after SES's answer was lost. After that, a person decides."""

OUTCOME_WITHIN = timedelta(hours=72)
"""How long a sent email may have no outcome. SES publishes events with best effort, so some never come.

Source: "Monitoring Amazon SES sending using EventBridge", SES developer guide.
"""

ANSWER_WITHIN = timedelta(days=30)
"""How long an office may take before its target counts as one without an answer."""

_FRESH_FOR = timedelta(days=1)
"""How long an attempt reuses a stored PDF: PDFs are kept for at least 31 days, and links work for 30."""

_STORED_WITHIN = timedelta(hours=1)
"""How long after an erasure a process that began before it may store a file that has the letter.

Source: "Configure Lambda function timeout", Lambda developer guide: a function is ended after 15 minutes.
"""

UNDER_WAY: tuple[DeliveryState, ...] = ("open", "sending")
"""The states while an email is being made or sent."""

_SETTLED: tuple[DeliveryState, ...] = ("sent", "delivered", "closed_unsent", "complained", "empty")


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """Identifies a delivery: one campaign's letters to one target in one period (a day, `2026-11-30`)."""

    campaign: str
    target: str
    period: str

    @property
    def key(self) -> DeliveryKey:
        """Return the key alone, without the other fields of a row."""
        return DeliveryKey(self.campaign, self.target, self.period)


def delivery_position(key: DeliveryKey | None) -> str | None:
    """Return a delivery's position in the list of its campaign's deliveries."""
    return f"{key.period} {key.target}" if key else None


def delivery_at(campaign: str, position: str | None) -> DeliveryKey | None:
    """Return the delivery at a position."""
    if position is None:
        return None
    period, _, target = position.partition(" ")
    return DeliveryKey(campaign, target, period)


@dataclass(frozen=True, slots=True)
class PacketRecord(Row):
    """A packet: sealed letters `first` to `last` (1-based), what the email says about them, and the PDF stored now.

    `residents` counts the signers whose postal code is one of the target's. `left_out` is how many of its letters were
    erased before the email was written, and `erased` how many before the stored PDF was made. If all were erased, there
    is no PDF. A packet `by_hand` has an address sheet.
    """

    pk, sk = "DELIVERY#{campaign}#{target}", "PACKET#{period}#{number:04d}"

    number: int
    first: int
    last: int
    bytes: int
    residents: int
    since: date
    left_out: int = 0
    erased: int = 0
    stored_at: datetime | None = None
    by_hand: bool = False

    @property
    def letters(self) -> int:
        """Return how many letters were in it when it was stored."""
        return self.last - self.first + 1 - self.erased

    @property
    def is_in_email(self) -> bool:
        """Say whether the email has it: not if all its letters were erased before."""
        return self.left_out <= self.last - self.first

    def is_ready_to_send(self, erased: int, now: datetime, *, by_hand: bool) -> bool:
        """Say whether the file lacks its erased letters, and is kept for as long as a link works that is sent now.

        A file from which a letter was erased after an email is remade for the next email, and a file for one way is
        remade for another.
        """
        is_what_is_sent = self.is_in_email and self.left_out == self.erased == erased and self.by_hand == by_hand
        return is_what_is_sent and self.stored_at is not None and now - self.stored_at < _FRESH_FOR


@dataclass(frozen=True, slots=True)
class Attempt:
    """The email of a delivery's last attempt, and its outcome so far.

    `left_out` are the signers whose letters were erased before it. `settled_at` is when its outcome was known, from an
    event or from a person. `reported` is SES's last report about it, which stays when a person decides otherwise, so
    that a repeated event doesn't undo the decision. `permanent` says that it bounced because the address takes no
    email.
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


@dataclass(frozen=True, slots=True)
class HandedOver:
    """That an office got the letters of a delivery by hand: on which day, and who recorded it, with a note and when."""

    day: date
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivery(DeliveryKey, Row):
    """A delivery and its state. `attempt` counts the attempts to send it, and `last` is the last one.

    A table in docs/data-model.md says what follows from each state.

    `letters` and `email` are what the last attempt sent, and where to; `reason` is why it has its state. `erased` are
    the signers whose sealed letters were erased. `erased_at` is when the last of them was erased; it goes once a sweep
    came so late that no process can store a file with that letter any more. `packet_size` is how many letters each
    packet holds, except the last one; `paper_size` is the size of its pages. `cleared_at` is when its packets were
    deleted, because the time to keep the campaign's personal data was over. `told` is the revision about which an alarm
    has said that a person must decide. `way` is the target's way when the delivery opened, or when a person sent it
    again. A delivery by hand is `sent` once it is ready to print, and `delivered` once it is `handed` over. If *Send
    now* began it, it takes the letters that were due `until` the moment of the page.
    """

    pk, sk = "DELIVERY#{campaign}#{target}", "PERIOD#{period}"

    state: DeliveryState
    opened_at: datetime
    packet_size: int
    attempt: int = 0
    letters: int = 0
    email: str | None = None
    reason: str | None = None
    last: Attempt = Attempt()
    erased: frozenset[str] = frozenset()
    erased_at: datetime | None = None
    cleared_at: datetime | None = None
    told: str | None = None
    way: Way = "email"
    handed: HandedOver | None = None
    until: datetime | None = None
    paper_size: PaperSize = "us-letter"

    def _to(self, state: DeliveryState, **changes: Any) -> Delivery:  # noqa: ANN401  (values of any field)
        """Return it in another state. Raises ValueError if the table has no event that leads there."""
        if state not in STATES[self.state].after.values():
            message = f"nothing leads from {self.state} to {state}"
            raise ValueError(message)
        return replace(self, state=state, **changes)

    def begun(self, packets: Sequence[PacketRecord], email: str | None, at: datetime) -> Delivery:
        """Return it with its next attempt, whose email has these packets."""
        sent = [packet for packet in packets if packet.is_in_email]
        return self._to(
            "sending",
            attempt=self.attempt + 1,
            letters=sum(packet.letters for packet in packets),
            email=email,
            reason=None,
            last=Attempt(len(sent), sum(packet.bytes for packet in sent), left_out=self.erased, since=at),
        )

    def ready(self, packets: Sequence[PacketRecord], at: datetime) -> Delivery:
        """Return it ready to print: its next attempt has these packets, and needs no email."""
        ready = replace(self.begun(packets, None, at), state="sent")
        return replace(ready, last=replace(ready.last, sent_at=at))

    def handed_over(self, handed: HandedOver) -> Delivery:
        """Return it after a person recorded that the office has its letters."""
        last = replace(self.last, settled_at=handed.at)
        return self._to("delivered", handed=handed, last=last)

    def sent(self, message_id: str, at: datetime) -> Delivery:
        """Return it after SES has taken its email."""
        return self._to("sent", last=replace(self.last, reported="sent", message_id=message_id, sent_at=at))

    def opened_again(self, reason: str | None = None) -> Delivery:
        """Return it for its next attempt. SES's reports about the last one stay: see `after_event`.

        `reason` is why the last email surely did not leave.
        """
        return self._to("open", reason=reason, last=replace(self.last, since=None))

    def opened_for(self, target: Target) -> Delivery:
        """Return it after a person decided to send it again: it goes the way of its target.

        Letters that somebody may have printed stay on paper, so that no office gets them twice.
        """
        return replace(self.opened_again(), way=self.way if self.may_be_on_paper else target.way)

    def closed_unsent(self, reason: str, at: datetime) -> Delivery:
        """Return it after a person decided that its letters won't be sent, for a reason that signers read."""
        return self._to("closed_unsent", reason=reason, last=replace(self.last, settled_at=at))

    def in_doubt(self) -> Delivery:
        """Return it in doubt: for an hour, nobody has told the outcome of its email."""
        return self._to("in_doubt")

    def held(self, letters: int, email: str, reason: str) -> Delivery:
        """Return it with its sealed letters, which are not sent."""
        return self._to("held", letters=letters, email=email or None, reason=reason)

    def cleared(self, at: datetime) -> Delivery:
        """Return it without packets: none is made any more."""
        return replace(self, cleared_at=at)

    def emptied(self) -> Delivery:
        """Return it without any letter to send."""
        return self._to("empty")

    def settled_as_sent(self, at: datetime) -> Delivery:
        """Return it after a person decided that its email was sent."""
        last = replace(self.last, sent_at=self.last.sent_at or self.last.since, settled_at=at)
        return self._to("sent", reason=None, last=last)

    def packets_of_email(self, recorded: Sequence[PacketRecord]) -> Sequence[PacketRecord]:
        """Return which of the recorded packets its email names; before the first attempt, none."""
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
        return self.attempt > 0 and self.state not in {"open", "bounced", "closed_unsent", "held", "empty"}

    def is_answered_by(self, answer: Answer) -> bool:
        """Say whether its letters arrived, as SES or a person said, or were handed over, by the day of an answer."""
        has_arrived = self.state in {"delivered", "complained"} or (self.state == "sent" and self.last.settled_at)
        since = self.answerable_since
        return bool(has_arrived and since and since <= answer.day)

    @property
    def can_be_received(self) -> bool:
        """Say whether somebody at the office may have its email. After a bounce, another reader of the mailbox may."""
        return self.way == "email" and self.attempt > 0 and self.state not in {"open", "sending", "empty"}

    def received_at(self, target: Target) -> datetime | None:
        """Return when the target's office said that it has the letters of the last attempt, if it did."""
        # Once it is opened again, at most SES's reports still tell when the last email left.
        said, since = target.received.get(self.period), self.last.since or self.last.sent_at
        return said if said and said >= (since or said) else None

    def with_word_of(self, target: Target) -> Delivery:
        """Return it as people see it: if nobody else knows whether it arrived, its office's word counts as a person's.

        It is never written. Only SES and people whom the organizer trusts change a delivery.
        """
        said = self.received_at(target)
        return self.settled_as_sent(said) if said and self.state in {"sent", "in_doubt"} else self

    @property
    def erased_since(self) -> int:
        """Return how many letters of its last email were erased after it."""
        return len(self.erased - self.last.left_out)

    @property
    def letters_left(self) -> int:
        """Return how many letters of its last attempt are not erased."""
        return self.letters - self.erased_since

    @property
    def may_lose_letters(self) -> bool:
        """Say whether a sealed letter can be left out of the next attempt: not while SES may have the email.

        A worker that makes the email meanwhile can't send it: see `Deliveries.begin_sending`.
        """
        return self.state != "sending"

    @property
    def is_ready_to_print(self) -> bool:
        """Say whether a person can print its letters, and the office does not have them yet."""
        return self.way == "by hand" and self.state == "sent" and self.letters_left > 0

    @property
    def may_be_on_paper(self) -> bool:
        """Say whether a person may have printed its letters, and the office may have them."""
        return self.way == "by hand" and self.may_have_arrived

    @property
    def is_settled(self) -> bool:
        """Say whether nothing is left to do: the email was sent, or nobody sends it any more."""
        return self.state in _SETTLED

    def is_long_over(self, now: datetime) -> bool:
        """Say whether its letters are certainly no longer needed: its outcome is known, and its links have ended.

        An email that was delivered may still bounce within days, and would have to be sent again. By hand, nothing is
        left to do once every letter is erased.
        """
        is_over = self.state in {"delivered", "complained"} or (self.way == "by hand" and not self.letters_left)
        since = self.last.settled_at or (self.last.sent_at if is_over else None)
        return self.is_settled and since is not None and now - since > PURPOSES["packets"].valid_for

    def is_sweep_final(self, begun: datetime) -> bool:
        """Say whether a sweep that began then finds all files with an erased letter: no later one can be stored."""
        return self.erased_at is None or begun - self.erased_at > _STORED_WITHIN

    def has_ended_links(self, now: datetime) -> bool:
        """Say whether nobody has a link that leads to its packets: no email left, or its links have ended."""
        since = self.last.sent_at or self.last.since
        return since is None or now - since > PURPOSES["packets"].valid_for

    @property
    def day(self) -> date:
        """Return the day that names it."""
        return date.fromisoformat(self.period)

    @property
    def answerable_since(self) -> date | None:
        """Return the day from which an office that may have it can answer it."""
        if self.way == "by hand":
            return self.handed.day if self.handed else None
        return self.day if self.may_have_arrived else None

    def is_unanswered(self, campaign: Campaign, answer: Answer | None, today: date) -> bool:
        """Say whether it may have arrived 30 days ago, and has no answer. After a campaign's time, none is kept."""
        since = self.answerable_since
        return since is not None and today - since >= ANSWER_WITHIN and answer is None and not campaign.is_over(today)

    @property
    def occupies_week(self) -> bool:
        """Say whether its target got its email or may still get it. Then other deliveries keep seven days away.

        False if it surely did not arrive: there was nothing to send, the address takes no email, or it is held and was
        never given to SES. A delivery in doubt occupies its week.
        """
        match self.state:
            case "empty":
                return False
            case "bounced" | "closed_unsent":
                return not self.last.permanent
            case "held":
                return self.last.since is not None and not self.last.permanent
            case _:
                return True

    def takes_until(self, campaign: Campaign) -> datetime | None:
        """Return the moment by which a letter must have been due to be in it; None if it takes any letter.

        In a campaign whose deliveries only *Send now* begins, a delivery without that moment takes what was due when it
        opened.
        """
        return self.until or (self.opened_at if campaign.send_now_only else None)

    @property
    def is_unfinished(self) -> bool:
        """Say whether it has sealed letters that may still have to be sent, or sent again."""
        return self.state in {"open", "sending", "in_doubt", "bounced"} or (self.state == "held" and self.letters > 0)

    @property
    def awaits_decision(self) -> bool:
        """Say whether it is sent again only if a person says so: it is in doubt, or its last email bounced."""
        has_bounced = self.way == "email" and self.last.reported == "bounced"
        return self.state in {"in_doubt", "bounced"} or (self.state == "held" and has_bounced)

    @property
    def goes_on(self) -> bool:
        """Say whether the next try sends it, unless its target's letters are held."""
        return self.state in {"open", "held"} and not self.awaits_decision

    @property
    def is_held_without_week(self) -> bool:
        """Say whether it is held and occupies no week. When the hold is over, it takes one and goes on."""
        return self.state == "held" and not self.occupies_week and not self.awaits_decision

    @property
    def awaits_outcome_since(self) -> datetime | None:
        """Return when its email left, while nobody knows the outcome."""
        is_awaited = self.state == "sent" and self.way == "email" and self.last.settled_at is None
        return self.last.sent_at if is_awaited else None

    def way_to(self, target: Target) -> Way:
        """Return how its letters go: as their target has an address or not, until the attempt begins.

        Letters that were ready to print stay on paper, because somebody may have brought them. Letters keep their way,
        too, if the office said that it has them: they go on only if a person insists.
        """
        is_fixed = (self.way == "by hand" and self.letters) or self.received_at(target)
        return target.way if self.goes_on and not is_fixed else self.way

    def may(self, question: Question | None) -> tuple[Decision, ...]:
        """Return what a person may decide about the delivery, given its present question."""
        return STATES[self.state].may.get(question or ("ready to print" if self.is_ready_to_print else None), ())

    def question(self, now: datetime) -> Question | None:
        """Return what a person has to decide about it, if anything."""
        match self.state:
            case "sending" if self.may_have_event_until(now) is None:
                return "in doubt"
            case "in_doubt":
                return "in doubt"
            case "sent" if (since := self.awaits_outcome_since) and now - since >= OUTCOME_WITHIN:
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
