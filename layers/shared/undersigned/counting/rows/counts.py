"""Counts: a campaign's counters, and the marks on signature rows that keep them exact.

| row | pk | sk |
|---|---|---|
| counter | see `campaigns/rows/counters.py` | |
| a deleted row that was subtracted from the counters | `GONE#<campaign>#<signer>` | `<moment>#<version>` |

A counter is the sum of its eight rows, so that workers that count at once seldom meet in one. Each has its letters, and
how many have ever `left` it. The campaign's goal, and when people see it, are beside the first total.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import ChangedError, NotFoundError
from undersigned.base.table import NEW, Put, TransactionCanceledError, Update, read_row, read_rows
from undersigned.campaigns.rows.counters import SHARDS, TOTAL, counter_key, counter_partitions
from undersigned.counting.rules.tallies import NOT_COUNTED, Count, difference
from undersigned.signing.rows.signatures import signature_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from undersigned.base.rows import Values
    from undersigned.base.table import Table
    from undersigned.signing.rules.signatures import Signature

_FORGOTTEN_FOR = timedelta(days=2)
"""How long a deleted row is remembered. The stream repeats its record for at most a day."""

_KEPT_FOR = timedelta(seconds=2)
"""How long a process answers with a public count that it has read."""

_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32)
"""The longest pauses, in seconds, before a transaction that met another one is tried again. Half of each is left to
chance, so that two workers don't meet again ("Exponential backoff and jitter", AWS Architecture Blog)."""

_MET_ANOTHER = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""The reasons for which DynamoDB cancels a transaction that can succeed unchanged ("TransactWriteItems", API
reference)."""


def forgotten_partition(campaign: str, signer: str) -> str:
    """Return the partition that notes the deleted rows of a signer."""
    return f"GONE#{campaign}#{signer}"


class Counts:
    """Counters in the table. It keeps public counts for two seconds."""

    def __init__(
        self,
        table: Table,
        *,
        sleep: Callable[[float], None] = time.sleep,
        random: Random | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the table, a way to wait (seconds), a source of chance for shards and pauses, and the clock."""
        self._table = table
        self._sleep = sleep
        self._random = random or SystemRandom()
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Count]] = {}

    def count(self, campaign: str, *, fresh: bool = False) -> Count:
        """Return the public count, which may be two seconds old; raises NotFoundError."""
        now = self._clock()
        read_at, kept = self._kept.get(campaign, (None, None))
        if read_at and kept and now - read_at < _KEPT_FOR and not fresh:
            return kept
        rows = self._rows(campaign, TOTAL, consistent=False)
        if "goal" not in rows[0]:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        goal, show_goal = read_row(lambda row: (int(row["goal"]), row["show_goal"]), rows[0])
        found = Count(campaign, sum(read_rows(_amount, rows)), goal, show_goal)
        self._kept[campaign] = now, found
        return found

    def _rows(self, campaign: str, counter: str, *, consistent: bool) -> list[Values]:
        """Read a counter's rows, by shard. A missing row is empty."""
        keys = [counter_key(campaign, counter, shard) for shard in range(SHARDS)]
        found = {values["pk"]: values for values in self._table.batch_get(keys, consistent=consistent)}
        return [found.get(key.pk, {}) for key in keys]

    def counts(self, campaign: str, *beginnings: str) -> dict[str, int]:
        """Read all counters (`TOTAL`, `TARGET#…`, `DAY#…`) consistently, or those whose names begin so."""
        return {name: letters for name, (letters, _) in self.holdings(campaign, *beginnings).items()}

    def holdings(self, campaign: str, *beginnings: str) -> dict[str, tuple[int, int]]:
        """Read the same, each with how many letters have ever left it."""
        letters, left = Counter[str](), Counter[str]()
        for partition in counter_partitions(campaign):
            for beginning in beginnings or (None,):
                rows = self._table.query(partition, begins_with=beginning, consistent=True)
                for name, amount, gone in read_rows(_holding, rows):
                    letters[name] += amount
                    left[name] += gone
        return {name: (letters[name], left[name]) for name in sorted(letters)}

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together. Raises ChangedError if a row has changed.

        Marks and the rows of counters that change are at most 100 in all (see `tallies.transactions`).
        """
        marks = [(signature.tallied, mark) for signature, mark in moves]
        self._transact(campaign, marks, [_move_mark(signature, mark) for signature, mark in moves])

    def forget(self, gone: Signature, now: datetime) -> None:
        """Subtract a deleted row from the counters, if there are any: its campaign may have been deleted, too.

        Doing it again within two days is harmless.
        """
        if "goal" not in self._rows(gone.campaign, TOTAL, consistent=True)[0]:
            # The campaign was deleted, too. This would make its counters anew.
            return
        forgotten = {
            "pk": forgotten_partition(gone.campaign, gone.signer),
            "sk": f"{gone.signed_at.isoformat()}#{gone.version}",
            "expires_at": int((now + _FORGOTTEN_FOR).timestamp()),
        }
        try:
            self._transact(gone.campaign, [(gone.tallied, NOT_COUNTED)], [Put(forgotten, NEW)])
        except TransactionCanceledError as error:
            if not error.unmet[-1]:
                raise

    def _transact(self, campaign: str, marks: Iterable[tuple[str, str]], others: Sequence[Put | Update]) -> None:
        """Change counters in any shard, as marks move, and other rows, all or nothing. Raises TransactionCanceledError.

        If another transaction is running on a row, or a row is throttled, try again after a pause, up to five times.
        """
        coming, leaving = difference(marks)
        for pause in (*_PAUSES, None):
            shard = self._random.randrange(SHARDS)
            additions = [
                Update(counter_key(campaign, name, shard), add=_change(coming[name] - leaving[name], leaving[name]))
                for name in coming | leaving
            ]
            try:
                self._table.transact([*additions, *others])
            except TransactionCanceledError as error:
                if pause is None or not {*error.reasons} <= _MET_ANOTHER:
                    raise
                self._sleep(pause * self._random.uniform(0.5, 1))
            else:
                self._kept.pop(campaign, None)
                return

    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        """Correct a counter by a difference.

        Raises ChangedError if it is no longer the wrong number, and DamagedRowsError if one of its rows is damaged.
        """
        rows = self._rows(campaign, counter, consistent=True)
        if sum(read_rows(_amount, rows, whole=True)) != wrong:
            raise ChangedError
        held: int | None = rows[0].get("signatures")
        unchanged = Attr("signatures").not_exists() if held is None else Attr("signatures").eq(held)
        change = _change(right - wrong, max(wrong - right, 0))
        self._table.update(Update(counter_key(campaign, counter), add=change, when=unchanged))


def _amount(values: Values) -> int:
    return int(values.get("signatures", 0))


def _holding(values: Values) -> tuple[str, int, int]:
    return values["sk"], _amount(values), int(values.get("left", 0))


def _change(letters: int, leaving: int) -> dict[str, int]:
    return {"signatures": letters, "left": leaving} if leaving else {"signatures": letters}


def _move_mark(signature: Signature, mark: str) -> Update:
    unmoved = Attr("tallied").eq(signature.tallied) if signature.tallied else Attr("tallied").not_exists()
    return Update(
        signature_key(signature.campaign, signature.signer),
        assign={"tallied": mark or None},
        when=Attr("version").eq(signature.version) & unmoved,
    )
