"""Test what a reconciliation's message says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from undersigned.domain.counting.reconciliations import BUCKETS, Balance, Gauges, Reconciliation, Summary, Suspects

NOT_BEGUN = Reconciliation("here", may_queue=False)
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


@EVERY
def test_a_reconciliation_is_read_as_it_was_written(run: Reconciliation) -> None:
    assert Reconciliation.of_values(written(run)) == run


@EVERY
def test_a_field_that_nobody_knows_is_refused(run: Reconciliation) -> None:
    with pytest.raises(TypeError, match="is_fourth_pass"):
        Reconciliation.of_values({**written(run), "is_fourth_pass": True})
