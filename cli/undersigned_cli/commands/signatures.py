"""`undersigned signatures`, `export` and `remove`: single letters, and all of them as a file."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from undersigned.domain.errors import NotFoundError
from undersigned.domain.exports import COLUMNS, Exported, ExportFilter, row
from undersigned.domain.signatures import signer_id
from undersigned_cli.commands.deliveries import moment
from undersigned_cli.commands.options import (
    COMMAND_LINE,
    SEE,
    STEER,
    AsJson,
    Campaign,
    OfTarget,
    examples,
    known_targets,
    on_stack,
    say,
    show,
)
from undersigned_cli.commands.whole_files import whole
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.signatures import Signature
    from undersigned.wiring import Wiring

OfStatus = Annotated[Exported | None, typer.Option("--status", help="Only letters that stand so.")]

_STDOUT = Path("-")
_ROWS_BETWEEN_NEWS = 500


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        rich_help_panel=SEE,
        epilog=examples("signatures my-campaign --status pending", "signatures my-campaign --email ada@example.org"),
    )(signatures)
    app.command(
        rich_help_panel=SEE,
        epilog=examples("export my-campaign", "export my-campaign --status confirmed -o - | wc -l"),
    )(export)
    app.command(
        rich_help_panel=STEER,
        epilog=examples('remove my-campaign --email ada@example.org --why "she asked for it"'),
    )(remove)


@on_stack
def signatures(  # noqa: PLR0913  (options)
    stack: Stack,
    campaign: Campaign,
    *,
    target: OfTarget = None,
    status: OfStatus = None,
    email: Annotated[str | None, typer.Option(help="Only the letter of this e-mail address.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many letters, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who signed, newest first; erased letters are left out."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    wanted = ExportFilter(target, status)
    wiring.sheet().check(campaign, wanted)
    found = _by_email(wiring, campaign, email) if email is not None else _newest(wiring, campaign)
    rows = list(islice((signature for signature in found if wanted.takes(signature)), limit))
    columns = {
        "signer": "Letter",
        "full_name": "Name",
        "email_address": "E-mail",
        "target": "To",
        "status": "State",
    }
    show(f"Signatures of {campaign}", columns, [_as_values(wiring, signature) for signature in rows], as_json=as_json)


def _newest(wiring: Wiring, campaign: str) -> Iterator[Signature]:
    return (signature for _, signature in wiring.table.newest_signatures(campaign))


def _by_email(wiring: Wiring, campaign: str, email: str) -> Iterator[Signature]:
    found = wiring.table.signature(campaign, signer_id(wiring.secret(), email))
    if found is not None:
        yield found


def _as_values(wiring: Wiring, signature: Signature) -> dict[str, object]:
    """Return a letter by the columns of an export, with what JSON has kinds for in those."""
    language = wiring.catalog.letter(signature.campaign, signature.letter).language
    cells = dict(zip(COLUMNS, (cell or None for cell in row(signature, language)), strict=True))
    return {
        "signer": signature.signer,
        **cells,
        "updates": signature.updates,
        "has_drawing": bool(signature.drawing),
    }


@on_stack
def export(
    stack: Stack,
    campaign: Campaign,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file; `-` is the standard output. Else it is named after campaign and day."
        ),
    ] = None,
    target: OfTarget = None,
    status: OfStatus = None,
) -> None:
    """Write signatures as a CSV file for spreadsheets and databases; erased letters are left out."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    wanted, sheet = ExportFilter(target, status), wiring.sheet()
    sheet.check(campaign, wanted)
    sheet.note(campaign, wanted, COMMAND_LINE)
    lines = sheet.lines(campaign, wanted)
    if output == _STDOUT:
        _write(lines, sys.stdout.buffer)
        return
    file = output or Path(f"{campaign}-{wiring.now():%Y-%m-%d}.csv")
    with whole(file) as opened:
        rows = _write(lines, opened)
    say(f"{rows:,} letters written to {file}.")


def _write(lines: Iterator[bytes], out: BinaryIO) -> int:
    """Write lines, tell on a terminal how far it is, and return how many letters they are."""
    terminal = Console(stderr=True)
    rows = 0
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} letters"),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    ) as progress:
        task = progress.add_task("export", total=None)
        for rows, line in enumerate(lines):
            out.write(line)
            if rows % _ROWS_BETWEEN_NEWS == 0:
                progress.update(task, completed=rows)
    out.flush()
    return rows


@on_stack
def remove(  # noqa: PLR0913  (options)
    stack: Stack,
    campaign: Campaign,
    signer: Annotated[str | None, typer.Argument(help="The letter, as `signatures` shows it.")] = None,
    *,
    email: Annotated[str | None, typer.Option(help="The letter of this e-mail address.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the audit; nothing personal.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Take a letter out and erase what it says of its signer; it is not sent any more."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    if (signer is None) == (email is None):
        message = "name the letter either by SIGNER or by --email"
        raise typer.BadParameter(message)
    if not why.strip():
        message = "--why is empty; say for which reason"
        raise typer.BadParameter(message)
    found = wiring.table.signature(campaign, signer or signer_id(wiring.secret(), email or ""))
    if found is None:
        message = f"{campaign} has no letter of {email or signer}; `undersigned signatures {campaign}` shows them"
        raise NotFoundError(message)
    if found.status == "erased":
        say("This letter was erased before.")
        return
    say(f"{found.name} <{found.email}>, {found.locality}, to {found.target}: {found.reported_status}.")
    say(f"Signed {moment(found.signed_at)}.{_what_has_gone(found)}")
    if not yes:
        typer.confirm("Erase it? This can't be undone", abort=True)
    wiring.organizing().remove(campaign, found.signer, COMMAND_LINE, why.strip())
    say("Erased.")


def _what_has_gone(signature: Signature) -> str:
    if signature.period is None:
        return ""
    return f" It is in the packet of {signature.period}: what has gone out stays with its addressee."
