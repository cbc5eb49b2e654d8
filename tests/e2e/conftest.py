"""The local stack, started once for all end-to-end tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.worker_calls import prelude, recorded
from tests.free_ports import FREE_PORTS
from tests.permissions_from_template import may
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
        # Most forms come from programs here, and would share a few emails an hour.
        parameters={"PublishEvents": "true"},
        variables={"FORMS_A_MINUTE": "100", "MAIL_BUDGETS": "10000 2000 100000 100000"},
    )
    yield made
    made.stop()


@pytest.fixture(scope="session")
def stack(local_stack: LocalStack, record: Path) -> Iterator[RunningStack]:
    """Yield the running stack. The tests of a process share it, so a test must create everything that it expects."""
    running = local_stack.start()
    yield running
    # test_what_functions_may_do.py sees only the calls of its own process.
    logical_ids = {name: logical_id for logical_id, name in running.functions.items()}
    needs = [(logical_ids[name], need) for name, need in recorded(record)] if record.exists() else []
    assert [(function, need) for function, need in needs if not may(function, need)] == []
