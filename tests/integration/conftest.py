"""People at the dashboard and at the command line of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.command_line import command_line
from tests.support.organizers import someone
from tests.support.workshop import author_of, beginner_of
from undersigned_cli.main import app

if TYPE_CHECKING:
    from typer.testing import Result

    from tests.support.organizers import Browser
    from tests.support.workshop import Author
    from tests.support.world import World


@pytest.fixture
def manager(world: World) -> Browser:
    return someone(world, "editor")


@pytest.fixture
def reader(world: World) -> Browser:
    return someone(world, "viewer")


@pytest.fixture
def author(world: World) -> Author:
    return author_of(world)


@pytest.fixture
def beginner(world: World) -> Author:
    return beginner_of(world)


@pytest.fixture
def invoke(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command and returns its result, or raises its error."""
    command_line(world, monkeypatch)

    def command(*arguments: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False, input=answer)

    return command


@pytest.fixture
def run(invoke: Any) -> Any:
    """Return a function that runs a command, expects success, and returns its output."""

    def command(*arguments: str) -> str:
        result = invoke(*arguments)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    return command
