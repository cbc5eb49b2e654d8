"""Reports: the outcome of a period's letters by target, for the campaign's organizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from undersigned.campaigns.rules.campaigns import Campaign, HeldBy, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.states import DeliveryState, Question

type Section = Literal["to decide", "to print", "not sent", "sent", "waiting"]
"""`to decide`: a person must act, as the overview says. `not sent`: somebody decided so, or it takes long. `waiting`:
for the next delivery."""

SECTIONS: tuple[Section, ...] = get_args(Section.__value__)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The outcome of some letters to one target; `reason` says more about it.

    `period` is the day of their delivery. Letters in the tray have none. `has_left` says that SES took their email, or
    that the office has them on paper; `is_new`, that this happened since the last report.
    """

    target: Target
    section: Section
    letters: int
    reason: Message | str | None = None
    has_left: bool = False
    period: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """An organizer's report about a period."""

    campaign: Campaign
    period: str
    lines: tuple[ReportLine, ...]
    signatures: int

    @property
    def is_worth_a_mail(self) -> bool:
        """Say whether anything was sent or held back, or waits for *Send now*."""
        return any(line.section != "waiting" or self.campaign.send_now_only for line in self.lines)

    @property
    def sent(self) -> int:
        """Count the letters that were sent."""
        return sum(line.letters for line in self.lines if line.has_left)

    @property
    def stuck(self) -> int:
        """Count the letters that should have been sent and were not."""
        stuck = {"to decide", "not sent"}
        return sum(line.letters for line in self.lines if line.section in stuck and not line.has_left)

    def of(self, section: Section) -> tuple[ReportLine, ...]:
        """Return the lines of one section."""
        return tuple(line for line in self.lines if line.section == section)


def lines_of(
    target: Target, deliveries: Iterable[Delivery], *, since: datetime, until: datetime, now: datetime
) -> Iterator[ReportLine]:
    """Return the outcome of each delivery to a target that is unfinished, or whose email left between two moments.

    Deliveries that wait for a person's decision, or to be printed, are in every report.
    """
    for made in deliveries:
        delivery = made.with_word_of(target)
        question, is_new = delivery.question(now), left_between(delivery, since, until)
        if delivery.letters and (question or is_new or delivery.is_unfinished or delivery.is_ready_to_print):
            yield replace(_line_of(delivery, target, question), period=delivery.key.period, is_new=is_new)


def left_between(delivery: Delivery, since: datetime, until: datetime) -> bool:
    """Say whether a delivery's last email left at `since` or later, and before `until`."""
    return delivery.last.sent_at is not None and since <= delivery.last.sent_at < until


_OUTCOMES: Mapping[Question | DeliveryState, tuple[Section, Message | None]] = {
    "in doubt": ("to decide", Message("nobody knows whether the email left")),
    "no outcome": ("to decide", Message("nobody has said for three days whether it arrived")),
    "complained": ("to decide", Message("it arrived, and someone there marked it as spam")),
    "closed_unsent": ("not sent", Message("closed unsent")),
    "sent": ("sent", Message("no answer yet")),
    "delivered": ("sent", None),
}

_LEFT: frozenset[Question | DeliveryState] = frozenset({"no outcome", "complained", "sent", "delivered"})


def _line_of(delivery: Delivery, target: Target, question: Question | None) -> ReportLine:
    letters, outcome = delivery.letters, question or delivery.state
    if delivery.is_ready_to_print:
        return ReportLine(target, "to print", letters)
    if outcome == "bounced":
        return ReportLine(target, "to decide", letters, _after_bounce(delivery, target))
    if outcome == "held":
        return _held(target, letters) or ReportLine(target, "waiting", letters)
    section, reason = _OUTCOMES.get(outcome, ("not sent", Message("still being sent")))
    return ReportLine(
        target, section, letters, Message("on paper") if delivery.handed else reason, has_left=outcome in _LEFT
    )


def _after_bounce(delivery: Delivery, target: Target) -> Message | str | None:
    if delivery.received_at(target):
        return Message("the office said that it has these letters")
    if target.email and delivery.email not in {None, target.email}:
        return Message("the email bounced, and the address has been changed since")
    return delivery.reason


def line_of_waiting(controls: Controls, target: Target, letters: int) -> ReportLine:
    """Return the outcome of the letters in a target's tray."""
    if controls.paused:
        return ReportLine(target, "not sent", letters, Message("the campaign is paused"))
    return _held(target, letters) or ReportLine(target, "waiting", letters)


_HELD: Mapping[HeldBy, Message] = {
    "office": Message("the office stopped these emails"),
    "complaint": Message("on hold: someone there marked an email as spam"),
    "bounce": Message("an email to this address bounced"),
}


def _held(target: Target, letters: int) -> ReportLine | None:
    if target.hold:
        return ReportLine(target, "not sent", letters, target.hold)
    held = target.held_by()
    return ReportLine(target, "to decide", letters, _HELD[held]) if held else None
