"""`undersigned screen`: select letters, and hold, release or erase all of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from undersigned.base.stack import Stack
from undersigned.campaigns.rules.controls import checked_reason
from undersigned.organizing.rules.screening import PLACES, REACHES, ScreeningAction, SignatureFilter
from undersigned.organizing.screening import count_letters
from undersigned.organizing.screening import screen as screen_letters
from undersigned.signing.rules.abuse_checks import WantedSuspicion
from undersigned_cli.commands.options import (
    ACT,
    COMMAND_LINE,
    AsJson,
    Campaign,
    OfTarget,
    Reason,
    Yes,
    examples,
    on_campaign,
)
from undersigned_cli.commands.output import ask, counted, say, show_json

app = typer.Typer()

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

_DONE = {"hold": "on hold", "release": "released", "erase": "erased"}


@app.command(
    rich_help_panel=ACT,
    epilog=examples(
        "screen my-campaign",
        "screen my-campaign --network 0123456789ab",
        'screen my-campaign --network 0123456789ab --action hold --why "40 letters within an hour"',
    ),
)
@on_campaign
def screen(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    *,
    target: OfTarget = None,
    suspicion: Annotated[
        WantedSuspicion | None,
        typer.Option(help="Letters whose form looked like a bot's: for this reason, or for any."),
    ] = None,
    domain: Annotated[str | None, typer.Option(help="Letters whose email address has this domain.")] = None,
    network: Annotated[str | None, typer.Option(help="Letters from this network, as `screen` names it.")] = None,
    signed_from: Annotated[
        datetime | None, typer.Option("--from", help="Letters signed at this time (UTC) or later.", formats=_FORMATS)
    ] = None,
    signed_before: Annotated[
        datetime | None, typer.Option("--before", help="Letters signed before this time (UTC).", formats=_FORMATS)
    ] = None,
    on_hold: Annotated[bool, typer.Option("--on-hold", help="Only letters on hold.")] = False,
    action: Annotated[
        ScreeningAction | None,
        typer.Option(
            help="Keep the waiting ones out of deliveries, release those on hold, or erase all of them. Needs --why."
        ),
    ] = None,
    reason: Reason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say how many letters the options select, where they are and what many share; then hold, release or erase them.

    Without options: the same about the newest letters.
    """
    reason = checked_reason(reason)
    wanted = SignatureFilter(
        target,
        suspicion=suspicion,
        domain=domain,
        network=network,
        signed_from=signed_from.replace(tzinfo=UTC) if signed_from else None,
        signed_before=signed_before.replace(tzinfo=UTC) if signed_before else None,
        on_hold=on_hold,
    )
    if action and not reason:
        message = "--action needs --why; give the reason, and leave personal data out"
        raise typer.BadParameter(message)
    found, shared = Counter[str](), Counter[tuple[str, str]]()
    after, is_more = None, True
    while is_more:
        part = count_letters(opened, campaign, wanted, after)
        found.update(part.places)
        shared.update({(each.criterion, each.value): each.letters for each in part.shared})
        after, is_more = part.next_position, bool(part.next_position and wanted.singles_out)
    if as_json and not action:
        places: dict[str, object] = {place: found[place] for place in PLACES}
        shares = [{"criterion": name, "value": value, "letters": of} for (name, value), of in shared.most_common()]
        show_json([places | {"shared": shares}])
        return
    _show_places(found)
    if not action:
        for (name, value), of in shared.most_common():
            say(f'{counted(of, "letter")}: --{name} "{value}"')
    if action and (reached := sum(found[place] for place in REACHES[action])):
        _ask(action, reached, yes=yes)
        _act(opened, campaign, action, wanted, reason)


def _show_places(found: Counter[str]) -> None:
    for place in PLACES:
        if found[place]:
            say(f"{counted(found[place], 'letter')}: {place}")
    if not found:
        say("No letters found.")


def _ask(action: ScreeningAction, letters: int, *, yes: bool) -> None:
    question = f"{action.capitalize()} {counted(letters, 'letter')}?"
    ask(f"{question} You can't undo this" if action == "erase" else question, yes=yes)


def _act(opened: Stack, campaign: str, action: ScreeningAction, wanted: SignatureFilter, reason: str) -> None:
    done = screen_letters(opened, campaign, action, wanted, by=COMMAND_LINE, why=reason)
    say(f"{counted(done.changed, 'letter')} {_DONE[action]}.")
    if done.printed:
        sheets = "the page of each delivery by hand names the sheets to take out"
        say(f"{counted(done.printed, 'letter')} may have been printed: {sheets}.")
    if done.under_way:
        say(f"{counted(done.under_way, 'letter')} in an email that is being sent: run this again in an hour.")
