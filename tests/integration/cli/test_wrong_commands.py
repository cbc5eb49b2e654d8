"""A mistake at the terminal is answered in one sentence, which says what to write instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import NoRegionError
from typer.testing import CliRunner

from tests.support.command_line import command_line
from tests.support.world import CAMPAIGN, ROOT, World
from undersigned.people.keys import make_key
from undersigned.people.rows.api_keys import ApiKeys
from undersigned_cli import main
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Said = Callable[..., str]

FOLDER = str(ROOT / "campaigns" / CAMPAIGN)
RENDER = ("letter", "render", FOLDER, "--target", "evanston", "--name", "Ada", "--address-line", "1 Sample Street")


@pytest.fixture
def said(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Return a function that runs a wrong command, and returns what it says, without the lines that Click wraps."""
    command_line(world, monkeypatch)

    def command(*arguments: str, code: int) -> str:
        monkeypatch.setattr(sys, "argv", ["undersigned", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
        captured = capsys.readouterr()
        error = captured.out + captured.err
        assert ended.value.code == code, error
        return " ".join(error.replace("│", " ").split())

    return command


@pytest.mark.parametrize("day", ["2026-02-30", "27.11.2026", "tomorrow", "2026-11", "", "٢٠٢٦-١١-٣٠ "])
@pytest.mark.parametrize(
    "command",
    [
        ("retry", CAMPAIGN, "evanston"),
        ("settle", CAMPAIGN, "evanston", "--sent"),
        (*RENDER, "--locality", "Evanston", "--postal-code", "60201", "--on"),
    ],
    ids=lambda command: command[0],
)
def test_what_is_no_day_is_answered_with_how_to_write_one(said: Said, command: tuple[str, ...], day: str) -> None:
    error = said(*command, day, code=2)

    assert "is not a day; write year-month-day, such as 2026-11-30" in error
    assert "Value error" not in error
    assert "%" not in error


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("confirmations", "show, stop, start"),
        ("key", "create, list, revoke"),
        ("campaign", "check, close"),
    ],
)
def test_a_group_without_its_command_names_those_it_has(said: Said, group: str, names: str) -> None:
    error = said(group, CAMPAIGN, code=2)

    assert f"There is no command '{CAMPAIGN}' here; use one of" in error
    for name in names.split(", "):
        assert name in error.partition("use one of")[2]


def test_a_misspelled_command_is_answered_with_the_nearest(said: Said) -> None:
    assert "Did you mean 'revoke'?" in said("key", "revok", CAMPAIGN, code=2)


@pytest.mark.parametrize("command", [("key", "list"), ("key", "create"), ("person", "list")], ids=" ".join)
def test_a_list_of_an_unknown_campaign_names_the_known_ones(said: Said, command: tuple[str, ...]) -> None:
    assert said(*command, "another", code=1) == f"There is no campaign 'another'; the stack has: {CAMPAIGN}"


@pytest.mark.parametrize("digits", ["", "a", "abc"])
def test_no_key_is_revoked_by_digits_that_any_key_could_have(said: Said, world: World, digits: str) -> None:
    make_key(world.stack, CAMPAIGN, "counts", "", "a test")

    error = said("key", "revoke", CAMPAIGN, digits, code=1)

    assert error.startswith(f"'{digits}' is too short for a key; give at least its first 4 digits")
    assert len([*ApiKeys(world.stack.table).api_keys(CAMPAIGN)]) == 1


@pytest.mark.parametrize("command", [("person", "remove"), ("person", "role")], ids=" ".join)
def test_somebody_who_is_not_of_a_campaign_is_answered_with_how_to_see_who_is(
    said: Said, command: tuple[str, ...]
) -> None:
    role = ("editor",) if command[1] == "role" else ()
    error = said(*command, CAMPAIGN, "nobody@signers.example", *role, code=1)

    assert error.endswith(f"has no such person; to see those it has, run `undersigned person list {CAMPAIGN}`")


@pytest.mark.parametrize("command", [("campaign", "check"), ("campaign", "push")], ids=" ".join)
def test_a_file_in_place_of_a_folder_is_named(said: Said, command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text("A letter", encoding="utf-8")

    assert said(*command, str(file), code=1).startswith(
        f"{file}: this is a file; name the folder that has campaign.toml, letter.md, targets.csv"
    )


def test_a_profile_without_a_region_is_one_sentence(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_region(_name: str) -> DeployedStack:
        raise NoRegionError

    monkeypatch.setattr(DeployedStack, "in_aws", without_region)

    assert said("counts", CAMPAIGN, code=1) == (
        "AWS: You must specify a region; check the profile (AWS_PROFILE), the region (AWS_REGION) and the connection"
    )


def test_the_command_for_a_new_folder_can_be_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    output = CliRunner().invoke(main.app, ["campaign", "new", "our letter"]).output

    assert "run `undersigned campaign check 'our letter'`:" in " ".join(output.split())
