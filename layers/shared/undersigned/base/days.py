"""Days as people type them, and as addresses have them: `2026-11-30`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_in(text: str) -> date | None:
    """Return the day that a text names, or None. Python alone would also read `20261130` and `2026-W49-1`."""
    with suppress(ValueError):
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    return None
