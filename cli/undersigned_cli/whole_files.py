"""Write files that are complete or absent, and say in one line why a file can't be written."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import undersigned

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN = (Path(undersigned.__file__).parent, Path(__file__).parent)
"""The program's own files. A person can't correct errors in reading them."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_WAYS_OUT = {
    errno.ENOENT: "there is no such folder or file; make the folder first, or name another place",
    errno.EISDIR: "this is a folder; name a file",
    errno.EEXIST: "a file is in the way; name another place",
    errno.ENOTDIR: "a file is in the way; name another place",
    errno.EACCES: "permission denied; change the permissions, or name another place",
    errno.EPERM: "permission denied; change the permissions, or name another place",
}


@contextmanager
def whole(file: Path, *, private: bool = True) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when it is complete; raises OSError at once if it can't be there.

    If `private`, as files with personal data are, other users of the computer can't read it. A device or a pipe, such
    as /dev/null, is written directly.
    """
    if file.exists() and not file.is_file():
        with file.open("wb") as opened:
            yield opened
        return
    place = file if private else file.resolve()
    with _named(file):
        # A new file with mode 0600 and a random name, so that nobody can place a file or link there first.
        descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", suffix=".part", dir=place.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            if not private:
                os.fchmod(descriptor, _usual_mode(file))
            os.fsync(descriptor)
        with _named(file):
            unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that other users may read. After a failure there is no file, or the old one. Raises OSError."""
    with whole(file, private=False) as opened:
        opened.write(content)


def why_not(error: OSError) -> str | None:
    """Say in one line why a file can't be read or written, and what to do; None if a person can't correct it."""
    if error.errno in _FULL:
        return f"{error.strerror}; make room, then run the command again"
    if not isinstance(error.filename, str) or error.errno is None:
        return None
    if any(Path(error.filename).is_relative_to(own) for own in _OWN):
        return None
    return f"{error.filename}: {_WAYS_OUT.get(error.errno, f'{error.strerror}; name another place')}"


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Give an error the name that a person typed, in place of the unfinished file's."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def _usual_mode(file: Path) -> int:
    """Return the mode of the file that is replaced, or of any new file."""
    if file.exists():
        return file.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
