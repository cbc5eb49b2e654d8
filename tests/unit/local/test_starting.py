"""Test what a start needs and remembers, and the one line that it prints when it fails."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from undersigned_cli.local import serving, stack
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.processes import clean_environment, find_uv, last_words, run_to_end
from undersigned_cli.local.running import RunningStack, connect
from undersigned_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from pathlib import Path

# uv


def test_only_the_checkouts_own_uv_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("elsewhere", "checkout/.uv/bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "uv").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("UV", str(tmp_path / "elsewhere" / "uv"))

    assert find_uv(tmp_path / "checkout") == str(tmp_path / "checkout" / ".uv" / "bin" / "uv")


def test_a_missing_uv_is_one_line_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=f"^uv is not found .* run `make setup` in {tmp_path}$"):
        find_uv(tmp_path)


def test_a_folder_without_a_template_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "ROOT", tmp_path)
    with pytest.raises(LocalStackError, match=r"has no template\.yaml; .* run in a checkout only"):
        LocalStack(tmp_path / "state").start()


def test_programs_get_no_virtual_environment_and_no_aws_profile() -> None:
    given = {"PATH": "/bin", "VIRTUAL_ENV": "/venv", "AWS_PROFILE": "real", "PYTHONPATH": "/x", "UV_CACHE_DIR": "/c"}

    assert clean_environment(given) == {"PATH": "/bin", "UV_CACHE_DIR": "/c"}


# Programs that fail


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


# Ports


def test_a_port_in_use_is_one_line_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("socket.create_server", taken)

    with pytest.raises(LocalStackError) as failed:
        serving.HttpService("the front", 8000, tmp_path / "http.log")

    expected = "port 8000 for the front is not free (Address already in use); end the program that uses it, or choose"
    assert str(failed.value).startswith(expected)


# The running stack


def running(state: Path) -> RunningStack:
    return RunningStack(state, "http://127.0.0.1:1", "http://127.0.0.1:2/inbox", "http://127.0.0.1:2/", {}, {}, {}, 0)


def test_a_stack_that_is_not_running_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        LocalStackError, match=r"no local stack is running with .*; to start one, run `undersigned local`"
    ):
        connect(tmp_path)


def test_a_stack_that_was_killed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    replace(running(tmp_path), environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}).write()
    monkeypatch.setattr("socket.create_connection", refused)

    with pytest.raises(LocalStackError, match="ended unexpectedly; to start it again, run"):
        connect(tmp_path)
