"""Test screening: what letters share, and which letters a filter selects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.signatures import adas_form, adas_signature, changed
from undersigned.organizing.rules.screening import SignatureFilter, in_words, place_of, shared_by

if TYPE_CHECKING:
    from undersigned.signing.rules.forms import FormOrLetter
    from undersigned.signing.rules.signatures import Signature

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LETTER = adas_signature()


def letters(count: int, **changes: Any) -> list[Signature]:
    return [changed(LETTER, **changes)] * count


def test_nothing_is_shared_by_people() -> None:
    assert shared_by(letters(200, email="a@gmail.com") + letters(9, email="b@college.example", network="0" * 12)) == ()
    assert shared_by([]) == ()
    assert shared_by(letters(20, email="")) == (), "nothing personal is left of these"


def test_suspicions_networks_and_strange_domains_are_shared_most_letters_first() -> None:
    found = [
        *letters(38, network="a" * 12, email="x@trap.example"),
        *letters(10, network="b" * 12, email="y@gmail.com"),
        *letters(1, quarantine="no form", email=""),
    ]
    assert shared_by(found) == (
        ("network", "a" * 12, 38),
        ("domain", "trap.example", 38),
        ("network", "b" * 12, 10),
        ("suspicion", "no form", 1),
    )


@pytest.mark.parametrize(
    ("letter", "place"),
    [
        (adas_form(), "pending"),
        (adas_form(quarantine="trap"), "quarantined"),
        (adas_signature(quarantine="trap"), "waiting"),
        (adas_signature(on_hold=True), "on hold"),
        (adas_signature(bundle="2026-11-30#0001"), "in a delivery"),
        (adas_signature(status="withdrawn"), "withdrawn"),
        (adas_signature(status="erased"), None),
    ],
)
def test_each_letter_is_in_one_place(letter: FormOrLetter, place: str | None) -> None:
    assert place_of(letter) == place


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        (SignatureFilter(domain="signers.example"), True),
        (SignatureFilter(domain="ers.example"), False),
        (SignatureFilter(network="a" * 12), True),
        (SignatureFilter(network="a"), False),
        (SignatureFilter(signed_from=NOON), True),
        (SignatureFilter(signed_from=NOON + timedelta(seconds=1)), False),
        (SignatureFilter(signed_before=NOON), False),
        (SignatureFilter(signed_before=NOON + timedelta(seconds=1)), True),
        (SignatureFilter(on_hold=True), False),
        (SignatureFilter(network="a" * 12, suspicion="any"), False),
    ],
)
def test_a_filter_selects_letters_that_meet_all_criteria(wanted: SignatureFilter, *, selected: bool) -> None:
    letter = changed(LETTER, email="Ada@Signers.example", network="a" * 12, signed_at=NOON)
    assert wanted.matches(letter) is selected


def test_the_activity_log_has_the_criteria_without_personal_data() -> None:
    wanted = SignatureFilter(
        "evanston", suspicion="no form", domain="ada.example", network="a" * 12, signed_from=NOON, signed_before=NOON
    )
    assert in_words(wanted) == (
        "to evanston, suspicion no form, one email domain, network aaaaaaaaaaaa, "
        "signed from 2026-11-26T12:00+00:00, signed before 2026-11-26T12:00+00:00"
    )
