from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.signatures import adas_signature, changed
from undersigned.counting.rules.tallies import NOT_COUNTED, counters_of, difference, mark_of, transactions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.signing.rules.signatures import Signature, Status

SIGNED = adas_signature(
    campaign="trees",
    email="robin@gmail.com",
    target="oakton",
    signed_at=datetime(2026, 11, 29, 12, tzinfo=UTC),
    signed_on=date(2026, 11, 29),
    confirmed_at=datetime(2026, 11, 30, 17, 5, tzinfo=UTC),
    confirmed_on=date(2026, 11, 30),
)


def test_a_confirmed_signature_counts_in_every_counter() -> None:
    assert counters_of(mark_of(SIGNED)) == (
        "TOTAL",
        "TARGET#oakton",
        "DAY#2026-11-30",
    )


def test_in_a_campaign_with_sources_a_confirmed_signature_counts_for_its_source_too() -> None:
    from_flyer = replace(SIGNED, source="flyer")

    assert counters_of(mark_of(from_flyer)) == (*counters_of(mark_of(SIGNED)), "SOURCE#flyer")


@pytest.mark.parametrize("status", ["withdrawn", "erased"])
def test_a_signature_that_is_not_confirmed_counts_nowhere(status: Status) -> None:
    assert mark_of(replace(SIGNED, status=status)) == NOT_COUNTED
    assert counters_of(NOT_COUNTED) == ()


@given(st.text(max_size=80), st.emails())
def test_the_counters_of_a_letter_are_not_named_by_its_words(locality: str, email: str) -> None:
    assert mark_of(changed(SIGNED, email=email, locality=locality, name=locality)) == mark_of(SIGNED)


def test_withdrawing_a_signature_decreases_its_counters() -> None:
    assert difference([("TOTAL|TARGET#oakton", NOT_COUNTED)]) == ({}, {"TOTAL": 1, "TARGET#oakton": 1})


def test_moving_a_signature_to_another_target_keeps_the_total() -> None:
    moved = difference([("TOTAL|TARGET#oakton", "TOTAL|TARGET#elmton")])
    assert moved == ({"TARGET#elmton": 1}, {"TARGET#oakton": 1})


def test_a_letter_that_comes_and_one_that_leaves_are_both_noted() -> None:
    """The reconciliation, which may have read only one of them, has to know."""
    moves = [(NOT_COUNTED, "TOTAL|DAY#2026-11-30"), ("TOTAL|DAY#2026-11-30", NOT_COUNTED)]
    assert difference(moves) == ({"TOTAL": 1, "DAY#2026-11-30": 1}, {"TOTAL": 1, "DAY#2026-11-30": 1})


def change(moves: Iterable[tuple[str, str]]) -> dict[str, int]:
    coming, leaving = difference(moves)
    return {name: more for name in coming | leaving if (more := coming[name] - leaving[name])}


MARKS = st.sampled_from([NOT_COUNTED, "A", "A|B", "A|C|D"])
SIGNERS = st.sampled_from(["robin", "sam", "kim"])
HISTORIES = st.lists(st.tuples(SIGNERS, MARKS), max_size=12)


@given(HISTORIES, st.data())
def test_records_in_any_order_and_number_give_the_right_counts(
    history: list[tuple[str, str]], data: st.DataObject
) -> None:
    """A record only names the row that changed; counting moves the row's mark to the row's current state."""
    truth = dict(history)
    repeats = data.draw(st.lists(st.sampled_from(history), max_size=12)) if history else []
    records = data.draw(st.permutations([*history, *repeats]))
    counts: Counter[str] = Counter()
    marks: dict[str, str] = {}
    at = 0
    while at < len(records):
        batch = {signer for signer, _ in records[at : at + data.draw(st.integers(1, 4))]}
        at += len(batch)
        moves = [(marks.get(signer, NOT_COUNTED), truth[signer]) for signer in batch]
        counts.update(change(moves))
        marks.update((signer, truth[signer]) for signer in batch)

    expected = Counter(counter for mark in truth.values() for counter in counters_of(mark))
    assert {counter: amount for counter, amount in counts.items() if amount} == expected


@given(HISTORIES)
def test_the_sum_of_all_moves_is_the_difference_of_first_and_last_marks(history: list[tuple[str, str]]) -> None:
    marks: dict[str, str] = {}
    moves = []
    for signer, mark in history:
        moves.append((marks.get(signer, NOT_COUNTED), mark))
        marks[signer] = mark

    assert change(moves) == change((NOT_COUNTED, mark) for mark in marks.values())


def test_a_mark_says_how_it_begins_that_its_letter_is_confirmed() -> None:
    assert mark_of(SIGNED).startswith("TOTAL|")


COUNTERS = (*"ABCDEF", *(f"{kind}#{domain}" for kind in ("TARGET", "SOURCE") for domain in ("oakton", "elmton")))
LISTS_OF_MARKS = st.lists(
    st.tuples(*(st.frozensets(st.sampled_from(COUNTERS), max_size=4).map(lambda some: "|".join(sorted(some))),) * 2),
    max_size=60,
)


@given(LISTS_OF_MARKS, st.integers(9, 40))
def test_transactions_hold_each_move_once_and_are_as_full_as_they_can_be(
    marks: list[tuple[str, str]], most: int
) -> None:
    moves = [(replace(SIGNED, tallied=old), new) for old, new in marks]
    cut = list(transactions(moves, most))

    def writes(some: list[tuple[Signature, str]]) -> int:
        touched = {name for row, mark in some for name in {*counters_of(row.tallied)} ^ {*counters_of(mark)}}
        return len(some) + len(touched)

    taken = [move for some in cut for move in some]
    assert Counter(taken) == Counter(moves)
    assert len(list(groupby(taken, key=itemgetter(1)))) == len({mark for _, mark in moves})
    assert all(some and writes(some) <= most for some in cut)
    assert all(writes([*some, following[0]]) > most for some, following in pairwise(cut))


def test_a_hundred_letters_of_one_campaign_take_two_transactions() -> None:
    moves = [(SIGNED, mark_of(SIGNED))] * 100
    assert [len(some) for some in transactions(moves, 100)] == [97, 3]


def test_a_row_that_never_fits_is_named() -> None:
    with pytest.raises(ValueError, match="a letter with 3 counters doesn't fit into 3 writes"):
        list(transactions([(SIGNED, mark_of(SIGNED))], 3))
