"""`undersigned restore`: bring back a campaign's rows that the stack's table has lost, from a recovered table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.campaigns.activity import record
from undersigned_cli.commands.options import COMMAND_LINE, RUN, AsJson, Campaign, examples, on_stack
from undersigned_cli.commands.output import counted, progress_of, say, show_json
from undersigned_cli.restoring import OUTCOMES, Restoring
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned_cli.restoring import Outcome

app = typer.Typer()

_SAYS: Mapping[Outcome, str] = {
    "expired": "not confirmed in time, and not brought back",
    "erased": "erased since, and not brought back",
    "changed": "changed since and lost after that, and not brought back, because nobody knows how it changed",
    "damaged": "damaged, and written as it is; `undersigned reconcile` names it",
}


@app.command(rich_help_panel=RUN, epilog=examples("restore my-campaign recovered-table"))
@on_stack
def restore(
    stack: DeployedStack,
    campaign: Campaign,
    table: Annotated[
        str, typer.Argument(help="Table that AWS recovered, or that a removed stack has left.", metavar="TABLE")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Bring back what the stack's table has lost of a campaign, from another table. Pauses the campaign.

    Writes only rows that are missing, and sends no email. If it is interrupted, run it again. See docs/backups.md.
    """
    opened = stack.opened()
    if table == opened.settings.table_name:
        message = f"{table} is the stack's own table; name the one that AWS recovered"
        raise typer.BadParameter(message)
    source = replace(stack, outputs={**stack.outputs, "TableName": table}).opened().table
    restoring = Restoring(opened, source, campaign)
    restoring.check(table)
    record(opened, campaign, "restore", COMMAND_LINE, about=table)
    with progress_of("rows") as progress:
        task = progress.add_task("restore", total=None)
        for _ in restoring.run():
            progress.advance(task)
    if as_json:
        facts: dict[str, object] = {outcome: restoring.written[outcome] for outcome in OUTCOMES}
        doubts = [_name(key) for key in restoring.doubts]
        show_json([{"campaign": campaign, "table": table, **facts, "in_doubt": doubts}])
        return
    _report(campaign, restoring)


def _name(key: DeliveryKey) -> str:
    return f"{key.target} {key.period}"


def _report(campaign: str, restoring: Restoring) -> None:
    found = restoring.written
    written = found["written"] + found["damaged"] + found["held"]
    say(f"{campaign} is paused. {counted(written, 'row')} written; {found['there']:,} were there.")
    for outcome, what in _SAYS.items():
        if found[outcome]:
            say(f"{counted(found[outcome], 'letter')} {what}.")
    if found["held"]:
        targets = ", ".join(sorted(restoring.questioned))
        say(
            f"{counted(found['held'], 'letter')} on hold, because an email to {targets} may have left of which not all "
            "rows are left. Ask the recipient's office, and release the letters that it didn't get: "
            f"`undersigned screen {campaign} --on-hold --action release --why …`.",
            style="yellow",
        )
    for key in restoring.doubts:
        say(
            f"The email {_name(key)} may have left. Ask the recipient's office, then run "
            f"`undersigned settle {campaign} {_name(key)} --sent` or `--not-sent`.",
            style="yellow",
        )
    say(
        f"When its rows are counted, in a minute, run `undersigned reconcile {campaign}`, and again 15 minutes later: "
        f"counters that differ twice are corrected. Then run `undersigned resume {campaign}`."
    )
