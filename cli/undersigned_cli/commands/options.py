"""Options that several commands have, and the stack that they name."""

from __future__ import annotations

import inspect
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate

import typer

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.stack import Stack

StackName = Annotated[
    str, typer.Option(help="Name of the stack.", envvar="UNDERSIGNED_STACK_NAME", rich_help_panel="Which stack")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Campaign = Annotated[str, typer.Argument(help="Id of the campaign.", metavar="CAMPAIGN")]
TargetId = Annotated[str, typer.Argument(help="Id of the recipient, as in targets.csv.", metavar="TARGET")]
OfTarget = Annotated[
    str | None, typer.Option("--target", help="Only letters to the recipient with this id.", metavar="TARGET")
]
Reason = Annotated[str, typer.Option("--why", help="The reason, for the activity log.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]
Again = Annotated[
    bool,
    typer.Option("--again", help="Send to recipients that got an email less than seven days before, too. Needs --why."),
]
Folder = Annotated[Path, typer.Argument(help="Folder with campaign.toml, letter.md and targets.csv.", metavar="DIR")]


def a_day(value: str) -> date:
    """Return the day that a person typed."""
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007  (a day has no time zone)
    except ValueError as error:
        message = f"{value!r} is not a day; write year-month-day, such as 2026-11-30"
        raise typer.BadParameter(message) from error


DEFAULT_STACK = "undersigned"
COMMAND_LINE = "command line"
"""The author of a command in the activity log."""

PREPARE, SEE, ACT, RUN = PANELS = ("Prepare a campaign", "See what happens", "Take action", "Run the stack")
"""The groups of commands in `undersigned --help`, in order."""


def on_stack[**P](command: Callable[Concatenate[DeployedStack, P], None]) -> Callable[..., None]:
    """Add the option that names a stack to a command, and pass it that stack as its first argument."""

    @wraps(command)
    def with_options(*arguments: Any, stack_name: str, **options: Any) -> None:  # noqa: ANN401
        command(DeployedStack.in_aws(stack_name), *arguments, **options)

    # Typer reads a command's parameters from its signature.
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    name = inspect.Parameter("stack_name", inspect.Parameter.KEYWORD_ONLY, default=DEFAULT_STACK, annotation=StackName)
    parameters = [*own, name]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return with_options


def on_campaign(command: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a command about a campaign, or one of its recipients, and pass it the stack's use cases.

    First, it raises NotFoundError for a campaign or a recipient that the stack doesn't have.
    """

    @on_stack
    @wraps(command)
    def with_known_campaign(stack: DeployedStack, /, **options: Any) -> None:  # noqa: ANN401
        opened = stack.opened()
        check_target(opened, options["campaign"], options.get("target"))
        command(opened, **options)

    return with_known_campaign


def examples(*lines: str) -> str:
    """Return examples for the end of a command's help, one on each line."""
    return "\n\n".join(["Examples:", *(f"  undersigned {line}" for line in lines)])


def check_campaign(opened: Stack, campaign: str) -> None:
    """Raise NotFoundError for an unknown campaign; the error lists the stack's campaigns."""
    try:
        Campaigns(opened.table).campaign(campaign)
    except NotFoundError as error:
        known = ", ".join(Campaigns(opened.table).campaign_ids()) or "none yet"
        message = f"{error}; the stack has: {known}"
        raise NotFoundError(message) from error


def check_target(opened: Stack, campaign: str, target: str | None) -> None:
    """Raise NotFoundError for an unknown campaign or target; the error lists the known ones. None means any target."""
    check_campaign(opened, campaign)
    if target is None:
        return  # A damaged row of one recipient must not keep anybody from `pause`.
    known = [found.id for found in Campaigns(opened.table).settings_of_targets(campaign)]
    if target not in known:
        message = f"Campaign {campaign!r} has no recipient {target!r}; it has {', '.join(known)}"
        raise NotFoundError(message)
