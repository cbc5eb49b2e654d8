"""What organizers decide about a campaign and its recipients, without a look at letters and deliveries."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from undersigned.base.actions import Done, Field, action
from undersigned.base.errors import GivenError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rules.campaigns import OnPaper
from undersigned.campaigns.rules.controls import checked_reason
from undersigned.campaigns.rules.stops import mailbox_digest

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.campaigns.rules.campaigns import Target


def needed(missing: Message, why: str) -> str:
    """Return a checked reason. Raises NotNowError with these words if it is missing."""
    if not (checked := checked_reason(why)):
        raise NotNowError(missing)
    return checked


def _for_signers(why: str) -> str:
    return needed(Message("Give a reason. The people who signed can read it on their letter’s page."), why)


def _for_colleagues(why: str) -> str:
    return needed(Message("Give a reason. Your colleagues can read it in the activity log."), why)


def _number(typed: str) -> int:
    digits = typed.strip().replace(",", "")
    if not re.fullmatch(r"[0-9]{1,6}", digits):
        raise GivenError(Message("Give a number from 0 to 999,999."))
    return int(digits)


FOR_THE_LOG = Field(checked_reason, "The reason, for the activity log.")
FOR_COLLEAGUES = replace(
    FOR_THE_LOG, label=Message("Why? (optional) Your colleagues can read this in the activity log.")
)
FOR_SIGNERS = Field(
    _for_signers,
    "The reason. The letters' signers can read it.",
    Message("Why? The people who signed can read this on their letter’s page."),
    is_needed=True,
)
HOW_KNOWN = Field(
    _for_colleagues,
    "How you know that the office wants the emails again.",
    Message("How do you know? Your colleagues can read this in the activity log."),
    is_needed=True,
)


@action(
    "pause",
    Message("Paused the campaign"),
    command="pause",
    page="/pause",
    button=Message("Pause"),
    done={"paused": Message("Campaign paused. Nothing is sent until you resume it.")},
)
def pause(stack: Stack, campaign: str, why: Annotated[str, FOR_COLLEAGUES]) -> Done:
    """Stop a campaign's deliveries until `resume`. People can still sign. Emails that SES has accepted still arrive."""
    del why
    _pause(stack, campaign, paused=True)
    return Done("paused")


@action(
    "resume",
    Message("Resumed the campaign"),
    command="resume",
    page="/resume",
    button=Message("Resume"),
    done={"resumed": Message("Campaign resumed. Waiting letters go out with the next delivery.")},
)
def resume(stack: Stack, campaign: str, why: Annotated[str, FOR_THE_LOG]) -> Done:
    """Continue a paused campaign. Letters go out with the next delivery."""
    del why
    _pause(stack, campaign, paused=False)
    return Done("resumed")


def _pause(stack: Stack, campaign: str, *, paused: bool) -> None:
    rows = Campaigns(stack.table)
    rows.campaign(campaign)
    rows.pause(campaign, paused=paused)


@action(
    "hold",
    Message.in_context("activity log", "Put letters on hold"),
    command="hold",
    page="/targets/<target>/hold",
    button=Message("Put on hold"),
    done={"held": Message("Letters to this recipient are on hold.")},
)
def hold(stack: Stack, campaign: str, target: str, why: Annotated[str, FOR_SIGNERS]) -> Done:
    """Hold the letters to one recipient until `release`."""
    Campaigns(stack.table).hold(campaign, target, why)
    return Done("held")


@action(
    "release",
    Message("Let a recipient’s letters go again"),
    command="release",
    page="/targets/<target>/release",
    button=Message("Send to this recipient again"),
    done={
        "released": Message("The letters to this recipient go out again, with the next delivery."),
        "released-while-paused": Message("The letters to this recipient go out after the campaign is resumed."),
    },
)
def release(stack: Stack, campaign: str, target: str, why: Annotated[str, FOR_THE_LOG]) -> Done:
    """Release the letters to one recipient, after a hold or a complaint. They go out with the next delivery."""
    del why
    rows = Campaigns(stack.table)
    known = rows.target(campaign, target)
    if known.hold is None and known.complained_at is None:
        check_not_stopped(known)
    rows.release(campaign, target, stack.clock())
    return Done("released-while-paused" if rows.controls(campaign).paused else "released")


@action(
    "lift stop",
    Message("Sent emails again to an office that had stopped them"),
    command="lift-stop",
    page="/targets/<target>/lift-stop",
    button=Message("Send emails to this office again"),
    done={"stop-lifted": Message("Emails go to this office again, with the next delivery.")},
)
def lift_stop(stack: Stack, campaign: str, target: str, why: Annotated[str, HOW_KNOWN]) -> Done:
    """Send emails again to an office that stopped them, when somebody there asked for that.

    A stop that comes meanwhile stays.
    """
    del why
    known = Campaigns(stack.table).target(campaign, target)
    if (stop := known.stopped) is None:
        raise NotNowError(Message("The office has not stopped these emails."))
    offices, mailbox = OfficeRows(stack.table), mailbox_digest(known.email)
    offices.change_stop(campaign, target, mailbox, lambda now: None if now and now.at == stop.at else now)
    return Done("stop-lifted")


@action(
    "count on paper",
    Message("Counted letters on paper"),
    command="on-paper",
    page="/targets/<target>/on-paper",
    button=Message("Save the number"),
    done={"counted": Message("Saved. The form shows the number beside the count, within two minutes.")},
)
def count_on_paper(
    stack: Stack,
    campaign: str,
    target: str,
    letters: Annotated[int, Field(_number, "How many letters.", is_needed=True)],
    by: str,
) -> Done:
    """Keep how many letters to one recipient were signed on paper. They stand beside the count, never in it."""
    Campaigns(stack.table).count_on_paper(campaign, target, OnPaper(letters, by, stack.clock()))
    return Done("counted", why=f"{letters:,}")


@action(
    "close",
    Message("Closed the campaign"),
    command="campaign close",
    page="/workshop/close",
    done={
        "closed": Message(
            "The campaign is closed. Within a minute, nobody can sign any more. Letters that wait still go out."
        )
    },
)
def close(stack: Stack, campaign: str, why: Annotated[str, FOR_THE_LOG]) -> Done:
    """Let nobody sign any more. Letters that wait still go out, and signers can confirm for 14 days.

    If the campaign is closed, nothing changes and nothing is recorded.
    """
    del why
    return _close(stack, campaign, stack.clock(), "closed")


@action(
    "reopen",
    Message("Opened the campaign again"),
    command="campaign reopen",
    page="/workshop/reopen",
    done={"reopened": Message("The campaign is open again. Within a minute, people can sign.")},
)
def reopen(stack: Stack, campaign: str, why: Annotated[str, FOR_THE_LOG]) -> Done:
    """Let people sign again, on the campaign's days. If the campaign is open, nothing changes."""
    del why
    return _close(stack, campaign, None, "reopened")


def _close(stack: Stack, campaign: str, at: datetime | None, word: str) -> Done:
    rows = Campaigns(stack.table)
    rows.campaign(campaign)
    if (rows.controls(campaign).closed_at is None) == (at is None):
        return Done(word, log=None)
    rows.close(campaign, at)
    return Done(word)


def check_not_stopped(target: Target) -> None:
    """Raise NotNowError if the office stopped the emails, and nobody has lifted the stop."""
    if target.stopped:
        raise NotNowError(
            Message(
                "The office stopped these emails. If it wants them again, press “Send emails to this office again” on "
                "the recipient’s page. Or bring the letters by hand, or save another address."
            )
        )
