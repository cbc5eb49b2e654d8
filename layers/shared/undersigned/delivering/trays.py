"""Trays: which targets have letters that wait."""

from __future__ import annotations

from itertools import batched, chain, groupby
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Waiting

_READ_AHEAD = 100


def oldest_letters(
    signatures: Signatures, campaign: str, targets: Collection[str], at_once: int = 1
) -> dict[str, Waiting]:
    """Return the oldest letter that waits for each of some targets. Its row may be damaged."""
    if not targets:
        return {}

    def read(letters: Iterator[Waiting]) -> list[Waiting]:
        return [next(some) for _, some in groupby(letters, lambda each: each.target)]

    found: dict[str, Waiting] = {}
    parts = signatures.trays(campaign, min(targets), max(targets))
    for letter in chain.from_iterable(each_at_once(read, parts, at_once)):
        found[letter.target] = min(letter, found.get(letter.target, letter), key=lambda each: each.since)
    return {target: found[target] for target in targets if target in found}


def with_letters(signatures: Signatures, campaign: str, targets: Collection[str], at_once: int = 1) -> list[str]:
    """Return which of some targets have a waiting letter whose row isn't damaged."""
    oldest = oldest_letters(signatures, campaign, targets, at_once)

    def readable(some: Sequence[str]) -> list[str]:
        rows = signatures.signatures(campaign, [oldest[target].signer for target in some], whole=False)
        read = {row.signer for row in rows}
        return [target for target in some if oldest[target].signer in read or signatures.has_waiting(campaign, target)]

    return [*chain.from_iterable(each_at_once(readable, batched(oldest, _READ_AHEAD, strict=False), at_once))]
