"""The picture that other sites show beside a shared link to a campaign: logo, title, count and color, as a PNG.

Facebook, WhatsApp, X, Slack and others take no SVG. The picture has nothing that a signer typed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from undersigned.domain.authoring.colors import PLAIN, contrast
from undersigned.rendering.font_file import FontFile

if TYPE_CHECKING:
    from undersigned.domain.authoring.campaigns import Logo
    from undersigned.domain.counting.tallies import Count

WIDTH, HEIGHT = 1200, 630
"""Pixels; 1.91 to 1, which all of them show uncut ("Sharing best practices", Meta for Developers)."""

_INKS = ("#ffffff", "#1b1b1b")

_TOP, _TEXT_WIDTH, _TEXT_HEIGHT = 72, 1040, 330
_LOGO_ZOOM, _BELOW_LOGO = 1.5, 44
_SIZES = (92, 84, 76, 68, 60, 52, 46)
_LINE = 1.22
"""From one line to the next, as a multiple of the font size."""

_MOST_MISSING = 0.2
"""The share of characters that a text may lose because the font doesn't have them, such as emoji."""

_FONT = FontFile(Path(__file__).parents[2] / "assets" / "share.ttf")


@dataclass(frozen=True, slots=True)
class Lines:
    """A text in lines that fit beside each other at a font size, in pixels."""

    size: int
    texts: tuple[str, ...]


# A warm function draws a picture once for each count, however often it is asked for.
@lru_cache(maxsize=32)
def share_picture(title: str, count: Count, accent: str | None, language: str, logo: Logo | None = None) -> bytes:
    """Draw the picture as a PNG. It has no title if the font lacks the title's script."""
    from resvg_py import svg_to_bytes

    from undersigned.web.environment import environment

    paper = accent or PLAIN
    width, height = (round(_LOGO_ZOOM * side) for side in logo.size) if logo else (0, 0)
    above = height + _BELOW_LOGO if logo else 0
    filled = round(_TEXT_WIDTH * min(count.signatures, count.goal) / count.goal, 1) if count.goal else 0.0
    svg = (
        environment(language)
        .get_template("share.svg")
        .render(
            count=count,
            paper=paper,
            ink=max(_INKS, key=lambda ink: contrast(ink, paper)),
            logo=logo and {"data": logo.data, "width": width, "height": height},
            lines=fit(drawable(title), _TEXT_HEIGHT - above),
            top=_TOP + above,
            line=_LINE,
            drawable=drawable,
            width=_TEXT_WIDTH,
            filled=filled,
        )
    )
    return svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=[str(_FONT.path)])


def drawable(text: str) -> str:
    """Return a text without the characters that the font lacks; empty if those are many."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    kept = "".join(character for character in text if _FONT.has(character))
    return " ".join(kept.split()) if len(text) - len(kept) <= _MOST_MISSING * len(text) else ""


def fit(text: str, height: float = _TEXT_HEIGHT) -> Lines:
    """Break a text into lines at the largest size at which it fits; cut it if it is too long for the smallest."""
    for size in _SIZES:
        lines = _lines(text, size)
        if len(lines) * size * _LINE <= height:
            return Lines(size, _balanced(text, size, len(lines)))
    smallest = _SIZES[-1]
    lines = _lines(text, smallest)
    most = int(height / (smallest * _LINE))
    return Lines(smallest, (*lines[: most - 1], _cut(lines[most - 1], smallest)))


def _balanced(text: str, size: int, most: int) -> tuple[str, ...]:
    """Break a text into at most `most` lines of about the same length, so that no word stands alone."""
    widths = range(_TEXT_WIDTH // 2, _TEXT_WIDTH, 40)
    return next((lines for width in widths if len(lines := _lines(text, size, width)) <= most), _lines(text, size))


def _lines(text: str, size: int, width: int = _TEXT_WIDTH) -> tuple[str, ...]:
    lines = [""]
    words = [part for word in text.split() for part in _parts(word, size)]
    for word in words:
        longer = f"{lines[-1]} {word}".lstrip()
        if _FONT.width(longer) * size <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _parts(word: str, size: int) -> list[str]:
    """Break a word that is wider than a line."""
    parts = [""]
    for character in word:
        if _FONT.width(parts[-1] + character) * size > _TEXT_WIDTH:
            parts.append("")
        parts[-1] += character
    return parts


def _cut(line: str, size: int) -> str:
    while _FONT.width(f"{line}…") * size > _TEXT_WIDTH:
        line = line[:-1]
    return f"{line.rstrip()}…"
