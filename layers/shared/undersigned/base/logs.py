"""Facts for the log about errors and damaged rows: nothing that can quote a signer."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DAMAGED = logging.getLogger("-")
"""Names damaged rows to the operator. Powertools mutes loggers whose names contain the stack's, and this one can't."""


def report_damaged(row: str) -> None:
    """Name a damaged row by its key, as an error, which an alarm counts. No key has personal data."""
    DAMAGED.error("a row is damaged", extra={"row": row})


def report_inaccessible(packet: str) -> None:
    """Name a packet whose PDF has no structure for screen readers, as a warning."""
    DAMAGED.warning("a packet is not accessible", extra={"row": packet})


def report_replaced(packet: str, characters: Mapping[str, int]) -> None:
    """Name a packet with characters that no font has, as a warning. Code points alone reveal nothing about anyone."""
    DAMAGED.warning("characters replaced", extra={"row": packet, "characters": dict(characters)})


def facts_of(error: BaseException) -> dict[str, object]:
    """Return an error's type and its traceback, not its message, innermost last, as `module.py:line function`."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
