from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signatures import adas_signature
from undersigned.domain.signatures import PENDING_FOR, Signature, new_mail_request
from undersigned.domain.tokens import SignerToken
from undersigned.domain.words import (
    COPY_SENT_AGAIN_WITHIN,
    KEPT_FOR,
    MOST_WORDS,
    SENT_AGAIN_WITHIN,
    after_form,
    have_newer,
    signed_at_of,
    waiting_words,
    words_id,
    words_of,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def form(note: str, at: datetime = NOON, suspicion: str | None = None, version: int = 1) -> Signature:
    """Return the row that a form would be alone."""
    return adas_signature(
        signer="a" * 32,
        status="pending",
        version=version,
        note=note,
        signed_at=at,
        signed_on=at.date(),
        mail_request=note,
        expires_at=at + PENDING_FOR,
        quarantine=suspicion,
    )


def after(*forms: Signature) -> Signature:
    """Return the row after some forms, each at its own time."""
    row = None
    for number, words in enumerate(forms, start=1):
        row = after_form(row, replace(words, version=number), words.signed_at)
    assert row
    return row


def notes(row: Signature, now: datetime = NOON) -> list[str]:
    return [words.note for words in waiting_words(row, now)]


def link(words: Signature) -> SignerToken:
    return SignerToken("trees", words.signer, NOON, words_id(words.signed_at))


def test_an_id_says_when_the_words_were_signed() -> None:
    moment = datetime(2026, 11, 24, 12, 0, 0, 123457, tzinfo=UTC)
    assert signed_at_of(words_id(moment)) == moment
    assert words_id(moment) != words_id(moment + timedelta(microseconds=1))


def test_the_newest_words_are_the_rows() -> None:
    row = after(form("one"), form("two"), form("three"))
    assert (row.note, row.version, notes(row)) == ("three", 3, ["one", "two", "three"])
    first, *_, last = waiting_words(row, NOON)
    assert (have_newer(row, first, NOON), have_newer(row, last, NOON)) == (True, False)


def test_words_that_were_signed_at_the_same_moment_have_ids_of_their_own() -> None:
    row = after(form("one"), form("two"), form("three", NOON - timedelta(seconds=1)))
    assert len({words.signed_at for words in waiting_words(row, NOON)}) == 3
    for words in waiting_words(row, NOON):
        assert words_of(row, link(words), NOON) == words


def test_an_old_link_is_not_about_the_words_that_follow_a_withdrawal_in_the_same_moment() -> None:
    row = after(form("one"))
    again = after_form(replace(row, status="withdrawn"), form("two", version=2), NOON)
    assert words_of(again, link(row), NOON) is None


@pytest.mark.parametrize("later", ["two", "one"])
def test_suspicious_words_do_not_replace_clean_ones_even_if_they_are_the_same(later: str) -> None:
    row = after(form("one"), form(later, suspicion="no form"))
    assert (row.note, row.quarantine, row.mail_request) == ("one", None, "one")
    assert [(words.note, words.quarantine) for words in row.beside] == [(later, "no form")]


def test_clean_words_replace_suspicious_ones() -> None:
    row = after(form("one", suspicion="no form"), form("two"))
    assert (row.note, row.quarantine) == ("two", None)
    assert [(words.note, words.quarantine) for words in row.beside] == [("one", "no form")]


@pytest.mark.parametrize("suspicion", ["no form", None])
def test_the_same_words_again_wait_longer_and_lose_their_suspicion(suspicion: str | None) -> None:
    first = form("one", suspicion=suspicion)
    again = replace(form("one", NOON + timedelta(days=1), version=2), mail_request="again")
    row = after_form(first, again, again.signed_at)
    assert row == replace(again, signed_at=first.signed_at, signed_on=first.signed_on)


def test_a_fourth_form_takes_the_place_of_the_oldest_that_waited_for_a_day() -> None:
    row = after(form("one"), form("two", NOON + timedelta(hours=1)), form("three", NOON + timedelta(hours=2)))
    soon = NOON + KEPT_FOR - timedelta(seconds=1)
    assert notes(after_form(row, form("four", soon, version=4), soon)) == ["one", "two", "three"]
    later = NOON + KEPT_FOR + timedelta(minutes=1)
    assert notes(after_form(row, form("four", later, version=4), later)) == ["two", "three", "four"]


def test_suspicious_words_give_way_first() -> None:
    row = after(form("one"), form("two", suspicion="trap"), form("three"))
    assert notes(after_form(row, form("four", version=4), NOON)) == ["one", "three", "four"]


def test_the_words_that_came_first_do_not_give_way_within_a_day_even_if_they_are_suspicious() -> None:
    """They may have the day's one email of a suspicious form."""
    row = after(form("one", suspicion="no form"), form("two"), form("three"))
    assert notes(after_form(row, form("four", version=4), NOON)) == ["one", "two", "three"]


def test_a_row_that_is_not_pending_waits_with_no_words() -> None:
    row = after(form("one"), form("two"))
    assert waiting_words(replace(row, status="confirmed"), NOON) == ()
    assert waiting_words(row, NOON + PENDING_FOR) == ()
    assert words_of(replace(row, status="confirmed"), link(row.beside[0]), NOON) is not None


FORMS = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three", "four", "five"]), st.booleans(), st.integers(0, 40)), max_size=12
)


@given(FORMS)
def test_clean_words_wait_for_a_day_whatever_is_posted(forms: list[tuple[str, bool, int]]) -> None:
    row, now = form("mine"), NOON
    for version, (note, suspicious, hours) in enumerate(forms, start=2):
        now += timedelta(hours=hours)
        before = waiting_words(row, now)
        had_clean = any(not words.quarantine for words in before)
        row = after_form(row, form(note, now, "no form" if suspicious else None, version), now)
        assert row.version == version
        assert len(waiting_words(row, now)) <= MOST_WORDS
        assert row.quarantine is None or not (had_clean and suspicious)
        if now - NOON < KEPT_FOR:
            assert "mine" in notes(row, now)
        gone = {words.signed_at for words in before} - {words.signed_at for words in waiting_words(row, now)}
        for words in before:
            if words.signed_at in gone and not words.quarantine:
                assert not suspicious
                assert now - words.signed_at >= KEPT_FOR


@pytest.mark.parametrize("copies", [("123", "123"), ("123", "456")])
@pytest.mark.parametrize("early", [True, False])
def test_one_copy_of_a_form_again_within_15_minutes_requests_the_same_email(
    copies: tuple[str, str],
    early: bool,  # noqa: FBT001
) -> None:
    within = COPY_SENT_AGAIN_WITHIN if len({*copies}) == 1 else SENT_AGAIN_WITHIN
    later = NOON + within - timedelta(seconds=early)
    first, again = (
        replace(form("one", at), mail_request=new_mail_request(at, random, form_token=copy))
        for at, random, copy in zip((NOON, later), ("1111", "2222"), copies, strict=True)
    )
    assert after_form(first, again, later).mail_request == (first if early else again).mail_request


@pytest.mark.parametrize(("seconds", "is_same"), [(0, True), (119, True), (120, False)])
def test_the_same_form_again_within_two_minutes_requests_the_same_email(seconds: int, is_same: bool) -> None:  # noqa: FBT001
    first, again = (
        replace(form("one"), mail_request=new_mail_request(NOON + timedelta(seconds=passed), "12345678"))
        for passed in (0, seconds)
    )
    again = replace(again, mail_request=again.mail_request.replace("12345678", "87654321"))
    row = after_form(first, again, NOON + timedelta(seconds=seconds))
    assert row.mail_request == (first if is_same else again).mail_request
    other = replace(again, note="Other words")
    assert after_form(first, other, NOON).mail_request == other.mail_request
    ended = replace(first, links_ended_at=NOON + timedelta(seconds=1))
    assert after_form(ended, again, NOON).mail_request == again.mail_request


def sent(note: str, seconds: float = 0, suspicion: str | None = None) -> Signature:
    """Return a form whose email is requested when it is posted, so many seconds after noon."""
    at = NOON + timedelta(seconds=seconds)
    return replace(form(note, at, suspicion), mail_request=new_mail_request(at, f"{int(seconds):04x}0000"))


def test_words_beside_the_rows_own_that_are_sent_again_change_nothing() -> None:
    row = after(sent("one"), sent("two", 5))
    assert after(sent("one"), sent("two", 5), sent("one", 10)) == replace(row, version=3)
    three = after(sent("one"), sent("two", 5), sent("one", 10), sent("three", 15))
    assert notes(three) == ["one", "two", "three"]


def test_words_beside_the_rows_own_that_are_said_later_take_no_room_and_become_the_rows() -> None:
    late = SENT_AGAIN_WITHIN.total_seconds() + 60
    row = after(sent("one"), sent("two", 5), sent("one", late))
    assert (row.note, row.mail_request, row.signed_at) == ("one", sent("one", late).mail_request, NOON)
    assert notes(row) == ["one", "two"]
    assert row.expires_at == NOON + timedelta(seconds=late) + PENDING_FOR


@pytest.mark.parametrize("before", [[], ["two"]])
def test_clean_words_that_are_sent_again_and_look_like_a_bots_change_nothing(before: list[str]) -> None:
    forms = [sent("one"), *(sent(note, 5) for note in before)]
    row = after(*forms)
    again = after(*forms, sent("one", 10, "no form"))
    assert again == replace(row, version=again.version)


@pytest.mark.parametrize("beside", ["two", ""])
def test_a_persons_form_that_repeats_a_bots_gets_an_email_of_its_own(beside: str) -> None:
    forms = [sent("one", suspicion="no form"), *([sent("two", 5)] if beside else []), sent("one", 10)]
    row = after(*forms)
    assert (row.note, row.quarantine, row.mail_request) == ("one", None, forms[-1].mail_request)
    assert len(waiting_words(row, NOON)) == 1 + bool(beside)
    assert after(*forms, sent("one", 12)) == replace(row, version=len(forms) + 1)


def test_words_beside_the_rows_own_get_a_new_email_if_the_signer_has_ended_the_links() -> None:
    row = replace(after(sent("one"), sent("two", 5)), links_ended_at=NOON + timedelta(seconds=6))
    assert after_form(row, replace(sent("one", 10), version=3), NOON).mail_request == sent("one", 10).mail_request
