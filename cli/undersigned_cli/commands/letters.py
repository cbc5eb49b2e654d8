"""`undersigned letter`: make a campaign's letter of a paper form, and show a letter without AWS."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from undersigned.authoring.letters import LetterSourceError, compile_letter
from undersigned.authoring.paper_form import PaperFormError, import_letter
from undersigned.domain.errors import FormError, UndersignedError
from undersigned.domain.letters import SignerDetails
from undersigned_cli import campaign_folder
from undersigned_cli.commands.options import Folder, console

if TYPE_CHECKING:
    from undersigned.domain.letter_templates import Mistake

app = typer.Typer(no_args_is_help=True, help="Make a campaign's letter of a paper form, and show letters.")


class Format(StrEnum):
    """How a letter is shown."""

    text = "text"
    html = "html"
    pdf = "pdf"


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The letter as it is typed for paper: text or Markdown, in UTF-8.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the campaign's letter goes.")],
) -> None:
    """Make a campaign's letter of a paper form: its blanks become merge fields.

    Reports each blank and what became of it; stops, naming the line, at one that it can't place.
    """
    try:
        letter, findings = import_letter(_text_of(file))
    except PaperFormError as error:
        _report(file, error.mistakes)
        raise typer.Exit(1) from None
    for finding in findings:
        console.print(str(finding), markup=False, soft_wrap=True)
    output.write_text(letter, encoding="utf-8")
    console.print(f"{len(findings)} blanks found; the letter is {output}.", markup=False, soft_wrap=True)
    try:
        compile_letter(letter)
    except LetterSourceError as error:
        console.print("It needs your hand before it can be pushed:", style="red")
        _report(output, error.mistakes)
        raise typer.Exit(1) from None


def _report(file: Path, mistakes: tuple[Mistake, ...]) -> None:
    for mistake in mistakes:
        console.print(f"{file.name}:{mistake.line}: {mistake.message}", style="red", markup=False, soft_wrap=True)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"{file} can't be read ({error.strerror}); check its name"
        raise UndersignedError(message) from error
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8; save it with the encoding UTF-8"
        raise UndersignedError(message) from error


@app.command()
def render(  # noqa: PLR0913  (a letter's fields)
    folder: Folder,
    *,
    target: Annotated[str, typer.Option(help="The id of the addressee, as in targets.csv.")],
    name: Annotated[str, typer.Option(help="The signer's name.")],
    address_line: Annotated[str, typer.Option(help="Street and house number.")],
    locality: Annotated[str, typer.Option(help="Town or city.")],
    postal_code: Annotated[str, typer.Option(help="Postal code.")],
    region: Annotated[str, typer.Option(help="State; the campaign's own when it is left out.")] = "",
    signature: Annotated[str, typer.Option(help="The signature; the name when it is left out.")] = "",
    note: Annotated[str, typer.Option(help="The signer's own words.")] = "",
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of signing; today if left out.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="One of the campaign's languages; its own when left out.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How the letter is shown.")] = Format.text,  # noqa: A002
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; else it goes to the terminal.")] = None,
) -> None:
    """Show one signer's letter to one addressee, without AWS."""
    found = campaign_folder.read(folder)
    today = datetime.now(UTC).astimezone(ZoneInfo(found.campaign.time_zone))
    details = SignerDetails(
        name=name,
        address_line=address_line,
        locality=locality,
        region=region or found.campaign.region,
        postal_code=postal_code,
        signature=signature or name,
        note=note,
        signed_on=(on or today).date(),
    )
    try:
        shown = campaign_folder.render(found, target, details, format.value, language)
    except FormError as error:
        for field in error.errors:
            console.print(
                f"--{field.field.replace('_', '-')}: {field.message}", style="red", markup=False, soft_wrap=True
            )
        raise typer.Exit(1) from None
    if output:
        output.write_bytes(shown)
    elif format is Format.pdf and sys.stdout.isatty():
        message = "a PDF is nothing for a terminal; give a file with -o letter.pdf"
        raise UndersignedError(message)
    else:
        sys.stdout.buffer.write(shown)
        sys.stdout.flush()
