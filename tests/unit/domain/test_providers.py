from __future__ import annotations

import pytest

from benchmarks.meter import size_of
from undersigned.aws.counts import SHARDS, counter_key
from undersigned.aws.dynamodb import to_item
from undersigned.domain.providers import (
    KNOWN,
    Provider,
    counter_named,
    odd_ones,
    place_of,
    provider_of,
    providers_of,
)

COUNTERS = [f"{kind}#{domain}" for kind in ("PROVIDER", "REACHED") for domain in (*sorted(KNOWN), "other")]


def test_providers_come_from_the_counters_most_signers_first() -> None:
    counters = {
        "TOTAL": 5,
        "PROVIDER#gmail.com": 2,
        "REACHED#gmail.com": 1,
        "PROVIDER#other": 9,
        "PROVIDER#aol.com": 0,
        "SIGNED#made-up.example": 12,
        "CONFIRMED#made-up.example": 1,
    }
    assert providers_of(counters) == (Provider("other", 9, 0), Provider("gmail.com", 2, 1))


def test_each_counter_has_a_place_of_its_own_and_is_found_there() -> None:
    places = {counter: place_of(counter) for counter in COUNTERS}
    assert {counter: counter_named(name) for counter, (_, name) in places.items()} == {name: name for name in COUNTERS}
    assert place_of("PROVIDER#gmail.com")[1] == "s_gmail_com"
    assert place_of("REACHED#t-online.de")[1] == "c_t__online_de"


@pytest.mark.parametrize("domain", ["gmail.com", "t-online.de", "other"])
def test_a_letter_counts_as_signed_and_confirmed_in_one_row(domain: str) -> None:
    assert place_of(f"PROVIDER#{domain}")[0] == place_of(f"REACHED#{domain}")[0]


@pytest.mark.parametrize("name", ["pk", "sk", "signatures", "x_gmail_com"])
def test_what_else_is_in_such_a_row_is_no_counter(name: str) -> None:
    assert counter_named(name) is None


def test_a_row_of_all_known_providers_takes_one_write_unit() -> None:
    """Otherwise a letter would cost more, also one that is counted alone."""
    rows: dict[str, dict[str, int]] = {}
    for counter in COUNTERS:
        row, name = place_of(counter)
        rows.setdefault(row, {})[name] = 98_765
    longest = {row: size_of(to_item(counter_key("c" * 40, row, SHARDS)._asdict() | rows[row])) for row in rows}
    assert max(longest.values()) <= 1_024, longest


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
