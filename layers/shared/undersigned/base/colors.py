"""Readable colors: a campaign's accent, adjusted until its contrast is high enough."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = re.compile(r"#[0-9a-f]{6}")

PLAIN = "#1f4e79"
"""The accent of a campaign without one, as in page.css."""

ENOUGH = 4.5
"""The contrast that WCAG 2.2 requires between text and its background (success criterion 1.4.3, level AA)."""

_LIGHT_PANEL, _DARK_PANEL = "#f3f4f6", "#232323"
"""The backgrounds in page.css, light and dark, with the least contrast to links."""
_WHITE, _BLACK = "#ffffff", "#000000"
_STEPS = 40
_LINEAR_UP_TO = 0.04045
"""The value at which sRGB's transfer function changes from linear to a power."""


@dataclass(frozen=True, slots=True)
class Accent:
    """An accent for one color scheme, and the text color that is readable on it."""

    color: str
    on: str


def accents(color: str) -> tuple[Accent, Accent]:
    """Return an accent for light and one for dark pages: the color itself, or the nearest readable mix."""
    return _accent(color, _LIGHT_PANEL, _BLACK), _accent(color, _DARK_PANEL, _WHITE)


def _accent(color: str, panel: str, toward: str) -> Accent:
    mixes = (_mixed(color, toward, step / _STEPS) for step in range(_STEPS + 1))
    readable = next(mix for mix in mixes if contrast(mix, panel) >= ENOUGH)
    return Accent(readable, max((_WHITE, _BLACK), key=lambda on: contrast(readable, on)))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _mixed(color: str, other: str, share: float) -> str:
    mix = (round(a + (b - a) * share) for a, b in zip(_channels(color), _channels(other), strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mix)
