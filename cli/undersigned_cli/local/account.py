"""An AWS account in this process: moto, made safe for threads and quick with many rows.

moto is meant for tests of one thread: a transaction copies the table and puts the copy back if it fails, and a query
reads the whole table.
"""

from __future__ import annotations

import copy
import threading
from types import SimpleNamespace
from typing import Any

from moto import mock_aws
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from undersigned_cli.local.resources import ACCOUNT, REGION

LOCK = threading.RLock()
"""Each thread holds it while it uses moto."""

CALLED = threading.Event()
"""Set by each call, which may have given the driver something to do."""


def open_account() -> None:
    """Answer the AWS clients of this process from now on, one call at a time."""
    _answer_one_at_a_time()
    quicken()
    mock_aws().start()


def quicken() -> None:
    """Let a transaction of moto copy no table, and a query of a table read only its partition."""
    DynamoDBBackend.transact_write_items = _with_undo(DynamoDBBackend.transact_write_items)  # type: ignore[method-assign]
    # The undo takes the place of a copy of the table.
    models.copy = SimpleNamespace(**{**vars(copy), "deepcopy": _all_but_tables})  # type: ignore[assignment,attr-defined]
    Table.query = _of_one_partition(Table.query)  # type: ignore[method-assign]


def backend(service: str) -> Any:
    """Return moto's model of a service."""
    return get_backend(service)[ACCOUNT][REGION]  # type: ignore[call-overload]


def _answer_one_at_a_time() -> None:
    answer = BotocoreStubber.process_request

    def answer_one(self: BotocoreStubber, request: Any) -> Any:
        with LOCK:
            answered = answer(self, request)
        CALLED.set()
        return answered

    BotocoreStubber.process_request = answer_one  # type: ignore[method-assign]


def _all_but_tables(value: Any, *memo: Any) -> Any:
    return value if isinstance(value, Table) else copy.deepcopy(value, *memo)


def _with_undo(write: Any) -> Any:
    """Return a transaction that undoes its writes when it is refused."""

    def write_all(self: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        before = [_row(self, *item.values()) for item in items]
        lengths = {id(table): len(table.stream_shard.items) for table, *_ in before if table.stream_shard}
        try:
            write(self, items)
        except Exception:
            for table, partition, sort, row in before:
                table.items[partition].pop(sort, None)
                if row is not None:
                    table.items[partition][sort] = row
                if table.stream_shard:
                    del table.stream_shard.items[lengths[id(table)] :]
            raise

    return write_all


def _row(dynamodb: DynamoDBBackend, operation: dict[str, Any]) -> tuple[Table, DynamoType, DynamoType, Any]:
    """Return a copy of the row that an operation is about, and where it stands."""
    table = dynamodb.get_table(operation["TableName"])
    key = operation.get("Key") or operation["Item"]
    partition, sort = DynamoType(key[table.hash_key_attr]), DynamoType(key[str(table.range_key_attr)])
    row = table.items[partition].get(sort) if partition in table.items else None
    return table, partition, sort, copy.deepcopy(row)


def _of_one_partition(query: Any) -> Any:
    """Return a query of the table that reads the rows of its partition only. A query of an index reads all rows."""

    def query_partition(self: Table, hash_key: Any, *given: Any, **named: Any) -> Any:
        index = named.get("index_name") or (given[6] if len(given) > 6 else None)  # noqa: PLR2004  (its place)
        if index or hash_key is None:
            return query(self, hash_key, *given, **named)
        rows = list(self.items.get(hash_key, {}).values())
        self.all_items = lambda: rows  # type: ignore[method-assign]
        try:
            return query(self, hash_key, *given, **named)
        finally:
            del self.all_items

    return query_partition
