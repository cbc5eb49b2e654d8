"""The stack in memory that some properties need, in the same state for each input."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_running: list[worlds.World] = []
_prepared: dict[int, Callable[[], None]] = {}
"""How to restore a stack to its state before the first input, by the stack's identity."""


def as_prepared(prepare: Callable[[worlds.World], None]) -> worlds.World:
    """Return the stack as `prepare` left it, without the changes of earlier inputs to its table."""
    world = _running[-1]
    assert world.memory
    if id(world) not in _prepared:
        prepare(world)
        _prepared[id(world)] = world.memory.save()
    _prepared[id(world)]()
    return world


@contextmanager
def running() -> Iterator[worlds.World]:
    """Run a stack."""
    with pytest.MonkeyPatch.context() as patch, worlds.world(patch, fast=True) as made:
        _running.append(made)
        yield made
        _running.remove(made)
        _prepared.pop(id(made), None)
