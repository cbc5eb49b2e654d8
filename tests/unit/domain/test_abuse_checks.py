from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from undersigned.domain.abuse_checks import FormToken, Visitor, has_jumped, suspicion, window_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
FORM = FormToken("trees", "nonce", needs_proof=False, issued_at=NOON - timedelta(minutes=1))


def suspicion_of(form: FormToken | None = FORM, **changes: Any) -> str | None:
    facts: dict[str, Any] = {"now": NOON, "is_trapped": False, "is_from_known_site": False, "has_proof": False}
    return suspicion(form, **facts | changes)


def test_a_person_who_takes_their_time_is_not_suspected() -> None:
    assert suspicion_of() is None


def test_a_value_in_the_hidden_trap_field_is_suspicious() -> None:
    assert suspicion_of(is_trapped=True) == "trap"
    assert suspicion_of(None, is_trapped=True, is_from_known_site=True) == "trap"


def test_a_post_without_our_form_is_suspicious_unless_a_known_site_sent_it() -> None:
    assert suspicion_of(None) == "no form"
    assert suspicion_of(None, is_from_known_site=True) is None


@pytest.mark.parametrize(
    ("seconds", "found"), [(-1, None), (0, "too fast"), (2.9, "too fast"), (3, None), (86_400, None)]
)
def test_a_form_filled_in_within_three_seconds_is_suspicious(seconds: float, found: str | None) -> None:
    assert suspicion_of(replace(FORM, issued_at=NOON - timedelta(seconds=seconds))) == found


def test_a_form_that_asked_for_a_proof_of_work_must_have_one() -> None:
    asking = replace(FORM, needs_proof=True)
    assert suspicion_of(asking) == "no proof"
    assert suspicion_of(asking, has_proof=True) is None


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
    ],
)
def test_the_pace_has_jumped_when_people_sign_much_faster_than_usual(sign_ups: list[int], jumped: bool) -> None:  # noqa: FBT001
    assert has_jumped(sign_ups) == jumped


def test_a_window_begins_at_a_multiple_of_its_length() -> None:
    assert window_of(NOON + timedelta(minutes=9, seconds=59), timedelta(minutes=10)) == NOON
    assert window_of(NOON + timedelta(minutes=10), timedelta(minutes=10)) == NOON + timedelta(minutes=10)
