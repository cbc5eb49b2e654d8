"""Count DynamoDB's calls and capacity units from the real items that each call reads and writes.

Neither moto nor MiniStack reports consumed capacity as DynamoDB does, so the units follow from the items' sizes by the
rules of "DynamoDB read and write operations" and "DynamoDB item sizes and formats" in the developer guide:
a read unit is 4 KB read consistently, half of it eventually; a write unit is 1 KB of the larger of the item before and
after; a transaction doubles both; an index takes a unit per KB for each of its entries that is put, changed or removed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import Any

INDEX_KEYS = {"tray": ("due", "due_at"), "listing": ("listed", "listed_at")}
"""Both indexes project keys only."""

type Item = dict[str, Any]


@dataclass
class Meter:
    """What was called since the last reset: how often, and the read and write units."""

    client: Any
    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0
    writes: float = 0
    _before: list[tuple[Item, Item | None]] = field(default_factory=list)

    def attach(self, client: Any) -> None:
        """Listen to a client's calls; `self.client` reads items beside it and is not counted."""
        client.meta.events.register("provide-client-params.dynamodb", self._look_before)
        client.meta.events.register("after-call.dynamodb", self._count)

    def reset(self) -> None:
        """Begin anew."""
        self.calls.clear()
        self.reads = self.writes = 0

    def _look_before(self, params: Any, model: Any, **_: Any) -> None:
        self._params = params
        self._before = [(write, self._item(write)) for write in _writes(model.name, params)]

    def _item(self, write: Item) -> Item | None:
        item: Item | None = self.client.get_item(
            TableName=write["TableName"], Key=write["Key"], ConsistentRead=True
        ).get("Item")
        return item

    def _count(self, parsed: Any, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        twice = 2 if model.name.startswith("Transact") else 1
        for write, before in self._before:
            after = self._item(write)
            self.writes += twice * _units(before, after) + sum(_index_units(name, before, after) for name in INDEX_KEYS)
        self.reads += _read_units(model.name, self._params, parsed)


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


def _writes(operation: str, params: Item) -> list[Item]:
    match operation:
        case "UpdateItem" | "DeleteItem":
            return [params]
        case "PutItem":
            return [{"TableName": params["TableName"], "Key": _key(params["Item"])}]
        case "TransactWriteItems":
            found = []
            for entry in params["TransactItems"]:
                [(kind, write)] = entry.items()
                found.append({"TableName": write["TableName"], "Key": write.get("Key") or _key(write["Item"])})
                assert kind in {"Put", "Update"}
            return found
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


def _read_units(operation: str, params: Item, parsed: Item) -> float:
    match operation:
        case "GetItem":
            items, consistent = [parsed.get("Item", {})], params.get("ConsistentRead", False)
            return sum(max(1, ceil(size_of(item) / 4096)) for item in items) * (1 if consistent else 0.5)
        case "BatchGetItem":
            return sum(
                max(1, ceil(size_of(item) / 4096)) * (1 if params["RequestItems"][table].get("ConsistentRead") else 0.5)
                for table, items in parsed["Responses"].items()
                for item in items
            )
        case "Query":
            total = sum(size_of(item) for item in parsed["Items"])
            return max(1, ceil(total / 4096)) * (1 if params.get("ConsistentRead") else 0.5)
        case _:
            return 0
