"""Read a campaign's folder: `campaign.toml`, `letter.md`, `letter.<language>.md` and `targets.csv`."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.workshop import logos, targets
from undersigned.workshop.campaigns import REQUIRED_FILES, CompiledCampaign, compile_campaign, is_translation
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.texts import encoding_warning, text_of

if TYPE_CHECKING:
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
            "the file can't be read (%(reason)s); check its name and permissions", {"reason": error.strerror}
        )
        raise MistakesError([Mistake(file.name, None, message)]) from error
    return text_of(file.name, content)
