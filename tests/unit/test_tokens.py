from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.errors import TokenError
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.tokens import CLOCKS_DIFFER_BY, VALID_FOR, PersonToken, Purpose, SignerToken
from undersigned.tokens import OrganizerTokens, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "of this stack"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY = DeliveryKey("trees", "oakton", "2026-11-30")
SIGNER = SignerToken("trees", "0" * 32, NOON)


def at(moment: datetime = NOON, secret: str = SECRET) -> Tokens:
    return Tokens(lambda _: (secret,), lambda: moment)


def organizers(moment: datetime = NOON, secret: str = SECRET) -> OrganizerTokens:
    return OrganizerTokens(lambda _: (secret,), lambda: moment)


def signer_token(purpose: Purpose = "letter") -> str:
    if purpose == "confirm":
        return at().for_confirming(SIGNER.campaign, SIGNER.signer, "661097a9d6800")
    return at().for_signer(purpose, SIGNER.campaign, SIGNER.signer)


def test_a_signers_token_names_campaign_and_signer() -> None:
    assert at().read_signer("letter", signer_token()) == SIGNER


def test_a_confirmation_token_names_its_words() -> None:
    token = at().for_confirming(SIGNER.campaign, SIGNER.signer, "661097a9d6800")
    assert at().read_signer("confirm", token) == replace(SIGNER, form="661097a9d6800")


def test_only_a_confirmation_token_names_words_and_always_does() -> None:
    token = at()._issue("letter", SIGNER.campaign, SIGNER.signer, "661097a9d6800")
    with pytest.raises(TokenError, match="damaged"):
        at().read_signer("letter", token)
    with pytest.raises(TokenError, match="damaged"):
        at().read_signer("confirm", at().for_signer("confirm", SIGNER.campaign, SIGNER.signer))


def test_a_packets_token_names_its_delivery() -> None:
    assert at().read_packets(at().for_packets(KEY)) == KEY


def test_a_token_needs_no_escaping_in_a_url() -> None:
    assert set(signer_token()) <= set(ascii_letters + digits + "-._~")


@pytest.mark.asvs("9.2.1")
@pytest.mark.parametrize("purpose", ["confirm", "letter"])
def test_a_signers_link_works_until_its_last_second(purpose: Purpose) -> None:
    token = signer_token(purpose)

    assert at(NOON + VALID_FOR[purpose]).read_signer(purpose, token).campaign == SIGNER.campaign
    with pytest.raises(TokenError, match="too old"):
        at(NOON + VALID_FOR[purpose] + timedelta(seconds=1)).read_signer(purpose, token)


def test_a_packets_link_works_until_its_last_second() -> None:
    token = at().for_packets(KEY)

    assert at(NOON + VALID_FOR["packets"]).read_packets(token) == KEY
    with pytest.raises(TokenError):
        at(NOON + VALID_FOR["packets"] + timedelta(seconds=1)).read_packets(token)


def test_a_token_may_be_dated_slightly_ahead_but_not_further() -> None:
    assert at(NOON - CLOCKS_DIFFER_BY).read_signer("letter", signer_token())
    with pytest.raises(TokenError):
        at(NOON - CLOCKS_DIFFER_BY - timedelta(seconds=1)).read_signer("letter", signer_token())


@pytest.mark.asvs("9.2.3")
def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(TokenError):
        at(secret="another").read_signer("letter", signer_token())


@pytest.mark.asvs("9.2.3")
@pytest.mark.parametrize(
    "read",
    [
        lambda token: at().read_signer("confirm", token),
        lambda token: at().read_packets(token),
    ],
)
def test_a_token_of_another_purpose_is_refused(read: Callable[[str], object]) -> None:
    with pytest.raises(TokenError):
        read(signer_token("letter"))


def test_a_packets_token_opens_no_letter() -> None:
    with pytest.raises(TokenError):
        at().read_signer("letter", at().for_packets(KEY))


@pytest.mark.parametrize("end", range(0, len(signer_token()), 7))
def test_a_truncated_token_is_refused(end: int) -> None:
    with pytest.raises(TokenError):
        at().read_signer("letter", signer_token()[:end])


@pytest.mark.asvs("9.1.1")
@given(st.integers(0, len(signer_token()) - 1), st.sampled_from(ascii_letters + digits + "~.é\0"))
def test_a_token_with_a_changed_character_is_refused(place: int, character: str) -> None:
    token = signer_token()
    if token[place] == character:
        return
    with pytest.raises(TokenError):
        at().read_signer("letter", token[:place] + character + token[place + 1 :])


@pytest.mark.parametrize("sign", ["\0", "!", "\x80", " ", "="])
def test_a_token_has_one_spelling(sign: str) -> None:
    token = signer_token()
    for place in range(len(token) + 1):
        with pytest.raises(TokenError):
            at().read_signer("letter", token[:place] + sign + token[place:])


@given(st.text(st.sampled_from("aZ09-_.~ \n\0é李\ud800"), max_size=40))
def test_any_other_text_is_not_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        at().read_signer("letter", text)


def test_a_token_with_another_number_of_parts_is_refused() -> None:
    with pytest.raises(TokenError, match="the link is damaged"):
        at().read_signer("letter", at().for_signer("letter", "trees", "a~b"))


def test_the_secret_is_read_for_the_first_token() -> None:
    reads: list[str] = []

    def read(_at: datetime) -> tuple[str]:
        reads.append("once")
        return (SECRET,)

    tokens = Tokens(read, lambda: NOON)
    assert reads == []

    tokens.for_packets(KEY)
    assert reads == ["once"]


def test_a_token_is_read_with_every_key_and_signed_with_the_first() -> None:
    both = Tokens(lambda _: ("new", SECRET), lambda: NOON)
    assert both.read_signer("letter", signer_token()) == SIGNER
    assert at(secret="new").read_signer("letter", both.for_signer("letter", SIGNER.campaign, SIGNER.signer)) == SIGNER
    with pytest.raises(TokenError):
        at().read_signer("letter", both.for_signer("letter", SIGNER.campaign, SIGNER.signer))


def test_posts_are_accepted_with_the_tokens_of_every_key() -> None:
    session = organizers().for_person("0" * 32, "0" * 32)
    both = OrganizerTokens(lambda _: ("new", SECRET), lambda: NOON)
    assert both.accepted_in_posts(session) == (
        organizers(secret="new").for_posts(session),
        organizers().for_posts(session),
    )


@pytest.mark.asvs("7.2.2")
def test_a_session_lasts_twelve_hours_and_names_its_person() -> None:
    token = organizers().for_person("0" * 32, "0" * 32)
    assert organizers(NOON + timedelta(hours=12)).read_person(token) == PersonToken("0" * 32, "0" * 32)
    with pytest.raises(TokenError, match="too old"):
        organizers(NOON + timedelta(hours=12, seconds=1)).read_person(token)


def test_the_token_for_posts_depends_only_on_the_session() -> None:
    session, other = organizers().for_person("0" * 32, "0" * 32), organizers().for_person("0" * 32, "1" * 32)
    assert organizers().for_posts(session) == organizers(NOON + timedelta(hours=3)).for_posts(session)
    assert (
        len(
            {
                organizers().for_posts(session),
                organizers().for_posts(other),
                organizers(secret="another").for_posts(session),
            }
        )
        == 3
    )
