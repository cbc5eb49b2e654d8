"""The stack in memory, for the properties that need one. `make fuzz` starts it itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz import stack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _stack(request: pytest.FixtureRequest) -> Iterator[None]:
    if not getattr(request.module, "NEEDS_STACK", False):
        yield
        return
    with stack.running():
        yield
