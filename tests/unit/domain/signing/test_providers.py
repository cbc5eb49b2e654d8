from __future__ import annotations

import pytest

from undersigned.domain.signing.providers import (
    Provider,
    odd_ones,
    provider_of,
    providers_of,
)


def test_providers_are_those_of_confirmed_letters_and_of_forms_that_wait_most_signers_first() -> None:
    confirmed = {"TOTAL": 5, "PROVIDER#gmail.com": 1, "PROVIDER#web.de": 4, "PROVIDER#aol.com": 0}
    waiting = {"gmail.com": 1, "other": 9}
    assert providers_of(confirmed, waiting) == (
        Provider("other", 9, 0),
        Provider("web.de", 4, 4),
        Provider("gmail.com", 2, 1),
    )


@pytest.mark.parametrize(
    ("email", "provider"),
    [("ada@gmail.com", "gmail.com"), ("Ada@GMAIL.com", "gmail.com"), ("ada@gmail.com.example", "other"), ("", "other")],
)
def test_only_known_providers_are_named(email: str, provider: str) -> None:
    assert provider_of(email) == provider


@pytest.mark.parametrize(
    ("provider", "others", "odd"),
    [
        (Provider("x", 10, 0), Provider("y", 10, 9), True),
        (Provider("x", 9, 0), Provider("y", 10, 9), False),  # too few signers for a verdict
        (Provider("x", 12, 4), Provider("y", 10, 9), False),  # a third is slow, not silent
        (Provider("x", 12, 3), Provider("y", 10, 9), True),
        (Provider("x", 12, 3), Provider("y", 10, 4), False),  # a rush: the others have not confirmed yet either
        (Provider("x", 12, 0), Provider("y", 10, 0), False),
        (Provider("x", 12, 3), None, True),  # no other provider to compare with
        (Provider("x", 12, 3), Provider("other", 10, 4), False),
        (Provider("other", 9_000, 0), Provider("y", 10, 9), False),  # anybody can make up a domain
    ],
)
def test_a_provider_is_odd_if_its_signers_do_not_confirm_and_others_do(
    provider: Provider, others: Provider | None, *, odd: bool
) -> None:
    known = (provider, *([others] if others else []))
    assert (provider in odd_ones(known)) is odd


def test_a_flood_of_made_up_domains_hides_no_provider_that_loses_emails() -> None:
    lost = Provider("x", 12, 1)
    assert odd_ones((Provider("other", 220_000, 3), Provider("y", 40, 38), lost)) == (lost,)
