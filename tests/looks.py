"""The looks in which browser tests see pages: widths, color schemes and languages."""

from __future__ import annotations

import os
from itertools import product

ALL = os.environ.get("UNDERSIGNED_LOOKS") == "all"
"""Whether every look is tried, as `make nightly PART=looks` does, and not only the hardest one."""


def looks[Language: str](
    narrow: int, wide: int, languages: tuple[Language, Language]
) -> list[tuple[int, bool, Language]]:
    """Return widths (CSS pixels) with dark or light and a language: narrow, dark and the second one, or all."""
    return [*product((narrow, wide), (False, True), languages)] if ALL else [(narrow, True, languages[1])]
