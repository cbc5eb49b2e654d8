"""Test how a reconciliation compares rows with what holds their letters, and what its message says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.organizing.rules.reconciliations import Balance, Gauges, Holding, Reconciliation, Summary

NOT_BEGUN = Reconciliation("here", may_queue=False)
COUNTED = replace(NOT_BEGUN, balance=Balance.begun(["bundles 7"], [Holding("counters", "TOTAL", 5, 2)]))
READ = replace(
    NOT_BEGUN,
    position="3 2026-11-24T18:00:00+00:00#ada",
    balance=Balance.begun([], []).plus([Holding("counters", "TOTAL")]),
    summary=Summary(rows=100, unexplained=1),
    gauges=Gauges(overdue=3),
)
EVERY = pytest.mark.parametrize("run", [NOT_BEGUN, COUNTED, READ], ids=["new", "counted", "read"])


def written(run: Reconciliation) -> Any:
    return json.loads(json.dumps(run.as_values()))


@EVERY
def test_a_reconciliation_is_read_as_it_was_written(run: Reconciliation) -> None:
    assert Reconciliation.of_values(written(run)) == run


@EVERY
def test_a_field_that_nobody_knows_is_refused(run: Reconciliation) -> None:
    with pytest.raises(TypeError, match="suspects"):
        Reconciliation.of_values({**written(run), "suspects": True})


TOTAL = Holding("counters", "TOTAL")


@pytest.mark.parametrize(
    ("before", "rows", "after", "by"),
    [
        ((5, 0), 5, (5, 0), 0),
        ((5, 0), 6, (5, 0), 1),
        ((5, 0), 4, (5, 0), -1),
        # Three came: any of them may have been read.
        ((5, 0), 5, (8, 0), 0),
        ((5, 0), 8, (8, 0), 0),
        ((5, 0), 9, (8, 0), 1),
        ((5, 0), 4, (8, 0), -1),
        # One came and one left: read after the one came, and before the other left, or the other way round.
        ((5, 2), 6, (5, 3), 0),
        ((5, 2), 4, (5, 3), 0),
        ((5, 2), 7, (5, 3), 1),
        ((5, 2), 3, (5, 3), -1),
    ],
)
def test_rows_differ_only_if_no_letter_that_came_or_left_meanwhile_explains_it(
    before: tuple[int, int], rows: int, after: tuple[int, int], by: int
) -> None:
    balance = Balance.begun([], [Holding("counters", "TOTAL", *before)]).plus([TOTAL] * rows)
    found = balance.differences([Holding("counters", "TOTAL", *after)])
    assert [(each.counter, each.held, each.by) for each in found] == ([("", after[0], by)] if by else [])


def test_the_counters_of_a_bucket_that_differed_are_looked_at_one_by_one() -> None:
    [first] = Balance.begun([], [TOTAL]).differences([TOTAL])
    balance = Balance.begun([first.bucket], [TOTAL, Holding("counters", "DAY#2026-11-30")])
    named, other = sorted(balance.differences([TOTAL, Holding("counters", "DAY#2026-11-30")]), reverse=True)
    assert ((named.bucket, named.counter), other.counter) == ((first.bucket, "TOTAL"), "")


def test_sums_are_few_however_many_counters_and_letters_there_are() -> None:
    every = [Holding("counters", f"HOUR#{n}") for n in range(20_000)]
    sealed = [Holding("bundles", f"evanston#2026-11-30#0001#{n:032x}") for n in range(20_000)]
    found = {each.bucket for each in Balance.begun([], [*every, *sealed]).differences([*every, *sealed])}
    assert len(found) == 512
    assert len(Balance.begun(sorted(found), [*every, *sealed]).before) < 2_000


@given(st.integers(0, 3), st.lists(st.sampled_from(["comes", "leaves first", "leaves last", "is read"]), max_size=40))
def test_no_order_in_which_letters_come_leave_and_are_read_is_a_difference(held: int, acts: list[str]) -> None:
    """Each row that was there before is read, at any time; a new one may be."""
    present, unread, left, read = [*range(held)], [*range(held)], 0, 0
    balance = Balance.begun([], [Holding("counters", "TOTAL", held, left)])
    for number, act in enumerate(acts, held):
        if act == "comes":
            present.append(number)
            unread.append(number)
        elif act == "is read":
            read += bool(unread) and unread.pop() in present
        elif present:
            present.pop(0 if "first" in act else -1)
            left += 1
    read += len({*unread} & {*range(held)} & {*present})
    assert balance.plus([TOTAL] * read).differences([Holding("counters", "TOTAL", len(present), left)]) == []
