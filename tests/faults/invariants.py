"""What must hold after any crash, delay or repeat, read from the table, the accepted emails and their PDFs."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pypdf import PdfReader

from tests.world import CAMPAIGN, client_of
from undersigned.aws.deliveries import BUNDLES, read_bundle
from undersigned.aws.dynamodb import from_item

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tests.faults.platform import Platform
    from tests.world import Sent, World

_SETTLED = {"sent", "delivered", "complained", "empty"}

type Rows = list[dict[str, Any]]


def breaches(
    world: World,
    *,
    bounced: Collection[str] = (),
    again: Collection[tuple[str, str]] = (),
    text_of: Callable[[Sent], str] | None = None,
) -> list[str]:
    """List the broken invariants, once nothing is pending. Each signer must have an `address_line` of their own.

    `bounced` holds the ids of the bounced emails, `again` the deliveries (target and period) that a person sent within
    seven days of another one. `text_of` reads the letters of an email (default: from its PDFs).
    """
    rows = list(_table(world))
    signatures = [row for row in rows if row["pk"].startswith("SIGNATURE#")]
    deliveries = [row for row in rows if row["pk"].startswith("DELIVERY#") and row["sk"].startswith("PERIOD#")]
    arrived = [
        (mail.tags["target"], text_of(mail) if text_of else letters_text(mail, world))
        for mail in world.deliveries
        if mail.message_id not in bounced
    ]
    return [
        *_lost_or_doubled(signatures, arrived),
        *_in_two_places(signatures, rows),
        *_miscounted(signatures, rows),
        *(f"a delivery is stuck: {row['pk']} {row['sk']} is {row['state']}" for row in deliveries if _is_stuck(row)),
        *_too_close(
            mail
            for mail in world.deliveries
            if mail.message_id not in bounced and (mail.tags["target"], mail.tags["period"]) not in again
        ),
    ]


def _lost_or_doubled(signatures: Rows, arrived: list[tuple[str, str]]) -> Iterator[str]:
    for row in signatures:
        if row["status"] == "erased":
            continue
        times = {target: count for target, text in arrived if (count := text.count(row["address_line"]))}
        due = {row["target"]: 1} if row["status"] == "confirmed" else {}
        if times != due or sum(text.count(row["address_line"]) for _, text in arrived) != len(due):
            yield f"{row['name']}'s {row['status']} letter arrived {times} times, not {due}"


def _too_close(arrived: Iterable[Sent]) -> Iterator[str]:
    """Check that the days of two emails that reached a target lie at least seven days apart."""
    days = sorted({(mail.tags["target"], date.fromisoformat(mail.tags["period"])) for mail in arrived})
    for (target, first), (other, second) in pairwise(days):
        if target == other and second - first < timedelta(days=7):
            yield f"{target} got emails of {first} and {second}"


def _in_two_places(signatures: Rows, rows: Rows) -> Iterator[str]:
    """Check that each confirmed letter is in its tray or in the one bundle that its row names, and no other letter."""
    # A letter that is erased stays in its bundle. Its signer may sign another one.
    erased = {(row["pk"], row["sk"].partition("#")[2]): row.get("erased", set()) for row in rows}
    sealed = Counter(
        signer
        for row in rows
        if row["sk"].startswith(BUNDLES)
        for signer in read_bundle(row).signers
        if signer not in erased.get((row["pk"], row["sk"].split("#")[1]), ())
    )
    for row in signatures:
        if row["status"] == "erased":
            if "due" in row:
                yield f"an erased letter is in a tray: {sorted(row)}"
            continue
        signer = row["pk"].rpartition("#")[2]
        places = int("due" in row) + sealed[signer]
        due = int(row["status"] == "confirmed" or "bundle" in row)
        if places != due or ("bundle" in row) != bool(sealed[signer]):
            yield f"a {row['status']} letter is in {places} places, not in {due}: {sorted(row)}"


def _miscounted(signatures: Rows, rows: Rows) -> Iterator[str]:
    """Count the rows without the product's code, and compare."""
    expected: Counter[str] = Counter()
    for row in signatures:
        if row["status"] not in {"pending", "confirmed"}:
            continue
        domain = row["email"].rpartition("@")[2]
        expected[f"SIGNED#{domain}"] += 1
        if row["status"] == "confirmed":
            expected["TOTAL"] += 1
            expected[f"TARGET#{row['target']}"] += 1
            expected[f"DAY#{row['confirmed_on']}"] += 1
            expected[f"HOUR#{row['confirmed_at'][:13]}"] += 1
            expected[f"LOCALITY#{row['locality'].lower()}"] += 1
            expected[f"CONFIRMED#{domain}"] += 1
    counted = Counter({row["sk"]: int(row.get("signatures", 0)) for row in rows if row["pk"] == f"COUNT#{CAMPAIGN}"})
    for counter in sorted(expected | counted):
        if expected[counter] != counted[counter]:
            yield f"counter {counter} is {counted[counter]}, but there are {expected[counter]} rows"


def _is_stuck(delivery: dict[str, Any]) -> bool:
    return delivery["state"] not in _SETTLED and not (delivery["state"] == "held" and not delivery["letters"])


_DECISIVE = (
    "status", "quarantine", "target", "note", "bundle", "due", "tallied",
    "signatures",
    "state", "attempt", "letters", "packets", "erased", "left_out", "permanent",
    "email", "mail_state", "hold", "paused", "approved",
)  # fmt: skip
"""The attributes that decide what happens next."""


def state_of(platform: Platform) -> str:
    """Return the state as text, without random ids and times. What follows is the same after equal states."""
    world = platform.world
    rows = list(_table(world))
    decisive = {
        (row["pk"], row["sk"]): {name: row[name] for name in _DECISIVE if name in row}
        for row in rows
        if row["pk"].startswith(("SIGNATURE#", "COUNT#", "CAMPAIGN#", "DELIVERY#")) and "EVENT#" not in row["sk"]
    }
    mailed = sorted(
        (row["pk"], row["sk"], *(len(row.get(name, ())) for name in ("sent", "refused", "asked")))
        for row in rows
        if row["pk"].startswith("MAIL_CLAIM#")
    )
    sent = sorted(str((mail.to, sorted(mail.tags.items()), letters_text(mail, world))) for mail in world.deliveries)
    rest = (world.clock.now, world.throttles, platform.refusals, len(platform.bounced))
    return repr((sorted(decisive.items()), mailed, sent, rest))


def _table(world: World) -> Iterator[dict[str, Any]]:
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=world.wiring.settings.table_name)
    return (from_item(item) for page in pages for item in page["Items"])


def letters_text(mail: Sent, world: World) -> str:
    """Return the text of an email's PDFs: those attached, or those that its link shows now."""
    return "\n".join(words_of(pdf) for pdf in mail.pdfs or _linked(mail, world))


def _linked(mail: Sent, world: World) -> list[bytes]:
    """Open the link as its reader does. Nobody watches these calls, so none of them crashes."""
    watch, world.watch = world.watch, None
    try:
        page = world.get(mail.link("packets"))
        answers = [world.get(path) for path in re.findall(r'href="(/packets/[^"]+/\d+)"', page.body)]
    finally:
        world.watch = watch
    s3 = client_of("s3")
    [bucket] = s3.list_buckets()["Buckets"]
    names = [urlsplit(answer.headers["location"]).path.removeprefix("/") for answer in answers]
    return [s3.get_object(Bucket=bucket["Name"], Key=name)["Body"].read() for name in names]


def stored_text(world: World) -> str:
    """Return the text of all stored PDFs."""
    s3, bucket = client_of("s3"), world.wiring.settings.packet_bucket
    found = s3.list_objects_v2(Bucket=bucket, Prefix="packets/").get("Contents", [])
    return "\n".join(words_of(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()) for item in found)


@cache
def words_of(pdf: bytes) -> str:
    """Return the text of a PDF."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
