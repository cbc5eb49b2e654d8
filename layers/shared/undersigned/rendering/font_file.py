"""A font file: which characters it has, and how wide they are, read from its TrueType tables."""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_GLYPH = 0
_LAST_SEGMENT = 0xFFFF


class FontFile:
    """A TrueType font whose characters are mapped by a table of format 4 (the Basic Multilingual Plane)."""

    def __init__(self, path: Path) -> None:
        """Keep the font's path. Its tables are read when they are first needed."""
        self.path = path

    def has(self, character: str) -> bool:
        """Return whether the font has a glyph for a character."""
        return ord(character) in self._advances

    def width(self, text: str) -> float:
        """Return the width of a text as a multiple of the font size, without kerning; missing characters have none."""
        return sum(self._advances.get(ord(character), 0.0) for character in text)

    @cached_property
    def _advances(self) -> dict[int, float]:
        """The advance width of each character (code point), as a multiple of the font size."""
        font = self.path.read_bytes()
        (tables,) = struct.unpack_from(">H", font, 4)
        at = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", font[12 : 12 + 16 * tables])}
        (units,) = struct.unpack_from(">H", font, at[b"head"] + 18)
        (metrics,) = struct.unpack_from(">H", font, at[b"hhea"] + 34)
        widths = [width for width, _ in struct.iter_unpack(">Hh", font[at[b"hmtx"] :][: 4 * metrics])]
        # Glyphs after the last metric have its width.
        return {character: widths[min(glyph, metrics - 1)] / units for character, glyph in _glyphs(font, at[b"cmap"])}


def _glyphs(font: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """Yield each code point with its glyph (OpenType specification, "cmap", format 4)."""
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    subtables = [cmap + offset for _, _, offset in struct.iter_unpack(">HHI", font[cmap + 4 :][: 8 * count])]
    table = next(table for table in subtables if struct.unpack_from(">H", font, table) == (4,))
    segments = struct.unpack_from(">H", font, table + 6)[0] // 2
    numbers = f">{segments}H"
    lasts, firsts, deltas, offsets = (
        struct.unpack_from(numbers, font, table + 14 + 2 * segments * column + (2 if column else 0))
        for column in range(4)
    )
    ranges = table + 16 + 6 * segments
    for segment, (first, last, delta, offset) in enumerate(zip(firsts, lasts, deltas, offsets, strict=True)):
        for character in range(first, min(last + 1, _LAST_SEGMENT)):
            glyph = character
            if offset:
                (glyph,) = struct.unpack_from(">H", font, ranges + 2 * segment + offset + 2 * (character - first))
                if glyph == _NO_GLYPH:
                    continue
            glyph = (glyph + delta) % 0x10000
            if glyph != _NO_GLYPH:
                yield character, glyph
