"""The operator's weekly email: one line. If it doesn't come, alarms don't come either."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.operator_topic import OperatorTopic
    from undersigned.organizing.reporting import Gathering
    from undersigned.signing.rows.mail_budgets import MailBudgets

_DAYS = 7
_SHORT = (
    " SES's daily quota is nearly used up, so confirmation emails wait: "
    "ask for more under Account dashboard, Request a limit increase."
)


@dataclass(kw_only=True, frozen=True, slots=True)
class WeeklyEmail:
    """Tells the operator what became of a week's letters."""

    gathering: Gathering
    budgets: MailBudgets
    channel: OperatorTopic
    clock: Callable[[], datetime]

    def send(self, period: str) -> None:
        """Send the email about the week that ends with a period, in which campaigns may deliver on any day.

        Sent again after a failure, the email comes twice. It has no personal data.
        """
        reports, confirmed, now = [], 0, self.clock()
        days = [f"DAY#{now.date() - timedelta(days=ago)}" for ago in range(_DAYS)]
        for campaign in self.gathering.campaigns.campaign_ids():
            # A campaign that is being deleted, or restored, is left out.
            with suppress(NotFoundError):
                reports.append(self.gathering.report(campaign, period, days=_DAYS))
                counters = self.gathering.counters.counts(campaign, "DAY#")
                confirmed += sum(counters.get(day, 0) for day in days)
        lines = [line for report in reports for line in report.lines]
        sent = sum(line.letters for line in lines if line.is_new and line.has_left)
        waiting = sum(line.letters for line in lines) - sum(report.sent for report in reports)
        undecided = {(each.campaign.id, line.target.id) for each in reports for line in each.of("to decide")}
        text = (
            f"Letters of the week to {period}: {confirmed} confirmed, {sent} sent, {waiting} waiting. "
            f"Recipients that need a person: {len(undecided)}."
        )
        is_short = self.budgets.sending(now).short_of_quota
        self.channel.tell(f"Undersigned: the week to {period}", f"{text}{_SHORT if is_short else ''}\n")
