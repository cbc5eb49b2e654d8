"""Bookmarks: whose letters a packet's PDF has, read back to show that they were made."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def signers_in(pdf: bytes) -> list[str]:
    """Return the signers' names, in the order of the letters; each letter begins on a page of its own."""
    from pypdf import PdfReader  # noqa: PLC0415  (after memory is measured: it takes ten megabytes)

    reader = PdfReader(io.BytesIO(pdf))
    _cover, *letters = _titles(reader.outline)
    assert len(reader.pages) > len(letters)
    # A letter's bookmark is its number, an en space, the name, and the town.
    return [title.partition("\N{EN SPACE}")[2].rpartition(", ")[0] for title in letters]


def _titles(outline: list[Any]) -> Iterator[str]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _titles(entry)
        else:
            yield entry.title
