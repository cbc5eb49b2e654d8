"""Marks: what signature rows say of the counters that count them. They move in one transaction with the counters.

| row | pk | sk |
|---|---|---|
| a deleted row that was subtracted from the counters | `GONE#<campaign>#<signer>` | `<moment>#<version>` |
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import NEW, Put, Repository, TransactionCanceledError, Update
from undersigned.campaigns.rows.counters import Counters, change_of
from undersigned.counting.rules.tallies import NOT_COUNTED, difference
from undersigned.signing.rows.signatures import signature_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from undersigned.counting.rules.tallies import Move
    from undersigned.signing.rules.signatures import Signature

_FORGOTTEN_FOR = timedelta(days=2)
"""How long a deleted row is remembered. The stream repeats its record for at most a day."""


def forgotten_partition(campaign: str, signer: str) -> str:
    """Return the partition that notes the deleted rows of a signer."""
    return f"GONE#{campaign}#{signer}"


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
            # This would make its counters anew.
            return
        forgotten = {
            "pk": forgotten_partition(gone.campaign, gone.signer),
            "sk": f"{gone.signed_at.isoformat()}#{gone.version}",
            "expires_at": int((now + _FORGOTTEN_FOR).timestamp()),
        }
        changes = _changes(gone.campaign, [(gone.tallied, NOT_COUNTED)], shard)
        try:
            self._table.transact([*changes, Put(forgotten, NEW)])
        except TransactionCanceledError as error:
            if not error.unmet[-1]:
                raise


def _changes(campaign: str, marks: Iterable[tuple[str, str]], shard: int) -> list[Update]:
    coming, leaving = difference(marks)
    return [change_of(campaign, name, shard, coming[name] - leaving[name], leaving[name]) for name in coming | leaving]


def _move_mark(signature: Signature, mark: str) -> Update:
    unmoved = Attr("tallied").eq(signature.tallied) if signature.tallied else Attr("tallied").not_exists()
    return Update(
        signature_key(signature.campaign, signature.signer),
        assign={"tallied": mark or None},
        when=Attr("version").eq(signature.version) & unmoved,
    )
