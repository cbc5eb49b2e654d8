"""The local stack, started once for all end-to-end tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.calls_of_workers import prelude
from undersigned_cli.local.stack import LocalStack, Ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the file where the functions' calls are noted."""
    return tmp_path_factory.mktemp("record") / "needs.jsonl"


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory, record: Path) -> Iterator[LocalStack]:
    """Give a stack to start and stop: free ports, a folder of its own, and no week that begins by itself."""
    made = LocalStack(
        tmp_path_factory.mktemp("stack"),
        ports=Ports.any_free(),
        schedules=False,
        prelude=prelude(record),
        # Few enough that a flood is soon one, and more than all tests sign from one address.
        parameters={"FormsPerMinute": "100", "PublishEvents": "true"},
    )
    yield made
    made.stop()


@pytest.fixture(scope="session")
def stack(local_stack: LocalStack) -> RunningStack:
    """Give the running stack. It is the same for all tests: what a test expects, it must have made itself."""
    return local_stack.start()
