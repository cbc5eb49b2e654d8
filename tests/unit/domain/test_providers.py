from __future__ import annotations

import pytest

from undersigned.domain.providers import Provider, odd_ones, providers_of


def test_providers_come_from_the_counters_most_signers_first() -> None:
    counters = {
        "TOTAL": 5,
        "SIGNED#a.example": 2,
        "CONFIRMED#a.example": 1,
        "SIGNED#b.example": 9,
        "SIGNED#c.example": 0,
    }
    assert providers_of(counters) == (Provider("b.example", 9, 0), Provider("a.example", 2, 1))


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
    ],
)
def test_a_provider_is_odd_if_its_signers_do_not_confirm_and_others_do(
    provider: Provider, others: Provider | None, *, odd: bool
) -> None:
    known = (provider, *([others] if others else []))
    assert (provider in odd_ones(known)) is odd
