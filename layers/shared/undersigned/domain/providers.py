"""Mail providers: whether one swallows our mails, seen from how many of its people sign and how many confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH = 10
"""Signers below whom a share says nothing."""

_SIGNED, _CONFIRMED = "SIGNED#", "CONFIRMED#"


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail domain: how many letters were signed with it, and how many of those are confirmed."""

    domain: str
    signed: int
    confirmed: int


def providers_of(counters: Mapping[str, int]) -> tuple[Provider, ...]:
    """Return the providers that counters tell of, those with the most signers first."""
    found = (
        Provider(domain := name.removeprefix(_SIGNED), signed, counters.get(f"{_CONFIRMED}{domain}", 0))
        for name, signed in counters.items()
        if name.startswith(_SIGNED) and signed > 0
    )
    return tuple(sorted(found, key=lambda provider: (-provider.signed, provider.domain)))


def odd_ones(providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
    """Return the providers that may swallow our mails.

    Fewer than a third of at least ten signers confirmed, and fewer than half as many as with all others together: a
    rush of people who have not got around to it yet is none of this.
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
