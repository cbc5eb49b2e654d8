"""The command line, on the stack in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.world import PUBLIC_URL
from undersigned_cli.commands import options
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    import pytest

    from tests.world import World


def command_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands run on the world."""
    stack = Stack({"PublicUrl": PUBLIC_URL}, world.wiring.client)
    monkeypatch.setattr(Stack, "wiring", lambda _stack, *_needed: world.wiring)
    monkeypatch.setattr(options, "stack_of", lambda **_: stack)
