"""`undersigned local` and `undersigned demo`: run the whole stack on this computer."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from undersigned_cli.commands.options import DEFAULT_STATE, RUN, State, examples
from undersigned_cli.commands.output import console
from undersigned_cli.local.settings import Ports
from undersigned_cli.local.stack import LocalStack

_LAST_PORT = 65_535

Port = Annotated[
    int, typer.Option(min=0, max=_LAST_PORT, help="Port of the stack's public address. 0: one that is free.")
]
DeskPort = Annotated[
    int, typer.Option(min=0, max=_LAST_PORT, help="Port of the inbox and the example website. 0: one that is free.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel=RUN, epilog=examples("local"))(local)
    app.command(rich_help_panel=RUN, epilog=examples("demo", "demo --exit"))(demo)


def local(*, state: State = DEFAULT_STATE, port: Port = 8000, desk_port: DeskPort = 8001) -> None:
    """Run the stack on this computer until you press Ctrl-C. Its state survives a restart."""
    with LocalStack(state, ports=Ports(front=port, desk=desk_port), report=console.print) as stack:
        console.print(f"Inbox:            {stack.inbox_url}\nExample website:  {stack.example_url}")
        console.print("Push a campaign:  undersigned campaign push campaigns/end-demand-illinois --local")
        allowed = f'allowed_origins = ["{stack.example_origin}"]'
        console.print(f"To embed it:      {allowed} in its campaign.toml", markup=False)
        wait_for_interrupt()


def demo(
    *,
    exit_: Annotated[
        bool, typer.Option("--exit", help="Stop after showing the letters. Without it, the stack keeps running.")
    ] = False,
    state: Annotated[Path, typer.Option(help="Folder for the emails and figures of the demo.")] = Path(
        ".undersigned/demo"
    ),
    port: Port = 8000,
    desk_port: DeskPort = 8001,
) -> None:
    """Show the whole process on this computer: sign letters, confirm them, deliver a week, and show an email."""
    from undersigned_cli.demo.run import run_demo

    run_demo(state, Ports(front=port, desk=desk_port), stay=None if exit_ else wait_for_interrupt)


def wait_for_interrupt() -> None:
    """Wait until a person or the system stops the program."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    console.print("Press Ctrl-C to stop.")
    stopped.wait()
