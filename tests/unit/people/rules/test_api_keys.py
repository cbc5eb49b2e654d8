from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from undersigned.people.rules.api_keys import KEY_WORKS_FOR, ApiKey, KeyScope, digest_of

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DIGEST = digest_of("us_example")


def key(scope: KeyScope = "counts", valid_until: datetime = NOW + KEY_WORKS_FOR) -> ApiKey:
    return ApiKey("trees", DIGEST, scope, "", NOW, valid_until)


@pytest.mark.asvs("6.5.2")
def test_only_a_keys_own_digest_opens_it() -> None:
    assert key().is_opened_by(DIGEST, NOW)
    for other in (digest_of("us_examplE"), digest_of(""), "", DIGEST[:-1], DIGEST.upper()):
        assert not key().is_opened_by(other, NOW)


def test_a_key_works_until_it_expires() -> None:
    end = NOW + timedelta(days=1)
    assert key(valid_until=end).is_opened_by(DIGEST, end - timedelta(seconds=1))
    assert not key(valid_until=end).is_opened_by(DIGEST, end)


@pytest.mark.parametrize(
    ("own", "needed", "allowed"),
    [
        ("counts", "counts", True),
        ("counts", "letters", False),
        ("letters", "counts", True),
        ("letters", "letters", True),
    ],
)
def test_letters_include_counts(own: KeyScope, needed: KeyScope, *, allowed: bool) -> None:
    assert key(own).allows(needed) == allowed


def test_a_keys_name_is_the_start_of_its_digest() -> None:
    assert key().name == f"key {DIGEST[:12]}"
