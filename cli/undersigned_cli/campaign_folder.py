"""Read and write a campaign's folder: `campaign.toml`, `letter.md`, `letter.<language>.md` and `targets.csv`."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.base.languages import Message
from undersigned.workshop import logos, targets
from undersigned.workshop.campaigns import REQUIRED_FILES, CompiledCampaign, compile_campaign, is_translation
from undersigned.workshop.described_settings import SCHEMA_FILE, schema_text
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.starting import empty_files
from undersigned.workshop.texts import encoding_warning, slug_of, text_of
from undersigned.workshop.writing import files_of_folder
from undersigned_cli.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


_LOGOS = frozenset({logos.FILE, "logo.jpg", "logo.jpeg"})


def read(folder: Path) -> CompiledCampaign:
    """Read and compile a campaign's folder; raises MistakesError with every mistake in its files."""
    if folder.is_file():
        message = Message("this is a file; name the folder that has %(files)s", {"files": ", ".join(REQUIRED_FILES)})
        raise MistakesError([Mistake(str(folder), None, message)])
    if not folder.is_dir():
        message = Message(
            "there is no such folder; create it with the files %(files)s", {"files": ", ".join(REQUIRED_FILES)}
        )
        raise MistakesError([Mistake(str(folder), None, message)])
    compiled = compile_campaign(*read_files(folder))
    table = folder / targets.FILE
    warning = encoding_warning(table.name, table.read_bytes())
    return replace(compiled, warnings=(*compiled.warnings, warning)) if warning else compiled


def read_files(folder: Path) -> tuple[dict[str, str], list[Mistake]]:
    """Read the texts of a campaign's files, by name, and the mistakes of files that can't be read."""
    texts: dict[str, str] = {}
    unreadable: list[Mistake] = []
    for file in sorted(folder.iterdir()):
        if file.name in REQUIRED_FILES or is_translation(file.name):
            try:
                texts[file.name] = read_text(file)
            except MistakesError as error:
                unreadable += error.mistakes
        elif file.name in _LOGOS:
            if logos.FILE in texts:
                unreadable.append(Mistake(file.name, None, Message("there are two logos; delete one")))
            with file.open("rb") as opened:
                texts[logos.FILE] = b64encode(opened.read(logos.MOST_BYTES + 1)).decode()
    return texts, unreadable


def read_text(file: Path) -> str:
    """Read a file that a person wrote; raises MistakesError with the file's name."""
    try:
        content = file.read_bytes()
    except OSError as error:
        message = Message(
            "the file can’t be read (%(reason)s); check its name and permissions", {"reason": error.strerror}
        )
        raise MistakesError([Mistake(file.name, None, message)]) from error
    return text_of(file.name, content)


def write_new(folder: Path) -> None:
    """Write the folder of a new campaign. `campaign check` says what to fill in. Raises UndersignedError."""
    write(folder, empty_files(slug_of(folder.resolve().name)), replaces=False, way_out="name another folder")


def write(
    folder: Path,
    files: Mapping[str, str],
    *,
    replaces: bool,
    way_out: str = "name another folder, or replace them with --force",
) -> None:
    """Write the files of a draft, with the schema for editors. Raises UndersignedError if a file is there."""
    files = {**files_of_folder(files), SCHEMA_FILE: schema_text()}
    there = [file for file in files if (folder / file).exists()]
    if there and not replaces:
        message = f"{folder} has {', '.join(there)} already; {way_out}"
        raise UndersignedError(message)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_whole(folder / file, b64decode(text) if file == logos.FILE else text.encode())
