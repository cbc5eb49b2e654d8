"""The `undersigned` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from typer.core import TyperGroup

from undersigned import __version__
from undersigned.domain.errors import UndersignedError
from undersigned_cli import (
    backup_commands,
    campaign_commands,
    count_commands,
    delivery_commands,
    key_commands,
    letter_commands,
    quarantine_commands,
    signature_commands,
    stack_commands,
    steering_commands,
)
from undersigned_cli.count_commands import CountsDifferError
from undersigned_cli.options import PANELS, PREPARE, RUN, STEER


class _InPanels(TyperGroup):
    """Lists commands in the order of their panels, whatever kind each is."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own context
        panels = {name: getattr(command, "rich_help_panel", None) for name, command in self.commands.items()}
        return sorted(super().list_commands(ctx), key=lambda name: PANELS.index(panels[name] or RUN))


app = typer.Typer(
    cls=_InPanels,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Letters that many people sign: campaigns, counts and deliveries of a stack in AWS or on this computer.",
)
app.add_typer(campaign_commands.app, name="campaign", rich_help_panel=PREPARE)
app.add_typer(letter_commands.app, name="letter", rich_help_panel=PREPARE)
count_commands.add_to(app)
signature_commands.add_to(app)
delivery_commands.add_to(app)
steering_commands.add_to(app)
app.add_typer(quarantine_commands.app, name="quarantine", rich_help_panel=STEER)
app.add_typer(key_commands.app, name="key", rich_help_panel=RUN)
backup_commands.add_to(app)
stack_commands.add_to(app)

MISTAKE, DIFFERS = 1, 3
"""Exit codes, beside Click's 2 for a command that is misspelled (see docs/command-line.md)."""

_FOR_PDFS = "typst"
"""The module of the extra `pdf` that is imported first."""


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
    """Take what stands before a command."""


def run() -> None:
    """Run the command; an error that a person can mend is one line and an exit code."""
    try:
        app()
    except CountsDifferError as error:
        _fail(str(error), DIFFERS)
    except UndersignedError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if error.name != _FOR_PDFS:
            raise
        _fail("PDFs need the extra `pdf`; install undersigned[pdf]")
    except ClientError as error:
        _fail(f"AWS: {error}")
    except BotoCoreError as error:
        _fail(f"AWS: {error}; check the profile (AWS_PROFILE), the region and the connection, or give --local")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, code: int = MISTAKE) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)
