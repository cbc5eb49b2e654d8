"""Facts about errors for the log: only the type and the location, because a message can quote a signer."""

from __future__ import annotations

import traceback
from pathlib import Path


def facts_of(error: BaseException) -> dict[str, object]:
    """Return an error's type and its traceback, innermost last, as `module.py:line function`."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
