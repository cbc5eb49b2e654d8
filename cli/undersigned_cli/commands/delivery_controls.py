"""`undersigned pause`, `resume`, `hold`, `release`, `retry`, `settle`, `audit`: an organizer's decisions."""

from __future__ import annotations

import inspect
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.errors import NotFoundError
from undersigned.base.stack import Stack
from undersigned.campaigns.activity import perform
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.actions import ACTIONS
from undersigned_cli.commands.options import (
    ACT,
    COMMAND_LINE,
    SEE,
    Again,
    AsJson,
    Campaign,
    Reason,
    TargetId,
    Yes,
    a_day,
    examples,
    on_campaign,
)
from undersigned_cli.commands.output import ask, moment, say, show_each
from undersigned_cli.commands.plans import check_again

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from undersigned.base.actions import Field
    from undersigned.campaigns.rules.controls import AuditEntry
    from undersigned.delivering.rules.states import Decision
    from undersigned_cli.commands.output import Columns

app = typer.Typer()

LastOr = Annotated[
    date | None,
    typer.Argument(help="Day of the delivery, such as 2026-11-30.", parser=a_day, metavar="DAY"),
]
Period = Annotated[date, typer.Argument(help="Day of the delivery.", parser=a_day, metavar="DAY")]
_IDS = {"target": TargetId, "period": Period}


def of_action(name: str) -> Callable[..., None]:
    """Return the command of an action: its campaign, its ids and needed fields, then the others as options."""
    action, fields = ACTIONS[name], dict(ACTIONS[name].fields())
    fields.pop("revision", None)

    def command(opened: Stack, campaign: str, *, yes: bool = False, **given: object) -> None:
        _do(opened, name, campaign, given, yes=yes)

    annotations: dict[str, object] = {"opened": Stack, "campaign": Campaign}
    annotations |= {part: told for part, told in _IDS.items() if part in action.ids}
    annotations |= {field: _parameter(field, told) for field, told in fields.items()}
    defaults: dict[str, object] = {field: "" for field, told in fields.items() if not told.is_needed}
    does, *_ = (inspect.getdoc(action.do) or "").partition("\n\nRaises")
    if action.asks:
        annotations["yes"], defaults["yes"] = Yes, False
        does += "\n\nShows it first, and asks."
    keyword, needed = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    command.__name__, command.__doc__ = action.command.replace("-", "_"), does
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(part, keyword, annotation=annotation, default=defaults.get(part, needed))
            for part, annotation in annotations.items()
        ]
    )
    return on_campaign(command)


def _parameter(name: str, told: Field) -> object:
    """Return a field as a command has it: a reason is an option, and so is what can be left out."""
    if name == "why" or not told.is_needed:
        return Annotated[str, typer.Option(f"--{name}", help=told.help)]
    return Annotated[str, typer.Argument(help=told.help, metavar=name.upper())]


@on_campaign
def retry(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    target: TargetId,
    period: LastOr = None,
    *,
    again: Again = False,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Resend a failed or bounced delivery, once its address is correct. Without a day: the last one.

    Shows the delivery first, and asks.
    """
    check_again(reason, again=again)
    day = period or _last(opened, campaign, target, "retry", "failed, bounced or is on hold")
    given = {"target": target, "period": day, "why": reason}
    _do(opened, "retry again" if again else "retry", campaign, given, yes=yes)


@on_campaign
def settle(  # noqa: PLR0913  (a command's parameters)
    opened: Stack,
    campaign: Campaign,
    target: TargetId,
    period: LastOr = None,
    *,
    sent: Annotated[bool, typer.Option("--sent", help="The office has the email, or it surely left.")] = False,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="The email did not arrive: send it again.")] = False,
    again: Again = False,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Decide what became of an email that is in doubt, or has no outcome for three days.

    Ask the recipient's office first. Without a day: the last such delivery. Shows it first, and asks.
    """
    if sent == not_sent:
        message = "say one of --sent and --not-sent: ask the recipient's office whether it has the email"
        raise typer.BadParameter(message)
    check_again(reason, again=again)
    day = period or _last(opened, campaign, target, "settle as sent", "waits for a decision")
    name = "settle as sent" if sent else "settle as not sent again" if again else "settle as not sent"
    _do(opened, name, campaign, {"target": target, "period": day, "why": reason}, yes=yes)


@on_campaign
def hand_over(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    target: TargetId,
    period: Period,
    *,
    on: Annotated[
        date | None, typer.Option("--on", help="The day on which the office got them.", parser=a_day, metavar="DAY")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="What the activity log says, such as who took them.")] = "",
) -> None:
    """Record that an office got the letters of a delivery by hand or post. Without --on: today."""
    day = on or Campaigns(opened.table).campaign(campaign).local(opened.clock()).date()
    _do(opened, "hand over", campaign, {"target": target, "period": period, "day": day, "note": note})


@on_campaign
def set_address(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    target: TargetId,
    email: Annotated[str, typer.Argument(help="The address that takes this recipient's email.", metavar="EMAIL")] = "",
    *,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Remove the address: letters go by hand or post from now on.")
    ] = False,
    reason: Reason = "",
) -> None:
    """Correct a recipient's address, or say that the same one works again after a bounce. New letters go there.

    A delivery that bounced is sent again only with `retry`. Pushing a folder with another address changes it again.
    """
    if by_hand == bool(email.strip()):
        message = "give the address, or --by-hand"
        raise typer.BadParameter(message)
    _do(opened, "correct address", campaign, {"target": target, "email": email, "why": reason})


for command, example in (
    (of_action("pause"), 'pause my-campaign --why "the letter has a mistake"'),
    (of_action("resume"), "resume my-campaign"),
    (of_action("hold"), 'hold my-campaign evanston --why "the chief retires this week"'),
    (of_action("release"), "release my-campaign evanston"),
    (retry, 'retry my-campaign evanston --why "the address is correct now"'),
    (set_address, 'set-address my-campaign evanston chief@evanston.example --why "they called"'),
    (of_action("lift stop"), 'lift-stop my-campaign evanston --why "the clerk asked for them"'),
    (of_action("tell signers"), "tell-signers my-campaign evanston"),
    (of_action("count on paper"), "on-paper my-campaign evanston 80"),
    (settle, 'settle my-campaign evanston 2026-11-30 --sent --why "the office has it"'),
    (hand_over, 'hand-over my-campaign evanston 2026-11-30 --on 2026-12-02 --note "left at the front desk"'),
    (of_action("close unsent"), 'close-unsent my-campaign evanston 2026-11-30 --why "the office is closed for good"'),
):
    app.command(rich_help_panel=ACT, epilog=examples(example))(command)


@app.command(rich_help_panel=SEE, epilog=examples("audit my-campaign --limit 20"))
@on_campaign
def audit(
    opened: Stack,
    campaign: Campaign,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what, when and why, newest first."""
    columns: Columns[AuditEntry] = {
        "at": ("When", lambda entry: moment(entry.at)),
        "action": ("Action", lambda entry: entry.action),
        "about": ("About", lambda entry: entry.about or None),
        "by": ("By", lambda entry: entry.by),
        "why": ("Reason", lambda entry: entry.why or None),
    }
    entries = islice(Campaigns(opened.table).audit(campaign), limit)
    show_each(f"Audit log of {campaign}", columns, entries, as_json=as_json)


def _do(opened: Stack, name: str, campaign: str, given: Mapping[str, object], *, yes: bool = False) -> None:
    """Do an action, and say what it did. Show first what it is about, and ask, if the action `asks`."""
    action, texts = ACTIONS[name], {part: str(value) for part, value in given.items()}
    if action.asks:
        key = DeliveryKey(campaign, texts["target"], texts.get("period", ""))
        if seen := _show_delivery(opened, key) if key.period else _show_answer(opened, key):
            ask(action.asks, yes=yes)
        texts["revision"] = seen
    word = perform(opened, name, campaign, texts, COMMAND_LINE)
    say(f"{texts.get('target', campaign)}: {action.done[word].in_language('en')}")


def _show_answer(opened: Stack, key: DeliveryKey) -> str:
    """Print the answer that a person is about to email, and return its revision; empty if there is none to email."""
    answer = Campaigns(opened.table).target(key.campaign, key.target).answer
    if answer is None or answer.is_told:
        return ""
    say(f"{key.target}, answer of {answer.day}: {answer.text}")
    return answer.revision


def _show_delivery(opened: Stack, key: DeliveryKey) -> str:
    """Print the delivery that a person is about to decide on, and return its revision. Raises NotFoundError."""
    delivery = Deliveries(opened.table).delivery(key)
    if delivery is None:
        message = (
            f"{key.target} has no delivery of {key.period}; "
            f"to see all of them, run `undersigned deliveries {key.campaign}`"
        )
        raise NotFoundError(message)
    delivery = delivery.with_word_of(Campaigns(opened.table).target(key.campaign, key.target))
    state = delivery.question(opened.clock()) or delivery.state
    to = f", to {delivery.email}" if delivery.email else ""
    say(f"{key.target}, {key.period}: {state}, attempt {delivery.attempt}{to}")
    return delivery.revision


def _last(opened: Stack, campaign: str, target: str, decision: Decision, what: str) -> str:
    """Return the period of the last delivery about which a person may decide this."""
    to = Campaigns(opened.table).target(campaign, target)
    for delivery in Deliveries(opened.table).deliveries(campaign, target):
        seen = delivery.with_word_of(to)
        if decision in seen.may(seen.question(opened.clock())):
            return delivery.key.period
    message = f"{target} has no delivery that {what}; to see all of them, run `undersigned deliveries {campaign}`"
    raise NotFoundError(message)
