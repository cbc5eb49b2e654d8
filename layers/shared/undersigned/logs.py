"""What may be logged of an error: its words can quote a signer's, so only its kind and place."""

from __future__ import annotations

import traceback
from pathlib import Path


def facts_of(error: BaseException) -> dict[str, object]:
    """Return an error's type and where it came from, innermost last, as `module.py:line function`."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
