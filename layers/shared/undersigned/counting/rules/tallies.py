"""Tallies: the counters that a signature adds to.

A row's mark, `tallied`, lists the counters that count the row now, once each. To count a row is to correct its mark,
and to change the counters by the difference, in one transaction. So a stream record that arrives twice, late or out of
order finds a correct mark and changes nothing.

While many workers count at once, a counter is spread over shards: each worker adds to a shard of its own, and the
counter is the sum of its shards.

No counter is named by a signer's words. So the number of counters has a bound, and nothing personal is in their names.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from undersigned.campaigns.rules.counts import TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.signing.rules.signatures import Signature

CountedBy = Literal["target", "day", "source"]
"""The kinds of counters beside the total. Their names begin with the kind in capitals, and `#`."""

NOT_COUNTED = ""

_BETWEEN = "|"

type Move = tuple[Signature, str]
"""A row, and the mark that it should have."""


def mark_of(signature: Signature) -> str:
    """Return the mark that a row should have.

    A confirmed letter counts in the total, for its target, for the day of its confirmation, and in a campaign with
    sources, for its source.

    The beginning of a mark tells whether its letter is confirmed: the filters of the stream's readers see nothing else.
    """
    if signature.status != "confirmed" or signature.confirmed_on is None:
        return NOT_COUNTED
    counters = [TOTAL, f"TARGET#{signature.target}", f"DAY#{signature.confirmed_on.isoformat()}"]
    if signature.source:
        counters.append(f"SOURCE#{signature.source}")
    return _BETWEEN.join(counters)


def counters_of(mark: str) -> tuple[str, ...]:
    """Return the counters (sort keys) that count a row with this mark, once each."""
    return tuple(mark.split(_BETWEEN)) if mark != NOT_COUNTED else ()


def transactions(moves: Iterable[Move], most: int) -> Iterator[list[Move]]:
    """Cut moves into transactions of at most `most` writes: one for each row, and one for each of its counters.

    Rows with the same counters come together, rows with frequent counters first, so that each transaction has few
    counters. Raises ValueError if a single move takes more.
    """
    moves = list(moves)
    frequency = Counter(mark for _, mark in moves)
    moves.sort(key=lambda move: (-frequency[move[1]], move[1]))
    some: list[Move] = []
    counters: set[str] = set()
    for signature, mark in moves:
        touched = {*counters_of(signature.tallied)} ^ {*counters_of(mark)}
        if 1 + len(touched) > most:
            message = f"a letter with {len(touched)} counters doesn't fit into {most} writes"
            raise ValueError(message)
        if len(some) + 1 + len(counters | touched) > most:
            yield some
            some, counters = [], set()
        some.append((signature, mark))
        counters |= touched
    if some:
        yield some


def difference(moves: Iterable[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Return how many letters come to each counter, and how many leave it, when marks move from old to new."""
    coming, leaving = Counter[str](), Counter[str]()
    for old, new in moves:
        coming.update({*counters_of(new)} - {*counters_of(old)})
        leaving.update({*counters_of(old)} - {*counters_of(new)})
    return coming, leaving
