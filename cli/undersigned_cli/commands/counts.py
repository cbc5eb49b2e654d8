"""`undersigned counts`: how many people signed, by target, time, place or email domain."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.signing.providers import odd_ones
from undersigned.services.signing.unconfirmed import unconfirmed
from undersigned.wiring import Wiring
from undersigned_cli.commands.options import SEE, AsJson, Campaign, examples, on_campaign
from undersigned_cli.commands.output import counted, say, show, show_json

if TYPE_CHECKING:
    from undersigned.domain.signing.providers import Provider


class By(StrEnum):
    """How signatures are grouped."""

    target = "target"
    day = "day"
    hour = "hour"
    locality = "locality"
    source = "source"
    domain = "domain"
    suspicion = "suspicion"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=SEE,
        epilog=examples("counts my-campaign --by day", "counts my-campaign --by domain --json"),
    )(counts)


@on_campaign
def counts(
    wiring: Wiring,
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
    as_json: AsJson = False,
) -> None:
    """Show how many people signed."""
    overviews = wiring.operating.overviews
    if by is By.domain:
        columns = {"domain": "Domain", "signed": "Signed", "confirmed": "Confirmed", "share": "Share", "odd": "Unusual"}
        rows, total = _domains(overviews.providers(campaign))
    else:
        columns = {by.value: "Recipient" if by is By.target else by.value.title(), "signatures": "Signatures"}
        counted_by = sorted(overviews.counts(campaign, by.value).by.items())
        rows = [{by.value: name, "signatures": count} for name, count in counted_by]
        total = {"signatures": wiring.counts.count(campaign).signatures}
    wrong = unconfirmed(wiring.forms, campaign).wrong_addresses
    if as_json:
        show_json({"counts": rows, "total": total, "wrong_addresses": wrong})
        return
    show(f"Signatures of {campaign}", columns, [*rows, {by.value: "total"} | total], as_json=False)
    if wrong:
        say(f"{counted(wrong, 'form')} with a wrong email address: its domain takes no email, so none was sent.")


def _domains(providers: tuple[Provider, ...]) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Return a row for each provider, and their total."""
    odd = odd_ones(providers)
    rows = [
        {"domain": provider.domain, **_shares(provider.signed, provider.confirmed), "odd": provider in odd}
        for provider in providers
    ]
    signed, confirmed = sum(each.signed for each in providers), sum(each.confirmed for each in providers)
    return rows, _shares(signed, confirmed) | {"odd": False}


def _shares(signed: int, confirmed: int) -> dict[str, object]:
    return {"signed": signed, "confirmed": confirmed, "share": round(confirmed / signed, 3) if signed else None}
