"""The stack in memory that some properties need, in the same state for each input."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from tests import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_running: list[worlds.World] = []
_prepared: dict[int, tuple[Any, Any]] = {}
"""The items of a stack's table and the records of its stream before the first input, by the stack's identity."""


def as_prepared(prepare: Callable[[worlds.World], None]) -> worlds.World:
    """Return the stack as `prepare` left it, without the changes of earlier inputs to its table."""
    world = _running[-1]
    [table] = (table for region in dynamodb_backends["123456789012"].values() for table in region.tables.values())
    assert table.stream_shard
    if id(world) not in _prepared:
        prepare(world)
        _prepared[id(world)] = deepcopy(table.items), list(table.stream_shard.items)
    rows, records = _prepared[id(world)]
    table.items = deepcopy(rows)
    table.stream_shard.items = list(records)
    return world


@contextmanager
def running() -> Iterator[worlds.World]:
    """Run a stack."""
    with pytest.MonkeyPatch.context() as patch, worlds.world(patch) as made:
        _running.append(made)
        yield made
        _running.remove(made)
        _prepared.pop(id(made), None)
