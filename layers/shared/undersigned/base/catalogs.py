"""Compile catalogs into what gettext reads.

`sam build` does it for the functions, which find `<language>.mo` instead of `<language>.po` (`layers/layer.mk`). A
checkout has sources only. Each is compiled in memory when it is first used, so nobody ever sees an older file.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog


def compiled(source: Path) -> BytesIO:
    """Return a compiled catalog, without its fuzzy sentences. Raises PoFileError for a file that is broken."""
    return _compiled(_read(source))


def build(folder: Path) -> list[str]:
    """Replace each catalog below a folder by its compiled file. Return the mistakes; a catalog with mistakes stays."""
    mistakes = []
    for source in sorted(folder.rglob("*.po")):
        name = source.relative_to(folder)
        try:
            catalog = _read(source)
        except PoFileError as error:
            mistakes.append(f"{name}:{error.lineno + 1}: it can't be read: {error.line.strip()}")
            continue
        wrong = [(message, "it is marked as fuzzy") for message in catalog if message.fuzzy]
        wrong += [(message, str(errors[0])) for message, errors in catalog.check()]
        mistakes += [f"{name}: {says}: {message.id or 'the file'}" for message, says in wrong]
        if not wrong:
            source.with_suffix(".mo").write_bytes(_compiled(catalog).getvalue())
            source.unlink()
    return mistakes


def _read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.stem.replace("-", "_"), abort_invalid=True)


def _compiled(catalog: Catalog) -> BytesIO:
    written = BytesIO()
    write_mo(written, catalog)
    written.seek(0)
    return written


if __name__ == "__main__":
    sys.exit("\n".join(build(Path(sys.argv[1]))) or None)
