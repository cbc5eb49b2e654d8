"""Test the one line that is printed when a program fails."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.smoke.programs import last_words, run_to_end
from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_program_is_one_line_with_its_last_error_and_its_log(tmp_path: Path) -> None:
    log = tmp_path / "sam-build.log"
    command = [sys.executable, "-c", "print('Error: no layer'); print('bye'); raise SystemExit(3)"]

    with pytest.raises(LocalStackError) as failed:
        run_to_end("sam build", command, log=log, folder=tmp_path, environment=os.environ)

    assert str(failed.value) == f"sam build failed (Error: no layer); the output is in {log}"


def test_makes_own_line_hides_no_error(tmp_path: Path) -> None:
    log = tmp_path / "sam-build.log"
    log.write_text("ERROR: THESE PACKAGES DO NOT MATCH\nmake: *** [layer.mk:35: packages] Error 1\n", encoding="utf-8")

    assert last_words(log) == "ERROR: THESE PACKAGES DO NOT MATCH"


def test_a_missing_program_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=r"^can't start sam build \(No such file or directory\)"):
        run_to_end("sam build", ["/nowhere/uv"], log=tmp_path / "log", folder=tmp_path, environment={})


def test_a_failed_program_leaves_no_child_process(tmp_path: Path) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait(1)"

    with pytest.raises(LocalStackError):
        run_to_end("parent", [sys.executable, "-c", parent], log=tmp_path / "log", folder=tmp_path, environment={})

    pid = int((tmp_path / "log").read_text().split()[0])
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Return whether a process runs. A zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
