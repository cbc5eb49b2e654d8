from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from undersigned.base.networks import Visitor, window_of
from undersigned.signing.rules.abuse_checks import FORM_WINDOW, suspicion

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def suspicion_of(**changes: Any) -> str | None:
    facts = {"has_token": True, "is_trapped": False, "is_from_known_site": False}
    return suspicion(**facts | changes)


def test_a_person_who_takes_their_time_is_not_suspected() -> None:
    assert suspicion_of() is None


def test_a_value_in_the_hidden_trap_field_is_suspicious() -> None:
    assert suspicion_of(is_trapped=True) == "trap"
    assert suspicion_of(has_token=False, is_trapped=True, is_from_known_site=True) == "trap"


def test_a_post_without_our_form_is_suspicious_unless_a_known_site_sent_it() -> None:
    assert suspicion_of(has_token=False) == "no form"
    assert suspicion_of(has_token=False, is_from_known_site=True) is None


@pytest.mark.parametrize(
    ("seconds", "is_same"), [(0, True), (0.000001, True), (29.999999, True), (30, False), (-0.000001, False)]
)
def test_everybody_who_opens_the_form_in_the_same_half_minute_gets_the_same_token(
    seconds: float,
    is_same: bool,  # noqa: FBT001
) -> None:
    first, other = (window_of(NOON + timedelta(seconds=passed), FORM_WINDOW) for passed in (0, seconds))
    assert (first == other) == is_same
    assert other.microsecond == 0


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


def test_a_window_begins_at_a_multiple_of_its_length() -> None:
    assert window_of(NOON + timedelta(minutes=9, seconds=59), timedelta(minutes=10)) == NOON
    assert window_of(NOON + timedelta(minutes=10), timedelta(minutes=10)) == NOON + timedelta(minutes=10)
