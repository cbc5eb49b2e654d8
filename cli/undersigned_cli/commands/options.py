"""What commands have in common: which stack they work on, and how they print."""

from __future__ import annotations

import inspect
import json
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from undersigned.domain.errors import NotFoundError
from undersigned_cli.stacks import LOCAL_STATE, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from undersigned.domain.campaigns import Target
    from undersigned.wiring import Wiring

_WHICH = "Which stack"

Local = Annotated[bool, typer.Option("--local", help="Work on the local stack that runs.", rich_help_panel=_WHICH)]
StackName = Annotated[
    str, typer.Option(help="The stack's name in AWS.", envvar="UNDERSIGNED_STACK_NAME", rich_help_panel=_WHICH)
]
State = Annotated[
    Path, typer.Option(help="The local stack's state folder.", envvar="UNDERSIGNED_STATE", rich_help_panel=_WHICH)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Campaign = Annotated[str, typer.Argument(help="The campaign's id.")]
TargetId = Annotated[str, typer.Argument(help="The addressee's id, as `deliveries` shows it.", metavar="TARGET")]
OfTarget = Annotated[str | None, typer.Option("--target", help="Only letters to this addressee, by its id.")]
Why = Annotated[str, typer.Option(help="The reason, for the audit.")]
Folder = Annotated[
    Path, typer.Argument(help="The campaign's folder, with campaign.toml, letter.md and targets.csv.", metavar="DIR")
]

DEFAULT_STACK = "undersigned"
DEFAULT_STATE = LOCAL_STATE

COMMAND_LINE = "command line"
"""Who did it, for the audit."""

PREPARE, SEE, STEER, RUN = PANELS = ("Prepare a campaign", "See what is", "Decide what happens", "The stack")
"""The groups of commands in `undersigned --help`, in its order."""

console = Console(highlight=False)


def stack_of(*, local: bool, stack_name: str, state: Path) -> Stack:
    """Find the stack that the options name."""
    return Stack.local(state) if local else Stack.in_aws(stack_name)


def on_stack[**P](command: Callable[Concatenate[Stack, P], None]) -> Callable[..., None]:
    """Give a command the options that name a stack, and the stack that they name as its first argument."""

    @wraps(command)
    def with_options(*arguments: Any, local: bool, stack_name: str, state: Path, **options: Any) -> None:  # noqa: ANN401
        command(stack_of(local=local, stack_name=stack_name, state=state), *arguments, **options)

    # Typer reads a command's parameters off its signature.
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, default, annotation in (
            ("local", False, Local),
            ("stack_name", DEFAULT_STACK, StackName),
            ("state", DEFAULT_STATE, State),
        )
    ]
    parameters = [*own, *added]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return with_options


def examples(*lines: str) -> str:
    """Write examples for the end of a command's help, one a line."""
    return "\n\n".join(["Examples:", *(f"  undersigned {line}" for line in lines)])


def known_targets(wiring: Wiring, campaign: str) -> tuple[Target, ...]:
    """Return a campaign's targets; raises NotFoundError, with the campaigns that there are."""
    if wiring.table.campaign(campaign) is None:
        known = ", ".join(wiring.table.campaign_ids()) or "none yet"
        message = f"there is no campaign {campaign!r}; the stack has: {known}"
        raise NotFoundError(message)
    return wiring.table.targets(campaign)


def say(text: str, *, style: str | None = None) -> None:
    """Print a line as it is: what people typed must not be read as Rich's markup, and no line is cut."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def show(title: str, columns: dict[str, str], rows: Sequence[dict[str, object]], *, as_json: bool) -> None:
    """Print rows as a table with these headings, or as JSON with all that they hold."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    table = Table(title=Text(title), title_justify="left")
    for place, (name, heading) in enumerate(columns.items()):
        is_number = all(isinstance(row[name], int | float) for row in rows) and bool(rows)
        # Nothing is cut off, and what names the row stays on one line: it is copied into the next command.
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=place == 0, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    console.print(table)


def _cell(value: object) -> Text:
    """Write a value as plain text: what signers typed must not be read as Rich's markup. A fraction is a share."""
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
