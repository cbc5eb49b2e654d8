"""Test what a reconciliation's message says, to this code and to the code before it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from tests.world import ROOT
from undersigned.domain.reconciliations import BUCKETS, Balance, Gauges, Reconciliation, Summary, Suspects

BEFORE = "2d088cf534f07709e752b7db9ab65d4d7a1ca06b"
"""The last commit of the code that knew two passes."""

FILE = "layers/shared/undersigned/domain/reconciliations.py"

NOT_BEGUN = Reconciliation("here", may_ask=True, may_queue=False)
FIRST = replace(
    NOT_BEGUN,
    position="3 2026-11-24T18:00:00+00:00#ada",
    counters=Balance((1,) * BUCKETS),
    bundles=Balance((2,) * BUCKETS),
    summary=Summary(rows=100, unexplained=1),
    gauges=Gauges(overdue=3),
)
SECOND = replace(FIRST, position="", counters=None, bundles=None, suspects=Suspects({7: -1}, {9: 2}))
THIRD = replace(SECOND, is_last_pass=True)
EVERY = pytest.mark.parametrize("run", [NOT_BEGUN, FIRST, SECOND, THIRD], ids=["new", "first", "second", "third"])


def written(run: Reconciliation) -> Any:
    return json.loads(json.dumps(run.as_values()))


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module as it was, from this repository's history."""
    try:
        found = subprocess.run(  # noqa: S603
            ["git", "show", f"{BEFORE}:{FILE}"],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no git")
    if found.returncode:
        pytest.skip(f"this folder has no history of {BEFORE[:7]}: it is no git clone, or a shallow one")
    module = ModuleType("reconciliations_before")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(found.stdout, FILE, "exec"), vars(module))  # noqa: S102
    return module


@EVERY
def test_a_reconciliation_is_read_as_it_was_written(run: Reconciliation) -> None:
    assert Reconciliation.of_values(written(run)) == run


def test_only_the_third_pass_says_that_it_is_the_last() -> None:
    assert [run for run in (NOT_BEGUN, FIRST, SECOND, THIRD) if "is_last_pass" in written(run)] == [THIRD]


@pytest.mark.parametrize("run", [NOT_BEGUN, FIRST, SECOND], ids=["new", "first", "second"])
def test_the_code_before_reads_what_is_written_now(before: ModuleType, run: Reconciliation) -> None:
    read = before.Reconciliation.of_values(written(run))
    assert (read.campaign, read.position, read.summary.rows) == (run.campaign, run.position, run.summary.rows)
    assert json.loads(json.dumps(read.as_values())) == written(run)


def test_the_code_before_refuses_a_third_pass_and_takes_it_for_no_other(before: ModuleType) -> None:
    with pytest.raises(TypeError, match="is_last_pass"):
        before.Reconciliation.of_values(written(THIRD))


@EVERY
def test_a_field_that_nobody_knows_is_refused(run: Reconciliation) -> None:
    with pytest.raises(TypeError, match="is_fourth_pass"):
        Reconciliation.of_values({**written(run), "is_fourth_pass": True})
