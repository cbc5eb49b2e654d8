"""The operator's weekly email: five figures, and any tasks. If it doesn't come, alarms don't come either."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.domain.delivering.reports import LEFT
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from undersigned.aws.operator_topic import OperatorTopic
    from undersigned.domain.delivering.reports import Fate, Report
    from undersigned.services.operating.reporting import Gathering

_DELIVERED: frozenset[Fate] = frozenset({"delivered", "complained"})
_DECISIONS: frozenset[Fate] = frozenset({"in doubt", "no outcome", "bounced"})

_DAYS = 7


@dataclass(frozen=True, slots=True)
class Figures:
    """The outcome of all campaigns' letters in a week.

    `undecided` are the campaigns with deliveries that a person has to decide about, each with their number.
    """

    confirmed: int
    sent: int
    delivered: int
    not_sent: int
    undecided: Sequence[tuple[str, int]]

    @property
    def decisions(self) -> int:
        """Count the deliveries that a person has to decide about."""
        return sum(number for _, number in self.undecided)


@dataclass(kw_only=True, frozen=True, slots=True)
class AllIsWell:
    """Tells the operator that all is well, or what to do."""

    gathering: Gathering
    channel: OperatorTopic
    clock: Callable[[], datetime]

    def tell(self, period: str) -> Figures:
        """Send the email about the week that ends with a period, and return its figures.

        Campaigns may deliver on any day of it. Sent again after a failure, the email comes twice.
        """
        figures = self._figures(period)
        self.channel.tell(subject_of(figures), text_of(figures, period))
        return figures

    def _figures(self, period: str) -> Figures:
        reports = []
        for campaign in self.gathering.campaigns.campaign_ids():
            # A campaign that is being deleted, or restored, is left out.
            with suppress(NotFoundError):
                reports.append(self.gathering.report(campaign, period, days=_DAYS))
        campaigns = [report.campaign.id for report in reports]
        today = self.clock().date()
        days = [f"DAY#{today - timedelta(days=ago)}" for ago in range(_DAYS)]
        return Figures(
            confirmed=sum(
                counters.get(day, 0)
                for campaign in campaigns
                for counters in [self.gathering.counts.counts(campaign, "DAY#")]
                for day in days
            ),
            sent=_letters(reports, LEFT),
            delivered=_letters(reports, _DELIVERED),
            not_sent=sum(line.letters for report in reports for line in report.lines) - sum(r.sent for r in reports),
            undecided=[
                (report.campaign.id, number)
                for report in reports
                # Letters that wait for the same reason are a line of their own.
                if (number := len({line.target.id for line in report.lines if line.fate in _DECISIONS}))
            ],
        )


def _letters(reports: Sequence[Report], fates: frozenset[Fate]) -> int:
    """Count the letters of new deliveries that had one of these outcomes."""
    return sum(line.letters for report in reports for line in report.lines if line.is_new and line.fate in fates)


def subject_of(figures: Figures) -> str:
    """Return the email's subject: at most 100 ASCII characters, as SNS requires."""
    match figures.decisions:
        case 0:
            return "Undersigned: all is well"
        case 1:
            return "Undersigned: decide about 1 delivery"
        case number:
            return f"Undersigned: decide about {number} deliveries"


def text_of(figures: Figures, period: str) -> str:
    """Return the email's text, which says first what to do. It has no personal data."""
    todo = [f"  undersigned deliveries {campaign}    ({number})" for campaign, number in figures.undecided]
    first = ["Decide what becomes of these deliveries (docs/runbook.md#decisionsalarm):", *todo]
    return "\n".join(
        [
            *(first if todo else ["There is nothing to do."]),
            "",
            f"Letters confirmed in the last {_DAYS} days: {figures.confirmed}",
            f"Letters sent in the {_DAYS} days to {period}: {figures.sent}",
            f"Letters delivered of these: {figures.delivered}",
            f"Letters that wait: {figures.not_sent}",
            f"Deliveries that need a decision: {figures.decisions}",
            "",
            "This email comes once a week, the day after the letters, and takes the way of the alarms.",
            "If it doesn't come, alarms may not reach you either: see docs/runbook.md#the-weekly-email-doesnt-come.",
            "",
        ]
    )
