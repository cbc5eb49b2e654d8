"""`undersigned screen`: see what speaks against letters, and hold, release or erase many of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import partial, reduce
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.counting.screening import PLACES, REACHES, ScreeningAction, checked_filter
from undersigned.domain.delivering.controls import checked_reason
from undersigned.domain.languages import SOURCE
from undersigned.domain.signing.abuse_checks import WantedSuspicion
from undersigned.domain.signing.signatures import SignatureFilter
from undersigned.services.counting.screening import Screened, recent_evidence
from undersigned.wiring import Wiring
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
from undersigned_cli.commands.output import ask, counted, moment, say, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undersigned.domain.counting.screening import Evidence
    from undersigned.services.counting.screening import Screening

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

_DONE = {"hold": "on hold", "release": "released", "erase": "erased"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=ACT,
        epilog=examples(
            "screen my-campaign",
            "screen my-campaign --network 0123456789ab",
            'screen my-campaign --network 0123456789ab --action hold --why "40 letters within an hour"',
        ),
    )(screen)


@on_campaign
def screen(  # noqa: PLR0913  (options)
    wiring: Wiring,
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
    """Say how many letters the options select, and where they are; then hold, release or erase them.

    Without options: what speaks against the newest letters, and the options that select them.
    """
    reason = checked_reason(reason)
    given = SignatureFilter(
        target,
        suspicion=suspicion,
        domain=domain,
        network=network,
        signed_from=signed_from.replace(tzinfo=UTC) if signed_from else None,
        signed_before=signed_before.replace(tzinfo=UTC) if signed_before else None,
        on_hold=on_hold,
    )
    wanted = checked_filter(given)
    if action and not reason:
        message = "--action needs --why; give the reason, and leave personal data out"
        raise typer.BadParameter(message)
    screening = wiring.counting.screening
    if not (wanted.singles_out or action):
        _show_evidence(recent_evidence(wiring.forms, wiring.signatures, campaign), as_json=as_json)
        return
    found = Counter[str]()
    for part in _slices(partial(screening.count, campaign, wanted)):
        found.update(part.places)
    if as_json and not action:
        show_json([{place: found[place] for place in PLACES}])
        return
    _show_places(found)
    if action and (reached := sum(found[place] for place in REACHES[action])):
        _ask(action, reached, yes=yes)
        _act(screening, campaign, action, wanted, reason)


def _show_places(found: Counter[str]) -> None:
    for place in PLACES:
        if found[place]:
            say(f"{counted(found[place], 'letter')}: {place}")
    if not found:
        say("No letters found.")


def _ask(action: ScreeningAction, letters: int, *, yes: bool) -> None:
    question = f"{action.capitalize()} {counted(letters, 'letter')}?"
    ask(f"{question} You can't undo this" if action == "erase" else question, yes=yes)


def _act(screening: Screening, campaign: str, action: ScreeningAction, wanted: SignatureFilter, reason: str) -> None:
    act = partial(screening.act, campaign, action, wanted, by=COMMAND_LINE, why=reason)
    done = reduce(Screened.plus, _slices(act))
    say(f"{counted(done.changed, 'letter')} {_DONE[action]}.")
    if done.printed:
        sheets = "the page of each delivery by hand names the sheets to take out"
        say(f"{counted(done.printed, 'letter')} may have been printed: {sheets}.")
    if done.under_way:
        say(f"{counted(done.under_way, 'letter')} in an email that is being sent: run this again in an hour.")


def _slices(work: Callable[..., Screened]) -> Iterator[Screened]:
    """Do the work of each slice of the letters."""
    part = work()
    yield part
    while part.next_position:
        part = work(after=part.next_position)
        yield part


def _show_evidence(found: Evidence, *, as_json: bool) -> None:
    """Print the evidence against letters, and the options that select them."""
    wave = found.wave
    if as_json:
        values = {
            "letters": found.letters,
            "suspicions": dict(found.suspicions),
            "network": wave.network if wave else None,
            "network_letters": wave.letters if wave else 0,
            "first": moment(wave.first) if wave else None,
            "last": moment(wave.last) if wave else None,
            "domain": found.domain.name if found.domain else None,
            "domain_letters": found.domain.letters if found.domain else 0,
            "on_hold": found.on_hold,
        }
        show_json([values])
        return
    sentences = found.sentences(SOURCE)
    for sentence in sentences:
        say(f"{sentence}.")
    if not sentences:
        say(f"Nothing speaks against the newest {counted(found.letters, 'letter')}.")
    for suspicion, count in found.suspicions.items():
        say(f'{counted(count, "letter")}: --suspicion "{suspicion}"')
    if wave:
        say(f"{counted(wave.letters, 'letter')}, from {moment(wave.first)}: --network {wave.network}")
    if found.domain:
        say(f"{counted(found.domain.letters, 'letter')}: --domain {found.domain.name}")
