"""`undersigned signatures`, `export` and `erase`: show letters, write them to a file, and erase one."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from undersigned.base.errors import NotFoundError
from undersigned.base.names import is_named
from undersigned.base.stack import Stack
from undersigned.campaigns.activity import perform
from undersigned.campaigns.catalog import catalog_of
from undersigned.organizing.exporting import csv_lines, record_export
from undersigned.organizing.letters import find_letter, letter_record, letter_signed_with
from undersigned.organizing.listing import newest_letters
from undersigned.organizing.rules.exports import COLUMNS, Exported, ExportFilter, News, row
from undersigned.organizing.rules.screening import SignatureFilter
from undersigned.signing.rules.abuse_checks import WantedSuspicion
from undersigned.signing.rules.signatures import signer_id
from undersigned_cli.commands.options import (
    ACT,
    COMMAND_LINE,
    SEE,
    AsJson,
    Campaign,
    OfTarget,
    Yes,
    a_day,
    examples,
    on_campaign,
)
from undersigned_cli.commands.output import ask, counted, moment, progress_of, say, show
from undersigned_cli.whole_files import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.signing.rules.forms import FormOrLetter

app = typer.Typer()

OfStatus = Annotated[Exported | None, typer.Option("--status", help="Only letters with this status.")]

_STDOUT = Path("-")
_ROWS_BETWEEN_UPDATES = 500


@app.command(
    rich_help_panel=SEE,
    epilog=examples("signatures my-campaign --status pending", "signatures my-campaign --name rossi"),
)
@on_campaign
def signatures(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    *,
    target: OfTarget = None,
    status: OfStatus = None,
    suspicion: Annotated[
        WantedSuspicion | None,
        typer.Option(help="Only letters whose form looked like a bot's: for this reason, or for any."),
    ] = None,
    email: Annotated[str | None, typer.Option(help="Only the letter signed with this email address.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Only letters whose name has these words. Case and accents don't matter.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many letters.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who signed, newest first. Leaves erased letters out."""
    wanted, suspected = ExportFilter(target, status), SignatureFilter(suspicion=suspicion)
    if email is None:
        rows = newest_letters(opened, campaign, status=status)
        found: Iterable[FormOrLetter] = (signature for _, signature in rows if signature)
    else:
        found = filter(None, [letter_signed_with(opened, campaign, email)])
    matching = (
        signature
        for signature in found
        if wanted.matches(signature)
        and suspected.matches(signature)
        and (name is None or is_named(signature.words.name, name))
    )
    shown = list(islice(matching, limit))
    columns = {
        "signer": "Signer",
        "full_name": "Name",
        "email_address": "Email",
        "target": "Recipient",
        "status": "Status",
        "quarantine": "Suspicion",
    }
    show(f"Signatures of {campaign}", columns, [_as_values(opened, signature) for signature in shown], as_json=as_json)


def _as_values(opened: Stack, signature: FormOrLetter) -> dict[str, object]:
    """Return a letter's values by the columns of an export, with null, true and false for JSON."""
    language = catalog_of(opened).letter(signature.campaign, signature.letter).language
    cells = dict(zip(COLUMNS, (cell or None for cell in row(signature, language)), strict=True))
    return {
        "signer": signature.signer,
        **cells,
        "updates": signature.wants_news,
        "has_drawing": bool(signature.words.drawing),
        "on_hold": signature.on_hold,
    }


@app.command(
    rich_help_panel=SEE,
    epilog=examples(
        "export my-campaign",
        "export my-campaign --status confirmed -o - | wc -l",
        "export my-campaign --news agreed --since 2026-11-30",
    ),
)
@on_campaign
def export(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; `-` is standard output. Without it: CAMPAIGN-DAY.csv, or CAMPAIGN-agreed-DAY.csv.",
        ),
    ] = None,
    target: OfTarget = None,
    status: OfStatus = None,
    news: Annotated[
        News | None,
        typer.Option(help="Only supporters, for a mailing list: who agreed to news, or who ended that."),
    ] = None,
    since: Annotated[
        date | None,
        typer.Option(parser=a_day, metavar="DAY", help="With --news: only who did that on this day (UTC) or later."),
    ] = None,
) -> None:
    """Write signatures to a CSV file for spreadsheets and databases. Leaves erased letters out."""
    if since and not news:
        message = "--since is only for supporters; add --news agreed or --news ended"
        raise typer.BadParameter(message)
    wanted = ExportFilter(target, status, news, datetime.combine(since, time.min, UTC) if since else None)
    if output == _STDOUT:
        record_export(opened, campaign, wanted, COMMAND_LINE)
        _write(csv_lines(opened, campaign, wanted), sys.stdout.buffer)
        return
    file = output or Path(wanted.filename(campaign, opened.clock()))
    with whole(file) as content:
        record_export(opened, campaign, wanted, COMMAND_LINE)
        rows = _write(csv_lines(opened, campaign, wanted), content)
    say(f"{counted(rows, 'letter')} written to {file}.")


def _write(lines: Iterator[bytes], out: BinaryIO) -> int:
    """Write lines, show progress, and return the number of letters."""
    rows = 0
    with progress_of("letters") as progress:
        task = progress.add_task("export", total=None)
        for rows, line in enumerate(lines):
            out.write(line)
            if rows % _ROWS_BETWEEN_UPDATES == 0:
                progress.update(task, completed=rows)
    out.flush()
    return rows


@app.command(
    rich_help_panel=ACT,
    epilog=examples('erase my-campaign --email ada@example.org --why "the signer asked us to"'),
)
@on_campaign
def erase(  # noqa: PLR0913  (options)
    opened: Stack,
    campaign: Campaign,
    signer: Annotated[
        str | None, typer.Argument(help="Id of the letter's signer, as `signatures` shows it.", metavar="SIGNER")
    ] = None,
    *,
    email: Annotated[str | None, typer.Option(help="The email address that signed the letter.")] = None,
    reason: Annotated[str, typer.Option("--why", help="The reason, for the activity log. Leave personal data out.")],
    yes: Yes = False,
) -> None:
    """Erase a letter and its signer's personal data. The letter is not sent any more."""
    if (signer is None) == (email is None):
        message = "name the letter either by SIGNER or by --email"
        raise typer.BadParameter(message)
    if not reason.strip():
        message = "--why is empty; give the reason"
        raise typer.BadParameter(message)
    try:
        found = find_letter(opened, campaign, signer or signer_id(opened.secret(), email or ""))
    except NotFoundError:
        named = f"of {email}" if email else f"with the id {signer}"
        way_out = f"to see its letters, run `undersigned signatures {campaign}`"
        if signer and "@" in signer:
            way_out = "to name one by its email address, use --email"
        message = f"{campaign} has no letter {named}; {way_out}"
        raise NotFoundError(message) from None
    if found.status == "erased":
        say("This letter is erased already.")
        return
    lives = f", {found.words.locality}" if found.words.locality else ""
    say(f"{found.words.name} <{found.words.email}>{lives}, to {found.target}: {found.status}.")
    say(f"Signed {moment(found.signed_at)}.{_what_was_sent(found)}")
    ask("Erase it? You can't undo this", yes=yes)
    word = perform(opened, "erase", campaign, {"signer": found.signer, "why": reason}, COMMAND_LINE)
    say("Erased.")
    erased = letter_record(opened, campaign, found.signer)
    if sheet := erased.sheet:
        say(
            f"It is letter {sheet.rpartition('-')[2]} of the packet of {erased.row.period} to {erased.target.id}. "
            f"Paper can't be called back: take out the sheet with the reference number {sheet}, or ask the office to."
        )
    elif word == "erased-after-sending":
        say(
            f"The packet of {erased.row.period} with the letter is deleted. If the packet has other letters, it is "
            "made again without this one within minutes. The office keeps the email and the packets that it already "
            "has."
        )


def _what_was_sent(signature: FormOrLetter) -> str:
    if signature.period is None:
        return ""
    return f" It is in the packet of {signature.period}. What the recipient already has stays there."
