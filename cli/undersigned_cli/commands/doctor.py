"""`undersigned doctor`: check what a stack needs, and say what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from undersigned.base.errors import UndersignedError
from undersigned_cli.commands.options import RUN, AsJson, examples, on_stack
from undersigned_cli.commands.output import counted, show
from undersigned_cli.doctor import Doctor, txt_records
from undersigned_cli.stacks import DeployedStack

app = typer.Typer()

_COLUMNS = {"check": "Check", "state": "State", "found": "Found", "todo": "What to do"}


class ProblemsError(UndersignedError):
    """Some checks found a problem."""


@app.command(rich_help_panel=RUN, epilog=examples("doctor", "doctor --stack-name undersigned --json"))
@on_stack
def doctor(stack: DeployedStack, *, as_json: AsJson = False) -> None:
    """Check what a stack needs of its account, of SES and of the DNS, and say what to do. Changes nothing."""
    opened = stack.opened()
    checked = Doctor(
        stack=stack.name,
        sender=opened.settings.sender_address,
        client=stack.client,
        txt=txt_records,
    )
    rows: list[dict[str, object]] = [asdict(finding) for finding in checked.findings()]
    show("Checks", _COLUMNS, rows, as_json=as_json)
    if problems := sum(row["state"] == "problem" for row in rows):
        message = f"{counted(problems, 'problem')} found; the last column says what to do"
        raise ProblemsError(message)
