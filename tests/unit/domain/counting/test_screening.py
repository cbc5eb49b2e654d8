"""Test screening: what speaks against letters, and which letters a filter selects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.signatures import adas_signature
from undersigned.domain.counting.screening import evidence_of, in_words, place_of
from undersigned.domain.signing.signatures import Signature, SignatureFilter

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LETTER = adas_signature()


def letters(count: int, *, every: timedelta = timedelta(minutes=1), **changes: Any) -> list[Signature]:
    return [replace(LETTER, signed_at=NOON + number * every, **changes) for number in range(count)]


def sentences(*signatures: Signature) -> list[str]:
    return [str(sentence) for sentence in evidence_of(signatures).sentences("en")]


def test_nothing_speaks_against_people() -> None:
    found = evidence_of(letters(200, email="a@gmail.com") + letters(9, email="b@college.example", network="0" * 12))
    assert (found.letters, found.suspicious, found.wave, found.domain) == (209, 0, None, None)
    assert found.sentences("en") == ()
    assert evidence_of([]).sentences("en") == ()
    assert evidence_of(letters(20, email="")).domain is None, "nothing personal is left of these"


def test_a_wave_is_most_letters_of_one_network_within_an_hour() -> None:
    """Those of other networks and of another hour don't count."""
    slow = letters(30, every=timedelta(minutes=5), network="a" * 12)
    fast = [
        replace(letter, signed_at=letter.signed_at + timedelta(hours=3)) for letter in letters(15, network="b" * 12)
    ]
    wave = evidence_of([*slow, *reversed(fast), *letters(40)]).wave
    assert wave
    assert (wave.network, wave.letters, wave.first) == ("b" * 12, 15, NOON + timedelta(hours=3))
    assert wave.last == wave.first + timedelta(minutes=14)


def test_an_hour_has_no_letter_of_the_next() -> None:
    wave = evidence_of(letters(24, every=timedelta(minutes=6), network="a" * 12)).wave
    assert wave
    assert wave.letters == 10


def test_the_sentences_say_how_many_of_how_many() -> None:
    found = [
        *letters(38, network="a" * 12, email="x@trap.example"),
        *letters(1, quarantine="no form"),
        *letters(173, email="y@gmail.com"),
    ]
    assert sentences(*found) == [
        "1 of 212 letters looks like a bot’s",
        "38 of 212 letters came from one network within an hour",
        "38 of 212 letters have addresses at one domain that is no well-known provider’s",
    ]


def test_a_domain_without_email_is_a_typo_and_no_sign_of_a_bot() -> None:
    assert sentences(*letters(2, quarantine="no mailbox"), *letters(4)) == []


def test_a_sentence_does_not_name_a_strangers_domain() -> None:
    assert not any("call-0800" in sentence for sentence in sentences(*letters(10, email="x@call-0800.example")))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"status": "pending"}, "pending"),
        ({"status": "pending", "quarantine": "trap"}, "quarantined"),
        ({"quarantine": "trap"}, "waiting"),
        ({"on_hold": True}, "on hold"),
        ({"bundle": "2026-11-30#0001"}, "in a delivery"),
        ({"status": "withdrawn"}, "withdrawn"),
        ({"status": "erased"}, None),
    ],
)
def test_each_letter_is_in_one_place(changes: Any, place: str | None) -> None:
    assert place_of(replace(LETTER, **changes)) == place


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
    letter = replace(LETTER, email="Ada@Signers.example", network="a" * 12, signed_at=NOON)
    assert wanted.matches(letter) is selected


def test_the_activity_log_has_the_criteria_without_personal_data() -> None:
    wanted = SignatureFilter(
        "evanston", suspicion="no form", domain="ada.example", network="a" * 12, signed_from=NOON, signed_before=NOON
    )
    assert in_words(wanted) == (
        "to evanston, suspicion no form, one email domain, network aaaaaaaaaaaa, "
        "signed from 2026-11-26T12:00+00:00, signed before 2026-11-26T12:00+00:00"
    )
