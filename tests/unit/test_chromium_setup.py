"""Test where the Chromium of the tests comes from, on machines that have one, can fetch one, or neither."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chromium import BrowserMissingError, find_chromium
from tests.chromium_setup import ChromiumSetup, Ended, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DONE = Ended(0)
NO_PACKAGE = Ended(100, "Reading package lists...\nE: Unable to locate package chromium\n")
NO_NETWORK = Ended(
    1, "Downloading Chrome\nError: getaddrinfo ENOTFOUND cdn.playwright.dev\n    at x.js\nFailed to install\n"
)
STALLED = Ended(None, "Downloading Chrome\n")
BROKEN = Ended(127, "chromium: error while loading shared libraries: libnss3.so\n")

APT, PLAYWRIGHT = "Installing Debian's Chromium", "Downloading Playwright's Chromium"


@dataclass
class Machine:
    """A fake machine. `apt` and `playwright` are how their installs end; the browsers in `broken` don't start."""

    folder: Path
    is_root: bool = True
    apt: Ended = DONE
    playwright: Ended = DONE
    broken: set[str] = field(default_factory=set)
    named: str | None = None
    ran: list[tuple[str, ...]] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.folder), **({"UNDERSIGNED_CHROMIUM": self.named} if self.named else {})}

    @property
    def playwright_program(self) -> str:
        return str(self.folder / "chromium-1" / "chrome-linux64" / "chrome")

    def has(self, *programs: str) -> Machine:
        for program in programs:
            path = self.folder / program
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o755)
        return self

    def run(self, command: Sequence[str], environment: Mapping[str, str], *, watched: Sequence[Path] = ()) -> Ended:
        program, *arguments = (command[0].removeprefix(f"{self.folder}/"), *command[1:])
        self.ran.append((program, *arguments))
        self.environments.append(dict(environment))
        if arguments == ["--version"]:
            return BROKEN if program in self.broken else DONE
        if "install" not in arguments:
            return DONE
        if program == "apt-get":
            return self._installed(self.apt, "chromium")
        assert Path(environment["TMPDIR"]) in watched, "a download that stalls must be noticed"
        return self._installed(self.playwright, self.playwright_program)

    def _installed(self, ended: Ended, program: str) -> Ended:
        if ended.code == 0:
            self.has(program)
        return ended

    def ensure(self) -> str:
        """Return the browser that the tests then use, relative to the machine's folder."""
        setup = ChromiumSetup(
            environment=self.environment,
            playwright_program=self.playwright_program,
            is_root=self.is_root,
            run=self.run,
            say=self.lines.append,
        )
        setup.ensure()
        return find_chromium(self.environment, self.playwright_program).removeprefix(f"{self.folder}/")

    def fails(self) -> str:
        with pytest.raises(BrowserMissingError) as failed:
            self.ensure()
        line = str(failed.value)
        assert "\n" not in line
        return line

    @property
    def fetched(self) -> list[str]:
        return [line.partition(" (")[0] for line in self.lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("program", ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"])
def test_an_installed_browser_is_used_and_nothing_is_fetched(machine: Machine, program: str) -> None:
    assert machine.has(program, "apt-get").ensure() == program
    assert machine.fetched == []


def test_a_named_browser_is_used_before_an_installed_one(machine: Machine) -> None:
    machine.named = str(machine.folder / "mine")

    assert machine.has("mine", "chromium", "apt-get").ensure() == "mine"
    assert machine.fetched == []


def test_root_installs_debians_package(machine: Machine) -> None:
    assert machine.has("apt-get").ensure() == "chromium"
    assert machine.fetched == [APT]
    update, install, _ = machine.ran
    assert update[0] == "apt-get"
    assert update[-1] == "update"
    assert install[-4:] == ("install", "--yes", "--no-install-recommends", "chromium")
    assert machine.environments[1]["DEBIAN_FRONTEND"] == "noninteractive"


@pytest.mark.parametrize("apt", [True, False])
def test_playwright_downloads_one_if_debians_package_cannot_be_installed(machine: Machine, *, apt: bool) -> None:
    machine.is_root = not apt
    if apt:
        machine.has("apt-get")

    assert machine.ensure() == "chromium-1/chrome-linux64/chrome"
    assert machine.fetched == [PLAYWRIGHT]
    assert machine.ran[0][1:] == ("-m", "playwright", "install", "--no-shell", "chromium")


def test_playwright_downloads_one_if_apt_get_lacks_the_package(machine: Machine) -> None:
    machine.apt = NO_PACKAGE

    assert machine.has("apt-get").ensure() == "chromium-1/chrome-linux64/chrome"
    assert machine.fetched == [APT, PLAYWRIGHT]


def test_an_installed_browser_that_does_not_start_is_replaced(machine: Machine) -> None:
    machine.broken = {"chromium-browser"}

    assert machine.has("chromium-browser", "apt-get").ensure() == "chromium"


def test_without_a_browser_and_a_network_one_line_says_what_to_do(machine: Machine) -> None:
    machine.apt, machine.playwright = NO_PACKAGE, NO_NETWORK

    assert machine.has("apt-get").fails() == (
        "no Chromium for the tests of the pages: not found; "
        "apt-get install failed (Unable to locate package chromium); "
        "playwright install failed (getaddrinfo ENOTFOUND cdn.playwright.dev). "
        "Install Chromium or Chrome, or name one in UNDERSIGNED_CHROMIUM"
    )


@pytest.mark.parametrize(
    ("programs", "reason"),
    [((), "there is no apt-get"), (("apt-get",), "apt-get needs root")],
    ids=["no apt", "no root"],
)
def test_the_line_says_why_debians_package_was_not_installed(
    machine: Machine, programs: tuple[str, ...], reason: str
) -> None:
    machine.is_root, machine.playwright = False, NO_NETWORK

    assert f"not found; {reason}; playwright install failed" in machine.has(*programs).fails()


def test_the_line_says_that_a_download_stalled(machine: Machine) -> None:
    machine.playwright = STALLED

    assert "playwright install failed (no byte for 30 s). Install" in machine.fails()


def test_the_line_says_that_the_downloaded_browser_does_not_start(machine: Machine) -> None:
    machine.broken = {"chromium-1/chrome-linux64/chrome"}

    assert "does not start (chromium: error while loading shared libraries: libnss3.so). Install" in machine.fails()


@pytest.mark.parametrize(("programs", "reason"), [((), "not found"), (("mine",), "does not start")])
def test_a_named_browser_that_cannot_be_used_is_an_error_and_nothing_is_fetched(
    machine: Machine, programs: tuple[str, ...], reason: str
) -> None:
    machine.named, machine.broken = str(machine.folder / "mine"), {"mine"}

    line = machine.has("apt-get", "chromium", *programs).fails()

    assert line.startswith(f"UNDERSIGNED_CHROMIUM is {machine.named}: ")
    assert reason in line
    assert line.endswith("; name another, or unset it")
    assert machine.fetched == []


# Running a program

WRITES_BYTE_BY_BYTE = """
import pathlib, sys, time
for size in range(12):
    time.sleep(0.25)
    pathlib.Path(sys.argv[1], "download").write_bytes(bytes(size))
print("done")
"""
STALLS = """
import subprocess, sys
print("begun", flush=True)
subprocess.run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
"""


def python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script, *arguments)


def test_a_download_continues_as_long_as_it_grows(tmp_path: Path) -> None:
    ended = run(python(WRITES_BYTE_BY_BYTE, str(tmp_path)), os.environ, watched=[tmp_path], stall_timeout=2)

    assert ended == Ended(0, "done\n")


def test_a_stalled_download_is_stopped_with_all_its_children(tmp_path: Path) -> None:
    began = time.monotonic()

    ended = run(python(STALLS), os.environ, watched=[tmp_path], stall_timeout=4)

    assert time.monotonic() - began < 30
    assert ended.code is None
    first, child = ended.printed.split()
    assert first == "begun"
    assert not runs(int(child))


def runs(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            # A killed orphan is a zombie until its parent waits for it.
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return False
        except (ProcessLookupError, FileNotFoundError):
            return False
        time.sleep(0.05)
    return True


def test_a_programs_output_and_exit_code_are_returned() -> None:
    assert run(python("import sys; print('bye'); sys.exit(3)"), os.environ) == Ended(3, "bye\n")


def test_a_program_that_cannot_be_started_has_failed() -> None:
    ended = run(["/none/such"], os.environ)

    assert ended.code == 1
    assert ended.reason == "No such file or directory"


@pytest.mark.parametrize(
    ("ended", "reason"), [(Ended(3), "exit code 3"), (Ended(3, "one\ntwo\n\n"), "two"), (STALLED, "no byte for 30 s")]
)
def test_a_reason_is_always_one_line(ended: Ended, reason: str) -> None:
    assert ended.reason == reason
