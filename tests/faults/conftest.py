"""A stack in memory for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import world as worlds

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[worlds.World]:
    """Yield a stack in memory, with the shipped campaign."""
    with worlds.world(monkeypatch) as made:
        yield made
