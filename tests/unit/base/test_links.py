from __future__ import annotations

from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import TokenError, TokenExpiredError
from undersigned.base.links import CLOCKS_DIFFER_BY, Link, Links
from undersigned.base.purposes import PURPOSES, Purpose

SECRET = "of this stack"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SIGNER = ("trees", "0" * 32)

A_DAY = timedelta(days=1)
WORKS_FOR: dict[Purpose, timedelta] = {
    **dict.fromkeys(("confirm", "letter", "disown", "office"), 400 * A_DAY),
    "packets": 30 * A_DAY,
    "cover": 36525 * A_DAY,
    "form": 2 * A_DAY,
    **dict.fromkeys(("person", "typed"), A_DAY / 2),
}


def at(moment: datetime = NOON, *secrets: str) -> Links:
    return Links(lambda *_: secrets or (SECRET,), lambda: moment)


def letter_token() -> str:
    return at().sign("letter", *SIGNER)


def parts_of(purpose: Purpose) -> tuple[str, ...]:
    return tuple(f"the {name}" for name in PURPOSES[purpose].parts)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_says_its_parts_and_its_date(purpose: Purpose) -> None:
    parts = parts_of(purpose)
    link = at().read(purpose, at().sign(purpose, *parts))
    assert link == Link(purpose, parts, NOON)
    assert [link[name] for name in PURPOSES[purpose].parts] == [*parts]


def test_a_link_keeps_the_date_of_the_one_that_it_continues() -> None:
    earlier = NOON - timedelta(days=3)
    assert at().read("letter", at().sign("letter", *SIGNER, issued_at=earlier)).issued_at == earlier


@pytest.mark.parametrize("parts", [(), ("trees",), ("trees", "0" * 32, "661097a9d6800")])
def test_a_link_with_another_number_of_parts_is_not_signed(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="campaign"):
        at().sign("letter", *parts)


def test_a_token_with_another_number_of_parts_is_refused() -> None:
    with pytest.raises(TokenError, match="the link is damaged"):
        at().read("letter", at().sign("letter", "trees", "a~b"))


def test_a_token_needs_no_escaping_in_a_url() -> None:
    assert set(letter_token()) <= set(ascii_letters + digits + "-._~")


@pytest.mark.asvs("7.2.2", "9.2.1")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_works_until_its_last_second_and_an_old_one_of_a_signer_tells_its_campaign(purpose: Purpose) -> None:
    token, valid_for = at().sign(purpose, *parts_of(purpose)), WORKS_FOR[purpose]

    assert at(NOON + valid_for).read(purpose, token).parts == parts_of(purpose)
    with pytest.raises(TokenExpiredError, match="too old") as old:
        at(NOON + valid_for + timedelta(seconds=1)).read(purpose, token)
    assert old.value.campaign == ("the campaign" if purpose in {"confirm", "letter", "disown"} else None)


def test_a_token_may_be_dated_slightly_ahead_but_not_further() -> None:
    assert at(NOON - CLOCKS_DIFFER_BY).read("letter", letter_token())
    with pytest.raises(TokenError):
        at(NOON - CLOCKS_DIFFER_BY - timedelta(seconds=1)).read("letter", letter_token())


@pytest.mark.asvs("9.2.3", "9.2.4")
def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(TokenError):
        at(NOON, "another").read("letter", letter_token())


@pytest.mark.asvs("9.2.3", "9.2.4")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_of_another_purpose_is_refused(purpose: Purpose) -> None:
    for other in PURPOSES.keys() - {purpose}:
        with pytest.raises(TokenError):
            at().read(purpose, at().sign(other, *parts_of(other)))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_only_links_that_act_as_an_organizer_are_signed_with_the_organizers_secret(purpose: Purpose) -> None:
    both = Links(lambda name, _: (name,), lambda: NOON)
    signs, other = ("organizers", "stack") if purpose in {"person", "typed"} else ("stack", "organizers")
    token = both.sign(purpose, *parts_of(purpose))

    assert both.read(purpose, token) == at(NOON, signs).read(purpose, token)
    with pytest.raises(TokenError):
        at(NOON, other).read(purpose, token)
    with pytest.raises(TokenError):
        both.read(purpose, at(NOON, other).sign(purpose, *parts_of(purpose)))


@pytest.mark.parametrize("end", range(0, len(letter_token()), 7))
def test_a_truncated_token_is_refused(end: int) -> None:
    with pytest.raises(TokenError):
        at().read("letter", letter_token()[:end])


@pytest.mark.asvs("9.1.1")
@given(st.integers(0, len(letter_token()) - 1), st.sampled_from(ascii_letters + digits + "~.é\0"))
def test_a_token_with_a_changed_character_is_refused(place: int, character: str) -> None:
    token = letter_token()
    if token[place] == character:
        return
    with pytest.raises(TokenError):
        at().read("letter", token[:place] + character + token[place + 1 :])


@pytest.mark.parametrize("sign", ["\0", "!", "\x80", " ", "="])
def test_a_token_has_one_spelling(sign: str) -> None:
    token = letter_token()
    for place in range(len(token) + 1):
        with pytest.raises(TokenError):
            at().read("letter", token[:place] + sign + token[place:])


@given(st.text(st.sampled_from("aZ09-_.~ \n\0é李\ud800"), max_size=40))
def test_any_other_text_is_not_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        at().read("letter", text)


def test_punctuation_after_a_copied_link_does_not_matter() -> None:
    assert at().read("letter", letter_token() + AFTER_LINKS) == at().read("letter", letter_token())


def test_the_secret_is_read_for_the_first_token() -> None:
    reads: list[str] = []

    def read(*_: object) -> tuple[str]:
        reads.append("once")
        return (SECRET,)

    links = Links(read, lambda: NOON)
    assert reads == []

    links.sign("letter", *SIGNER)
    assert reads == ["once"]


def test_a_token_is_read_with_every_key_and_signed_with_the_first() -> None:
    both = at(NOON, "new", SECRET)
    assert both.read("letter", letter_token()).parts == SIGNER
    assert at(NOON, "new").read("letter", both.sign("letter", *SIGNER)).parts == SIGNER
    with pytest.raises(TokenError):
        at().read("letter", both.sign("letter", *SIGNER))
