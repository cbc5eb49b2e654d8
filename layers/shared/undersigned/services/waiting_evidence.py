"""What speaks against the letters that wait for a delivery."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING

from undersigned.domain.screening import evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.domain.screening import Evidence
    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import SignatureStore

_READ_AHEAD = 100


def waiting_evidence(signatures: SignatureStore, campaign: str, targets: Iterable[str]) -> Evidence:
    """Return what speaks against the letters in some targets' trays, and how many letters are on hold."""
    waiting = (row for target in targets for row in _waiting(signatures, campaign, target))
    return evidence_of(waiting, on_hold=signatures.how_many_held(campaign))


def _waiting(signatures: SignatureStore, campaign: str, target: str) -> Iterator[Signature]:
    for signers in batched(signatures.waiting(campaign, target), _READ_AHEAD, strict=False):
        yield from (row for row in signatures.signatures(campaign, signers) if row.waits)
