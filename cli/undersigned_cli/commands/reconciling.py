"""`undersigned reconcile`: find what was forgotten, ask for it again, and report what can't be explained."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.errors import UndersignedError
from undersigned.organizing.reconciling import begin, proceed
from undersigned_cli.commands.options import RUN, AsJson, check_campaign, examples, on_stack
from undersigned_cli.commands.output import console, counted, say, show
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from undersigned.organizing.rules.reconciliations import Finding

app = typer.Typer()

_COLUMNS = {
    "campaign": "Campaign",
    "rows": "Rows read",
    "emails": "Emails asked for",
    "marks": "Counted",
    "corrected": "Counters corrected",
    "differing": "Sums that differ",
    "returned": "Put back",
    "cleared": "Cleared",
    "deliveries": "Deliveries queued",
    "unexplained": "Unexplained",
}


class UnexplainedError(UndersignedError):
    """The reconciliation found differences that only a person can explain."""


@app.command(rich_help_panel=RUN, epilog=examples("reconcile", "reconcile my-campaign --json"))
@on_stack
def reconcile(
    stack: DeployedStack,
    campaign: Annotated[
        str | None, typer.Argument(help="Id of the campaign. Without it, every campaign.", metavar="CAMPAIGN")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare every row with what followed from it, as the stack does each day, and ask for what is missing."""
    opened = stack.opened()
    if campaign is not None:
        check_campaign(opened, campaign)
    done = []
    with console.status("Reading every row …"):
        for begun in begin(opened, campaign):
            run = begun
            while not run.is_done:
                run = proceed(opened, run, _print_finding)
            done.append(run)
    rows: list[dict[str, object]] = [{"campaign": run.campaign, **asdict(run.summary)} for run in done]
    show("Reconciled", _COLUMNS, rows, as_json=as_json)
    if differing := sum(run.summary.differing for run in done):
        sums = counted(differing, "sum")
        say(f"Counters or bundles differ from the rows in {sums}. Run it again in 15 minutes:")
        say("what still differs then is reported, and such counters are corrected.")
    if unexplained := sum(run.summary.unexplained for run in done):
        differences = counted(unexplained, "difference")
        message = f"{differences} not explained; docs/runbook.md#unexplainedalarm says what to do"
        raise UnexplainedError(message)


def _print_finding(finding: Finding) -> None:
    about = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in finding.about.items())
    typer.echo(f"{finding.campaign}: {finding.kind} ({about})", err=True)
