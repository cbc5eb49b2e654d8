"""Email providers: detect one that doesn't deliver our emails, by how many of its users sign and how many confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH = 10
"""With fewer signers than this, the share of those who confirmed means nothing."""

_SIGNED, _CONFIRMED = "SIGNED#", "CONFIRMED#"


@dataclass(frozen=True, slots=True)
class Provider:
    """An email domain: how many letters were signed with it, and how many of them are confirmed."""

    domain: str
    signed: int
    confirmed: int


def providers_of(counters: Mapping[str, int]) -> tuple[Provider, ...]:
    """Return the providers in the counters, those with the most signers first."""
    found = (
        Provider(domain := name.removeprefix(_SIGNED), signed, counters.get(f"{_CONFIRMED}{domain}", 0))
        for name, signed in counters.items()
        if name.startswith(_SIGNED) and signed > 0
    )
    return tuple(sorted(found, key=lambda provider: (-provider.signed, provider.domain)))


def odd_ones(providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
    """Return the providers that may not deliver our emails.

    Such a provider has at least ten signers, of whom fewer than a third confirmed, and its share is less than half of
    the share of all other providers together. So a rush of people who have not confirmed yet is not reported.
    """
    signed = sum(provider.signed for provider in providers)
    confirmed = sum(provider.confirmed for provider in providers)

    def is_odd(provider: Provider) -> bool:
        others_signed, others_confirmed = signed - provider.signed, confirmed - provider.confirmed
        return (
            provider.signed >= ENOUGH
            and 3 * provider.confirmed < provider.signed
            and (not others_signed or 2 * provider.confirmed * others_signed < others_confirmed * provider.signed)
        )

    return tuple(provider for provider in providers if is_odd(provider))
