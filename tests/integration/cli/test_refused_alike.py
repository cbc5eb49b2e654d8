"""Test that a command and a button refuse the same texts, with the same sentence."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.acting import decide
from tests.support.command_line import command_line
from tests.support.organizers import Browser, someone
from tests.support.world import CAMPAIGN, files_of_campaign
from undersigned.base.errors import GivenError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

DAY = "2026-11-24"
REASONS = ("x" * 501, "a\u202eb", "\x1b[2J", "two\nlines")
LABELS = ("x" * 101, "a\u202eb", "\x1b[2J")


@pytest.fixture
def refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command, expects that it refuses what it is given, and returns its sentence."""
    command_line(world, monkeypatch)

    def command(*arguments: str) -> str:
        with pytest.raises(GivenError) as refused:
            CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        return str(refused.value)

    return command


@pytest.fixture
def organizer(world: World) -> Browser:
    return someone(world, "owner")


def refuses(organizer: Browser, path: str, values: dict[str, str], sentence: str) -> bool:
    answer = organizer.press(path, values)
    return answer.status == 400 and sentence in html.unescape(answer.body)


@pytest.mark.parametrize("why", REASONS)
def test_a_reason_that_signers_cant_read(world: World, refusal: Any, organizer: Browser, why: str) -> None:
    sentence = refusal("hold", CAMPAIGN, "evanston", "--why", why)
    assert refuses(organizer, "/targets/evanston/hold", {"why": why}, sentence)
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").hold is None
    assert not list(Campaigns(world.stack.table).audit(CAMPAIGN))


def test_a_reason_of_500_characters_is_kept(world: World) -> None:
    decide(world, "hold", "evanston", by="command line", why=f" {'x' * 500} ")
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").hold == "x" * 500


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause", CAMPAIGN),
        ("resume", CAMPAIGN),
        ("hold", CAMPAIGN, "evanston"),
        ("release", CAMPAIGN, "evanston"),
        ("retry", CAMPAIGN, "evanston", DAY, "--yes"),
        ("settle", CAMPAIGN, "evanston", DAY, "--sent", "--yes"),
        ("deliver", CAMPAIGN, "--yes"),
        ("erase", CAMPAIGN, "SIGNER", "--yes"),
        ("screen", CAMPAIGN, "--suspicion", "any", "--action", "erase", "--yes"),
        ("campaign", "close", CAMPAIGN, "--yes"),
        ("campaign", "push", "FOLDER"),
        ("confirmations", "stop"),
        ("confirmations", "start"),
    ],
    ids=" ".join,
)
def test_every_command_refuses_a_reason_that_cant_be_kept(
    world: World, refusal: Any, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", target="skokie", postal_code="60076")
    signer = next(iter(Signatures(world.stack.table).listed_signatures(CAMPAIGN))).signer
    for name, text in files_of_campaign().items():
        (tmp_path / name).write_text(text.replace("goal = ", "goal = 1"), encoding="utf-8")
    named = {"SIGNER": signer, "FOLDER": str(tmp_path)}
    sentence = refusal(*(named.get(part, part) for part in arguments), "--why", "a\u202eb")
    assert sentence == "Why has a character that we can’t print. Type it again instead of pasting it."
    assert not list(Campaigns(world.stack.table).audit(CAMPAIGN))


@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_cant_be_kept(world: World, refusal: Any, organizer: Browser, label: str) -> None:
    sentence = refusal("key", "create", CAMPAIGN, "--label", label)
    assert refuses(organizer, "/keys", {"scope": "counts", "label": label}, sentence)
    assert not ApiKeys(world.stack.table).api_keys(CAMPAIGN)


@pytest.mark.parametrize(
    ("name", "text"),
    [("network", "zz"), ("network", "0123456789AB"), ("domain", "ü@@"), ("domain", "a@b@c"), ("domain", "@")],
)
def test_a_criterion_that_no_letter_meets(world: World, refusal: Any, organizer: Browser, name: str, text: str) -> None:
    world.confirmed()
    sentence = refusal("screen", CAMPAIGN, f"--{name}", text)
    assert sentence == refusal("screen", CAMPAIGN, f"--{name}", text, "--action", "hold", "--why", "a wave", "--yes")
    assert refuses(organizer, "/screening", {name: text}, sentence)
