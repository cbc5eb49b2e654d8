"""A stack that a browser reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.served_world import served
from tests.support.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.served_world import Site


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """Serve a stack in memory."""
    with world(monkeypatch, fast=True) as new, served(new, tmp_path) as made:
        yield made
