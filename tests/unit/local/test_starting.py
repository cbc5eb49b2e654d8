"""Test what a start needs, and the one line that it prints when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from undersigned_cli.commands import stack
from undersigned_cli.deploying.environments import clean_environment, find_uv
from undersigned_cli.local import serving
from undersigned_cli.local.errors import LocalStackError

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
        stack.local(state=tmp_path / "state")


def test_programs_get_no_virtual_environment_and_no_aws_profile() -> None:
    given = {"PATH": "/bin", "VIRTUAL_ENV": "/venv", "AWS_PROFILE": "real", "PYTHONPATH": "/x", "UV_CACHE_DIR": "/c"}

    assert clean_environment(given) == {"PATH": "/bin", "UV_CACHE_DIR": "/c"}


# Ports


def test_a_port_in_use_is_one_line_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("socket.create_server", taken)

    with pytest.raises(LocalStackError) as failed:
        serving.HttpService("the front", 8000, tmp_path / "http.log")

    expected = "port 8000 for the front is not free (Address already in use); end the program that uses it, or choose"
    assert str(failed.value).startswith(expected)
