"""Whose letters wait for a delivery, what speaks against them, and which of them it can't take."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import Signers
from undersigned.domain.screening import evidence_of
from undersigned.services.at_once import each_at_once
from undersigned.services.planning import MANY_TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.screening import Evidence
    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import SignatureStore

_READ_AHEAD = 100


def waiting_signers(
    signatures: SignatureStore,
    campaign: str,
    targets: Sequence[str],
    at_once: int = 1,
    *,
    until: datetime | None = None,
) -> Mapping[str, Sequence[str]]:
    """Return the signers of the letters in some targets' trays, without targets that have none.

    With `until`, they are those of letters that were due by then. Very many trays are read by one call for each
    `MANY_TARGETS`; others, and if that is not enough, one by one.
    """
    calls = len(targets) // MANY_TARGETS
    found = signatures.signers_by_target(campaign, targets, calls, until=until) if calls else None
    if found is not None:
        return found

    def in_tray(target: str) -> tuple[str, Signers]:
        return target, Signers(signatures.waiting(campaign, target, until=until))

    return {target: signers for target, signers in each_at_once(in_tray, targets, at_once) if signers}


def waiting_evidence(signatures: SignatureStore, campaign: str, targets: Iterable[str]) -> Evidence:
    """Return what speaks against the letters in some targets' trays, and how many letters are damaged or on hold."""
    return evidence_against(signatures, campaign, waiting_signers(signatures, campaign, [*targets]))


def evidence_against(
    signatures: SignatureStore, campaign: str, trays: Mapping[str, Sequence[str]], at_once: int = 1
) -> Evidence:
    """Return what speaks against the letters in trays that have been read: their signers, by target."""

    def read(letters: Sequence[tuple[str, str]]) -> tuple[tuple[Signature, ...], Counter[str]]:
        of = {signer: target for target, signer in letters}
        found = signatures.read_rows(campaign, [*of])
        return found.rows, Counter(of[signer] for signer in found.damaged)

    damaged: Counter[str] = Counter()
    letters = ((target, signer) for target, signers in trays.items() for signer in signers)

    def waiting() -> Iterator[Signature]:
        for rows, amounts in each_at_once(read, batched(letters, _READ_AHEAD, strict=False), at_once):
            damaged.update(amounts)
            yield from (row for row in rows if row.waits)

    found = evidence_of(waiting(), on_hold=signatures.how_many_held(campaign))
    return replace(found, damaged=dict(damaged))
