"""The programs that a deployed stack runs, each in its own process group, which ends with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(slots=True)
class Program:
    """A program in the background, with its output in a log file and a pipe as its standard input.

    The pipe closes when this process ends, however it ends, so a program that watches the pipe can end, too.
    """

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]
    ) -> Program:
        """Start a program in its own session, so that Ctrl-C at the terminal reaches only this process."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=dict(environment),
                    start_new_session=True,
                )
            except OSError as error:
                message = f"can't start {name} ({error.strerror}); check {command[0]}"
                raise LocalStackError(message) from error
        return cls(name, log, process)

    @property
    def runs(self) -> bool:
        """Return whether the program still runs."""
        return self.process.poll() is None

    def stop(self, patience: float) -> None:
        """End the program and its whole group; kill them when they don't end within `patience` seconds."""
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        if self.runs:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        # macOS raises PermissionError for a group whose processes have all ended.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run_to_end(name: str, command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Run a program to its end; raises LocalStackError with the error in its output when it fails."""
    log.unlink(missing_ok=True)
    program = Program.start(name, command, log=log, folder=folder, environment=environment)
    try:
        code = program.process.wait()
    finally:
        program.stop(patience=5)
    if code:
        message = f"{name} failed ({last_words(log)}); the output is in {log}"
        raise LocalStackError(message)


def last_words(log: Path) -> str:
    """Return the last line of a log that reports an error, or else its last line. make's own only repeats a number."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("make: ***")] or lines
    errors = [line for line in lines if "error" in line.lower() or "failed" in line.lower()]
    return (errors or lines or ["no output"])[-1][:300]
