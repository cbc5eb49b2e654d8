"""The local stack, started once for all end-to-end tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.worker_calls import prelude
from tests.free_ports import FREE_PORTS
from undersigned_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the file where the functions' calls are recorded."""
    return tmp_path_factory.mktemp("record") / "needs.jsonl"


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory, record: Path) -> Iterator[LocalStack]:
    """Yield a stack to start and stop, with free ports, a folder of its own, and no schedules."""
    made = LocalStack(
        tmp_path_factory.mktemp("stack"),
        ports=FREE_PORTS,
        schedules=False,
        prelude=prelude(record),
        # Few enough for a flood to reach soon, and more than all tests send from one address in a minute.
        parameters={"FormsPerMinute": "100", "PublishEvents": "true"},
    )
    yield made
    made.stop()


@pytest.fixture(scope="session")
def stack(local_stack: LocalStack) -> RunningStack:
    """Return the running stack. All tests share it, so a test must create everything that it expects."""
    return local_stack.start()
