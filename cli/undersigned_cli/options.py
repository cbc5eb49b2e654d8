"""What commands have in common: which stack they work on, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from undersigned_cli.stacks import LOCAL_STATE, Stack

Local = Annotated[bool, typer.Option("--local", help="Work on the local stack that runs.")]
StackName = Annotated[str, typer.Option(help="The stack's name in AWS.", envvar="UNDERSIGNED_STACK_NAME")]
State = Annotated[Path, typer.Option(help="The local stack's state folder.", envvar="UNDERSIGNED_STATE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Campaign = Annotated[str, typer.Argument(help="The campaign's id.")]
Folder = Annotated[
    Path, typer.Argument(help="The campaign's folder, with campaign.toml, letter.md and targets.csv.", metavar="DIR")
]

DEFAULT_STACK = "undersigned"
DEFAULT_STATE = LOCAL_STATE

console = Console(highlight=False)


def stack_of(*, local: bool, stack_name: str, state: Path) -> Stack:
    """Find the stack that the options name."""
    return Stack.local(state) if local else Stack.in_aws(stack_name)


def show(title: str, columns: dict[str, str], rows: list[dict[str, object]], *, as_json: bool) -> None:
    """Print rows as a table with these headings, or as JSON with all that they hold."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    table = Table(title=title, title_justify="left")
    for name, heading in columns.items():
        is_number = all(isinstance(row[name], int) for row in rows) and bool(rows)
        table.add_column(heading, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    console.print(table)


def _cell(value: object) -> Text:
    """Write a value as plain text: what signers typed must not be read as Rich's markup."""
    if isinstance(value, int):
        return Text(f"{value:,}")
    return Text("" if value is None else str(value))
