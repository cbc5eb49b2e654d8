"""Tallying: keep the counts equal to the signature rows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import partial
from itertools import batched, groupby
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError
from undersigned.base.table import TransactionCanceledError
from undersigned.campaigns.rows.counters import SHARDS
from undersigned.counting.rows.marks import Marks
from undersigned.counting.rules.tallies import mark_of, transactions
from undersigned.signing.rows.mail_budgets import free
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.stream import read_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from undersigned.base.stack import Stack
    from undersigned.signing.rules.signatures import Signature

type Name = tuple[str, str]
"""A row, as its campaign and its signer."""

_AT_ONCE = 100
"""How many rows are read at once. DynamoDB takes 100."""

WRITES = _AT_ONCE
"""The most marks and rows of counters in a transaction. DynamoDB takes 100 writes."""

_TRIES = 5

_MOST_FAILURES = 40
"""After so many failed tries, no other row of a batch is tried. A damaged row among 100 causes eight failures, because
the rows are halved until it is alone. If the table takes no writes, each try lasts a second or two."""

PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32)
"""The longest pauses, in seconds, before a transaction that met another one is tried again. Half of each is left to
chance, so that two workers don't meet again ("Exponential backoff and jitter", AWS Architecture Blog)."""

_MET_ANOTHER = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""The reasons for which DynamoDB cancels a transaction that can succeed unchanged ("TransactWriteItems", API
reference)."""


@dataclass(slots=True)
class Tallied:
    """The rows whose marks were moved, and the rows that could not be counted, each with its error."""

    moved: set[Name] = field(default_factory=set)
    failed: dict[Name, Exception] = field(default_factory=dict)
    failures: int = 0


@dataclass(slots=True)
class CountedBatch:
    """What happened to a batch of the stream: the records to try again, each with its error, and numbers for the log.

    `not_freed` is the error that keeps emails of confirmed letters in their budgets. That only makes the budgets
    stricter.
    """

    failed: list[tuple[Mapping[str, Any], Exception]] = field(default_factory=list)
    rows: int = 0
    moved: int = 0
    confirmed: int = 0
    not_freed: Exception | None = None


def count_changes(stack: Stack, records: Iterable[Mapping[str, Any]]) -> CountedBatch:
    """Count the rows of stream records, and give the emails of confirmed letters back to their budgets."""
    batch = CountedBatch()
    due: list[tuple[Name, Mapping[str, Any]]] = []
    confirmed: dict[Name, Signature] = {}
    for record in records:
        try:
            change = read_change(record)
            name = (change.signature.campaign, change.signature.signer)
            if change.is_gone:
                forget(stack, change.signature)
            # The tally's own write: the change that it counted has a record of its own.
            elif needs_counting(change.signature) and not change.moves_mark:
                due.append((name, record))
            if change.confirms:
                batch.confirmed += 1
                confirmed[name] = change.signature
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is in `failed`)
            batch.failed.append((record, error))
    tallied = try_to_count(stack, (name for name, _ in due))
    batch.rows, batch.moved = len(due), len(tallied.moved)
    batch.failed += [(record, tallied.failed[name]) for name, record in due if name in tallied.failed]
    try:
        # A batch that comes again moves no mark, and gives nothing back.
        free(stack, [row for name, row in confirmed.items() if name in tallied.moved])
    except Exception as error:  # noqa: BLE001  (the letters are counted; the handler logs it)
        batch.not_freed = error
    return batch


def needs_counting(signature: Signature) -> bool:
    """Say whether a row's mark is wrong.

    If the row in a stream record has the right mark, the table needn't be read: a later change has its own record.
    """
    return signature.tallied != mark_of(signature)


def forget(stack: Stack, gone: Signature) -> None:
    """Subtract a deleted row, which went with its campaign or was lost, from the counts, once. Note its state."""
    _write(stack, lambda shard: Marks(stack.table).forget(gone, stack.clock(), shard))


def count(stack: Stack, names: Iterable[Name]) -> int:
    """Count rows by their current state, never by a stream record's, and return how many marks were moved.

    A row may be given any number of times, in any order. If some can't be counted, count the others, and raise the
    first error: ChangedError if a row keeps changing.
    """
    tallied = try_to_count(stack, names)
    for error in tallied.failed.values():
        raise error
    return len(tallied.moved)


def try_to_count(stack: Stack, names: Iterable[Name]) -> Tallied:
    """Count rows like `count`, but return the rows that could not be counted instead of raising an error."""
    tallied = Tallied()
    for campaign, rows in groupby(sorted(set(names)), key=lambda row: row[0]):
        for some in batched((signer for _, signer in rows), _AT_ONCE, strict=False):
            _count_or_halve(stack, campaign, some, tallied)
    return tallied


def _count_or_halve(stack: Stack, campaign: str, signers: Sequence[str], tallied: Tallied) -> None:
    """Count rows. If that fails, count each half of them, so that one bad row doesn't stop the others."""
    try:
        _count_some(stack, campaign, signers, tallied)
    except Exception as error:  # noqa: BLE001  (one bad row must not stop the others; it is in `failed`)
        tallied.failures += 1
        if len(signers) == 1 or tallied.failures >= _MOST_FAILURES:
            tallied.failed.update(dict.fromkeys(((campaign, signer) for signer in signers), error))
            return
        for some in batched(signers, -(-len(signers) // 2), strict=False):
            _count_or_halve(stack, campaign, some, tallied)


def _count_some(stack: Stack, campaign: str, signers: Sequence[str], tallied: Tallied) -> None:
    left = list(signers)
    for attempt in range(1, _TRIES + 1):
        rows = Signatures(stack.table).signatures(campaign, left)
        left = []
        for some in transactions([(row, mark_of(row)) for row in rows if needs_counting(row)], WRITES):
            try:
                _write(stack, partial(Marks(stack.table).move_marks, campaign, some))
            except ChangedError:
                if attempt == _TRIES:
                    raise
                left += [row.signer for row, _ in some]
            else:
                tallied.moved |= {(campaign, row.signer) for row, _ in some}
        if not left:
            return


def _write(stack: Stack, write: Callable[[int], None]) -> None:
    """Write in any shard. If that meets another transaction or is throttled, try after a pause, up to five times."""
    for pause in (*PAUSES, None):
        try:
            write(random.randrange(SHARDS))  # noqa: S311  (no secret)
        except TransactionCanceledError as error:
            if pause is None or not {*error.reasons} <= _MET_ANOTHER:
                raise
            stack.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
        else:
            return
