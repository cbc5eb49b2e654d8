"""The browser of the tests that look at pages; it starts with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.chromium import Visitor


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
