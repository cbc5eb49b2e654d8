"""Marks: what signature rows say of the counters that count them. They move in one transaction with the counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.base.rows import Row
from undersigned.base.table import NEW, Put, Repository, TransactionCanceledError, Update, as_read
from undersigned.campaigns.rows.counters import Counters, change_of
from undersigned.counting.rules.tallies import NOT_COUNTED, difference
from undersigned.signing.rules.signatures import Signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from undersigned.counting.rules.tallies import Move

_FORGOTTEN_FOR = timedelta(days=2)
"""How long a deleted row is remembered. The stream repeats its record for at most a day."""


@dataclass(frozen=True, slots=True)
class GoneRow(Row):
    """A deleted row of a signature that was subtracted from the counters, by its moment of signing and its version."""

    pk, sk = "GONE#{campaign}#{signer}", "{signed_at}#{version}"

    campaign: str
    signer: str
    signed_at: datetime
    version: str
    expires_at: datetime


class Marks(Repository):
    """Marks and counters in the table. Each call changes counters in one shard, which may be any."""

    def move_marks(self, campaign: str, moves: Sequence[Move], shard: int) -> None:
        """Move marks and counters together. Raises TransactionCanceledError if a row has changed.

        Marks and the rows of counters that change are at most 100 in all (see `tallies.transactions`).
        """
        marks = [(signature.tallied, mark) for signature, mark in moves]
        self._table.transact(
            [*_changes(campaign, marks, shard), *(_move_mark(signature, mark) for signature, mark in moves)]
        )

    def forget(self, gone: Signature, now: datetime, shard: int) -> None:
        """Subtract a deleted row from the counters, if there are any: its campaign may have been deleted, too.

        Doing it again within two days is harmless.
        """
        if not Counters(self._table).exist(gone.campaign):
            # This would create its counters again.
            return
        noted = GoneRow(gone.campaign, gone.signer, gone.signed_at, str(gone.version), now + _FORGOTTEN_FOR)
        changes = _changes(gone.campaign, [(gone.tallied, NOT_COUNTED)], shard)
        try:
            self._table.transact([*changes, Put(noted.item(), NEW)])
        except TransactionCanceledError as error:
            if not error.unmet[-1]:
                raise


def _changes(campaign: str, marks: Iterable[tuple[str, str]], shard: int) -> list[Update]:
    coming, leaving = difference(marks)
    return [change_of(campaign, name, shard, coming[name] - leaving[name], leaving[name]) for name in coming | leaving]


def _move_mark(signature: Signature, mark: str) -> Update:
    return Update(
        signature.own_key(),
        assign=Signature.written(tallied=mark),
        when=as_read(Signature.written(version=signature.version, tallied=signature.tallied)),
    )
