"""The stack in memory that some properties talk to; each input finds it as the one before did."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from tests import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_standing: list[worlds.World] = []
_began: dict[int, tuple[Any, Any]] = {}
"""What a stack's table and its stream held when the first input came, by the stack's identity."""


def as_it_began(begin: Callable[[worlds.World], None]) -> worlds.World:
    """Return the stack with what `begin` put into it, and with nothing that an input before has left in its table."""
    world = _standing[-1]
    [table] = (table for region in dynamodb_backends["123456789012"].values() for table in region.tables.values())
    assert table.stream_shard
    if id(world) not in _began:
        begin(world)
        _began[id(world)] = deepcopy(table.items), list(table.stream_shard.items)
    rows, records = _began[id(world)]
    table.items = deepcopy(rows)
    table.stream_shard.items = list(records)
    return world


@contextmanager
def standing() -> Iterator[worlds.World]:
    """Let a stack stand."""
    with pytest.MonkeyPatch.context() as patch, worlds.world(patch) as made:
        _standing.append(made)
        yield made
        _standing.remove(made)
        _began.pop(id(made), None)
