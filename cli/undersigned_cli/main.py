"""The `undersigned` command."""

from __future__ import annotations

import logging
import sys
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from typer.core import TyperGroup

from undersigned import __version__
from undersigned.base.errors import UndersignedError
from undersigned.base.logs import DAMAGED
from undersigned_cli.commands import (
    campaigns,
    confirmations,
    counts,
    dead_letters,
    deliveries,
    delivery_controls,
    deploying,
    doctor,
    keys,
    letters,
    people,
    reconciling,
    restoring,
    screening,
    secret,
    signatures,
    stack,
)
from undersigned_cli.commands.options import PANELS, PREPARE, RUN
from undersigned_cli.whole_files import why_not


class _InPanels(TyperGroup):
    """Lists commands and groups of commands in the order of their panels."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own context
        panels = {name: getattr(command, "rich_help_panel", None) for name, command in self.commands.items()}
        return sorted(super().list_commands(ctx), key=lambda name: PANELS.index(panels[name] or RUN))


class _NamingGroup(TyperGroup):
    """Names its commands to a person who typed no command, for example only a campaign."""

    def resolve_command(  # type: ignore[override]  # Typer's own context
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, Any, list[str]]:
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and not get_close_matches(args[0], names):
            ctx.fail(f"There is no command {args[0]!r} here; use one of {', '.join(names)}.")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_InPanels,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run campaigns whose letters many people sign: prepare them, see who signed, and deliver the letters. "
    "Commands work on a stack in AWS, or on the local one, after you export what `undersigned local` prints.",
)
app.add_typer(counts.app)
app.add_typer(signatures.app)
app.add_typer(screening.app)
app.add_typer(deliveries.app)
app.add_typer(delivery_controls.app)
app.add_typer(restoring.app)
app.add_typer(reconciling.app)
app.add_typer(doctor.app)
app.add_typer(deploying.app)
app.add_typer(stack.app)
app.add_typer(campaigns.app, name="campaign", cls=_NamingGroup, rich_help_panel=PREPARE)
app.add_typer(letters.app, name="letter", cls=_NamingGroup, rich_help_panel=PREPARE)
app.add_typer(people.app, name="person", cls=_NamingGroup, rich_help_panel=RUN)
app.add_typer(keys.app, name="key", cls=_NamingGroup, rich_help_panel=RUN)
app.add_typer(confirmations.app, name="confirmations", cls=_NamingGroup, rich_help_panel=RUN)
app.add_typer(dead_letters.app, name="dead-letters", cls=_NamingGroup, rich_help_panel=RUN)
app.add_typer(secret.app, name="secret", cls=_NamingGroup, rich_help_panel=RUN)

MISTAKE = 1
"""Exit codes, besides Click's 2 for a usage error (see docs/command-line.md)."""

_FOR_PDFS = "typst"
"""A module of the extra `pdf`: without the extra, its import fails."""


def _print_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"undersigned {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options before a command."""


def run() -> None:
    """Run the command. Print an error that a person can correct as one line, and exit with a code."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s: %(row)s"))
    DAMAGED.addHandler(handler)
    try:
        app()
    except UndersignedError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if error.name != _FOR_PDFS:
            raise
        _fail("PDFs, and the picture of a campaign, need the extra `pdf`; install undersigned[pdf]")
    except ClientError as error:
        _fail(f"AWS: {error}")
    except BotoCoreError as error:
        said = str(error).rstrip(".")
        _fail(f"AWS: {said}; check the profile (AWS_PROFILE), the region (AWS_REGION) and the connection")
    except OSError as error:
        reason = why_not(error)
        if reason is None:
            raise
        _fail(reason)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        DAMAGED.removeHandler(handler)


def _fail(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(MISTAKE)
