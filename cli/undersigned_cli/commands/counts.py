"""`undersigned counts`: how many people signed, by target, time, place or email domain."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.errors import UndersignedError
from undersigned.domain.providers import odd_ones
from undersigned_cli.commands.options import SEE, AsJson, Campaign, examples, known_targets, on_stack
from undersigned_cli.commands.output import console, counted, show
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from undersigned.domain.providers import Provider
    from undersigned.wiring import Wiring


class By(StrEnum):
    """How signatures are grouped."""

    target = "target"
    day = "day"
    hour = "hour"
    locality = "locality"
    source = "source"
    domain = "domain"
    suspicion = "suspicion"


class CountsDifferError(UndersignedError):
    """The counts differ from the rows even after a recount."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=SEE,
        epilog=examples("counts my-campaign --by day", "counts my-campaign --by domain --json"),
    )(counts)


@on_stack
def counts(
    stack: Stack,
    campaign: Campaign,
    *,
    by: Annotated[
        By,
        typer.Option(
            help="Count by target (the recipient), by day or hour (UTC) of confirmation, by the signers' town, by "
            "their email provider, or by why their form looked like a bot's. Towns are those of recipients; all others "
            "count as `other`, and so do unknown email domains. `domain` also shows how many confirmed, and marks "
            "providers where so few confirm that emails may not arrive."
        ),
    ] = By.target,
    recount: Annotated[bool, typer.Option("--recount", help="Read every row, and correct the counts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how many people signed."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    if recount:
        _recount(wiring, campaign)
    title = f"Signatures of {campaign}"
    if by is By.domain:
        columns = {"domain": "Domain", "signed": "Signed", "confirmed": "Confirmed", "share": "Share", "odd": "Unusual"}
        show(title, columns, _domains(wiring.organizing().providers(campaign)), as_json=as_json)
        return
    heading = "Recipient" if by is By.target else by.value.title()
    show(title, {by.value: heading, "signatures": "Signatures"}, _rows(wiring, campaign, by), as_json=as_json)


def _rows(wiring: Wiring, campaign: str, by: By) -> list[dict[str, object]]:
    found = wiring.organizing().counts(campaign, by.value)
    return [
        *({by.value: name, "signatures": count} for name, count in sorted(found.by.items())),
        {by.value: "total", "signatures": wiring.counts.count(campaign).signatures},
    ]


def _domains(providers: tuple[Provider, ...]) -> list[dict[str, object]]:
    odd = odd_ones(providers)
    figures = [(provider.domain, provider.signed, provider.confirmed, provider in odd) for provider in providers]
    signed, confirmed = (sum(column) for column in ([row[1] for row in figures], [row[2] for row in figures]))
    return [
        {
            "domain": domain,
            "signed": of,
            "confirmed": done,
            "share": round(done / of, 3) if of else None,
            "odd": is_odd,
        }
        for domain, of, done, is_odd in [*figures, ("total", signed, confirmed, False)]
    ]


def _recount(wiring: Wiring, campaign: str) -> None:
    """Correct the counts; raises CountsDifferError when counters still differ from the rows."""
    with console.status("Reading every row …"):
        recount = wiring.recounting().recount(campaign)
    typer.echo(
        f"{counted(recount.confirmed, 'confirmed letter')}, {recount.counted:,} of them newly counted.", err=True
    )
    if recount.corrected:
        typer.echo(f"Corrected: {', '.join(recount.corrected)}", err=True)
    if recount.too_many or recount.too_few:
        message = (
            f"the counts differ from the rows: {recount.too_many} too many and {recount.too_few} too few; "
            "if people are signing now, run it again"
        )
        raise CountsDifferError(message)
