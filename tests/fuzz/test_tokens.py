"""Tokens: any text in a link, a cookie or a form is one of our tokens, or raises TokenError."""

from __future__ import annotations

from datetime import UTC, datetime
from string import ascii_letters, digits

import pytest

from tests.fuzz.inputs import ANY_CHARACTER, given, mutated, st, texts, tried
from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import TokenError
from undersigned.base.links import Link, Links
from undersigned.base.purposes import PURPOSES, Purpose

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LINKS = Links(lambda *_: ("of this stack",), lambda: NOON)

GOOD: dict[Purpose, str] = {
    purpose: LINKS.sign(purpose, *(f"the-{name}" for name in terms.parts)) for purpose, terms in PURPOSES.items()
}
KINDS = st.sampled_from(sorted(PURPOSES))
PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="~"), max_size=40)
NEAR = ascii_letters + digits + "-_.~= \n\0é"


@tried(150)
@given(KINDS, st.one_of(texts(200, surrogates=True), mutated(sorted(GOOD.values()))))
def test_any_other_text_is_a_token_error(kind: Purpose, text: str) -> None:
    if text.rstrip(AFTER_LINKS) == GOOD[kind]:
        return
    with pytest.raises(TokenError):
        LINKS.read(kind, text)


@pytest.mark.asvs("6.6.3")
@tried(150)
@given(
    KINDS, st.integers(0, 400), st.sampled_from(("put", "take", "cut")), st.one_of(st.sampled_from(NEAR), ANY_CHARACTER)
)
def test_a_token_with_any_character_changed_is_refused(kind: Purpose, place: int, edit: str, character: str) -> None:
    good = GOOD[kind]
    place %= len(good) + (edit == "put")
    changed = good[:place] + ("" if edit == "cut" else character) + good[place + (edit != "put") :]
    if changed.rstrip(AFTER_LINKS) == good:
        return
    with pytest.raises(TokenError):
        LINKS.read(kind, changed)


@tried(60)
@given(KINDS, PARTS, PARTS, PARTS, st.datetimes(datetime(2026, 11, 30), datetime(2026, 11, 30, 12)))  # noqa: DTZ001
def test_a_token_keeps_its_values(kind: Purpose, first: str, second: str, third: str, moment: datetime) -> None:
    issued_at = moment.replace(microsecond=0, tzinfo=UTC)
    parts = (first, second, third)[: len(PURPOSES[kind].parts)]
    assert LINKS.read(kind, LINKS.sign(kind, *parts, issued_at=issued_at)) == Link(kind, parts, issued_at)
