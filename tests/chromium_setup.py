"""The Chromium that the tests of the pages run in: the one on this machine, or one that is fetched.

`make browser` runs this. It prints nothing when a Chromium is there, and one line when it can't get one.
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

PATIENCE = 30.0
"""Seconds without a byte until a download is given up."""

WAY_OUT = "Install Chromium or Chrome, or name one in UNDERSIGNED_CHROMIUM"

_POLL = 0.1
_ERROR = re.compile(r"^(?:E|Error): *(.+)|.*\berror\b.*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, None when it was given up, and all that it printed."""

    code: int | None
    printed: str = ""

    @property
    def reason(self) -> str:
        """Say in one line why it failed: its first error, else its last line."""
        if self.code is None:
            return f"no byte for {PATIENCE:.0f} s"
        if found := _ERROR.search(self.printed):
            return (found[1] or found[0]).strip()
        lines = self.printed.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {self.code}")


class Run(Protocol):
    """Runs a program to its end, or until nothing has changed below the watched folders for too long."""

    def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], *, watched: Sequence[Path] = ()
    ) -> Ended:
        """Run it with an environment; without folders to watch it has all the time it takes."""


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    watched: Sequence[Path] = (),
    patience: float = PATIENCE,
) -> Ended:
    """Run a program as `Run` says. One that is watched has a session of its own, and ends with all its children."""
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
                code = _wait_while_it_grows(process, watched, patience)
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return Ended(code, output.read().decode(errors="replace"))


def _wait_while_it_grows(process: subprocess.Popen[bytes], watched: Sequence[Path], patience: float) -> int | None:
    """Return the exit code, or None as soon as the folders' size has stayed the same for `patience` seconds."""
    size, changed = _size(watched), time.monotonic()
    while (code := process.poll()) is None:
        time.sleep(_POLL)
        if (now := _size(watched)) != size:
            size, changed = now, time.monotonic()
        elif time.monotonic() - changed > patience:
            return None
    return code


def _size(folders: Iterable[Path]) -> int:
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            # A download moves and removes what it is done with.
            with suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@dataclass(frozen=True, kw_only=True)
class ChromiumSetup:
    """Sees that there is a Chromium that starts. Playwright keeps the one that it fetches at `playwrights_own`."""

    environment: Mapping[str, str]
    playwrights_own: str
    is_root: bool
    run: Run
    say: Callable[[str], None]

    def ensure(self) -> None:
        """Fetch a Chromium if there is none. Raises BrowserMissingError: one line that says what to do."""
        trouble = self._trouble()
        if not trouble:
            return
        if named := self.environment.get("UNDERSIGNED_CHROMIUM"):
            message = f"UNDERSIGNED_CHROMIUM is {named}: {trouble}; name another, or unset it"
            raise BrowserMissingError(message)
        troubles = [trouble]
        for fetch in (self._from_debian, self._from_playwright):
            trouble = fetch() or self._trouble()
            if not trouble:
                return
            troubles.append(trouble)
        message = f"no Chromium for the tests of the pages: {'; '.join(troubles)}. {WAY_OUT}"
        raise BrowserMissingError(message)

    def _trouble(self) -> str:
        """Say why there is no browser that starts, or nothing.

        One that is found may lack a shared library, or be Ubuntu's stand-in for a snap that is not installed.
        """
        try:
            program = find_chromium(self.environment, self.playwrights_own)
        except BrowserMissingError:
            return "not found"
        ended = self.run((program, "--version"), self.environment)
        return f"{program} does not start ({ended.reason})" if ended.code else ""

    def _from_debian(self) -> str:
        """Install Debian's package; return what went wrong."""
        apt = shutil.which("apt-get", path=self.environment.get("PATH", ""))
        if not apt:
            return "there is no apt-get"
        if not self.is_root:
            return "apt-get needs root"
        self.say("Installing Debian's Chromium (apt-get install chromium)")
        variables = {**self.environment, "DEBIAN_FRONTEND": "noninteractive"}
        command = (apt, "--quiet=2", "--option=DPkg::Lock::Timeout=60")
        # One source of packages that is down does not matter if another one has the package.
        self.run((*command, "update"), variables)
        ended = self.run((*command, "install", "--yes", "--no-install-recommends", "chromium"), variables)
        return f"apt-get install failed ({ended.reason})" if ended.code else ""

    def _from_playwright(self) -> str:
        """Download Playwright's build; return what went wrong."""
        self.say("Downloading Playwright's Chromium (playwright install chromium)")
        unpacked = [path for path in Path(self.playwrights_own).parents if path.name.startswith("chromium-")]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as downloaded:
            ended = self.run(
                (sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"),
                {**self.environment, "TMPDIR": downloaded},
                watched=(Path(downloaded), *unpacked),
            )
        return f"playwright install failed ({ended.reason})" if ended.code != 0 else ""


def _main() -> int:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    setup = ChromiumSetup(
        environment=os.environ,
        playwrights_own=own,
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
