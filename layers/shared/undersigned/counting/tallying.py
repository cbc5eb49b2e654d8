"""Tallying: keep the counts equal to the signature rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import batched, groupby
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError
from undersigned.counting.rules.tallies import mark_of, transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from undersigned.counting.rows.counts import Counts
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Signature

_AT_ONCE = 100
"""How many rows are read at once. DynamoDB takes 100."""

WRITES = _AT_ONCE
"""The most marks and rows of counters in a transaction. DynamoDB takes 100 writes."""

_TRIES = 5

_MOST_FAILURES = 40
"""After so many failed tries, no other row of a batch is tried. A damaged row among 100 causes eight, because they are
halved until it is alone. If the table takes no writes, each try lasts a second or two."""


@dataclass(slots=True)
class Tallied:
    """The rows whose marks were moved (campaign and signer), and those that were not counted, each with its error."""

    moved: set[tuple[str, str]] = field(default_factory=set)
    failed: dict[tuple[str, str], Exception] = field(default_factory=dict)
    failures: int = 0


@dataclass(kw_only=True, frozen=True, slots=True)
class Tallying:
    """Counts signatures by their current rows, never by the content of a stream record."""

    signatures: Signatures
    counts: Counts
    clock: Callable[[], datetime]

    def count(self, signatures: Iterable[tuple[str, str]]) -> int:
        """Count rows, given as campaign and signer, and return how many marks were moved.

        A row may be given any number of times, in any order. If some can't be counted, count the others, and raise the
        first error: ChangedError if a row keeps changing.
        """
        tallied = self.try_to_count(signatures)
        for error in tallied.failed.values():
            raise error
        return len(tallied.moved)

    def try_to_count(self, signatures: Iterable[tuple[str, str]]) -> Tallied:
        """Count rows like `count`, and return those that could not be counted instead of raising an error."""
        tallied = Tallied()
        for campaign, rows in groupby(sorted(set(signatures)), key=lambda row: row[0]):
            for some in batched((signer for _, signer in rows), _AT_ONCE, strict=False):
                self._count_or_halve(campaign, some, tallied)
        return tallied

    def forget(self, gone: Signature) -> None:
        """Subtract a deleted row, which went with its campaign or was lost, from the counts, once. Note its state."""
        self.counts.forget(gone, self.clock())

    def _count_or_halve(self, campaign: str, signers: Sequence[str], tallied: Tallied) -> None:
        """Count rows. If that fails, count each half of them, so that one bad row doesn't stop the others."""
        try:
            self._count_some(campaign, signers, tallied)
        except Exception as error:  # noqa: BLE001  (one bad row must not stop the others; it is in `failed`)
            tallied.failures += 1
            if len(signers) == 1 or tallied.failures >= _MOST_FAILURES:
                tallied.failed.update(dict.fromkeys(((campaign, signer) for signer in signers), error))
                return
            for some in batched(signers, -(-len(signers) // 2), strict=False):
                self._count_or_halve(campaign, some, tallied)

    def _count_some(self, campaign: str, signers: Sequence[str], tallied: Tallied) -> None:
        left = list(signers)
        for attempt in range(1, _TRIES + 1):
            rows = self.signatures.signatures(campaign, left)
            left = []
            for some in transactions([(row, mark_of(row)) for row in rows if needs_counting(row)], WRITES):
                try:
                    self.counts.move_marks(campaign, some)
                except ChangedError:
                    if attempt == _TRIES:
                        raise
                    left += [row.signer for row, _ in some]
                else:
                    tallied.moved |= {(campaign, row.signer) for row, _ in some}
            if not left:
                return


def needs_counting(signature: Signature) -> bool:
    """Say whether a row's mark is wrong.

    If the row in a stream record has the right mark, the table needn't be read: a later change has its own record.
    """
    return signature.tallied != mark_of(signature)
