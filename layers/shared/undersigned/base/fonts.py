"""Fonts: the faces of the installed font packages, which ones a language uses, and which characters they have."""

from __future__ import annotations

import mmap
import re
import struct
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from undersigned.base.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterator

FONT_PACKAGES = (
    "fontpkg_source_serif_4",
    "fontpkg_noto_serif",
    "fontpkg_caveat",
    "manimgx_fonts",
    "manimgx_fonts_cjk",
)
_TEXT_FACES = ("Source Serif 4", "Noto Serif", "Noto Sans")
_SIGNATURE_FACE = "Caveat"
_SYMBOL_FACES = ("Noto Sans Symbols", "Noto Emoji")
_CJK_FACES = {
    "zh": "Noto Sans CJK SC",
    "zh-TW": "Noto Sans CJK TC",
    "zh-HK": "Noto Sans CJK HK",
    "ja": "Noto Sans CJK JP",
    "ko": "Noto Sans CJK KR",
}

# Unicode's Default_Ignorable_Code_Point: these need no glyph, because they only change how other characters look.
_IGNORABLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\uffa0"
    r"\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class FontsError(UndersignedError):
    """A font package is not installed."""


class FontBook:
    """The fonts of the installed font packages, opened once and shared by all packets in a process."""

    def __init__(self) -> None:
        """Open the fonts; raises FontsError when a package is missing."""
        self.opened = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[_folder_of(package) for package in FONT_PACKAGES],
        )
        named = {*_TEXT_FACES, _SIGNATURE_FACE, *_SYMBOL_FACES}
        self._script_faces = tuple(
            sorted(family for family in self.opened.families() if family not in named and "CJK" not in family)
        )
        self._covered = _covered(self.opened, {*self.faces("en")})

    def faces(self, language: str) -> tuple[str, ...]:
        """Return the font families for a language, in the order in which they are searched for a character.

        Chinese, Japanese and Korean write some characters differently, so the language's own face comes first.
        """
        own = _CJK_FACES.get(language) or _CJK_FACES.get(language[:2])
        cjk = sorted(_CJK_FACES.values(), key=lambda face: face != own)
        return (*_TEXT_FACES, *self._script_faces, *cjk, *_SYMBOL_FACES)

    def lacks(self, character: str) -> bool:
        """Return whether a character needs a glyph that no font has."""
        return ord(character) not in self._covered and not needs_no_glyph(character)


@lru_cache(maxsize=1)
def font_book() -> FontBook:
    """Return the fonts, opened once per process."""
    return FontBook()


def needs_no_glyph(character: str) -> bool:
    """Return whether a character is invisible by itself, such as a joiner or a variation selector."""
    return bool(_IGNORABLE.match(character))


def _folder_of(package: str) -> Path:
    # Only the package's folder is needed, and importing the package would run its code.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        msg = f"font package {package} is not installed; install undersigned[pdf]"
        raise FontsError(msg)
    return Path(spec.submodule_search_locations[0])


def _covered(fonts: typst.Fonts, families: set[str]) -> frozenset[int]:
    """Return the code points that at least one family has in all its styles."""
    by_family: dict[str, set[int]] = {}
    for font in fonts.fonts():
        if font.family in families and font.path:
            characters = _characters(Path(font.path), font.index)
            by_family.setdefault(font.family, characters).intersection_update(characters)
    return frozenset().union(*by_family.values())


def _characters(path: Path, index: int) -> set[int]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as font:
        return {code_point for span in _character_map(font, index) for code_point in span}


def _character_map(font: mmap.mmap, index: int) -> Iterator[range]:
    """Yield the code points that a font maps, from format 12 of its OpenType `cmap` table or else from format 4."""
    start = struct.unpack_from(">I", font, 12 + 4 * index)[0] if font[:4] == b"ttcf" else 0
    (tables,) = struct.unpack_from(">H", font, start + 4)
    offsets = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", font[start + 12 :][: 16 * tables])}
    cmap = offsets[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    subtables = [cmap + offset for _, _, offset in struct.iter_unpack(">HHI", font[cmap + 4 :][: 8 * count])]
    by_format = {struct.unpack_from(">H", font, subtable)[0]: subtable for subtable in subtables}
    if subtable := by_format.get(12):
        (groups,) = struct.unpack_from(">I", font, subtable + 12)
        for first, last, _ in struct.iter_unpack(">III", font[subtable + 16 :][: 12 * groups]):
            yield range(first, last + 1)
        return
    subtable = by_format[4]
    segments = struct.unpack_from(">H", font, subtable + 6)[0] // 2
    lasts = struct.unpack_from(f">{segments}H", font, subtable + 14)
    firsts = struct.unpack_from(f">{segments}H", font, subtable + 16 + 2 * segments)
    for first, last in zip(firsts, lasts, strict=True):
        yield range(first, last + 1)
