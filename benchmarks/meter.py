"""Count AWS calls, and DynamoDB's capacity units from the real items that each call reads and writes.

Neither moto nor MiniStack reports consumed capacity as DynamoDB does, so the units follow from the items' sizes by the
rules of "DynamoDB read and write operations" and "DynamoDB item sizes and formats" in the developer guide:
a read unit is 4 KB read consistently, half of it eventually; a write unit is 1 KB of the larger of the item before and
after; a transaction doubles both; an index takes a unit per KB for each of its entries that is put, changed or removed.
A condition check in a transaction counts as a write of its item, which is the most that it can cost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, override

from tests.support.world import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INDEX_KEYS = {"tray": ("due", "due_at"), "listing": ("listed", "listed_at")}
"""Both indexes project keys only."""

type Item = dict[str, Any]


@dataclass
class Meter(Watch):
    """The functions' calls since the last reset: how often, and their read and write units."""

    client: Any
    """A DynamoDB client that nobody watches: it reads each item before and after, and repeats each query."""

    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0
    writes_to: Counter[str] = field(default_factory=Counter)
    """The write units of each kind of row, by the beginning of its partition key, such as `MAIL_CLAIM`."""

    _before: list[tuple[Item, Item | None]] = field(default_factory=list)

    def reset(self) -> None:
        """Begin anew."""
        self.calls.clear()
        self.writes_to.clear()
        self.reads = 0

    @property
    def writes(self) -> int:
        """The write units of all rows."""
        return self.writes_to.total()

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        service, _, name = operation.partition(":")
        self.calls[name] += 1
        self._before = []
        if service == "dynamodb":
            self.reads += self._read_units(name, params)
            self._before = [(write, self._item(write)) for write in _writes(name, params)]

    @override
    def after(self, function: str, operation: str) -> None:
        twice = 2 if operation.startswith("dynamodb:Transact") else 1
        for write, before in self._before:
            after = self._item(write)
            units = twice * _units(before, after) + sum(_index_units(name, before, after) for name in INDEX_KEYS)
            self.writes_to[write["Key"]["pk"]["S"].partition("#")[0]] += units

    @override
    def retries(self, function: str, operation: str) -> bool:
        return False

    def _item(self, write: Item) -> Item | None:
        item: Item | None = self.client.get_item(
            TableName=write["TableName"], Key=write["Key"], ConsistentRead=True
        ).get("Item")
        return item

    def _read_units(self, operation: str, params: Mapping[str, Any]) -> float:
        match operation:
            case "GetItem":
                return _read_of([self.client.get_item(**params).get("Item", {})], params)
            case "BatchGetItem":
                found = self.client.batch_get_item(**params)["Responses"]
                missing: list[Item] = [{}]
                return sum(
                    _read_of([item], asked)
                    for table, asked in params["RequestItems"].items()
                    for item in found[table] + missing * (len(asked["Keys"]) - len(found[table]))
                )
            case "Query":
                # A query that only counts reads the items, too.
                asked = {name: value for name, value in params.items() if name != "Select"}
                return _read_of(self.client.query(**asked)["Items"], params)
            case "Scan" | "TransactGetItems":
                message = f"no units for {operation}"
                raise NotImplementedError(message)
            case _:
                return 0


def size_of(item: Item) -> int:
    """Return an item's size in bytes: the names and values of its attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Item) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.lstrip("-0.").replace(".", "")) + 1) // 2 + 1
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(text.encode()) for text in content)
        case "L":
            return 3 + sum(1 + _value_size(part) for part in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(part) for name, part in content.items())
        case _:
            message = f"no size for a value of kind {kind}"
            raise NotImplementedError(message)


def _writes(operation: str, params: Mapping[str, Any]) -> list[Item]:
    match operation:
        case "UpdateItem" | "DeleteItem":
            return [{"TableName": params["TableName"], "Key": params["Key"]}]
        case "PutItem":
            return [{"TableName": params["TableName"], "Key": _key(params["Item"])}]
        case "TransactWriteItems":
            found = []
            for entry in params["TransactItems"]:
                [(_kind, write)] = entry.items()
                found.append({"TableName": write["TableName"], "Key": write.get("Key") or _key(write["Item"])})
            return found
        case "BatchWriteItem":
            message = f"no units for {operation}"
            raise NotImplementedError(message)
        case _:
            return []


def _key(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def _units(before: Item | None, after: Item | None) -> int:
    return ceil(max(size_of(before or {}), size_of(after or {}), 1) / 1024)


def _index_units(index: str, before: Item | None, after: Item | None) -> int:
    old, new = _entry(index, before), _entry(index, after)
    if old == new:
        return 0
    return sum(ceil(size_of(entry) / 1024) for entry in (old, new) if entry)


def _entry(index: str, item: Item | None) -> Item | None:
    names = (*INDEX_KEYS[index], "pk", "sk")
    return {name: item[name] for name in names} if item and all(name in item for name in names) else None


def _read_of(items: Iterable[Item], asked: Mapping[str, Any]) -> float:
    """Return the units of items that are read together; a read that finds nothing takes as many as a small item."""
    return max(1, ceil(sum(map(size_of, items)) / 4096)) * (1 if asked.get("ConsistentRead") else 0.5)
