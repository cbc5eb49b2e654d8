"""Files with personal data: complete or absent, and private to the user."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole(file: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when it is complete. Other users of the computer can't read it."""
    # A new file with mode 0600 and a random name, so that nobody can place a file or link there first.
    descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", suffix=".part", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(descriptor)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
