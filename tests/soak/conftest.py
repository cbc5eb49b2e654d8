"""The local stack of the soak: no wait in it takes an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.free_ports import FREE_PORTS
from undersigned_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.running import RunningStack

FIGURES = pytest.StashKey[list[str]]()
"""The lines to print at the end."""

PROXY_SECRET = "soak" * 8

HURRY = 180.0
"""The times for which messages are hidden or delayed are divided by this: an hour takes twenty seconds."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Yield a running stack with a folder of its own and no schedules."""
    made = LocalStack(
        tmp_path_factory.mktemp("soak"),
        ports=FREE_PORTS,
        schedules=False,
        hurry=HURRY,
        # All signers have the same IP address here, unless a proxy names another one.
        parameters={
            "FormsPerMinute": "1000000",
            "UnconfirmedMailsAnHour": "1000000",
            "ProxySecret": PROXY_SECRET,
        },
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
