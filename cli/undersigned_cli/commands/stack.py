"""`undersigned local` and `undersigned demo`: the whole stack on this computer."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from undersigned_cli.commands.options import DEFAULT_STATE, RUN, State, console
from undersigned_cli.local.stack import LocalStack, Ports

Port = Annotated[int, typer.Option(help="The port of the stack's public address.")]
DeskPort = Annotated[int, typer.Option(help="The port of the inbox and of the example website.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel=RUN)(local)
    app.command(rich_help_panel=RUN)(demo)


def local(*, state: State = DEFAULT_STATE, port: Port = 8000, desk_port: DeskPort = 8001) -> None:
    """Start the stack on this computer and stay; its state survives a restart."""
    with LocalStack(state, ports=Ports(front=port, desk=desk_port), report=console.print) as stack:
        console.print(f"Inbox:            {stack.inbox_url}\nExample website:  {stack.example_url}")
        console.print("Push a campaign:  undersigned campaign push campaigns/end-demand-illinois --local")
        allowed = f'allowed_origins = ["{stack.example_origin}"]'
        console.print(f"To embed it:      {allowed} in its campaign.toml", markup=False)
        wait_for_the_end()


def demo(
    *,
    exit_: Annotated[bool, typer.Option("--exit", help="Stop when the letters are shown.")] = False,
    state: Annotated[Path, typer.Option(help="Where the demo leaves what it made.")] = Path(".undersigned/demo"),
    port: Port = 8000,
    desk_port: DeskPort = 8001,
) -> None:
    """Run the main job on this computer: sign, confirm, deliver a week, and show the letters."""
    from undersigned_cli.demo.run import run_demo  # noqa: PLC0415  (what it needs, no other command does)

    run_demo(state, Ports(front=port, desk=desk_port), stay=None if exit_ else wait_for_the_end)


def wait_for_the_end() -> None:
    """Wait until the person ends the program."""
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    console.print("Press Ctrl-C to stop.")
    ended.wait()
