"""The operator's weekly email: one line. If it doesn't come, alarms don't come either."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.organizing.reporting import make_report
from undersigned.signing.rows.mail_budgets import MailBudgets

if TYPE_CHECKING:
    from undersigned.base.stack import Stack

_DAYS = 7
_SHORT = (
    " SES's daily quota is nearly used up, so confirmation emails wait: "
    "ask for more under Account dashboard, Request a limit increase."
)


def tell_operator(stack: Stack, period: str) -> None:
    """Email the operator about the week that ends with a period, in which campaigns may deliver on any day.

    Sent again after a failure, the email comes twice. It has no personal data.
    """
    reports, confirmed, now = [], 0, stack.clock()
    days = [f"DAY#{now.date() - timedelta(days=ago)}" for ago in range(_DAYS)]
    for campaign in Campaigns(stack.table).campaign_ids():
        # A campaign that is being deleted, or restored, is left out.
        with suppress(NotFoundError):
            reports.append(make_report(stack, campaign, period, days=_DAYS))
            counters = Counters(stack.table).counts(campaign, "DAY#")
            confirmed += sum(counters.get(day, 0) for day in days)
    lines = [line for report in reports for line in report.lines]
    sent = sum(line.letters for line in lines if line.is_new and line.has_left)
    waiting = sum(line.letters for line in lines) - sum(report.sent for report in reports)
    undecided = {(each.campaign.id, line.target.id) for each in reports for line in each.of("to decide")}
    text = (
        f"Letters of the week to {period}: {confirmed} confirmed, {sent} sent, {waiting} waiting. "
        f"Recipients that need a person: {len(undecided)}."
    )
    is_short = MailBudgets(stack.table).sending(now).short_of_quota
    stack.operator_topic.tell(f"Undersigned: the week to {period}", f"{text}{_SHORT if is_short else ''}\n")
