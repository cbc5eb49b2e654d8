from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.domain.signatures import Signature
from undersigned.domain.tallies import MOST_COUNTERS, NOT_COUNTED, counters_of, difference, mark_of

SIGNED = Signature(
    campaign="trees",
    signer="0" * 32,
    status="confirmed",
    version=2,
    name="Robin Resident",
    email="robin@mail.example",
    address_line="5 Made Up Lane",
    locality="Oakton",
    region="IL",
    postal_code="60201",
    target="oakton",
    signature="R. R.",
    note="",
    updates=False,
    letter="0" * 64,
    signed_at=datetime(2026, 11, 29, 12, tzinfo=UTC),
    signed_on=date(2026, 11, 29),
    mail_request="",
    confirmed_at=datetime(2026, 11, 30, 17, 5, tzinfo=UTC),
    confirmed_on=date(2026, 11, 30),
)


def test_a_confirmed_signature_counts_in_every_counter() -> None:
    assert counters_of(mark_of(SIGNED)) == (
        "SIGNED#mail.example",
        "TOTAL",
        "TARGET#oakton",
        "DAY#2026-11-30",
        "HOUR#2026-11-30T17",
        "LOCALITY#oakton",
        "CONFIRMED#mail.example",
    )
    assert len(counters_of(mark_of(SIGNED))) == MOST_COUNTERS


def test_a_pending_signature_counts_only_for_its_emails_domain() -> None:
    assert counters_of(mark_of(replace(SIGNED, status="pending"))) == ("SIGNED#mail.example",)


def test_a_withdrawn_signature_counts_nowhere() -> None:
    assert mark_of(replace(SIGNED, status="withdrawn")) == NOT_COUNTED
    assert counters_of(NOT_COUNTED) == ()


@pytest.mark.parametrize("spelled", ["Oakton", " OAKTON", "oak|ton", "Oak  Ton"])
def test_a_town_has_one_counter_for_every_spelling_and_cannot_break_the_mark(spelled: str) -> None:
    counted = [counter for counter in counters_of(mark_of(replace(SIGNED, locality=spelled))) if "LOCALITY" in counter]
    assert counted in (["LOCALITY#oakton"], ["LOCALITY#oak ton"])


def test_withdrawing_a_signature_decreases_its_counters() -> None:
    assert difference([("TOTAL|TARGET#oakton", NOT_COUNTED)]) == {"TOTAL": -1, "TARGET#oakton": -1}


def test_moving_a_signature_to_another_target_keeps_the_total() -> None:
    moved = difference([("TOTAL|TARGET#oakton", "TOTAL|TARGET#elmton")])
    assert moved == {"TARGET#oakton": -1, "TARGET#elmton": 1}


def test_moves_that_cancel_out_change_nothing() -> None:
    assert difference([(NOT_COUNTED, "TOTAL|DAY#2026-11-30"), ("TOTAL|DAY#2026-11-30", NOT_COUNTED)]) == {}


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
        counts.update(difference(moves))
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

    assert difference(moves) == difference((NOT_COUNTED, mark) for mark in marks.values())
