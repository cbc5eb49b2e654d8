"""`undersigned deliveries` and `deliver`: show what was sent, and send what is waiting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.errors import UndersignedError
from undersigned.base.stack import Stack
from undersigned.campaigns.activity import perform
from undersigned.campaigns.catalog import current_period
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.actions import send_now
from undersigned.delivering.planning import make_plan
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.states import Question
from undersigned_cli.commands.options import (
    ACT,
    COMMAND_LINE,
    SEE,
    Again,
    AsJson,
    Campaign,
    OfTarget,
    Reason,
    Yes,
    check_target,
    examples,
    on_campaign,
)
from undersigned_cli.commands.output import ask, console, counted, moment, say, show_each
from undersigned_cli.commands.plans import check_again, show_plan, show_started
from undersigned_cli.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned_cli.commands.output import Columns


app = typer.Typer()


@app.command(
    rich_help_panel=SEE,
    epilog=examples("deliveries my-campaign", "deliveries my-campaign --target evanston --events"),
)
@on_campaign
def deliveries(
    opened: Stack,
    campaign: Campaign,
    *,
    target: OfTarget = None,
    events: Annotated[
        bool, typer.Option("--events", help="Show what the email service reported about each email, and when.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was sent to each recipient, and whether it arrived."""
    found = list(_deliveries(opened, campaign, target))
    if events:
        reported = [event for delivery in found for event in Deliveries(opened.table).mail_events(delivery.key)]
        show_each(f"Email events of {campaign}", _EVENT, reported, as_json=as_json)
        return
    now = opened.clock()
    show_each(f"Deliveries of {campaign}", _delivery(now), found, as_json=as_json)
    for delivery in () if as_json else found:
        key = delivery.key
        if question := delivery.question(now):
            say(_to_decide(campaign, key, question))
        elif delivery.is_ready_to_print:
            say(
                f"{key.target}: {counted(delivery.letters, 'letter')} of {key.period} to print on the dashboard. When "
                f"the office has them, run `undersigned hand-over {campaign} {key.target} {key.period}`."
            )


def _deliveries(opened: Stack, campaign: str, only: str | None) -> Iterator[Delivery]:
    for target in Campaigns(opened.table).targets(campaign):
        if only in {None, target.id}:
            yield from (made.with_word_of(target) for made in Deliveries(opened.table).deliveries(campaign, target.id))


def _to_decide(campaign: str, key: DeliveryKey, question: Question) -> str:
    of = f"{campaign} {key.target} {key.period}"
    decide = f"ask the office whether it has the email, then run `undersigned settle {of} --sent` or `--not-sent`."
    match question:
        case "in doubt":
            return f"{key.target}: nobody knows whether the email of {key.period} left; {decide}"
        case "no outcome":
            return f"{key.target}: the email of {key.period} has no outcome for three days; {decide}"
        case "bounced":
            return (
                f"{key.target}: the email of {key.period} bounced. Correct the address with `undersigned set-address`, "
                f"or remove it, and run `undersigned retry {of}`; or run `undersigned close-unsent {of}`."
            )


def _delivery(now: datetime) -> Columns[Delivery]:
    return {
        "target": ("Recipient", lambda made: made.key.target),
        "period": ("Period", lambda made: made.key.period),
        "state": ("State", lambda made: made.state),
        "needs_attention": ("", lambda made: made.question(now)),
        "letters": ("Letters", lambda made: made.letters),
        "packets": ("Packets", lambda made: made.last.packets),
        "bytes": ("Bytes", lambda made: made.last.bytes),
        "way": ("", lambda made: made.way),
        "email": ("Email", lambda made: made.email),
        "sent_at": ("Sent", lambda made: moment(made.last.sent_at)),
        "handed_over": ("Handed over", lambda made: made.handed.day.isoformat() if made.handed else None),
        "reason": ("Reason", lambda made: made.reason),
        "message_id": ("", lambda made: made.last.message_id),
        "attempt": ("", lambda made: made.attempt),
    }


_EVENT: Columns[MailEvent] = {
    "target": ("Recipient", lambda event: event.target),
    "period": ("Period", lambda event: event.period),
    "attempt": ("Attempt", lambda event: event.attempt),
    "at": ("When", lambda event: moment(event.at)),
    "kind": ("Event", lambda event: event.kind),
    "reason": ("Reason", lambda event: event.reason),
    "permanent": ("", lambda event: event.permanent),
    "message_id": ("", lambda event: event.message_id),
}


@app.command(
    rich_help_panel=ACT,
    epilog=examples(
        "deliver my-campaign --preview out/",
        "deliver my-campaign --test evanston",
        "deliver my-campaign",
        'deliver my-campaign --target evanston --again --why "the office asked for them today"',
    ),
)
@on_campaign
def deliver(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    *,
    preview: Annotated[
        Path | None,
        typer.Option(help="Send nothing; write the emails and packets to this folder instead.", metavar="DIR"),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            help="Send the email for this recipient to the campaign's organizer instead, as a test.", metavar="TARGET"
        ),
    ] = None,
    test_to: Annotated[
        str | None, typer.Option("--to", help="With --test: the address that gets the test instead of the organizer's.")
    ] = None,
    target: OfTarget = None,
    again: Again = False,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Send the waiting letters now, before the next delivery. Says first what goes to whom, and asks.

    A recipient gets at most one email in seven days, so this one takes the place of any within the next seven days.
    """
    if preview is not None and test is not None:
        message = "use either --preview or --test, not both"
        raise typer.BadParameter(message)
    if test_to is not None and test is None:
        message = "--to needs --test; give the recipient whose email is tested"
        raise typer.BadParameter(message)
    check_again(reason, again=again)
    check_target(opened, campaign, test)
    period = current_period(opened, Campaigns(opened.table).campaign(campaign))
    if preview is not None:
        _write_preview(opened, campaign, period, preview)
    elif test is not None:
        perform(opened, "test", campaign, {"target": test, "to": test_to or ""}, COMMAND_LINE)
        say(f"The email is on its way to {test_to or "the campaign's organizer"}. Nothing was sent to anyone else.")
    else:
        _deliver(opened, campaign, target, reason, again=again, yes=yes)


def _deliver(  # noqa: PLR0913  (the command's options)
    opened: Stack, campaign: str, only: str | None, reason: str, *, again: bool, yes: bool
) -> None:
    settings = Campaigns(opened.table).campaign(campaign)
    period = current_period(opened, settings)
    if Campaigns(opened.table).controls(campaign).paused:
        message = f"{campaign} is paused; run `undersigned resume {campaign}` first"
        raise UndersignedError(message)
    # Letters that come while the person reads and answers wait for the next time.
    seen_at = opened.clock()
    planned = make_plan(opened, settings, period, only=only, again=again)
    show_plan(opened, settings, planned)
    if not planned.going:
        planned.check()
        say("0 deliveries started: there is nothing to send now.")
        return
    ask(f"Start {counted(len(planned.going), 'delivery', 'deliveries')} now?", yes=yes)
    plan = send_now(opened, campaign, COMMAND_LINE, reason, seen_at=seen_at, only=only, again=again)
    show_started(plan)
    started = counted(len(plan.going), "delivery", "deliveries")
    say(f"{started} started. To see the outcome, run `undersigned deliveries {campaign}`.")


def _write_preview(opened: Stack, campaign: str, period: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    from undersigned.delivering.packing import preview_delivery

    found = 0
    with console.status("Typesetting …"):
        for target in Campaigns(opened.table).targets(campaign):
            preview = preview_delivery(opened, opened.settings.sender, DeliveryKey(campaign, target.id, period))
            if preview is None:
                continue
            found += 1
            if preview.mail:
                write_whole(folder / f"{target.id}.eml", preview.mail.as_bytes())
            for number, pdf in enumerate(preview.pdfs, start=1):
                write_whole(folder / f"{target.id}-{number:04d}.pdf", pdf)
            for number, characters in enumerate(preview.replaced, start=1):
                if listed := ", ".join(f"{character} ({count})" for character, count in characters.items()):
                    say(f"{target.id}, packet {number}: no font has {listed}; the PDF shows \N{REPLACEMENT CHARACTER}")
            held = f" ({why})" if (why := target.why_held()) else ""
            say(f"{target.id}: {preview.mail.subject if preview.mail else 'by hand or post'}{held}")
    say(f"{counted(found, 'delivery', 'deliveries')} written to {folder}; nothing was sent.")
