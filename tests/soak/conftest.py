"""The deployed stack of the soak: no wait in it takes an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deployed.stack import DeployedStack
from tests.figures import FIGURES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running import RunningStack

HURRY = 180.0
"""The times for which messages are hidden or delayed are divided by this: an hour takes twenty seconds."""


_COUNT_CALLS = """
import os, botocore

_calls = os.open({file!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def count(**_):
    os.write(_calls, b".")


botocore.register_initializer(lambda session: session.register("before-send", count))
"""
"""Python that makes a worker add a byte to a file for each request to AWS. A killed worker loses none of them."""


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that has a byte for each request to AWS."""
    return tmp_path_factory.mktemp("calls") / "calls"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, calls: Path) -> Iterator[RunningStack]:
    """Yield a running stack with a folder of its own and no schedules."""
    made = DeployedStack(
        tmp_path_factory.mktemp("soak"),
        prelude=_COUNT_CALLS.format(file=str(calls)),
        hurry=HURRY,
        variables={"FORMS_A_MINUTE": "1000000", "MAIL_BUDGETS": "10 1000000 100000 100000"},
    )
    try:
        yield made.start()
    finally:
        made.stop()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures of the soak, even if it passed."""
    terminalreporter.write_sep("-", "soak")
    for line in config.stash[FIGURES]:
        terminalreporter.write_line(line)
