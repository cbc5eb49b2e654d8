"""Reports: the outcome of a period's letters by target, for the campaign's organizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.delivering.controls import Controls
    from undersigned.domain.delivering.deliveries import Delivery, Question

Fate = Literal[
    "ready to print",
    "in doubt",
    "no outcome",
    "bounced",
    "corrected",
    "complained",
    "stopped",
    "spam hold",
    "under way",
    "held",
    "paused",
    "closed unsent",
    "sent",
    "delivered",
    "handed over",
    "waiting",
]
"""`ready to print`: a person prints the letters, and brings or posts them. `bounced`: the email bounced,
or was not sent because an earlier one did. `corrected`: it bounced, and its target has another address now.
`closed unsent`: a person decided that they are sent no more. `spam hold`: letters wait after a complaint. `stopped`:
the office stopped the emails. `waiting`: they wait for the next delivery."""

FATES: tuple[Fate, ...] = get_args(Fate)
"""All outcomes, those that need an action first."""

LEFT: frozenset[Fate] = frozenset({"no outcome", "sent", "delivered", "complained", "handed over"})
"""SES took the email with the letters, or the office has them on paper."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The outcome of some letters to one target; `reason` says why they were not sent.

    `period` is the day of their delivery. Letters in the tray have none. `is_new` says that their email left since the
    last report.
    """

    target: Target
    fate: Fate
    letters: int
    reason: str | None = None
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
        return any(line.fate != "waiting" or self.campaign.send_now_only for line in self.lines)

    @property
    def sent(self) -> int:
        """Count the letters that were sent."""
        return sum(line.letters for line in self.lines if line.fate in LEFT)

    @property
    def stuck(self) -> int:
        """Count the letters that should have been sent and were not."""
        others = LEFT | {"ready to print", "waiting", "closed unsent"}
        return sum(line.letters for line in self.lines if line.fate not in others)

    def of(self, fate: Fate) -> tuple[ReportLine, ...]:
        """Return the lines with one outcome."""
        return tuple(line for line in self.lines if line.fate == fate)


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


def _line_of(delivery: Delivery, target: Target, question: Question | None) -> ReportLine:  # noqa: PLR0911  (a table)
    if question == "bounced" and delivery.received_at(target):
        return ReportLine(target, question, delivery.letters, "received")
    if question == "bounced" and target.email and delivery.email not in {None, target.email}:
        return ReportLine(target, "corrected", delivery.letters)
    if question is not None:
        return ReportLine(target, question, delivery.letters, delivery.reason)
    match delivery.state:
        case "sent" if delivery.is_ready_to_print:
            return ReportLine(target, "ready to print", delivery.letters)
        case "delivered" if delivery.handed:
            return ReportLine(target, "handed over", delivery.letters)
        case "sent" | "delivered" | "complained":
            return ReportLine(target, delivery.state, delivery.letters)
        case "closed_unsent":
            return ReportLine(target, "closed unsent", delivery.letters, delivery.reason)
        case "held":
            return ReportLine(target, _why_held(target) or "waiting", delivery.letters, target.hold)
        case _:
            return ReportLine(target, "under way", delivery.letters, delivery.reason)


def fate_of_waiting(controls: Controls, target: Target) -> Fate:
    """Return why the letters in a target's tray were not sent."""
    return "paused" if controls.paused else _why_held(target) or "waiting"


def _why_held(target: Target) -> Fate | None:
    if target.hold:
        return "held"
    if target.stopped:
        return "stopped"
    if target.complained_at:
        return "spam hold"
    return "bounced" if target.mail_state == "bounced" else None
