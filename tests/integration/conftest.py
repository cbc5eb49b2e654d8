"""Make a new stack in memory for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests import world as worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

ON_MOTO = bool(os.environ.get("UNDERSIGNED_ON_MOTO"))
"""Whether all tests run on moto, as in `make nightly PART=moto`. It takes seven times as long as our own memory."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[worlds.World]:
    """Yield a stack with the shipped campaign.

    A test that is marked with `moto` is of the main path or needs what only moto has, and one that is marked with
    `memory` needs what only our own memory has.
    """
    needs_moto, needs_memory = (request.node.get_closest_marker(name) is not None for name in ("moto", "memory"))
    with worlds.world(monkeypatch, fast=needs_memory or not (ON_MOTO or needs_moto)) as made:
        yield made
