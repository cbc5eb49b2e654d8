"""Update the catalogs from the sentences in the source, and say how many words each has.

A sentence is in the signers' catalog if it stands in a file that `[tool.undersigned.catalogs]` in pyproject.toml
lists, else in the organizers'. A changed sentence keeps its old translation, marked as fuzzy. One that moves to the
other catalog takes its translation along, and one that is no longer in the source is removed.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import chdir
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

from undersigned.base.languages import CATALOGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from babel.messages.catalog import Message

ROOT = Path(__file__).parents[1]
PRODUCT = "layers/shared/undersigned"
SOURCES = (PRODUCT, "functions")


def sentences() -> Mapping[str, Catalog]:
    """Return the sentences in the source by the folder of their catalog."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    signers = [f"{PRODUCT}/{pattern}" for pattern in settings["tool"]["undersigned"]["catalogs"]["signers"]]
    found = {"signers": Catalog(), "organizers": Catalog()}
    for message in filter(lambda message: message.id, _extracted()):
        files = [PurePath(file) for file, _ in message.locations]
        is_for_signers = any(file.full_match(pattern) for file in files for pattern in signers)
        found["signers" if is_for_signers else "organizers"][message.id] = message
    return found


def _extracted() -> Catalog:
    with chdir(ROOT), NamedTemporaryFile() as written:
        options = [
            "--add-comments",
            "For translators:",
            "--strip-comment-tags",
            "--add-location=file",
            "--width",
            "120",
        ]
        mapped = ["--mapping-file", "pyproject.toml", "--output", written.name]
        CommandLineInterface().run(["pybabel", "--quiet", "extract", *options, *mapped, *SOURCES])  # type: ignore[no-untyped-call]
        return read_po(written)


def update(catalogs: Path, found: Mapping[str, Catalog]) -> None:
    """Update all files of catalogs, and print the size of each."""
    read = {path: _read(path) for path in sorted(catalogs.glob("*/*.po"))}
    every = {path: list(catalog) for path, catalog in read.items()}
    for path, catalog in read.items():
        for other, messages in every.items():
            for message in messages if other.name == path.name else ():
                if message.id and not catalog.get(message.id, message.context):
                    catalog[message.id] = message
        catalog.update(found[path.parent.name], update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, catalog, width=120, ignore_obsolete=True)
        words = sum(map(words_in, catalog))
        print(f"{path.relative_to(catalogs)}: {len(catalog):,} sentences, {words:,} words")


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def words_in(message: Message) -> int:
    """Return how many words a sentence has in English, with those of its plural."""
    texts = [message.id] if isinstance(message.id, str) else message.id
    return sum(len(re.sub(r"<[^<>]*>", "", text).split()) for text in texts)


if __name__ == "__main__":
    update(CATALOGS, sentences())
