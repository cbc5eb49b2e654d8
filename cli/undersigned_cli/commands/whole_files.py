"""Files with personal data: whole or not there, and for nobody else on the computer."""

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
    """Open a file that appears under its name when it is whole; nobody else on the computer may read it."""
    # A new file of mode 0600: what lies or is linked under a name that can be guessed is left alone.
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
