"""Tallies: what one signature adds to the counts.

A row's `tallied` mark says what the counts hold of it now: it is the list of the counters to which it adds one each.
Counting is moving the mark to what it should be, and the counters by the difference, in one transaction. So a record
that comes twice, late or out of order finds the mark where it should be and changes nothing.
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
"""What one mark names at most."""


@dataclass(frozen=True, slots=True)
class Count:
    """A campaign's public count; `goal` is the organizer's."""

    campaign: str
    signatures: int
    goal: int


def mark_of(signature: Signature) -> str:
    """Return the mark that a row should carry.

    A confirmed letter counts in all, for its target, for day and hour (UTC) of its confirmation, for its locality and
    for its mail's domain; a pending one for the domain alone, as signed: so a provider that swallows our mails shows.
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
    """Return the one spelling under which a town is counted; letter case and blanks do not matter."""
    return " ".join(signature.locality.replace(_BETWEEN, " ").casefold().split())


def counters_of(mark: str) -> tuple[str, ...]:
    """Return the counters (sort keys) to which a row with this mark adds one each."""
    return tuple(mark.split(_BETWEEN)) if mark != NOT_COUNTED else ()


def difference(moves: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Sum what moving marks from old to new changes, by counter; what cancels out is left out."""
    change: Counter[str] = Counter()
    for old, new in moves:
        change.update(counters_of(new))
        change.subtract(counters_of(old))
    return {counter: amount for counter, amount in change.items() if amount}
