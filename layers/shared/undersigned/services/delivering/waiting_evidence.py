"""Evidence against the letters that wait for a delivery, and which of them are damaged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.at_once import each_at_once
from undersigned.domain.counting.screening import evidence_of
from undersigned.services.delivering.trays import read_trays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from undersigned.aws.signatures import Signatures
    from undersigned.domain.counting.screening import Evidence
    from undersigned.domain.signing.signatures import Signature
    from undersigned.services.delivering.trays import Tray

_READ_AHEAD = 100


def waiting_evidence(signatures: Signatures, campaign: str, targets: Iterable[str]) -> Evidence:
    """Return the evidence against the letters in some targets' trays, with the numbers of damaged and held ones."""
    return evidence_against(signatures, campaign, read_trays(signatures, campaign, [*targets]))


def evidence_against(signatures: Signatures, campaign: str, trays: Mapping[str, Tray], at_once: int = 1) -> Evidence:
    """Return what speaks against the letters in trays that have been read, by target."""

    def read(letters: Sequence[tuple[str, str]]) -> tuple[tuple[Signature, ...], Counter[str]]:
        of = {signer: target for target, signer in letters}
        found = signatures.read_rows(campaign, [*of])
        return found.rows, Counter(of[signer] for signer in found.damaged)

    damaged: Counter[str] = Counter()
    letters = ((target, signer) for target, tray in trays.items() for signer in tray.signers)

    def waiting() -> Iterator[Signature]:
        for rows, amounts in each_at_once(read, batched(letters, _READ_AHEAD, strict=False), at_once):
            damaged.update(amounts)
            yield from (row for row in rows if row.waits)

    found = evidence_of(waiting(), on_hold=signatures.how_many_held(campaign))
    return replace(found, damaged=dict(damaged))
