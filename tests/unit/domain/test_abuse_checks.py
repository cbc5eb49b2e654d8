from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.domain.abuse_checks import FirstForms, FormToken, Visitor, has_jumped, suspicion, window_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
FORM = FormToken("trees", "nonce", needs_proof=False, issued_at=NOON - timedelta(minutes=1))


def suspicion_of(form: FormToken | None = FORM, **changes: Any) -> str | None:
    facts: dict[str, Any] = {"is_trapped": False, "is_from_known_site": False, "lacks_proof": False}
    return suspicion(form, **facts | changes)


def test_a_person_who_takes_their_time_is_not_suspected() -> None:
    assert suspicion_of() is None


def test_a_value_in_the_hidden_trap_field_is_suspicious() -> None:
    assert suspicion_of(is_trapped=True) == "trap"
    assert suspicion_of(None, is_trapped=True, is_from_known_site=True) == "trap"


def test_a_post_without_our_form_is_suspicious_unless_a_known_site_sent_it() -> None:
    assert suspicion_of(None) == "no form"
    assert suspicion_of(None, is_from_known_site=True) is None


def test_a_form_that_lacks_its_proof_of_work_is_suspicious() -> None:
    assert suspicion_of(lacks_proof=True) == "no proof"


@pytest.mark.parametrize(
    ("seconds", "is_same"), [(0, True), (0.000001, True), (29.999999, True), (30, False), (-0.000001, False)]
)
def test_everybody_who_opens_the_form_in_the_same_half_minute_gets_the_same_token(
    seconds: float,
    is_same: bool,  # noqa: FBT001
) -> None:
    first, other = (
        FormToken.of_window("trees", NOON + timedelta(seconds=passed), needs_proof=False) for passed in (0, seconds)
    )
    assert (first == other) == is_same
    assert first.is_shared
    assert other.issued_at.microsecond == 0


def test_a_token_of_a_version_before_is_not_shared() -> None:
    assert not FORM.is_shared


@pytest.mark.parametrize(
    ("address", "own", "network"),
    [
        ("192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"),
        ("no address", "no address", "no address"),
    ],
)
def test_a_visitor_has_an_address_range_and_a_network(address: str, own: str, network: str) -> None:
    assert Visitor.at(address) == Visitor(own, network)


@pytest.mark.parametrize(
    ("sign_ups", "jumped"),
    [
        ([0, 0, 0, 0, 0, 0, 49], False),
        ([0, 0, 0, 0, 0, 0, 50], True),
        ([0, 0, 0, 0, 0, 50, 0], True),
        ([20, 20, 20, 20, 20, 79, 3], False),
        ([20, 20, 20, 20, 20, 80, 3], True),
        ([500, 500, 500, 500, 500, 500, 500], False),
        # A flood does not become usual, and is not forgotten when it pauses.
        ([3, 3, 3, 3, 3, *[500] * 36], True),
        ([3, 3, 3, 3, 3, 500, *[3] * 35], True),
        ([500] * 41, False),
        # It does not while it lasts, for a day, and is forgotten six hours after its end.
        ([3, 3, 3, 3, 3, *[500] * 144], True),
        ([3, 3, 3, 3, 3, *[500] * 60, *[3] * 35], True),
        ([3, 3, 3, 3, 3, *[500] * 60, *[3] * 36], False),
        # More people than before, and no flood any more: what was usual before the flood still counts.
        ([30, 30, 30, 30, 30, *[500] * 60, *[60] * 35], True),
        ([30, 30, 30, 30, 30, *[500] * 60, *[60] * 36], False),
        ([30, 30, 30, 30, 30, *[500] * 60, *[120] * 60], True),
        ([3, 3, 3, 3, 500, *[3] * 36], False),
    ],
)
def test_the_pace_has_jumped_when_people_sign_much_faster_than_usual(sign_ups: list[int], jumped: bool) -> None:  # noqa: FBT001
    assert has_jumped(sign_ups) == jumped


def test_a_window_begins_at_a_multiple_of_its_length() -> None:
    assert window_of(NOON + timedelta(minutes=9, seconds=59), timedelta(minutes=10)) == NOON
    assert window_of(NOON + timedelta(minutes=10), timedelta(minutes=10)) == NOON + timedelta(minutes=10)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc")), max_size=60))
def test_of_a_networks_forms_at_most_one_in_each_process_is_not_counted(forms: list[tuple[int, str]]) -> None:
    processes, counted, sent = [FirstForms() for _ in range(5)], Counter[str](), Counter[str]()
    for process, address in forms:
        sent[address] += 1
        counted.update(processes[process].to_count("network", address, NOON))
    used = Counter(process for process, _ in forms)
    assert counted <= sent
    assert sent.total() - counted.total() == sum(1 for amount in used.values() if amount == 1)


def test_each_network_and_each_window_has_its_own_first_form() -> None:
    forms, later = FirstForms(), NOON + timedelta(minutes=1)
    assert forms.to_count("one", "a", NOON) == forms.to_count("other", "b", NOON) == []
    assert forms.to_count("one", "a", NOON) == ["a", "a"]
    assert forms.to_count("one", "b", NOON) == ["b"]
    assert forms.to_count("one", "a", later) == []
    assert forms.to_count("one", "b", later) == ["a", "b"]
