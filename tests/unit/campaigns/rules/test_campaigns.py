from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.support.signatures import TREES
from undersigned.campaigns.rules.campaigns import ID_PATTERN, Roster, Target
from undersigned.campaigns.rules.postal_codes import canonical_postal_code


def target(name: str, *codes: str) -> Target:
    return Target(name, "Mayor", f"{name} Sample", "City Hall", name, f"mayor@{name}.example", codes)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("60201", "60201"),
        (" 60201 ", "60201"),
        ("60201-1234", "60201"),
        ("602011234", "60201"),
        ("60201 1234", "60201"),
        ("k1a 0b1", "K1A0B1"),
        ("K1A-0B1", "K1A0B1"),
        ("6020112345", "6020112345"),
    ],
)
def test_a_postal_code_has_one_spelling(typed: str, code: str) -> None:
    assert canonical_postal_code(typed) == code


@pytest.mark.parametrize(
    ("day", "is_open"),
    [(date(2026, 1, 31), False), (date(2026, 2, 1), True), (date(2026, 2, 28), True), (date(2026, 3, 1), False)],
)
def test_a_campaign_is_open_from_its_first_day_to_its_last(day: date, is_open: bool) -> None:  # noqa: FBT001
    campaign = replace(TREES, opens=date(2026, 2, 1), closes=date(2026, 2, 28))

    assert campaign.is_open(day) is is_open


def test_a_campaign_without_days_is_always_open() -> None:
    assert TREES.is_open(date.min)
    assert TREES.is_open(date.max)


@pytest.mark.parametrize("identifier", ["a", "7", "end-demand-illinois", "a" * 50])
def test_a_slug_is_an_id(identifier: str) -> None:
    assert ID_PATTERN.fullmatch(identifier)


@pytest.mark.parametrize("identifier", ["", "-", "a-", "-a", "A", "a b", "a#b", "a/b", "é", "a\n", "a" * 51])
def test_text_that_would_break_a_key_or_an_address_is_not_an_id(identifier: str) -> None:
    assert not ID_PATTERN.fullmatch(identifier)


def test_targets_that_share_a_postal_code_are_found_in_their_order() -> None:
    first, second = target("oakton", "60201", "60202"), target("elmton", "60202")

    roster = Roster.of((first, second))

    assert roster.serving("60202") == (first, second)
    assert roster.serving("60201-9999") == (first,)
    assert roster.serving("99999") == ()


def test_a_retired_target_is_found_by_id_but_not_by_postal_code() -> None:
    retired = replace(target("oakton", "60201"), retired=True)

    roster = Roster.of((retired,))

    assert roster.by_id == {"oakton": retired}
    assert roster.serving("60201") == ()
