"""The template, deployed once for all tests here: what moto lacks, and functions as zip files in their own workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.smoke.stack import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.running import RunningStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Yield the running stack. The tests of a process share it, so a test must create everything that it expects."""
    with DeployedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running
