"""Trays: which letters wait for which targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
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
    """The letters that wait for a target: those that were due by a moment, and the others; `since` is the oldest's."""

    due: Sequence[str]
    later: Sequence[str]
    since: datetime

    @property
    def signers(self) -> Sequence[str]:
        """Return the signers of all letters."""
        return Signers(chain(self.due, self.later)) if self.later else self.due


def read_trays(  # noqa: PLR0913  (which letters, and how)
    signatures: Signatures,
    campaign: str,
    targets: Collection[str],
    at_once: int = 1,
    *,
    until: datetime | None = None,
    whole: bool = True,
) -> dict[str, Tray]:
    """Return some targets' trays, without empty ones. Without a moment, all letters were due.

    Unless `whole`, a tray of very many letters may have only the oldest of them.
    """

    def read(letters: Iterator[Waiting]) -> list[tuple[str, Tray]]:
        return [(target, _tray_of(tuple(some), until)) for target, some in groupby(letters, lambda each: each.target)]

    if not targets:
        return {}
    found: defaultdict[str, list[Tray]] = defaultdict(list)
    shards = signatures.trays(campaign, min(targets), max(targets), whole=whole)
    for target, part in chain.from_iterable(each_at_once(read, shards, at_once)):
        found[target].append(part)
    return {target: _joined(found[target]) for target in targets if target in found}


def trays_that_go(
    signatures: Signatures,
    campaign: str,
    targets: Collection[str],
    at_once: int = 1,
    *,
    until: datetime | None = None,
) -> dict[str, Tray]:
    """Return what `read_trays` does, with the oldest letters at least, and without trays of damaged letters only."""
    trays = read_trays(signatures, campaign, targets, at_once, until=until, whole=False)

    def damaged(some: Sequence[str]) -> list[str]:
        first = {target: next(chain(trays[target].due, trays[target].later)) for target in some}
        readable = {row.signer for row in signatures.signatures(campaign, [*first.values()], whole=False)}
        return [target for target in some if first[target] not in readable]

    some = batched(tuple(trays), _READ_AHEAD, strict=False)
    for target in chain.from_iterable(each_at_once(damaged, some, at_once)):
        if not signatures.has_waiting(campaign, target):
            del trays[target]
        elif until and not signatures.has_waiting(campaign, target, until=until):
            trays[target] = replace(trays[target], due=())
    return trays


def _tray_of(letters: Sequence[Waiting], until: datetime | None) -> Tray:
    due = Signers(letter.signer for letter in letters if until is None or letter.since <= until)
    later = Signers(letter.signer for letter in letters if until is not None and letter.since > until)
    return Tray(due, later, letters[0].since)


def _joined(parts: Sequence[Tray]) -> Tray:
    due = Signers(chain.from_iterable(part.due for part in parts))
    later = Signers(chain.from_iterable(part.later for part in parts))
    return Tray(due, later, min(part.since for part in parts))
