"""Waiting for what the local stack does by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_for[Found](find: Callable[[], Found], what: object = "what was waited for", seconds: float = 90) -> Found:
    """Return what is found as soon as it is there. Raises AssertionError after so many seconds, which says `what`."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"{what} did not appear"
        time.sleep(0.1)
    return found
