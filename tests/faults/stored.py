"""The contents of the table. Of the tests of faults, only this file knows the keys of its rows, and what is in
which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from tests.world import CAMPAIGN, client_of
from undersigned.aws.campaigns import read_target
from undersigned.aws.deliveries import BUNDLES, delivery_partition, read_bundle
from undersigned.aws.dynamodb import Key, from_item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.faults.memory import Memory
    from tests.world import World
    from undersigned.domain.authoring.campaigns import Target

type Row = dict[str, Any]
type Rows = list[Row]

_LETTER = "SIGNATURE#"
_FORM = "FORM#"
_COUNTER = "COUNT#"
_DELIVERY = "DELIVERY#"
_CAMPAIGN = "CAMPAIGN#"
_CLAIM = "MAIL_CLAIM#"

_DECISIVE = (
    "status", "quarantine", "target", "note", "bundle", "due", "tallied",
    "signatures",
    "state", "attempt", "letters", "packets", "erased", "left_out", "permanent",
    "email", "mail_state", "hold", "free_from", "paused", "approved",
    "disowned_at", "forms",
)  # fmt: skip
"""The attributes that decide what happens next."""


def rows_of(world: World) -> Iterator[Row]:
    """List all rows of the table."""
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=world.wiring.settings.table_name)
    return (from_item(item) for page in pages for item in page["Items"])


def letters_in(rows: Rows) -> Rows:
    """Return the rows of letters."""
    return [row for row in rows if row["pk"].startswith(_LETTER)]


def is_of_letter(record: Mapping[str, Any]) -> bool:
    """Say whether a record of the stream is about a letter."""
    return record["dynamodb"]["Keys"]["pk"]["S"].startswith(_LETTER)  # type: ignore[no-any-return]


def is_of_form(record: Mapping[str, Any]) -> bool:
    """Say whether a record of the stream is about a form."""
    return record["dynamodb"]["Keys"]["pk"]["S"].startswith(_FORM)  # type: ignore[no-any-return]


def forms_in(rows: Rows) -> Rows:
    """Return the rows of forms."""
    return [row for row in rows if row["pk"].startswith(_FORM)]


def signer_of(letter: Row) -> str:
    """Return who signed a letter."""
    return letter["pk"].rpartition("#")[2]  # type: ignore[no-any-return]


def is_in_tray(letter: Row) -> bool:
    """Say whether a letter is in a tray, or on hold."""
    return letter.get("due", "").startswith(("DUE#", "HELD#"))  # type: ignore[no-any-return]


def sealed_in(rows: Rows) -> Counter[str]:
    """Count the bundles that hold a signer's letter. One that is erased stays there, and its signer may sign again."""
    erased = {(row["pk"], row["sk"].partition("#")[2]): row.get("erased", set()) for row in rows}
    return Counter(
        signer
        for row in rows
        if row["sk"].startswith(BUNDLES)
        for signer in read_bundle(row).signers
        if signer not in erased.get((row["pk"], row["sk"].split("#")[1]), ())
    )


def deliveries_in(rows: Rows) -> Rows:
    """Return the rows of deliveries."""
    return [row for row in rows if row["pk"].startswith(_DELIVERY) and row["sk"].startswith("PERIOD#")]


def targets_in(rows: Rows) -> Iterator[tuple[Target, Rows]]:
    """List the targets, each with the rows of its deliveries."""
    for row in rows:
        if row["pk"].startswith(_CAMPAIGN) and row["sk"].startswith("TARGET#"):
            target = read_target(row)
            deliveries = delivery_partition(row["pk"].removeprefix(_CAMPAIGN), target.id)
            yield target, [other for other in deliveries_in(rows) if other["pk"] == deliveries]


def look_at(letter: Row, rows: Rows) -> str | None:
    """Return the look of the approval with which a sealed letter went; None if it needed none, or had none."""
    campaign = f"{_CAMPAIGN}{letter['pk'].split('#')[1]}"
    of_campaign = [row for row in rows if row["pk"] == campaign]
    if not any(row["sk"] == "META" and row.get("approval") for row in of_campaign):
        return None
    [approved] = [row.get("approved", ()) for row in of_campaign if row["sk"] == "CONTROLS"] or [()]
    period = letter["bundle"].partition("#")[0]
    return min((until for day, until in map(str.split, approved) if day == period), default=None)


def towns_in(rows: Rows) -> set[str]:
    """Return the towns of all targets, in lower case."""
    return {row["locality"].lower() for row in rows if row["sk"].startswith("TARGET#") and "locality" in row}


def counted_in(rows: Iterable[Row]) -> Counter[str]:
    """Return each counter, which is the sum of its rows, without the product's code."""
    counted: Counter[str] = Counter()
    for row in rows:
        if row["pk"].startswith(f"{_COUNTER}{CAMPAIGN}#"):
            counted[row["sk"]] += int(row.get("signatures", 0))
    return counted


def decisive(rows: Rows) -> Any:
    """Return what decides what happens next, without random ids and times."""
    # An approval covers letters that were due at its look.
    names = {*_DECISIVE, "due_at"} if any("approved" in row for row in rows) else {*_DECISIVE}
    kinds = (_FORM, _LETTER, _COUNTER, _CAMPAIGN, _DELIVERY, "DISOWNED#")
    found = {
        (row["pk"], row["sk"]): {name: row[name] for name in row if name in names}
        for row in rows
        if row["pk"].startswith(kinds) and "EVENT#" not in row["sk"]
    }
    mailed = sorted(
        (row["pk"], row["sk"], *(len(row.get(name, ())) for name in ("sent", "refused", "asked")))
        for row in rows
        if row["pk"].startswith(_CLAIM)
    )
    return sorted(found.items()), mailed


def exports_in(rows: Rows) -> list[str]:
    """Return the states of all exports."""
    return sorted(row["state"] for row in rows if row["pk"].startswith("EXPORT#"))


def kinds_in(memory: Memory, of: str = "") -> set[str]:
    """Return the kinds of the rows in memory, or of those whose keys name something."""
    return {pk.partition("#")[0] for pk, rows in memory.partitions.items() for sk in rows if of in pk + sk}


def is_in_transactions(item: str) -> bool:
    """Say whether a transaction of the product may hold an item, given as `pk/sk`."""
    return item.startswith((_LETTER, _COUNTER, _DELIVERY, _CAMPAIGN))


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


def expire_forms(world: World, signer: str) -> None:
    """Delete a signer's forms whose time is over, as DynamoDB does."""
    now = int(world.clock.now.timestamp())
    for row in world.wiring.table.query(f"{_FORM}{CAMPAIGN}#{signer}", consistent=True):
        if row["expires_at"] <= now:
            world.wiring.table.delete(Key(row["pk"], row["sk"]), Attr("expires_at").lte(now))
