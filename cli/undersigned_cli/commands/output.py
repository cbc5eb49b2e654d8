"""How commands print: lines, tables, JSON, and progress on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from undersigned.base.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    type Columns[Item] = Mapping[str, tuple[str, Callable[[Item], object]]]
    """What is shown of each thing, by its name in JSON: its heading, and its value."""

console = Console(highlight=False)

_ANY_WIDTH = 10_000
"""More than any table is wide. Rich measures no more than the width that it is given."""


def say(text: str, *, style: str | None = None) -> None:
    """Print a line unchanged: Rich must not read what people typed as markup, nor cut the line."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def show(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows as a table with these columns, or as JSON with all their values.

    Where the table would break words, each row is lines of its own, without what it lacks.
    """
    if as_json:
        show_json(rows)
        return
    table = Table(title=Text(title), title_justify="left")
    for position, (name, heading) in enumerate(columns.items()):
        is_number = all(isinstance(row[name], int | float) for row in rows) and bool(rows)
        # Cut nothing off. The first column stays on one line, because people copy it into the next command.
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=position == 0, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    if Measurement.get(console, console.options.update(width=_ANY_WIDTH), table).minimum <= console.width:
        console.print(table)
        return
    say(title)
    widest = max(map(len, columns.values()))
    for row in rows:
        say("")
        for name, heading in columns.items():
            if text := _cell(row[name]).plain:
                say(f"{heading:{widest}}  {text}")


def show_each[Item](title: str, columns: Columns[Item], items: Iterable[Item], *, as_json: bool) -> None:
    """Print things as `show` does. What has no heading is only in the JSON."""
    rows = [{name: value(item) for name, (_, value) in columns.items()} for item in items]
    show(title, {name: heading for name, (heading, _) in columns.items() if heading}, rows, as_json=as_json)


def show_json(values: Sequence[Mapping[str, object]] | Mapping[str, object]) -> None:
    """Print rows, or an object, as JSON."""
    typer.echo(json.dumps(values, indent=2, ensure_ascii=False, default=str))


def _cell(value: object) -> Text:
    """Return a value as plain text, because Rich must not read what signers typed as markup. A float is a share."""
    match value:
        case None | False:
            return Text("")
        case True:
            return Text("yes")
        case float():
            return Text(f"{value:.0%}")
        case int():
            return Text(f"{value:,}")
        case _:
            return Text(str(value))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 letter`, `2,000 letters`, `3 deliveries`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def moment(at: datetime | None) -> str | None:
    """Return a moment as text that people and programs can read."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else None


def ask(question: str, *, yes: bool) -> None:
    """Ask before something happens; with `yes`, the person has agreed. Raises typer.Abort after a no.

    Raises UndersignedError if there is nobody to answer.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        message = "nobody is at the terminal to answer, so nothing was done; to go ahead without a question, add --yes"
        raise UndersignedError(message) from None
    if not agreed:
        raise typer.Abort


def progress_of(what: str) -> Progress:
    """Return a display of the number so far; it appears only on a terminal."""
    terminal = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn(f"{{task.completed:,.0f}} {what}"),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    )
