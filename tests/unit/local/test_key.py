"""Who reaches the servers of a local stack: programs that show its key, never a page of another site."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from undersigned_cli.local.key import HEADER, for_key_holders, key_of, write_privately
from undersigned_cli.local.running import RunningStack
from undersigned_cli.local.serving import Request, Response, is_for_this_machine

if TYPE_CHECKING:
    from pathlib import Path

KEY = "the-key"
ANSWER = Response(200, body=b"an answer")


def status(*headers: tuple[str, str]) -> int:
    return for_key_holders(KEY, lambda _: ANSWER)(Request("GET", "/", headers)).status


def test_the_key_is_needed() -> None:
    assert status((HEADER, KEY)) == 200
    assert status() == 403
    assert status((HEADER, "another")) == 403


def test_a_page_is_refused_even_with_the_key() -> None:
    assert status((HEADER, KEY), ("Origin", "http://127.0.0.1:8000")) == 403


def test_each_state_folder_has_its_own_lasting_key(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()

    key = key_of(tmp_path / "one")

    assert len(key) >= 43
    assert key_of(tmp_path / "one") == key
    assert key_of(tmp_path / "two") != key


def test_only_its_owner_may_read_the_key(tmp_path: Path) -> None:
    key_of(tmp_path)
    (tmp_path / "stack.json.new").touch(mode=0o644)
    RunningStack(tmp_path, "", "", "", {}, {}, {"AWS_SESSION_TOKEN": KEY}, 0).write()

    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("key", "stack.json")] == [0o600, 0o600]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_privately(tmp_path / "file", "a longer text")
    write_privately(tmp_path / "file", "short")

    assert (tmp_path / "file").read_text() == "short"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8001", "LOCALHOST"])
def test_requests_to_this_machine_are_answered(host: str) -> None:
    assert is_for_this_machine([host])


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["rebound.example:8000"],
        ["127.0.0.1.rebound.example"],
        ["localhost.rebound.example:8000"],
        ["127.0.0.1:8000@rebound.example"],
        ["127.0.0.1", "rebound.example"],
        ["127.0.0.1, rebound.example"],
        ["127.0.0.1\n"],
        ["letters.s3.localhost"],
    ],
)
def test_requests_to_another_name_are_refused(hosts: list[str]) -> None:
    assert not is_for_this_machine(hosts)
