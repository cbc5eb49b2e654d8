"""The plan that `deliver` shows before it sends: which letters go to whom, which don't, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned_cli.commands.output import counted, say

if TYPE_CHECKING:
    from datetime import date, datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.delivering.planning import Plan
    from undersigned.delivering.rules.plans import PlanLine, TooSoon


def show_plan(opened: Stack, campaign: Campaign, plan: Plan) -> None:
    """Print a campaign's plan, line by line, and when its next delivery is."""
    now = opened.clock()
    for line in plan.lines:
        say(f"{line.key.target}: {_what_happens(line, now)}")
    for failed in plan.failed:
        for target in failed.targets:
            say(f"{target}: left out, because of an error ({type(failed.error).__name__})")
    if plan.lines:
        say(f"Emails come from {opened.settings.sender.address}.")
    elif not plan.failed:
        say("No letters are waiting.")
    if any(line.is_paused for line in plan.lines):
        say(f"The campaign is paused. Nothing is sent until you run `undersigned resume {plan.lines[0].key.campaign}`.")
        return
    if campaign.send_now_only:
        say("This campaign's letters go only when somebody presses Send now, or runs this command.")
        return
    cadence = cadence_of(campaign, schedule_of(opened))
    say(f"The next delivery is on {cadence.next_after(now):%A, %Y-%m-%d at %H:%M}, {cadence.time_zone}.")


def show_started(plan: Plan) -> None:
    """Print which deliveries of a plan were started."""
    for line in plan.going:
        say(f"{line.key.target}: on its way {_how(line)}")


def _how(line: PlanLine) -> str:
    way = line.begun.way if line.begun else line.target.way
    return "to print, by hand or post" if way == "by hand" else f"to {line.target.email}"


def check_again(reason: str, *, again: bool) -> None:
    """Raise BadParameter if `--again` has no reason."""
    if again and not reason.strip():
        message = "--again needs --why; give the reason for a second email within seven days"
        raise typer.BadParameter(message)


def _what_happens(line: PlanLine, now: datetime) -> str:
    # A delivery has its number of letters once all of them are sealed.
    letters = counted(line.letters, "letter") if line.letters else "letters"
    match line.outcome:
        case "goes":
            return f"{letters} {_how(line)}"
        case "held" | "bounced":
            because = line.why_held or "the email bounced; `undersigned retry` sends it again"
            return f"not sent: {because} ({letters})"
        case "in doubt":
            return f"in doubt: nobody knows whether the email of {line.key.period} arrived ({letters})"
        case "paused":
            return f"not sent: the campaign is paused ({letters})"
        case "too soon" if line.too_soon:
            days = _possible_days(line.too_soon, line.key.period)
            return f"{_before(line.too_soon.last, now)}; {letters} can go {days}"
        case _:
            return f"not sent ({letters})"


def _possible_days(found: TooSoon, period: str) -> str:
    if found.next_day == found.again_from:
        return f"from {found.next_day}"
    sooner = "now" if found.again_from.isoformat() == period else f"from {found.again_from}"
    return f"from {found.next_day}, or {sooner} with `--again --why`"


def _before(last: date, now: datetime) -> str:
    days = (now.date() - last).days
    return f"there is a delivery of {last}" + (f", {counted(days, 'day')} ago" if days > 0 else "")
