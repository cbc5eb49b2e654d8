"""Test what `undersigned` says when a person names a file, a folder or a port that it can't use."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import command_line
from tests.support.world import CAMPAIGN, ROOT
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned_cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.world import World

FOLDER = str(ROOT / "campaigns" / CAMPAIGN)
PAPER = "Mayor ____\n\nDear Mayor ____,\n\nPlant trees.\n\nSincerely,\n\n(signature)\n(date)\n(name)\n(address)\n"
ADA = (
    *("--target", "evanston", "--name", "Ada Specimen", "--address-line", "1 Sample Street"),
    *("--locality", "Evanston", "--postal-code", "60201"),
)


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs the program until it ends with code 1, and returns its line on standard error."""

    def command(*arguments: str, code: int = 1) -> str:
        monkeypatch.setattr(sys, "argv", ["undersigned", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
        error = capsys.readouterr().err
        assert ended.value.code == code, error
        return error

    return command


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Let commands work on the world's stack."""
    command_line(world, monkeypatch)
    return world


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """Return a folder that is missing, one that is there, and a file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "paper").write_text(PAPER, encoding="utf-8")
    return {
        **{name: str(tmp_path / name) for name in ("folder", "file", "paper", "missing")},
        "in_missing": str(tmp_path / "missing" / "f.csv"),
        "in_file": str(tmp_path / "file" / "f.csv"),
    }


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("export", CAMPAIGN, "-o", "{in_missing}"), "{in_missing}: there is no such folder or file; make"),
        (("export", CAMPAIGN, "-o", "{folder}"), "{folder}: this is a folder; name a file"),
        (("deliver", CAMPAIGN, "--preview", "{file}"), "{file}: a file is in the way; name another place"),
        (("deliver", CAMPAIGN, "--preview", "{in_file}"), "{in_file}: a file is in the way; name another place"),
        (("campaign", "pull", CAMPAIGN, "{file}"), "{file}: a file is in the way; name another place"),
        (("campaign", "new", "{file}"), "{file}: a file is in the way; name another place"),
        (("letter", "import", "{paper}", "-o", "{in_missing}"), "{in_missing}: there is no such folder or file; make"),
        (("letter", "import", "{paper}", "-o", "{folder}", "--force"), "{folder}: this is a folder; name a file"),
        (
            ("letter", "render", FOLDER, *ADA, "-o", "{in_missing}"),
            "{in_missing}: there is no such folder or file; make",
        ),
        (("letter", "render", FOLDER, *ADA, "-o", "{folder}"), "{folder}: this is a folder; name a file"),
        (("local", "--state", "{file}"), "{file}: a file is in the way; name another place"),
        (("local", "--state", "{in_file}"), "{in_file}: a file is in the way; name another place"),
    ],
    ids=lambda value: " ".join(value[:3]).replace(FOLDER, "DIR") if isinstance(value, tuple) else "",
)
@pytest.mark.usefixtures("stack")
def test_a_place_that_cannot_be_written_is_one_line(
    command: tuple[str, ...], said: str, places: dict[str, str], fail: Any, tmp_path: Path
) -> None:
    error = fail(*(word.format(**places) for word in command))

    assert error.startswith(said.format(**places))
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "paper"]


def test_a_file_that_cannot_be_written_leaves_no_entry_in_the_activity_log(
    stack: World, places: dict[str, str], fail: Any
) -> None:
    before = list(Campaigns(stack.stack.table).audit(CAMPAIGN))

    fail("export", CAMPAIGN, "-o", places["in_missing"])

    assert list(Campaigns(stack.stack.table).audit(CAMPAIGN)) == before


def test_the_file_of_a_letter_is_complete_or_as_it_was(
    places: dict[str, str], fail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    error = fail("letter", "import", places["paper"], "-o", places["file"], "--force")

    assert error == "No space left on device; make room, then run the command again\n"
    with open(places["file"], encoding="utf-8") as kept:  # noqa: PTH123
        assert kept.read() == "mine"


def test_a_missing_file_of_the_program_itself_is_not_taken_for_a_mistake(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, str]
) -> None:
    def broken(_name: str) -> dict[str, str]:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", f"{main.__file__}.missing")

    monkeypatch.setattr("undersigned_cli.campaign_folder.empty_files", broken)
    monkeypatch.setattr(sys, "argv", ["undersigned", "campaign", "new", places["missing"]])

    with pytest.raises(FileNotFoundError):
        main.run()


@pytest.mark.parametrize("command", ["local", "demo"])
@pytest.mark.parametrize("option", ["--port", "--desk-port"])
@pytest.mark.parametrize("port", ["65536", "99999", "-1"])
def test_a_port_has_at_most_sixteen_bits(
    command: str, option: str, port: str, places: dict[str, str], fail: Any
) -> None:
    assert option in fail(command, option, port, "--state", places["missing"], code=2)
