"""`undersigned local` and `undersigned demo`: run the whole stack on this computer."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned_cli.commands.options import RUN, examples
from undersigned_cli.commands.output import console, say
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.stack import LocalStack

app = typer.Typer()

_LAST_PORT = 65_535

State = Annotated[Path, typer.Option(help="Folder for its emails and logs.")]
Port = Annotated[
    int, typer.Option(min=0, max=_LAST_PORT, help="Port of the stack's public address. 0: one that is free.")
]
DeskPort = Annotated[
    int, typer.Option(min=0, max=_LAST_PORT, help="Port of the inbox and the example website. 0: one that is free.")
]


@app.command(rich_help_panel=RUN, epilog=examples("local"))
def local(*, state: State = Path(".undersigned/local"), port: Port = 8000, desk_port: DeskPort = 8001) -> None:
    """Run the stack on this computer until you press Ctrl-C. Each start is empty."""
    with _running(state, port, desk_port, schedules=True) as stack:
        _say_where(stack)
        say("Push a campaign:  undersigned campaign push campaigns/end-demand-illinois")
        say(f'To embed it:      allowed_origins = ["{stack.desk_url}"] in its campaign.toml')
        wait_for_interrupt()


@app.command(rich_help_panel=RUN, epilog=examples("demo", "demo --exit"))
def demo(
    *,
    exit_: Annotated[
        bool, typer.Option("--exit", help="Stop after showing the letters. Without it, the stack keeps running.")
    ] = False,
    state: State = Path(".undersigned/demo"),
    port: Port = 8000,
    desk_port: DeskPort = 8001,
) -> None:
    """Show the whole process on this computer: sign letters, confirm them, deliver a week, and show an email."""
    with _running(state, port, desk_port, schedules=False) as stack:
        from undersigned_cli.demo.run import run_demo

        run_demo(stack)
        if not exit_:
            _say_where(stack)
            say(f"Form:             {stack.public_url}/campaigns/end-demand-illinois")
            say("Schedules:        off, so nothing goes out by itself. To send the letters that wait:")
            say("                  undersigned deliver end-demand-illinois")
            wait_for_interrupt()


@contextmanager
def _running(state: Path, port: int, desk_port: int, *, schedules: bool) -> Iterator[LocalStack]:
    """Run a stack, and print to the terminal beside it: its own output goes into its log. Raises LocalStackError."""
    if not (ROOT / "template.yaml").is_file():
        message = (
            f"{ROOT} has no template.yaml; `undersigned local` and `undersigned demo` run in a checkout only, with "
            "the packages that `make setup` fetches there"
        )
        raise LocalStackError(message)
    from undersigned_cli.local.stack import local_stack

    say("Starting the local stack, which is empty at each start")
    console.file = sys.stdout
    try:
        with local_stack(state, port=port, desk_port=desk_port, schedules=schedules) as stack:
            yield stack
    finally:
        console.file = None  # type: ignore[assignment]


def _say_where(stack: LocalStack) -> None:
    """Say where the parts of a running stack are, and how commands in another terminal find it."""
    from undersigned_cli.local.example_site import WAYS
    from undersigned_cli.local.stack import ADMIN_EMAIL

    say(f"\nDashboard:        {stack.public_url}/organizer")
    say(f"  administrator:  {ADMIN_EMAIL} (the code to sign in with is in the inbox)")
    say(f"Inbox:            {stack.inbox_url}\nExample website:  {stack.desk_url}/")
    for way in WAYS:
        say(f"  {stack.desk_url}{way.path:18}{way.title.lower()}")
    say("Command line:     in another terminal, first")
    say("  export " + " ".join(f"{name}={value}" for name, value in stack.environment.items()))


def wait_for_interrupt() -> None:
    """Wait until a person or the system stops the program."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    console.print("Press Ctrl-C to stop.")
    stopped.wait()
