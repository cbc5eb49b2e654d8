"""Reports: what became of a period's letters, target by target, for the campaign's organizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.controls import Controls
    from undersigned.domain.deliveries import Delivery
    from undersigned.domain.providers import Provider

Fate = Literal[
    "bounced", "complained", "awaiting approval", "under way", "held", "paused", "sent", "delivered", "waiting"
]
"""`bounced`: the mail came back, or was not sent because an earlier one did; `waiting`: the next packet takes them."""

FATES: tuple[Fate, ...] = (
    "bounced",
    "complained",
    "awaiting approval",
    "under way",
    "held",
    "paused",
    "sent",
    "delivered",
    "waiting",
)
"""What needs somebody most comes first."""

_LEFT: frozenset[Fate] = frozenset({"sent", "delivered", "complained"})


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of some letters to one target; `reason` says why they did not go."""

    target: Target
    fate: Fate
    letters: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an organizer is told of a period; `providers` are those that may swallow our mails."""

    campaign: Campaign
    period: str
    lines: tuple[ReportLine, ...]
    signatures: int
    providers: tuple[Provider, ...]

    @property
    def is_worth_a_mail(self) -> bool:
        """Say whether anything was sent, or held back."""
        return any(line.fate != "waiting" for line in self.lines)

    @property
    def sent(self) -> int:
        """Count the letters that have left."""
        return sum(line.letters for line in self.lines if line.fate in _LEFT)

    @property
    def stuck(self) -> int:
        """Count the letters that should have left and have not."""
        return sum(line.letters for line in self.lines if line.fate not in _LEFT | {"waiting"})

    def of(self, fate: Fate) -> tuple[ReportLine, ...]:
        """Return the lines of one fate."""
        return tuple(line for line in self.lines if line.fate == fate)


def lines_of(
    period: str, target: Target, deliveries: Iterable[Delivery], waiting: int, fate: Fate
) -> Iterator[ReportLine]:
    """Return what became of a target's letters: those of the period's delivery, of unfinished ones, and of the tray.

    `fate` is what keeps those in the tray.
    """
    for delivery in deliveries:
        if delivery.letters and (delivery.key.period >= period or delivery.is_unfinished):
            yield _line_of(delivery, target)
    if waiting:
        yield ReportLine(target, fate, waiting, target.hold)


def _line_of(delivery: Delivery, target: Target) -> ReportLine:
    match delivery.state:
        case "sent" | "delivered" | "complained":
            return ReportLine(target, delivery.state, delivery.letters)
        case "bounced":
            return ReportLine(target, "bounced", delivery.letters, delivery.reason)
        case "held":
            return ReportLine(target, "held" if target.hold else "bounced", delivery.letters, target.hold)
        case _:
            return ReportLine(target, "under way", delivery.letters, delivery.reason)


def fate_of_waiting(campaign: Campaign, period: str, controls: Controls, target: Target) -> Fate:
    """Say why letters that lie in a target's tray have not gone."""
    if controls.paused:
        return "paused"
    if target.hold:
        return "held"
    if target.mail_state == "bounced":
        return "bounced"
    return "waiting" if controls.lets_begin(period, needs_approval=campaign.approval) else "awaiting approval"
