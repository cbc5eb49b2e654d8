"""The activity log: do an action, and record who did it, to what, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.actions import run
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.controls import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.stack import Stack


def perform(stack: Stack, name: str, campaign: str, given: Mapping[str, str], by: str) -> str:
    """Do an action of a campaign, then record it. Return the word of its notice.

    `by` is a person's address, or the command line. Nothing is recorded if the action raises an error.
    """
    done = run(stack, name, campaign, given, by)
    if done.log is not None:
        record(stack, campaign, done.log, by, done.about or "", done.why or "")
    return done.word


def record(  # noqa: PLR0913, PLR0917  (an entry's parts)
    stack: Stack, campaign: str, action: str, by: str, about: str = "", why: str = ""
) -> None:
    """Record what somebody did."""
    entry = AuditEntry(campaign, stack.clock(), action, by, about, why)
    Campaigns(stack.table).record_audit(entry, stack.new_id())
