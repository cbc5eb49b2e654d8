"""The command line, on the stack in memory."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from typer import testing

from tests.support.world import PUBLIC_URL
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    import pytest

    from tests.support.world import World

# Typer would make all commands anew for each one that runs.
testing._get_command = cache(testing._get_command)  # type: ignore[attr-defined]


def command_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands run on the world."""
    stack = DeployedStack({"PublicUrl": PUBLIC_URL}, world.stack.client)
    monkeypatch.setattr(DeployedStack, "opened", lambda _stack, *_needed: world.stack)
    monkeypatch.setattr(DeployedStack, "in_aws", lambda _name: stack)
