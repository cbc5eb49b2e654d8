"""Counts: a campaign's counters, and the marks on signature rows that keep them exact.

| row | pk | sk |
|---|---|---|
| counter | `COUNT#<campaign>` | `TOTAL`, `TARGET#<target>`, `DAY#<day>`, `TOWN#<town>` … |
| a counter's shard | `COUNT#<campaign>#<1…16>` | the same |
| a deleted row that was subtracted from the counters | `FORGOTTEN#<campaign>#<signer>` | `<moment>#<version>` |

A worker counts in `COUNT#<campaign>`, which is shard 0, until it meets another one there. From then on it has a shard
of its own, and brings the public count up to date after each batch. So a small stack has no shards.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random, SystemRandom
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import (
    NEW,
    Check,
    ConditionFailedError,
    Key,
    Put,
    TransactionCanceledError,
    Update,
)
from undersigned.aws.signatures import signature_key
from undersigned.domain.errors import NotFoundError
from undersigned.domain.tallies import (
    NOT_COUNTED,
    TOTAL,
    Count,
    counters_of,
    difference,
)
from undersigned.services.ports import CountStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.aws.dynamodb import Table, Values
    from undersigned.domain.signatures import Signature

_FORGOTTEN_FOR = timedelta(days=2)
"""How long a deleted row is remembered. The stream repeats its record for at most a day."""

SHARDS = 16
"""The number of shards beside shard 0. At 3,333 signatures a second, a shard's partition takes some 100 write units a
second of the 1,000 that it may, and a transaction in it meets another one in 20 or so."""

_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32)
"""The longest pauses, in seconds, before a transaction is tried again that met another one. The half of each is left to
chance, so that two workers don't meet again ("Exponential backoff and jitter", AWS Architecture Blog)."""

_IS_LISTED = Attr("pk").exists()
"""The condition on a total that its campaign exists; in a shard, that it is listed. Both go with the campaign."""

_MET_ANOTHER = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""The reasons for which DynamoDB cancels a transaction that can succeed unchanged ("TransactWriteItems", API
reference)."""


def counter_partitions(campaign: str) -> list[str]:
    """Return the partitions of a campaign's counters, whether its shards are in use or not."""
    return [_partition(campaign, shard) for shard in range(SHARDS + 1)]


def _partition(campaign: str, shard: int = 0) -> str:
    return f"COUNT#{campaign}#{shard}" if shard else f"COUNT#{campaign}"


def forgotten_partition(campaign: str, signer: str) -> str:
    """Return the partition that notes the deleted rows of a signer."""
    return f"FORGOTTEN#{campaign}#{signer}"


def counter_key(campaign: str, counter: str, shard: int = 0) -> Key:
    """Return the key of a counter, or of one of its shards."""
    return Key(_partition(campaign, shard), counter)


def _holds(amount: int) -> ConditionBase:
    """Return the condition that a counter's row holds this amount. One that isn't there holds nothing."""
    held: ConditionBase = Attr("signatures").eq(amount)
    return held if amount else held | Attr("signatures").not_exists()


class Counts(CountStore):
    """Counters in the table. It remembers in which shard of each campaign its worker counts."""

    def __init__(
        self, table: Table, *, sleep: Callable[[float], None] = time.sleep, random: Random | None = None
    ) -> None:
        """Keep the table, a way to wait (seconds), and what chooses shards and pauses."""
        self._table = table
        self._sleep = sleep
        self._random = random or SystemRandom()
        self._shards: dict[str, int] = {}
        self._has_shards: set[str] = set()
        self._not_summed: set[str] = set()

    @override
    def count(self, campaign: str) -> Count:
        values = self._table.get(counter_key(campaign, TOTAL))
        if not values or "goal" not in values:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        signatures = int(values.get("signatures", 0)) + int(values.get("elsewhere", 0))
        return Count(campaign, signatures, int(values["goal"]))

    @override
    def counts(self, campaign: str, *beginnings: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for values in self._rows(campaign, *beginnings):
            found[values["sk"]] = found.get(values["sk"], 0) + int(values.get("signatures", 0))
        return found

    def keys(self, campaign: str) -> list[Key]:
        """Return the keys of all counters and their shards."""
        return [Key(values["pk"], values["sk"]) for values in self._rows(campaign)]

    def _rows(self, campaign: str, *beginnings: str) -> list[Values]:
        """Read rows of counters and their shards consistently. Each shard is listed before anything counts in it."""
        rows = self._rows_of_shard(campaign, 0, beginnings)
        total = next((values for values in rows if values["sk"] == TOTAL), None)
        if total is None and beginnings and not TOTAL.startswith(beginnings):
            total = self._table.get(counter_key(campaign, TOTAL), consistent=True)
        for shard in _shards_in_use(total):
            rows += self._rows_of_shard(campaign, shard, beginnings)
        return rows

    def _rows_of_shard(self, campaign: str, shard: int, beginnings: Sequence[str]) -> list[Values]:
        partition = _partition(campaign, shard)
        return [
            values
            for beginning in beginnings or (None,)
            for values in self._table.query(partition, begins_with=beginning, consistent=True)
        ]

    @override
    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        change = difference([(signature.tallied, mark) for signature, mark in moves])
        if TOTAL not in change and any(_moves_total(signature, mark) for signature, mark in moves):
            # A worker that died may have counted one of them, and not added up.
            self._not_summed.add(campaign)
        self._transact(campaign, change, [_move_mark(signature, mark) for signature, mark in moves])

    @override
    def forget(self, gone: Signature, now: datetime) -> None:
        if not any(self._table.batch_get([counter_key(gone.campaign, TOTAL)])):
            # The campaign was deleted, too. This would make its counters anew.
            return
        forgotten = {
            "pk": forgotten_partition(gone.campaign, gone.signer),
            "sk": f"{gone.signed_at.isoformat()}#{gone.version}",
            "expires_at": int((now + _FORGOTTEN_FOR).timestamp()),
        }
        change = difference([(gone.tallied, NOT_COUNTED)])
        try:
            self._transact(gone.campaign, change, [Put(forgotten, NEW)])
        except TransactionCanceledError as error:
            if not error.unmet[-1]:
                raise

    def _transact(self, campaign: str, change: dict[str, int], others: Sequence[Put | Update]) -> None:
        """Change counters in the worker's shard and other rows, all or nothing. Raises TransactionCanceledError.

        If another transaction is running on a row, or a row is throttled, try again after a pause, up to five times. If
        it is a counter, move to another shard, but not at the first time in shard 0: a small stack has no shards.
        """
        pauses = iter((*_PAUSES, None))
        is_listed_anew = False
        for number in count():
            shard = self._shards.get(campaign, 0)
            if TOTAL in change and (shard or campaign in self._has_shards):
                # Before the transaction: if its answer is lost, it may have been made.
                self._not_summed.add(campaign)
            is_first = shard == 0 and campaign not in self._has_shards
            additions = [_addition(campaign, shard, *changed, is_first=is_first) for changed in change.items()]
            if shard and TOTAL not in change:
                # A check alone would cost as much, and need another permission.
                additions.append(Update(counter_key(campaign, TOTAL, shard), add={"moves": 0}, when=_IS_LISTED))
            try:
                self._table.transact([*additions, *others])
            except TransactionCanceledError as error:
                if is_first and any(error.unmet[: len(additions)]):
                    self._has_shards.add(campaign)
                    continue
                if shard and not is_listed_anew and any(error.unmet[: len(additions)]):
                    # The campaign was deleted, and one with the same id made.
                    is_listed_anew = True
                    self._list(campaign, shard)
                    continue
                pause = next(pauses)
                if pause is None or not {*error.reasons} <= {"None", *_MET_ANOTHER}:
                    raise
                is_hot = any(reason != "None" for reason in error.reasons[: len(additions)])
                if is_hot and (shard or number):
                    self._move_to_another_shard(campaign)
                self._sleep(pause * self._random.uniform(0.5, 1))
            else:
                return

    def _move_to_another_shard(self, campaign: str) -> None:
        shard = self._random.randint(1, SHARDS)
        self._has_shards.add(campaign)
        if shard != self._shards.get(campaign):
            self._list(campaign, shard)
            self._shards[campaign] = shard

    def _list(self, campaign: str, shard: int) -> None:
        """List a shard, so that whoever adds up the shards finds it, and then begin it. Nothing counts in it before.

        Raises ConditionFailedError if the campaign was deleted.
        """
        self._table.update(Update(counter_key(campaign, TOTAL), add={"shards": {str(shard)}}, when=_IS_LISTED))
        self._table.update(Update(counter_key(campaign, TOTAL, shard), add={"moves": 0}))

    @override
    def sum_up(self, campaign: str, *, after_others: bool = False) -> None:
        if campaign not in self._not_summed and not after_others:
            return
        total = next(self._table.batch_get([counter_key(campaign, TOTAL)]), {})
        keys = [counter_key(campaign, TOTAL, shard) for shard in _shards_in_use(total)]
        rows = list(self._table.batch_get(keys))
        moves = sum(int(values.get("moves", 0)) for values in rows)
        if moves > int(total.get("summed", 0)):
            elsewhere = sum(int(values.get("signatures", 0)) for values in rows)
            # Each shard counts its moves. If two workers add up at once, the sum of the later moves stays; after the
            # last move, that is the sum of all.
            is_newer = _IS_LISTED & (Attr("summed").not_exists() | Attr("summed").lt(moves))
            summed = {"elsewhere": elsewhere, "summed": moves}
            with suppress(ConditionFailedError):  # Another worker has added up at least as many, or it was deleted.
                self._table.update(Update(counter_key(campaign, TOTAL), assign=summed, when=is_newer))
        self._not_summed.discard(campaign)

    @override
    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        shards = _shards_in_use(self._table.get(counter_key(campaign, TOTAL), consistent=True))
        others = [counter_key(campaign, counter, shard) for shard in shards]
        rows = {Key(values["pk"], values["sk"]): values for values in self._table.batch_get(others)}
        held = {key: int(rows.get(key, {}).get("signatures", 0)) for key in others}
        unchanged = _holds(wrong - sum(held.values()))
        correction = Update(counter_key(campaign, counter), add={"signatures": right - wrong}, when=unchanged)
        if others:
            self._table.transact([correction, *(Check(key, _holds(amount)) for key, amount in held.items())])
        else:
            self._table.update(correction)


def _shards_in_use(total: Values | None) -> list[int]:
    return sorted(int(shard) for shard in (total or {}).get("shards", ()))


def _addition(campaign: str, shard: int, counter: str, amount: int, *, is_first: bool) -> Update:
    """Return an addition to a counter. A total counts its moves in a shard.

    A worker's first ones in shard 0 demand that there are no others, so that it learns of them at no cost. Those in
    another shard demand that it is listed: the campaign may have been deleted, and one with the same id made.
    """
    moves = {"moves": 1} if shard and counter == TOTAL else {}
    when = None
    if counter == TOTAL and (shard or is_first):
        when = _IS_LISTED if shard else Attr("shards").not_exists()
    return Update(counter_key(campaign, counter, shard), add={"signatures": amount, **moves}, when=when)


def _moves_total(signature: Signature, mark: str) -> bool:
    return (TOTAL in counters_of(signature.tallied)) != (TOTAL in counters_of(mark))


def _move_mark(signature: Signature, mark: str) -> Update:
    unmoved = Attr("tallied").eq(signature.tallied) if signature.tallied else Attr("tallied").not_exists()
    return Update(
        signature_key(signature.campaign, signature.signer),
        assign={"tallied": mark or None},
        when=Attr("version").eq(signature.version) & unmoved,
    )
