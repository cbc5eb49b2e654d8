"""The contents of the table. Of the searches, only this file knows the keys of its rows, and what is in which."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from boto3.dynamodb.conditions import Attr

from tests.support.world import CAMPAIGN, client_of
from undersigned.base.rows import Key
from undersigned.base.table import from_item
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.support.memory import Memory
    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned.signing.rules.signatures import Signature

type Row = dict[str, Any]
type Rows = list[Row]

_LETTER = "SIGNATURE#"
_FORM = "FORM#"
_COUNTER = "COUNT#"
_DELIVERY = "DELIVERY#"
_CAMPAIGN = "CAMPAIGN#"
_OFFICE = "OFFICE#"
_CLAIM = "MAIL_CLAIM#"
_GONE = "GONE#"

_DECISIVE = (
    "status", "quarantine", "target", "words", "bundle", "due", "tallied",
    "signatures",
    "state", "attempt", "letters", "packets", "versions", "erased", "left_out", "permanent",
    "email", "mail_state", "way", "hold", "free_from", "paused", "until",
    "disowned_at", "forms",
)  # fmt: skip
"""The attributes that decide what happens next."""


def rows_of(world: World) -> Iterator[Row]:
    """List all rows of the table."""
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=world.stack.settings.table_name)
    return (from_item(item) for page in pages for item in page["Items"])


class Letter(NamedTuple):
    """A letter as the table has it. `has_place` says whether it waits anywhere, `in_tray` in a tray or on hold.

    `seen_at` is the moment of the page from which its delivery was sent, empty if it needs such a page and there was
    none. `counts` are the counters that have it if it is exact, and `mark` those that its mark names.
    """

    signer: str
    name: str
    address_line: str
    status: str
    target: str
    is_cleared: bool
    has_place: bool
    in_tray: bool
    bundle: str | None
    confirmed_at: str
    seen_at: str | None
    counts: tuple[str, ...]
    mark: tuple[str, ...]


def letters_in(rows: Rows) -> list[Letter]:
    """Return the letters."""
    pages = _pages_in(rows)
    return [
        Letter(
            signer=row["pk"].rpartition("#")[2],
            name=row["words"]["name"],
            address_line=row["words"]["address_line"],
            status=row["status"],
            target=row["target"],
            is_cleared="cleared_at" in row,
            has_place="due" in row,
            in_tray=row.get("due", "").startswith(("DUE#", "HELD#")),
            bundle=row.get("bundle"),
            confirmed_at=row.get("confirmed_at", ""),
            seen_at=pages.get((row["pk"].split("#")[1], row["target"], row.get("bundle", "").partition("#")[0])),
            counts=tuple(_counters_of(row)) if row["status"] == "confirmed" else (),
            mark=tuple(counter for counter in row.get("tallied", "").split("|") if counter),
        )
        for row in rows
        if row["pk"].startswith(_LETTER)
    ]


def _counters_of(letter: Row) -> Iterator[str]:
    """List the counters that have a confirmed letter, without the product's code."""
    yield "TOTAL"
    yield f"TARGET#{letter['target']}"
    yield f"DAY#{letter['confirmed_on']}"


class Change(NamedTuple):
    """What a record of the stream says about a letter or a form. Words that are not there are empty."""

    of: Literal["letter", "form"]
    status: str
    words: str
    before: str


def is_of_letter(record: Mapping[str, Any]) -> bool:
    """Say whether a record of the stream is about a letter."""
    return record["dynamodb"]["Keys"]["pk"]["S"].startswith(_LETTER)  # type: ignore[no-any-return]


def change_in(record: Mapping[str, Any]) -> Change | None:
    """Return the change of a letter or a form that a record of the stream is about."""
    images = record["dynamodb"]
    pk, new, old = images["Keys"]["pk"]["S"], images.get("NewImage", {}), images.get("OldImage", {})
    if not pk.startswith((_LETTER, _FORM)):
        return None
    words, before = (image.get("words", {}).get("M", {}).get("name", {}).get("S", "") for image in (new, old))
    return Change("letter" if is_of_letter(record) else "form", new.get("status", {}).get("S", ""), words, before)


def row_of(record: Mapping[str, Any]) -> str:
    """Return the row that a record of the stream is about, as `pk/sk`."""
    return item_of(record["dynamodb"]["Keys"])


def shard_of(record: Mapping[str, Any], shards: int) -> int:
    """Return which shard of the stream has a record: all of a partition are in the same one."""
    return zlib.crc32(record["dynamodb"]["Keys"]["pk"]["S"].encode()) % shards


def without_form(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of a form that names no form."""
    images = record["dynamodb"]
    return {**record, "dynamodb": images | {"Keys": images["Keys"] | {"pk": {"S": "FORM"}}}}


def sealed_in(rows: Rows) -> Counter[str]:
    """Count the bundles that hold a signer's letter. One that is erased stays there, and its signer may sign again."""
    erased = {(row["pk"], row["sk"].partition("#")[2]): row.get("erased", set()) for row in rows}
    return Counter(
        signer
        for row in rows
        if row["sk"].startswith(Bundle.beginning())
        for signer in Bundle.read(row).signers
        if signer not in erased.get((row["pk"], row["sk"].split("#")[1]), ())
    )


def deliveries_in(rows: Rows) -> list[Delivery]:
    """Return the deliveries."""
    return [Delivery.read(row) for row in rows if row["pk"].startswith(_DELIVERY) and row["sk"].startswith("PERIOD#")]


def targets_in(rows: Rows) -> Iterator[tuple[Target, list[Delivery]]]:
    """List the targets, each with its deliveries."""
    for row in rows:
        if row["pk"].startswith(_CAMPAIGN) and row["sk"].startswith("TARGET#"):
            target, campaign = Target.read(row), row["pk"].removeprefix(_CAMPAIGN)
            of_target = (campaign, target.id)
            yield target, [each for each in deliveries_in(rows) if (each.key.campaign, each.key.target) == of_target]


def delivery_item(key: DeliveryKey) -> str:
    """Return the item of a delivery, as `pk/sk`."""
    return f"{_DELIVERY}{key.campaign}#{key.target}/PERIOD#{key.period}"


def target_item(campaign: str, target: str) -> str:
    """Return the item of a target, as `pk/sk`."""
    return f"{_CAMPAIGN}{campaign}/TARGET#{target}"


def _pages_in(rows: Rows) -> dict[tuple[str, str, str], str]:
    """Return the moment of the page from which each delivery was sent; empty where it should have one."""
    needed = {row["pk"].removeprefix(_CAMPAIGN) for row in rows if row["sk"] == "META" and row.get("send_now_only")}
    return {
        (each.key.campaign, each.key.target, each.key.period): each.until.isoformat() if each.until else ""
        for each in deliveries_in(rows)
        if each.until or each.key.campaign in needed
    }


def counted_in(rows: Iterable[Row]) -> Counter[str]:
    """Return each counter, which is the sum of its rows, without the product's code."""
    counted: Counter[str] = Counter()
    for row in rows:
        if row["pk"].startswith(f"{_COUNTER}{CAMPAIGN}#"):
            counted[row["sk"]] += int(row.get("signatures", 0))
    return counted


def is_counter(key: Mapping[str, Any]) -> bool:
    """Say whether a key is one of a counter."""
    return key["pk"]["S"].startswith(_COUNTER)  # type: ignore[no-any-return]


def taken_in(rows: Iterable[Row]) -> list[Counter[str]]:
    """Return what is taken from each budget of emails."""
    kinds = ("unconfirmed", "network", "domain", "suspicious")
    budgets = (row for row in rows if row["pk"].startswith("MAILS#"))
    return [Counter({kind: int(row[kind]) for kind in kinds if kind in row}) for row in budgets]


def is_forgotten(memory: Memory, letter: Signature) -> bool:
    """Say whether the table says that a deleted letter no longer counts."""
    rows = memory.partitions.get(f"{_GONE}{letter.campaign}#{letter.signer}", {})
    return f"{letter.signed_at.isoformat()}#{letter.version}" in rows


def forget_deletions(memory: Memory) -> None:
    """Delete what the table keeps of deleted letters' marks, as DynamoDB does once it has expired."""
    for pk in [pk for pk in memory.partitions if pk.startswith(_GONE)]:
        memory.partitions[pk].clear()


def decisive(rows: Rows) -> Any:
    """Return what decides what happens next, without random ids and times."""
    # *Send now* takes letters that were due when its page was read.
    names = {*_DECISIVE, "due_at"} if any("until" in row for row in rows) else {*_DECISIVE}
    kinds = (_FORM, _LETTER, _COUNTER, _CAMPAIGN, _DELIVERY, "DISOWNED#")
    found = {
        (row["pk"], row["sk"]): {name: value for name, value in _flat(row) if name in names}
        for row in rows
        if row["pk"].startswith(kinds) and "EVENT#" not in row["sk"]
    }
    mailed = sorted(
        (row["pk"], row["sk"], *(len(row.get(name, ())) for name in ("sent", "refused", "asked")))
        for row in rows
        if row["pk"].startswith(_CLAIM)
    )
    return sorted(found.items()), mailed


def _flat(row: Row) -> Iterator[tuple[str, Any]]:
    """Return the attributes of a row, and those of its maps."""
    for name, value in row.items():
        yield from value.items() if isinstance(value, dict) else ((name, value),)


def exports_in(rows: Rows) -> list[str]:
    """Return the states of all exports."""
    return sorted(row["state"] for row in rows if row["pk"].startswith("EXPORT#"))


def kinds_in(memory: Memory, of: str = "") -> set[str]:
    """Return the kinds of the rows in memory, or of those whose keys name something."""
    return {pk.partition("#")[0] for pk, rows in memory.partitions.items() for sk in rows if of in pk + sk}


def is_in_transactions(item: str) -> bool:
    """Say whether a transaction of the product may hold an item, given as `pk/sk`."""
    return item.startswith((_LETTER, _COUNTER, _DELIVERY, _CAMPAIGN, _OFFICE))


def is_private(item: str) -> bool:
    """Say whether only one request uses an item, given as `pk/sk`, so that the moment of a call doesn't matter."""
    if item.startswith(_CAMPAIGN):
        return item.endswith(("/META", "/")) or "/LETTER#" in item
    return item.startswith(("KEY#", "RATE#", "AUDIT#", "CAMPAIGNS/")) or "/EVENT#" in item


def read_by(operation: str, params: Mapping[str, Any], written: set[str]) -> set[str]:
    """Return the items that a call reads, as `pk/sk`. A query reads its partition; one of a tray reads all letters."""
    match operation:
        case "GetItem":
            return {item_of(params["Key"])}
        case "BatchGetItem":
            return {item_of(key) for wanted in params["RequestItems"].values() for key in wanted["Keys"]}
        case _ if any("/PERIOD#" in item for item in written):
            # A change of a delivery depends on the organizer's controls at that moment.
            return {_CAMPAIGN}
        case "Query":
            partition = next(iter(params["ExpressionAttributeValues"].values()))["S"]
            return {_LETTER if params.get("IndexName") == "tray" else f"{partition}/"}
        case _:
            return set()


def item_of(key: Mapping[str, Any]) -> str:
    """Return a key as `pk/sk`."""
    return f"{key['pk']['S']}/{key['sk']['S']}"


def expire(world: World) -> bool:
    """Delete expired items, as DynamoDB does some time after they expire. Return whether there were any."""
    client, table = client_of("dynamodb"), world.stack.settings.table_name
    now = int(world.clock.now.timestamp())
    expired = [row for row in rows_of(world) if row.get("expires_at", now + 1) <= now]
    for row in expired:
        client.delete_item(TableName=table, Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}})
    return bool(expired)


def expire_forms(world: World, signer: str) -> None:
    """Delete a signer's forms whose time is over, as DynamoDB does."""
    now = int(world.clock.now.timestamp())
    for row in world.stack.table.query(f"{_FORM}{CAMPAIGN}#{signer}", consistent=True):
        if row["expires_at"] <= now:
            world.stack.table.delete(Key(row["pk"], row["sk"]), Attr("expires_at").lte(now))
