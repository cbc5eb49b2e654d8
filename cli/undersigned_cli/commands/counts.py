"""`undersigned counts`: how many people signed, by target, day or source."""

from __future__ import annotations

from typing import Annotated

import typer

from undersigned.base.stack import Stack
from undersigned.counting.rules.tallies import CountedBy
from undersigned.organizing.overviews import Overview
from undersigned_cli.commands.options import SEE, AsJson, Campaign, examples, on_campaign
from undersigned_cli.commands.output import counted, say, show, show_json

app = typer.Typer()


@app.command(
    rich_help_panel=SEE,
    epilog=examples("counts my-campaign --by day", "counts my-campaign --by source --json"),
)
@on_campaign
def counts(
    opened: Stack,
    campaign: Campaign,
    *,
    by: Annotated[
        CountedBy,
        typer.Option(
            help="Count by target (the recipient), by day of confirmation, or by source (the label of the link)."
        ),
    ] = "target",
    as_json: AsJson = False,
) -> None:
    """Show how many people signed."""
    columns = {by: "Recipient" if by == "target" else by.title(), "signatures": "Signatures"}
    found = Overview(opened, campaign)
    counted_by = sorted(found.counts_by(by).items())
    rows: list[dict[str, object]] = [{by: name, "signatures": count} for name, count in counted_by]
    total: dict[str, object] = {"signatures": found.count.signatures}
    wrong = found.unconfirmed.wrong_addresses
    if as_json:
        show_json({"counts": rows, "total": total, "wrong_addresses": wrong})
        return
    show(f"Signatures of {campaign}", columns, [*rows, {by: "total"} | total], as_json=False)
    if wrong:
        say(f"{counted(wrong, 'form')} with a wrong email address: its domain takes no email, so none was sent.")
