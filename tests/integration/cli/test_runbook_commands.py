"""Run every command of ours that the runbook names, on a stack in memory that has letters to decide about."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from tests.support.command_line import command_line
from tests.support.runbook import NAMED_ONLY, OURS
from tests.support.world import CAMPAIGN, ROOT
from undersigned.base.errors import UndersignedError
from undersigned_cli.dead_letters import DeadLetters
from undersigned_cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.world import World

PLACES = {
    "CAMPAIGN": CAMPAIGN,
    "TARGET": "evanston",
    "DAY": "2026-11-24",
    "DIR": str(ROOT / "campaigns" / CAMPAIGN),
    "FILE": "letters.csv",
}


def test_every_command_of_the_runbook_runs(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    world.confirmed(email="bert@signers.example")
    monkeypatch.chdir(tmp_path)
    command_line(world, monkeypatch)
    # A stack in memory has no CloudFormation, and no dead letters.
    monkeypatch.setattr(DeadLetters, "letters", lambda _dead, _queue: iter(()))
    failed = {}
    ran = 0
    for command in sorted(set(OURS) - NAMED_ONLY):
        result = CliRunner().invoke(app, [PLACES.get(word, word) for word in shlex.split(command)[1:]])
        ran += result.exit_code == 0
        # Some refuse to do what makes no sense here, or without a person at the terminal. Click exits with 2 for a
        # command or an option that it doesn't know.
        if result.exit_code != 0 and not isinstance(result.exception, UndersignedError):
            failed[command] = result.exception or result.output

    assert failed == {}
    assert ran > len(OURS) / 2
