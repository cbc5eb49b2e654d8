"""`undersigned letter`: convert a paper form to a campaign's letter, and render a letter without AWS."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from undersigned.base.errors import FormError, UndersignedError
from undersigned.campaigns.rules.letters import SignerDetails
from undersigned.workshop.letters import compile_letter, with_own_words
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned_cli import campaign_folder, rendering
from undersigned_cli.commands.options import Folder, a_day, examples
from undersigned_cli.commands.output import say
from undersigned_cli.rendering import Format
from undersigned_cli.whole_files import write_whole

app = typer.Typer(no_args_is_help=True, help="Convert a paper form to a campaign's letter, and preview letters.")


@app.command("import", epilog=examples("letter import paper-form.txt -o my-campaign/letter.md"))
def import_(
    file: Annotated[
        Path, typer.Argument(help="The letter as typed for paper: text or Markdown, in UTF-8.", metavar="FILE")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the campaign's letter.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
) -> None:
    """Convert a letter typed for paper to a campaign's letter.

    Its blanks become placeholders in brackets, and lines that were wrapped are joined. Adds {{ note }} before the
    closing, where signers can write words of their own. Lists each placeholder: replace it with a merge field.
    """
    if output.exists() and not force:
        message = f"{output} is there already; name another file with -o, or replace it with --force"
        raise UndersignedError(message)
    try:
        letter = with_own_words(pasted_letter(campaign_folder.read_text(file), "en"))
    except MistakesError as error:
        raise _exit_with(error) from None
    write_whole(output, letter.encode())
    say(f"The letter is in {output}.")
    try:
        compile_letter(letter, output.name)
    except MistakesError as error:
        say("Correct these mistakes before you push it:", style="red")
        raise _exit_with(error) from None


def _exit_with(error: MistakesError) -> typer.Exit:
    """Print the mistakes, and return the exception that ends the command."""
    for mistake in error.mistakes:
        say(str(mistake), style="red")
    return typer.Exit(1)


_RENDER_EXAMPLE = (
    'letter render my-campaign --target evanston --name "Ada Sample" --address-line "1 Sample Street" '
    "--locality Evanston --postal-code 60201 --format pdf -o letter.pdf"
)


@app.command(epilog=examples(_RENDER_EXAMPLE))
def render(  # noqa: PLR0913  (a letter's fields)
    folder: Folder,
    *,
    target: Annotated[str, typer.Option(help="Id of the recipient, as in targets.csv.", metavar="TARGET")],
    name: Annotated[str, typer.Option(help="The signer's name.")],
    address_line: Annotated[str, typer.Option(help="Street and house number.")] = "",
    locality: Annotated[str, typer.Option(help="Town or city.")] = "",
    postal_code: Annotated[str, typer.Option(help="Postal code.")] = "",
    region: Annotated[str, typer.Option(help="State. Without it: the campaign's own.")] = "",
    signature: Annotated[str, typer.Option(help="Signature. Without it: the name.")] = "",
    note: Annotated[str, typer.Option(help="The signer's own words.")] = "",
    answer: Annotated[str, typer.Option(help="The answer to the campaign's own question.")] = "",
    on: Annotated[
        date | None, typer.Option(parser=a_day, help="Day of signing. Without it: today.", metavar="DAY")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="One of the campaign's languages. Without it: the campaign's own.")
    ] = None,
    format: Annotated[Format, typer.Option(help="Format of the letter.")] = "text",  # noqa: A002
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write. Without it: the terminal.")
    ] = None,
) -> None:
    """Show the letter of one signer to one recipient. Needs no AWS."""
    compiled = campaign_folder.read(folder)
    today = datetime.now(UTC).astimezone(ZoneInfo(compiled.campaign.time_zone)).date()
    details = SignerDetails(
        name=name,
        address_line=address_line,
        locality=locality,
        region=region or compiled.campaign.region,
        postal_code=postal_code,
        signature=signature or name,
        note=note,
        answer=answer,
        signed_on=on or today,
    )
    try:
        rendered = rendering.render(compiled, target, details, format, language)
    except FormError as error:
        for field in error.errors:
            say(f"--{field.field.replace('_', '-')}: {field.message}", style="red")
        raise typer.Exit(1) from None
    _write(rendered, format, output)


def _write(rendered: bytes, format: Format, output: Path | None) -> None:  # noqa: A002
    if output:
        write_whole(output, rendered)
    elif format == "pdf" and sys.stdout.isatty():
        message = "a terminal can't show a PDF; name a file, such as -o letter.pdf"
        raise UndersignedError(message)
    else:
        sys.stdout.buffer.write(rendered)
        sys.stdout.flush()
