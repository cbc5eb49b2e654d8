"""Make a new stack in memory for each test, share the browser among all, and set how tests run in parallel."""

from __future__ import annotations

import gc
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support import scale, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.support.chromium import Visitor
    from tests.support.world import World

# How long an example takes says little when other tests run at the same time.
settings.register_profile("parallel", deadline=None, derandomize=seeds.IS_FIXED)
settings.load_profile("parallel")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run a process for each core, and one more with the local stack, because its process mostly waits."""
    return (os.process_cpu_count() or 1) + any("e2e" in folder for folder in config.args)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says how much the tests try."""
    parser.addoption("--scale", choices=scale.SCALES, default="ci", help="how much the tests try (default: ci)")


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests know how much they try."""
    scale.scale = scale.SCALES[config.getoption("scale")]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of some folders as slow, and leave out what this run's scale leaves out."""
    out: list[pytest.Item] = []
    for item in items:
        if item.nodeid.startswith(("tests/fuzz/", "tests/package/")):
            item.add_marker("slow")
        if scale.scale.without & {mark.name for mark in item.iter_markers()}:
            out.append(item)
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


_SHARED_SETUP = (
    re.compile("tests/smoke/"),
    re.compile(r"tests/e2e/\w+"),
    re.compile("tests/search/test_every_crash.py"),
    re.compile("tests/package/"),
    re.compile("tests/integration/base/test_words_of_pages.py"),
)
"""Tests that share a setup: a deployed stack, what a file of end-to-end tests signs, all crashes, a wheel, mistakes."""


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at what is loaded: it would for each of a test's objects."""
    gc.collect()
    gc.freeze()


class OneForEachSetup(LoadScopeScheduling):  # type: ignore[misc]
    """Give all tests that share a setup to one process, and first; give every other test to the next free process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((found[0] for shared in _SHARED_SETUP if (found := shared.match(nodeid))), nodeid)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget what is done: xdist would count it again after each later test."""
        super().mark_test_complete(node, item_index, duration)
        nodeid, work = self.registered_collections[node][item_index], self.assigned_work[node]
        if all(work[self._split_scope(nodeid)].values()):
            del work[self._split_scope(nodeid)]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneForEachSetup:
    """Make each setup only once. Needed because xdist 3.8 ignores groups under pytest 9.2."""
    return OneForEachSetup(config, log)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[World]:
    """Yield a stack with the shipped campaign.

    A test that is marked with `moto` is of the main path or needs what only moto has, and one that is marked with
    `memory` needs what only our own memory has.
    """
    from tests.support import world as worlds  # noqa: PLC0415  (all functions, boto3 and moto take seconds to load)

    needs_moto, needs_memory = (request.node.get_closest_marker(name) is not None for name in ("moto", "memory"))
    on_moto = needs_moto or request.path.stem in scale.scale.on_moto
    with worlds.world(monkeypatch, fast=needs_memory or not on_moto) as made:
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running Chromium. Raises BrowserMissingError: a test that needs one is never skipped."""
    from tests.support.chromium import running_browser  # noqa: PLC0415  (Playwright takes a second to load)

    with running_browser() as running:
        yield running


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Return a person who opens pages. Any problem in the pages fails the test."""
    from tests.support.chromium import Visitor  # noqa: PLC0415

    person = Visitor(browser)
    yield person
    person.leave()
