"""Tallying: keep the counts equal to the signature rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import batched, groupby
from typing import TYPE_CHECKING

from undersigned.domain.abuse_checks import PACE_WINDOW, window_of
from undersigned.domain.tallies import MOST_COUNTERS, NOT_COUNTED, mark_of
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import AbuseCounterStore, CountStore, SignatureStore

_ROWS_IN_TRANSACTION = (100 - 1) // (1 + 2 * (MOST_COUNTERS - 1))
"""A transaction has at most 100 items: the total and, for each row, its mark and up to 12 other counters."""

_TRIES = 5


@dataclass(kw_only=True, frozen=True, slots=True)
class Tallying:
    """Counts signatures by their current rows, never by the content of a stream record."""

    signatures: SignatureStore
    counts: CountStore
    abuse_counters: AbuseCounterStore
    clock: Callable[[], datetime]

    def record_pace(self, signed: Iterable[Signature]) -> None:
        """Record how fast people sign, for the abuse checks. Counting a record twice does no harm here."""
        windows = Counter((row.campaign, window_of(row.signed_at, PACE_WINDOW)) for row in signed)
        for (campaign, window), amount in windows.items():
            self.abuse_counters.add_sign_ups(campaign, window, amount)

    def count(self, signatures: Iterable[tuple[str, str]]) -> int:
        """Count rows, given as campaign and signer, and return how many marks were moved.

        A row may be given any number of times, in any order. Raises ChangedError if rows keep changing.
        """
        moved = 0
        for campaign, group in groupby(sorted(set(signatures)), key=lambda row: row[0]):
            for some in batched((signer for _, signer in group), _ROWS_IN_TRANSACTION, strict=False):
                moved += self._count_some(campaign, some)
        return moved

    def forget(self, gone: Signature) -> None:
        """Subtract a deleted row, such as an unconfirmed one that expired, from the counts, once."""
        if gone.tallied != NOT_COUNTED:
            self.counts.forget(gone, self.clock())

    def _count_some(self, campaign: str, signers: Sequence[str]) -> int:
        for attempt in range(1, _TRIES + 1):
            rows = self.signatures.signatures(campaign, signers)
            moves = [(row, mark_of(row)) for row in rows if row.tallied != mark_of(row)]
            if not moves:
                return 0
            try:
                self.counts.move_marks(campaign, moves)
            except ChangedError:
                if attempt == _TRIES:
                    raise
            else:
                return len(moves)
        return 0


def needs_counting(signature: Signature) -> bool:
    """Say whether a row's mark is wrong.

    If the row in a stream record has the right mark, the table needn't be read: a later change has its own record.
    """
    return signature.tallied != mark_of(signature)
