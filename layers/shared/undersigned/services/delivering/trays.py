"""Trays: which letters wait for which targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import batched, chain, groupby
from typing import TYPE_CHECKING

from undersigned.at_once import each_at_once
from undersigned.domain.delivering.bundles import Signers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from undersigned.aws.signatures import Signatures
    from undersigned.domain.signing.signatures import Waiting

_READ_AHEAD = 100


@dataclass(frozen=True, slots=True)
class Tray:
    """The letters that wait for a target; `since` is the oldest's."""

    signers: Sequence[str]
    since: datetime


def read_trays(
    signatures: Signatures,
    campaign: str,
    targets: Collection[str],
    at_once: int = 1,
    *,
    whole: bool = True,
) -> dict[str, Tray]:
    """Return some targets' trays, without empty ones.

    Unless `whole`, a tray of very many letters may have only the oldest of them.
    """

    def read(letters: Iterator[Waiting]) -> list[tuple[str, Tray]]:
        return [(target, _tray_of(tuple(some))) for target, some in groupby(letters, lambda each: each.target)]

    if not targets:
        return {}
    found: defaultdict[str, list[Tray]] = defaultdict(list)
    shards = signatures.trays(campaign, min(targets), max(targets), whole=whole)
    for target, part in chain.from_iterable(each_at_once(read, shards, at_once)):
        found[target].append(part)
    return {target: _joined(found[target]) for target in targets if target in found}


def trays_that_go(signatures: Signatures, campaign: str, targets: Collection[str], at_once: int = 1) -> dict[str, Tray]:
    """Return what `read_trays` does, with the oldest letters at least, and without trays of damaged letters only."""
    trays = read_trays(signatures, campaign, targets, at_once, whole=False)

    def damaged(some: Sequence[str]) -> list[str]:
        first = {target: trays[target].signers[0] for target in some}
        readable = {row.signer for row in signatures.signatures(campaign, [*first.values()], whole=False)}
        return [target for target in some if first[target] not in readable]

    some = batched(tuple(trays), _READ_AHEAD, strict=False)
    for target in chain.from_iterable(each_at_once(damaged, some, at_once)):
        if not signatures.has_waiting(campaign, target):
            del trays[target]
    return trays


def _tray_of(letters: Sequence[Waiting]) -> Tray:
    return Tray(Signers(letter.signer for letter in letters), letters[0].since)


def _joined(parts: Sequence[Tray]) -> Tray:
    return Tray(Signers(chain.from_iterable(part.signers for part in parts)), min(part.since for part in parts))
