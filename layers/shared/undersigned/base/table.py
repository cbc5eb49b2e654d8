"""The mechanics of the table: every call to DynamoDB, its retries, and the translation of its errors.

This module knows keys, values, conditions and the two indexes. The file of each entity defines what its rows mean.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from functools import cache, partial, reduce
from itertools import batched
from operator import and_
from typing import TYPE_CHECKING, Any, Literal, cast

from boto3.dynamodb.conditions import Attr, ConditionExpressionBuilder
from boto3.dynamodb.conditions import Key as KeyCondition
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

from undersigned.base.errors import ChangedError, DamagedRowsError
from undersigned.base.failures import CONDITION_FAILED, TRANSACTION_CANCELED, TRANSACTION_CONFLICT, code_of, translated
from undersigned.base.limits import Limits
from undersigned.base.logs import report_damaged
from undersigned.base.rows import Key, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from boto3.dynamodb.conditions import ConditionBase
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        DeleteItemInputTypeDef,
        PutItemInputTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
    )

    from undersigned.base.rows import Values

IndexName = Literal["tray", "listing"]

FEW_RETRIES = Config(
    retries={"total_max_attempts": 6, "mode": "legacy"}, connect_timeout=1, read_timeout=3, max_pool_connections=32
)
"""Give up on a throttled call after 1.5 seconds. Then the stream, the queue or the person at the form tries again.

botocore's default retries for 25 seconds, and waits a minute for a connection and another for each answer, which is too
long for a page. DynamoDB answers within milliseconds; an answer that takes seconds is lost, and the call is tried again
("Tuning AWS Java SDK HTTP request settings for latency-aware Amazon DynamoDB applications", AWS Database Blog).
"""

_PAUSES = (0.02, 0.05, 0.1, 0.2)
"""Seconds before retries, for an item in a running transaction and for keys that DynamoDB left unprocessed.

A transaction takes some milliseconds. For unprocessed keys, DynamoDB recommends exponential backoff (API reference,
BatchGetItem).
"""

BATCH_GET = 100
"""The most items that one BatchGetItem reads."""

TRANSACTION = 100
"""The most writes in a transaction."""

NEW = Attr("pk").not_exists()
"""The condition that no item with this key exists."""


def as_read(values: Values) -> ConditionBase:
    """Return the condition that attributes are as they were read; None stands for a missing attribute."""
    conditions = (Attr(name).not_exists() if value is None else Attr(name).eq(value) for name, value in values.items())
    return reduce(and_, conditions)


class ConditionFailedError(ChangedError):
    """An item doesn't meet the condition of a write.

    After `update` it carries the item's values, or None if there is no item; after `put`, always None.
    """

    def __init__(self, values: Values | None = None) -> None:
        """Keep the values."""
        super().__init__("the item is not as it was read")
        self.values = values


class TransactionCanceledError(ChangedError):
    """DynamoDB canceled a transaction; carries its reason for each write, "None" for a write without one."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """Keep the reasons, in the order of the writes."""
        super().__init__(f"the transaction was canceled: {', '.join(sorted({*reasons} - {'None'}))}")
        self.reasons = tuple(reasons)

    @property
    def unmet(self) -> tuple[bool, ...]:
        """Say for each write, in order, whether its condition was not met."""
        return tuple(reason == "ConditionalCheckFailed" for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item if the condition is met."""

    values: Values
    when: ConditionBase | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of an item if the condition is met. Creates the item if it doesn't exist.

    `assign` sets values, where None removes the attribute; `add` adds to numbers and sets.
    """

    key: Key
    assign: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int | set[str]] = field(default_factory=dict)
    remove: Iterable[str] = ()
    when: ConditionBase | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Make a transaction depend on the condition of an item that it doesn't change."""

    key: Key
    when: ConditionBase


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an item. With a condition, do it only if that is met."""

    key: Key
    when: ConditionBase | None = None


type Write = Put | Update | Check | Delete


_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_item(values: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Return values as DynamoDB's typed attributes, without None."""
    return {name: _serializer.serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Values:
    """Return DynamoDB's typed attributes as values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def written(moment: date | datetime | None) -> str | None:
    """Return a date or datetime as rows have it (ISO 8601)."""
    return moment.isoformat() if moment is not None else None


DAMAGED = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""The errors of reading a row that something other than this program wrote."""


def read_row[T](read: Callable[[Values], T], values: Values) -> T:
    """Read a row. If it is damaged, name it to the operator, and raise DamagedRowsError."""
    try:
        found = read(values)
        _check_texts(found)
    except DAMAGED as error:
        name = str(Key(values["pk"], values["sk"]))
        report_damaged(name)
        raise DamagedRowsError(name) from error
    return found


def read_rows[T](read: Callable[[Values], T], found: Iterable[Values], *, whole: bool = False) -> Iterator[T]:
    """Read rows, and leave out damaged rows. With `whole`, raise DamagedRowsError for a damaged row instead."""
    for values in found:
        try:
            yield read_row(read, values)
        except DamagedRowsError:
            if whole:
                raise


def _check_texts(read: object) -> None:
    """Raise TypeError if an attribute that must be a text is something else. No page and no email could show it.

    A `Row` checks its own attributes.
    """
    if isinstance(read, tuple):
        for part in read:
            _check_texts(part)
    if not is_dataclass(read) or isinstance(read, type | Row):
        return
    texts, others = _texts_of(type(read))
    if not all(isinstance(getattr(read, name), str | None) for name in texts):
        message = "an attribute is no text"
        raise TypeError(message)
    for name in others:
        _check_texts(getattr(read, name))


@cache
def _texts_of(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a class's attributes that are texts, and of all others."""
    texts = {attribute.name for attribute in fields(kind) if attribute.type in {"str", "str | None"}}
    return tuple(texts), tuple(attribute.name for attribute in fields(kind) if attribute.name not in texts)


def read_day(text: str | None) -> date | None:
    """Read a date that may be missing."""
    return date.fromisoformat(text) if text else None


class Table:
    """The table. A throttled call raises ThrottledError."""

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
    ) -> None:
        """Keep a client made with FEW_RETRIES, the table's name, a way to wait (seconds), and its readers' limits."""
        self.limits = limits or Limits()
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, key: Key, *, consistent: bool = False) -> Values | None:
        """Read one item."""
        answer = self._call(
            lambda: self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=consistent)
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = True) -> Iterator[Values]:
        """Read the existing items with these keys, in no order. A repeated key is read once."""
        for some in batched(dict.fromkeys(keys), BATCH_GET, strict=False):
            wanted = [_key(key) for key in some]
            pending: dict[str, Any] = {self._name: {"Keys": wanted, "ConsistentRead": consistent}}
            pauses = iter(_PAUSES)
            while pending:
                answer = self._call(partial(self._client.batch_get_item, RequestItems=pending))
                yield from (from_item(item) for item in answer["Responses"].get(self._name, []))
                pending = dict(answer.get("UnprocessedKeys", {}))
                if pending:
                    self._sleep(next(pauses, _PAUSES[-1]))

    def query(  # noqa: PLR0913  (the parts of a query)
        self,
        pk: str,
        *,
        begins_with: str | None = None,
        at_least: str | None = None,
        below: str | None = None,
        between: tuple[str, str] | None = None,
        index: IndexName | None = None,
        read_ahead: int | None = None,
        newest_first: bool = False,
        consistent: bool = False,
    ) -> Iterator[Values]:
        """Read the items of a partition in the order of their sort keys, optionally only a range of sort keys.

        A range has one condition; `between` includes both of its ends. Each call to DynamoDB reads `read_ahead` items,
        or by default as many as fit in a megabyte.
        """
        request = self._query(pk, index, begins_with=begins_with, at_least=at_least, below=below, between=between)
        request |= {"ScanIndexForward": not newest_first, "ConsistentRead": consistent}
        if read_ahead is not None:
            request["Limit"] = read_ahead
        return (from_item(item) for page in self._pages(request) for item in page["Items"])

    def merged(
        self,
        pks: Iterable[str],
        index: IndexName,
        *,
        newest_first: bool = False,
        **how: Any,  # noqa: ANN401
    ) -> Iterator[Values]:
        """Read several partitions of an index, each as `query` does, as one list in the index's order."""
        _, position = _KEYS_OF_INDEXES[index]
        parts = [self.query(pk, index=index, newest_first=newest_first, **how) for pk in pks]
        return heapq.merge(*parts, key=lambda values: str(values[position]), reverse=newest_first)

    def count(
        self, pk: str, index: IndexName, most: int | None = None, *, between: tuple[str, str] | None = None
    ) -> int:
        """Count the items of an index's partition, or of a range in it; with `most`, up to that number, in one call."""
        request = self._query(pk, index, between=between)
        request["Select"] = "COUNT"
        if most is not None:
            request["Limit"] = most
            return self._call(lambda: self._client.query(**request))["Count"]
        return sum(page["Count"] for page in self._pages(request))

    def put(self, values: Values, when: ConditionBase | None = None) -> None:
        """Write a whole item. Raises ConditionFailedError."""
        request = self._put_request(Put(values, when))
        self._call(lambda: self._client.put_item(**request))

    def put_new(self, values: Values) -> bool:
        """Write an item. If one with its key exists, change nothing and return False."""
        try:
            self.put(values, NEW)
        except ConditionFailedError:
            return False
        return True

    def update(self, change: Update, returns: Literal["NONE", "ALL_NEW", "UPDATED_NEW"] = "NONE") -> Values:
        """Change an item. Raises ConditionFailedError.

        `returns` selects the result: the whole new item, its changed attributes, or nothing.
        """
        request = self._update_request(change)
        request["ReturnValues"] = returns
        if change.when is not None:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        changed = self._call(lambda: self._client.update_item(**request), _PAUSES)
        return from_item(changed.get("Attributes", {}))

    def delete(self, key: Key, when: ConditionBase | None = None) -> None:
        """Delete an item, if it exists. Raises ConditionFailedError if the condition is not met."""
        request = cast("DeleteItemInputTypeDef", {"TableName": self._name, "Key": _key(key)} | _condition(when))
        self._call(lambda: self._client.delete_item(**request), _PAUSES)

    def transact(self, writes: Sequence[Write], *, wait_for_others: bool = False, token: str | None = None) -> None:
        """Make up to 100 writes, all or none of them. Raises TransactionCanceledError.

        With `wait_for_others`, retry for a while if another transaction is running on an item. For ten minutes, the
        same writes with the same `token` are made once ("TransactWriteItems", DynamoDB API reference); by default each
        call has a token of its own.
        """
        items = [self._in_transaction(write) for write in writes]
        once: Any = {"ClientRequestToken": token} if token else {}
        for pause in (*(_PAUSES if wait_for_others else ()), None):
            try:
                self._client.transact_write_items(TransactItems=items, **once)
            except ClientError as error:
                if code_of(error) != TRANSACTION_CANCELED:
                    raise translated(error) from error
                canceled = TransactionCanceledError(_reasons(error))
                if pause is None or {*canceled.reasons} - {"None"} != {"TransactionConflict"}:
                    raise canceled from error
                self._sleep(pause)
            else:
                return

    def _call[Made](self, call: Callable[[], Made], pauses: Sequence[float] = ()) -> Made:
        """Call DynamoDB, again after each pause while a transaction is running on the item.

        Raises ConditionFailedError, ThrottledError.
        """
        left = iter(pauses)
        while True:
            try:
                return call()
            except ClientError as error:
                pause = next(left, None) if code_of(error) == TRANSACTION_CONFLICT else None
                if pause is None:
                    raise _translated(error) from error
            self._sleep(pause)

    def _query(  # noqa: PLR0913  (the parts of a query)
        self,
        pk: str,
        index: IndexName | None,
        *,
        begins_with: str | None = None,
        at_least: str | None = None,
        below: str | None = None,
        between: tuple[str, str] | None = None,
    ) -> QueryInputTypeDef:
        pk_name, sk_name = _KEYS_OF_INDEXES[index] if index else ("pk", "sk")
        if sum(bound is not None for bound in (begins_with, at_least, below, between)) > 1:
            message = "a query has one condition on the sort key"
            raise ValueError(message)
        condition: ConditionBase = KeyCondition(pk_name).eq(pk)
        if begins_with is not None:
            condition &= KeyCondition(sk_name).begins_with(begins_with)
        if at_least is not None:
            condition &= KeyCondition(sk_name).gte(at_least)
        if below is not None:
            condition &= KeyCondition(sk_name).lt(below)
        if between is not None:
            condition &= KeyCondition(sk_name).between(*between)
        built = ConditionExpressionBuilder().build_expression(condition, is_key_condition=True)
        request: QueryInputTypeDef = {
            "TableName": self._name,
            "KeyConditionExpression": built.condition_expression,
            "ExpressionAttributeNames": built.attribute_name_placeholders,
            "ExpressionAttributeValues": to_item(built.attribute_value_placeholders),
        }
        if index:
            request["IndexName"] = index
        return request

    def _pages(self, request: QueryInputTypeDef) -> Iterator[QueryOutputTypeDef]:
        while True:
            page = self._call(partial(self._client.query, **request))
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _put_request(self, put: Put) -> PutItemInputTypeDef:
        request: PutItemInputTypeDef = {"TableName": self._name, "Item": to_item(put.values)}
        return cast("PutItemInputTypeDef", request | _condition(put.when))

    def _update_request(self, change: Update) -> UpdateItemInputTypeDef:
        names: dict[str, str] = {}
        values: dict[str, Any] = {}

        # An attribute's name may have characters that a placeholder can't, such as the hyphens of a day.
        def name(attribute: str) -> str:
            names[placeholder := f"#a{len(names)}"] = attribute
            return placeholder

        def value(content: object) -> str:
            values[placeholder := f":a{len(values)}"] = content
            return placeholder

        assigned = {attribute: content for attribute, content in change.assign.items() if content is not None}
        removed = [*change.remove, *(attribute for attribute, content in change.assign.items() if content is None)]
        clauses = {
            "SET": [f"{name(attribute)} = {value(content)}" for attribute, content in assigned.items()],
            "ADD": [f"{name(attribute)} {value(content)}" for attribute, content in change.add.items()],
            "REMOVE": [name(attribute) for attribute in removed],
        }
        condition = _condition(change.when)
        placeholders = to_item(values) | condition.pop("ExpressionAttributeValues", {})
        request: dict[str, Any] = {
            "TableName": self._name,
            "Key": _key(change.key),
            "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts),
            "ExpressionAttributeNames": names | condition.pop("ExpressionAttributeNames", {}),
            **condition,
        }
        if placeholders:
            request["ExpressionAttributeValues"] = placeholders
        return cast("UpdateItemInputTypeDef", request)

    def _in_transaction(self, write: Write) -> TransactWriteItemTypeDef:
        match write:
            case Put():
                made: dict[str, Any] = {"Put": self._put_request(write)}
            case Update():
                made = {"Update": self._update_request(write)}
            case Check():
                check = {"TableName": self._name, "Key": _key(write.key), **_condition(write.when)}
                made = {"ConditionCheck": check}
            case Delete():
                made = {"Delete": {"TableName": self._name, "Key": _key(write.key), **_condition(write.when)}}
        return cast("TransactWriteItemTypeDef", made)


class Repository:
    """The rows of an entity in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table


_KEYS_OF_INDEXES: Mapping[IndexName, tuple[str, str]] = {"tray": ("due", "due_at"), "listing": ("listed", "listed_at")}


def _key(key: Key) -> dict[str, AttributeValueTypeDef]:
    return to_item(key._asdict())


def _condition(when: ConditionBase | None) -> dict[str, Any]:
    """Return a condition as parameters of a request or of one write in a transaction."""
    if when is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(when)
    parameters: dict[str, Any] = {
        "ConditionExpression": built.condition_expression,
        "ExpressionAttributeNames": built.attribute_name_placeholders,
    }
    if built.attribute_value_placeholders:
        parameters["ExpressionAttributeValues"] = to_item(built.attribute_value_placeholders)
    return parameters


def _translated(error: ClientError) -> Exception:
    if code_of(error) != CONDITION_FAILED:
        return translated(error)
    item = cast("dict[str, Any] | None", error.response.get("Item"))
    return ConditionFailedError(from_item(item) if item else None)


def _reasons(error: ClientError) -> list[str]:
    reasons = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
    return [reason.get("Code", "None") for reason in reasons]
