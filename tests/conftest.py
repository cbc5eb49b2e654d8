"""What all tests share: how they run beside each other, and the browser of those that look at pages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.chromium import Visitor


# How long an example takes says little where other tests run beside it.
settings.register_profile("beside others", deadline=None)
settings.load_profile("beside others")


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores: the one that has the local stack mostly waits for it."""
    return (os.process_cpu_count() or 1) + 1


_MADE_ONCE = ("tests/e2e/", "tests/faults/test_every_crash.py", "tests/package/")
"""Tests that share what takes long to make: the local stack, a run of all crashes, an installed wheel."""


class OneLocalStack(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all tests of the local stack to one process, first of all, and every other test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in _MADE_ONCE if nodeid.startswith(shared)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneLocalStack:
    """Hand out tests so that the local stack is deployed once; xdist 3.8 keeps no groups under pytest 9.2."""
    return OneLocalStack(config, log)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a running Chromium. Raises BrowserMissingError: a test that needs one is never skipped."""
    from tests.chromium import running_browser  # noqa: PLC0415  (Playwright takes a second to load)

    with running_browser() as made:
        yield made


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Give somebody who opens pages; what goes wrong in them fails the test."""
    from tests.chromium import Visitor  # noqa: PLC0415

    made = Visitor(browser)
    yield made
    made.leave()
