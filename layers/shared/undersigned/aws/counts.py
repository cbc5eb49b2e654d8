"""Counts: a campaign's counters, and the marks on signature rows that keep them exact.

| row | pk | sk |
|---|---|---|
| counter | `COUNT#<campaign>` | `TOTAL`, `TARGET#<target>`, `DAY#<day>` … |
| a deleted row that was subtracted from the counters | `FORGOTTEN#<campaign>#<signer>` | `<moment>#<version>` |
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import NEW, Key, Put, TransactionCanceledError, Update
from undersigned.aws.signatures import signature_key
from undersigned.domain.errors import NotFoundError
from undersigned.domain.tallies import NOT_COUNTED, TOTAL, Count, difference
from undersigned.services.ports import CountStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.aws.dynamodb import Table
    from undersigned.domain.signatures import Signature

_FORGOTTEN_FOR = timedelta(days=2)
"""How long a deleted row is remembered. The stream repeats its record for at most a day."""


def _partition(campaign: str) -> str:
    return f"COUNT#{campaign}"


def counter_key(campaign: str, counter: str) -> Key:
    """Return the key of a counter."""
    return Key(_partition(campaign), counter)


class Counts(CountStore):
    """Counters in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def count(self, campaign: str) -> Count:
        values = self._table.get(counter_key(campaign, TOTAL))
        if not values or "goal" not in values:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        return Count(campaign, int(values.get("signatures", 0)), int(values["goal"]))

    @override
    def counts(self, campaign: str, beginning: str | None = None) -> dict[str, int]:
        found = self._table.query(_partition(campaign), begins_with=beginning, consistent=True)
        return {values["sk"]: int(values.get("signatures", 0)) for values in found}

    @override
    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        change = difference([(signature.tallied, mark) for signature, mark in moves])
        self._table.transact(
            [*_additions(campaign, change), *(_move_mark(signature, mark) for signature, mark in moves)]
        )

    @override
    def forget(self, gone: Signature, now: datetime) -> None:
        forgotten = {
            "pk": f"FORGOTTEN#{gone.campaign}#{gone.signer}",
            "sk": f"{gone.signed_at.isoformat()}#{gone.version}",
            "expires_at": int((now + _FORGOTTEN_FOR).timestamp()),
        }
        change = difference([(gone.tallied, NOT_COUNTED)])
        try:
            self._table.transact([Put(forgotten, NEW), *_additions(gone.campaign, change)])
        except TransactionCanceledError as error:
            if not error.unmet[0]:
                raise

    @override
    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        unchanged: ConditionBase = Attr("signatures").eq(wrong)
        if wrong == 0:
            unchanged |= Attr("signatures").not_exists()
        self._table.update(Update(counter_key(campaign, counter), add={"signatures": right - wrong}, when=unchanged))


def _additions(campaign: str, change: dict[str, int]) -> list[Update]:
    return [Update(counter_key(campaign, counter), add={"signatures": amount}) for counter, amount in change.items()]


def _move_mark(signature: Signature, mark: str) -> Update:
    unmoved = Attr("tallied").eq(signature.tallied) if signature.tallied else Attr("tallied").not_exists()
    return Update(
        signature_key(signature.campaign, signature.signer),
        assign={"tallied": mark or None},
        when=Attr("version").eq(signature.version) & unmoved,
    )
