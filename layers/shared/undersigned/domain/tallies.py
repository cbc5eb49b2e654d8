"""Tallies: what one signature adds to the counts.

A row's `tallied` mark says what the counts hold of it now. Counting is moving the mark to what it should
be, and the counters by the difference, in one transaction. So a record that comes twice, late or out of
order finds the mark where it should be and changes nothing.
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


@dataclass(frozen=True, slots=True)
class Count:
    """A campaign's public count; `goal` is the organizer's."""

    campaign: str
    signatures: int
    goal: int


def mark_of(signature: Signature) -> str:
    """Return the mark that a row should carry: `<target> <day>` when it counts, else nothing."""
    if signature.status != "confirmed" or signature.confirmed_on is None:
        return NOT_COUNTED
    return f"{signature.target} {signature.confirmed_on.isoformat()}"


def counters_of(mark: str) -> tuple[str, ...]:
    """Return the counters (sort keys) to which a row with this mark adds one each."""
    if mark == NOT_COUNTED:
        return ()
    target, _, day = mark.partition(" ")
    return (TOTAL, f"TARGET#{target}", f"DAY#{day}")


def difference(moves: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Sum what moving marks from old to new changes, by counter; what cancels out is left out."""
    change: Counter[str] = Counter()
    for old, new in moves:
        change.update(counters_of(new))
        change.subtract(counters_of(old))
    return {counter: amount for counter, amount in change.items() if amount}
