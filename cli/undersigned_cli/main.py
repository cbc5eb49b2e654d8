"""The `undersigned` command."""

from __future__ import annotations

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from undersigned.domain.errors import UndersignedError
from undersigned_cli import (
    campaign_commands,
    delivery_commands,
    key_commands,
    letter_commands,
    quarantine_commands,
    stack_commands,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Letters that many people sign: campaigns, counts and deliveries of a stack in AWS or on this computer.",
)
app.add_typer(campaign_commands.app, name="campaign")
app.add_typer(letter_commands.app, name="letter")
app.add_typer(key_commands.app, name="key")
app.add_typer(quarantine_commands.app, name="quarantine")
delivery_commands.add_to(app)
stack_commands.add_to(app)


def run() -> None:
    """Run the command; an error that a person can mend is one line, and the exit code is 1."""
    try:
        app()
    except UndersignedError as error:
        _fail(str(error))
    except ClientError as error:
        _fail(f"AWS: {error}")
    except BotoCoreError as error:
        _fail(f"AWS: {error}; check the profile (AWS_PROFILE), the region and the connection, or give --local")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(1)
