"""The rotation of a stack's secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.command_line import command_line
from undersigned_cli.main import app

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.fixture
def rotate(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command, and then waits until the new keys are in use."""
    command_line(world, monkeypatch)

    def command(*arguments: str, answer: str | None = None, minutes: int = 15) -> str:
        result = CliRunner().invoke(app, ["secret", "rotate", *arguments], catch_exceptions=False, input=answer)
        assert result.exit_code in {0, 1}, result.output
        world.clock.advance(minutes=minutes)
        return str(result.output)

    return command
