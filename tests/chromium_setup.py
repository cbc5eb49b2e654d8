"""Find a Chromium for the tests of the pages, or fetch one.

`make browser` runs this. It prints nothing if there is a Chromium, and one line if it can't get one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from playwright.sync_api import sync_playwright

from tests.chromium import BrowserMissingError, find_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

STALL_TIMEOUT = 30.0
"""Seconds without a new byte after which a download is stopped."""

ADVICE = "Install Chromium or Chrome, or name one in UNDERSIGNED_CHROMIUM"

_POLL = 0.1
_ERROR = re.compile(r"^(?:E|Error): *(.+)|.*\berror\b.*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, or None if it was stopped, and everything that it printed."""

    code: int | None
    printed: str = ""

    @property
    def reason(self) -> str:
        """Say in one line why the program failed: its first error, else its last line."""
        if self.code is None:
            return f"no byte for {STALL_TIMEOUT:.0f} s"
        if found := _ERROR.search(self.printed):
            return (found[1] or found[0]).strip()
        lines = self.printed.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {self.code}")


class Run(Protocol):
    """Runs a program until it ends, or until the watched folders have stayed the same for too long."""

    def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], *, watched: Sequence[Path] = ()
    ) -> Ended:
        """Run the program with an environment. Without watched folders there is no time limit."""


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    watched: Sequence[Path] = (),
    stall_timeout: float = STALL_TIMEOUT,
) -> Ended:
    """Run a program; see `Run`. A watched program has its own session, and its children end with it."""
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603  (apt-get, Playwright, a browser)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=bool(watched),
            )
        except OSError as error:
            return Ended(1, str(error.strerror))
        if not watched:
            code: int | None = process.wait()
        else:
            try:
                code = _wait_while_it_grows(process, watched, stall_timeout)
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return Ended(code, output.read().decode(errors="replace"))


def _wait_while_it_grows(process: subprocess.Popen[bytes], watched: Sequence[Path], stall_timeout: float) -> int | None:
    """Return the exit code, or None as soon as the folders' size has stayed the same for `stall_timeout` seconds."""
    size, changed = _size(watched), time.monotonic()
    while (code := process.poll()) is None:
        time.sleep(_POLL)
        if (now := _size(watched)) != size:
            size, changed = now, time.monotonic()
        elif time.monotonic() - changed > stall_timeout:
            return None
    return code


def _size(folders: Iterable[Path]) -> int:
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            # A download moves and removes files when they are complete.
            with suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@dataclass(frozen=True, kw_only=True)
class ChromiumSetup:
    """Ensures that there is a Chromium that starts. `playwright_program` is where Playwright installs its own."""

    environment: Mapping[str, str]
    playwright_program: str
    is_root: bool
    run: Run
    say: Callable[[str], None]

    def ensure(self) -> None:
        """Fetch a Chromium if there is none. Raises BrowserMissingError with one line that says what to do."""
        problem = self._problem()
        if not problem:
            return
        if named := self.environment.get("UNDERSIGNED_CHROMIUM"):
            message = f"UNDERSIGNED_CHROMIUM is {named}: {problem}; name another, or unset it"
            raise BrowserMissingError(message)
        problems = [problem]
        for fetch in (self._from_debian, self._from_playwright):
            problem = fetch() or self._problem()
            if not problem:
                return
            problems.append(problem)
        message = f"no Chromium for the tests of the pages: {'; '.join(problems)}. {ADVICE}"
        raise BrowserMissingError(message)

    def _problem(self) -> str:
        """Say why there is no browser that starts, or return an empty text.

        A browser that is found may lack a shared library, or be Ubuntu's wrapper for a snap that is not installed.
        """
        try:
            program = find_chromium(self.environment, self.playwright_program)
        except BrowserMissingError:
            return "not found"
        ended = self.run((program, "--version"), self.environment)
        return f"{program} does not start ({ended.reason})" if ended.code else ""

    def _from_debian(self) -> str:
        """Install Debian's package. Return what went wrong, or an empty text."""
        apt = shutil.which("apt-get", path=self.environment.get("PATH", ""))
        if not apt:
            return "there is no apt-get"
        if not self.is_root:
            return "apt-get needs root"
        self.say("Installing Debian's Chromium (apt-get install chromium)")
        variables = {**self.environment, "DEBIAN_FRONTEND": "noninteractive"}
        command = (apt, "--quiet=2", "--option=DPkg::Lock::Timeout=60")
        # A package source that is down doesn't matter if another one has the package.
        self.run((*command, "update"), variables)
        ended = self.run((*command, "install", "--yes", "--no-install-recommends", "chromium"), variables)
        return f"apt-get install failed ({ended.reason})" if ended.code else ""

    def _from_playwright(self) -> str:
        """Download Playwright's build. Return what went wrong, or an empty text."""
        self.say("Downloading Playwright's Chromium (playwright install chromium)")
        unpacked = [path for path in Path(self.playwright_program).parents if path.name.startswith("chromium-")]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as downloaded:
            ended = self.run(
                (sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"),
                {**self.environment, "TMPDIR": downloaded},
                watched=(Path(downloaded), *unpacked),
            )
        return f"playwright install failed ({ended.reason})" if ended.code != 0 else ""


def _main() -> int:
    with sync_playwright() as playwright:
        program = playwright.chromium.executable_path
    setup = ChromiumSetup(
        environment=os.environ,
        playwright_program=program,
        is_root=os.geteuid() == 0,
        run=run,
        say=lambda line: print(line, flush=True),  # noqa: T201
    )
    try:
        setup.ensure()
    except BrowserMissingError as error:
        print(f"make: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
