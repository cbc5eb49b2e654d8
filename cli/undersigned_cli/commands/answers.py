"""`undersigned answer`: what offices answered by email."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from undersigned_cli.commands.options import (
    COMMAND_LINE,
    AsJson,
    Campaign,
    TargetId,
    a_day,
    check_target,
    examples,
    on_stack,
)
from undersigned_cli.commands.output import say, show
from undersigned_cli.stacks import Stack

app = typer.Typer(no_args_is_help=True, help="Record what offices answered by email, list it, and delete it.")


@app.command(epilog=examples("answer record my-campaign evanston 2026-12-03 answer.txt --public"))
@on_stack
def record(  # noqa: PLR0913  (a command's parameters)
    stack: Stack,
    campaign: Campaign,
    target: TargetId,
    day: Annotated[datetime, typer.Argument(help="Day on which it came.", parser=a_day, metavar="DAY")],
    file: Annotated[
        typer.FileText,
        typer.Argument(help="File with the answer as plain text; `-` reads from stdin.", encoding="utf-8"),
    ],
    *,
    public: Annotated[bool, typer.Option("--public", help="Show it on the campaign's page, too.")] = False,
) -> None:
    """Record what a recipient's office answered. The people whose letters it answers can read it."""
    wiring = stack.wiring()
    check_target(wiring, campaign, target)
    answering, came = wiring.delivering.answering, day.date().isoformat()
    answer = answering.record(campaign, target, came, file.read(), COMMAND_LINE, is_public=public)
    say(f"{target}: the answer {answer.id} is recorded.")


@app.command("list", epilog=examples("answer list my-campaign evanston"))
@on_stack
def list_(stack: Stack, campaign: Campaign, target: TargetId, *, as_json: AsJson = False) -> None:
    """List the answers of a recipient's office, newest first."""
    wiring = stack.wiring()
    check_target(wiring, campaign, target)
    found = wiring.delivering.answering.of_target(campaign, wiring.campaigns.target(campaign, target))
    columns = {"id": "Answer", "public": "Public", "by": "Recorded by", "text": "Text"}
    rows: list[dict[str, object]] = [
        {"id": answer.id, "public": answer.is_public, "by": answer.by, "text": answer.text} for answer in found
    ]
    show(f"Answers of {target}", columns, rows, as_json=as_json)


@app.command(epilog=examples("answer delete my-campaign evanston 2026-12-03-0123456789ab"))
@on_stack
def delete(
    stack: Stack,
    campaign: Campaign,
    target: TargetId,
    answer: Annotated[str, typer.Argument(help="Id of the answer, as `answer list` shows it.", metavar="ANSWER")],
) -> None:
    """Delete an answer everywhere."""
    wiring = stack.wiring()
    check_target(wiring, campaign, target)
    wiring.delivering.answering.delete(campaign, target, answer, COMMAND_LINE)
    say(f"{target}: the answer is deleted.")
