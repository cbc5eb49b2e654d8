"""Tokens: any text in a link, a cookie or a form is one of our tokens, or raises TokenError."""

from __future__ import annotations

from datetime import UTC, datetime
from string import ascii_letters, digits
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.inputs import ANY_CHARACTER, given, mutated, st, texts, tried
from undersigned.base.errors import TokenError
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.signing.abuse_checks import FormToken
from undersigned.domain.tokens import PersonToken, SignerToken
from undersigned.tokens import OrganizerTokens, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOKENS = Tokens(lambda _: ("of this stack",), lambda: NOON)
ORGANIZERS = OrganizerTokens(lambda _: ("of this stack",), lambda: NOON)

READ: dict[str, Callable[[str], object]] = {
    "confirm": lambda token: TOKENS.read_signer("confirm", token),
    "letter": lambda token: TOKENS.read_signer("letter", token),
    "packets": TOKENS.read_packets,
    "person": ORGANIZERS.read_person,
    "form": TOKENS.read_form,
}
GOOD: dict[str, str] = {
    "confirm": TOKENS.for_confirming("trees", "0" * 32, "661097a9d6800"),
    "letter": TOKENS.for_signer("letter", "trees", "0" * 32),
    "packets": TOKENS.for_packets(DeliveryKey("trees", "oakton", "2026-11-30")),
    "person": ORGANIZERS.for_person("0" * 32, "a" * 32),
    "form": TOKENS.for_form(FormToken("trees", NOON)),
}
KINDS = st.sampled_from(sorted(READ))
PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="~"), max_size=40)
NEAR = ascii_letters + digits + "-_.~= \n\0é"


@tried(150)
@given(KINDS, st.one_of(texts(200, surrogates=True), mutated(sorted(GOOD.values()))))
def test_any_other_text_is_a_token_error(kind: str, text: str) -> None:
    if text == GOOD[kind]:
        return
    with pytest.raises(TokenError):
        READ[kind](text)


@pytest.mark.asvs("6.6.3")
@tried(150)
@given(
    KINDS, st.integers(0, 400), st.sampled_from(("put", "take", "cut")), st.one_of(st.sampled_from(NEAR), ANY_CHARACTER)
)
def test_a_token_with_any_character_changed_is_refused(kind: str, place: int, edit: str, character: str) -> None:
    good = GOOD[kind]
    place %= len(good) + (edit == "put")
    changed = good[:place] + ("" if edit == "cut" else character) + good[place + (edit != "put") :]
    if changed == good:
        return
    with pytest.raises(TokenError):
        READ[kind](changed)


@tried(60)
@given(PARTS, PARTS, PARTS, st.datetimes(datetime(2026, 11, 29), datetime(2026, 11, 30)))  # noqa: DTZ001
def test_a_token_keeps_its_values(first: str, second: str, third: str, moment: datetime) -> None:
    issued_at = moment.replace(microsecond=0, tzinfo=UTC)
    form = FormToken(first, issued_at)
    assert TOKENS.read_form(TOKENS.for_form(form)) == form
    key = DeliveryKey(first, second, third)
    assert TOKENS.read_packets(TOKENS.for_packets(key)) == key
    assert TOKENS.read_signer("letter", TOKENS.for_signer("letter", first, second)) == SignerToken(first, second, NOON)
    named = SignerToken(first, second, NOON, third)
    assert TOKENS.read_signer("confirm", TOKENS.for_confirming(first, second, third)) == named
    assert ORGANIZERS.read_person(ORGANIZERS.for_person(first, second)) == PersonToken(first, second)
