"""The template, deployed once for all tests here: what moto lacks, and functions as zip files in their own workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deployed.stack import DeployedStack
from tests.deployed.worker_calls import prelude

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running import RunningStack


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the file where the functions' calls are recorded."""
    return tmp_path_factory.mktemp("record") / "needs.jsonl"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, record: Path) -> Iterator[RunningStack]:
    """Yield the running stack. The tests of a process share it, so a test must create everything that it expects."""
    with DeployedStack(
        tmp_path_factory.mktemp("stack"),
        prelude=prelude(record),
        variables={"FORMS_A_MINUTE": "100", "MAIL_BUDGETS": "10000 2000 100000 100000"},
    ) as running:
        yield running
