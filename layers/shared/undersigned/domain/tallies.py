"""Tallies: what a signature adds to the counts.

A row's mark, `tallied`, lists the counters that count the row now, by one each. To count a row is to change its mark to
what it should be and the counters by the difference, in one transaction. So a stream record that arrives twice, late or
out of order finds a correct mark and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.domain.signatures import Signature

TOTAL = "TOTAL"

NOT_COUNTED = ""

_BETWEEN = "|"

MOST_COUNTERS = 7
"""The most counters in one mark."""


@dataclass(frozen=True, slots=True)
class Count:
    """A campaign's public count, and the organizer's goal."""

    campaign: str
    signatures: int
    goal: int


def mark_of(signature: Signature) -> str:
    """Return the mark that a row should have.

    A confirmed letter counts in the total, for its target, for the day and hour (UTC) of its confirmation, for its
    locality, and for its email domain. A pending letter counts only as signed with its email domain, which shows
    providers that don't deliver our emails.
    """
    if signature.status not in {"pending", "confirmed"}:
        return NOT_COUNTED
    domain = signature.email.rpartition("@")[2].lower()
    counters = [f"SIGNED#{domain}"]
    if signature.status == "confirmed" and signature.confirmed_on and signature.confirmed_at:
        counters += [
            TOTAL,
            f"TARGET#{signature.target}",
            f"DAY#{signature.confirmed_on.isoformat()}",
            f"HOUR#{signature.confirmed_at:%Y-%m-%dT%H}",
            f"LOCALITY#{locality_of(signature)}",
            f"CONFIRMED#{domain}",
        ]
    return _BETWEEN.join(counters)


def locality_of(signature: Signature) -> str:
    """Return the spelling by which a town is counted. Letter case and spaces don't matter."""
    return " ".join(signature.locality.replace(_BETWEEN, " ").casefold().split())


def counters_of(mark: str) -> tuple[str, ...]:
    """Return the counters (sort keys) that count a row with this mark, by one each."""
    return tuple(mark.split(_BETWEEN)) if mark != NOT_COUNTED else ()


def difference(moves: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the change of each counter when marks move from old to new. Counters that don't change are left out."""
    change: Counter[str] = Counter()
    for old, new in moves:
        change.update(counters_of(new))
        change.subtract(counters_of(old))
    return {counter: amount for counter, amount in change.items() if amount}
