"""Check how the time of a parser grows with its input, without a limit in seconds that a busy machine exceeds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_TRIES = 5
_NOISE = 0.02
"""Seconds of processor time. Less than that says nothing about growth."""


def check_growth(do: Callable[[float], object]) -> None:
    """Check that the whole input doesn't take ten times as long as its first quarter.

    `do` takes the share of the input to read. Time in proportion grows to four times, quadratic time to sixteen. Other
    processes can only make a measurement longer, so the shortest counts, and a bad one is measured again.
    """
    quarter = whole = float("inf")
    for _ in range(_TRIES):
        quarter, whole = min(quarter, _seconds(do, 0.25)), min(whole, _seconds(do, 1))
        if whole < 10 * max(quarter, _NOISE):
            return
    pytest.fail(f"four times the input takes {whole / quarter:.0f} times as long")


def check_growth_of(do: Callable[[str], object], text: str) -> None:
    """Check it for a text, which `do` reads."""
    check_growth(lambda share: do(text[: int(len(text) * share)]))


def _seconds(do: Callable[[float], object], share: float) -> float:
    began = time.process_time()
    do(share)
    return time.process_time() - began
