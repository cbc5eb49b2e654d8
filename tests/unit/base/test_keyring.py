from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from undersigned.base.keyring import IN_USE_AFTER, KNOWN_FOR, Keyring, KeyringError, SignersKeyring

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLAIN = SignersKeyring.read("s" * 64)


def test_a_plain_secret_is_the_key_of_ids_and_of_tokens() -> None:
    assert (PLAIN.signers, PLAIN.token_keys(NOON)) == ("s" * 64, ("s" * 64,))


def test_a_keyring_is_read_as_it_was_written() -> None:
    rotated = PLAIN.rotated("first", NOON).rotated("second", NOON + timedelta(days=1))
    for keyring in (PLAIN, PLAIN.rotated("first", NOON), rotated):
        assert SignersKeyring.read(keyring.written()) == keyring


def test_a_rotation_keeps_the_key_of_ids_and_the_newest_token_key() -> None:
    first = PLAIN.rotated("first", NOON)
    second = first.rotated("second", NOON + timedelta(days=1))
    later = NOON + timedelta(days=2)
    assert (first.signers, first.token_keys(later)) == (PLAIN.signers, ("first", "s" * 64))
    assert (second.signers, second.token_keys(later)) == (PLAIN.signers, ("second", "first"))


def test_a_new_key_is_accepted_at_once_and_signs_when_every_function_knows_it() -> None:
    rotated = PLAIN.rotated("first", NOON)
    assert rotated.token_keys(NOON) == ("s" * 64, "first")
    assert rotated.token_keys(NOON + IN_USE_AFTER) == ("first", "s" * 64)
    assert IN_USE_AFTER >= 2 * KNOWN_FOR


def test_two_rotations_at_once_leave_a_key_that_signs() -> None:
    assert PLAIN.rotated("first", NOON).rotated("second", NOON).token_keys(NOON) == ("first", "second")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"signers": "x"}',
        '{"signers": 1, "tokens": []}',
        '{"signers": "x", "tokens": []}',
        '{"signers": "x", "tokens": "yes"}',
        '{"signers": "", "tokens": [{"key": "y", "since": null}]}',
        '{"signers": "x", "tokens": [{"key": "y"}]}',
        '{"signers": "x", "tokens": [{"key": "y", "since": "noon"}]}',
    ],
)
def test_a_damaged_secret_is_an_error_that_says_the_way_out(text: str) -> None:
    with pytest.raises(KeyringError, match="AWSPREVIOUS"):
        SignersKeyring.read(text)


def test_the_organizers_keyring_keeps_no_key_that_does_not_rotate() -> None:
    plain = Keyring.read("p" * 64)
    rotated = plain.rotated("first", NOON).rotated("second", NOON)
    assert plain.token_keys(NOON) == ("p" * 64,)
    assert Keyring.read(rotated.written()) == rotated
    assert "p" * 64 not in rotated.written()
