"""Processes that start from a snapshot of an initialized one: nothing in it must be unique, and nothing in it ages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.init_time import deployed_environment
from tests.world import CAMPAIGN, ROOT, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World

CLONES = 4


@pytest.fixture(scope="module")
def started() -> dict[str, Any]:
    """Return what the clones of an initialized process have."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.faults.clones", str(CLONES)],
        cwd=ROOT,
        env=os.environ | deployed_environment("public_api"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("what", ["random", "id", "shards"])
def test_no_two_clones_have_the_same_random_numbers(started: dict[str, Any], what: str) -> None:
    assert len({json.dumps(clone[what]) for clone in started["clones"]}) == CLONES


def test_no_connection_is_open_in_a_snapshot(started: dict[str, Any]) -> None:
    assert started["at init"] == []
    assert [clone["sockets"] for clone in started["clones"]] == [[]] * CLONES


@pytest.fixture
def initialized(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose functions are initialized and have served nothing."""
    with world(monkeypatch, fast=True) as made:
        yield made


@pytest.mark.parametrize("days", [0, 13, 400])
def test_an_initialized_process_serves_the_day_on_which_it_is_asked(initialized: World, days: int) -> None:
    """Lambda keeps a snapshot for as long as somebody comes every two weeks."""
    initialized.clock.advance(days=days)
    assert initialized.get(f"/campaigns/{CAMPAIGN}").status == 200
    initialized.confirmed()
    [(_, row)] = initialized.wiring.signatures.newest_signatures(CAMPAIGN)
    assert (row.status, row.signed_at.date()) == ("confirmed", initialized.clock.now.date())
