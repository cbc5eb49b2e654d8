"""A program in a pseudo-terminal, and a person at it who reads and types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PATIENCE = 300.0
"""Seconds of silence. A first build downloads 250 MB, and SAM says nothing meanwhile."""


class Terminal:
    """Runs a program at a terminal of its own."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._person, program = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603
            command,
            stdin=program,
            stdout=program,
            stderr=program,
            cwd=folder,
            env={**environment, "TERM": "dumb", "COLUMNS": "120"},
            start_new_session=True,
        )
        os.close(program)
        self._shown = ""
        self._seen = 0

    @property
    def transcript(self) -> str:
        """Return what the terminal shows."""
        return _COLORS.sub("", self._shown).replace("\r", "")

    def answer(self, question: str, reply: str = "") -> None:
        """Wait for a question that is new on the terminal, then type the reply and Enter."""
        while (at := self.transcript.find(question, self._seen)) < 0:
            assert self._read(), f"the program ended without asking {question!r}:\n{self.transcript}"
        self._seen = at + len(question)
        os.write(self._person, f"{reply}\n".encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=10)

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        os.close(self._person)

    def _read(self) -> bool:
        """Read more; return False at the end. Raises AssertionError if nothing comes for minutes."""
        ready, _, _ = select.select([self._person], [], [], _PATIENCE)
        assert ready, f"the program says nothing more:\n{self.transcript}"
        more = b""
        # Linux reports the end of a pseudo-terminal as an error.
        with suppress(OSError):
            more = os.read(self._person, 65536)
        self._shown += more.decode(errors="replace")
        return bool(more)
