"""Invariants after any crash, delay or repeat, read from the table, the accepted emails and their PDFs."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from http import HTTPStatus
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pypdf import PdfReader

from tests.search.stored import (
    counted_in,
    decisive,
    deliveries_in,
    exports_in,
    letters_in,
    rows_of,
    sealed_in,
    targets_in,
)
from tests.support.world import CAMPAIGN, client_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.packets import packet_name
from undersigned.delivering.rules.plans import next_day
from undersigned.delivering.storing import sent_packets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tests.search.platform import Platform
    from tests.search.stored import Letter, Rows
    from tests.support.world import Sent, World
    from undersigned.delivering.rules.deliveries import Delivery

_SETTLED = {"sent", "delivered", "closed_unsent", "complained", "empty"}


def breaches(
    world: World,
    *,
    bounced: Collection[str] = (),
    again: Collection[tuple[str, str]] = (),
    text_of: Callable[[Sent], str] | None = None,
    on_paper: Collection[tuple[str, str]] | None = None,
) -> list[str]:
    """List the broken invariants, once nothing is pending. Each signer must have an `address_line` of their own.

    `bounced` holds the ids of the bounced emails, `again` the deliveries (target and period) that a person sent within
    seven days of another one. `text_of` reads the letters of an email (default: from its PDFs). `on_paper` are those
    that were brought to a target (default: the packets of what was handed over).
    """
    rows = list(rows_of(world))
    targets = {target.id: target for target in Campaigns(world.stack.table).targets(CAMPAIGN)}
    letters, deliveries = letters_in(rows), deliveries_in(rows)
    seen = (delivery.with_word_of(targets[delivery.key.target]) for delivery in deliveries)
    arrived = [
        (mail.tags["target"], text_of(mail) if text_of else letters_text(mail, world))
        for mail in world.deliveries
        if mail.message_id not in bounced
    ]
    arrived += handed_over(world, deliveries) if on_paper is None else on_paper
    return [
        *_lost_or_doubled(letters, arrived),
        *misplaced(rows),
        *_not_seen(letters),
        *_miscounted(letters, rows),
        *(f"something personal is left: {letter}" for letter in letters if _should_be_empty(letter) and letter.name),
        *(f"a delivery is stuck: {each.key} is {each.state}" for each in seen if _is_stuck(each)),
        *_too_close(
            mail
            for mail in world.deliveries
            if mail.message_id not in bounced and (mail.tags["target"], mail.tags["period"]) not in again
        ),
        *_not_free(rows),
    ]


def handed_over(world: World, deliveries: Iterable[Delivery]) -> Iterator[tuple[str, str]]:
    """Return the target and the text of each delivery that a person handed over."""
    for delivery in deliveries:
        if delivery.handed and not delivery.cleared_at:
            yield delivery.key.target, "\n".join(map(words_of, _files_of(world, delivery)))


def _files_of(world: World, delivery: Delivery) -> list[bytes]:
    """Return the stored PDFs of the packets that a delivery's email names."""
    return [
        _stored(packet_name(delivery.key, packet.record.number, packet.erased))
        for packet in sent_packets(world.stack, delivery)
        if not packet.is_gone
    ]


def _lost_or_doubled(letters: list[Letter], arrived: list[tuple[str, str]]) -> Iterator[str]:
    for letter in letters:
        if _should_be_empty(letter):
            continue
        times = {target: count for target, text in arrived if (count := text.count(letter.address_line))}
        due = {letter.target: 1} if letter.status == "confirmed" else {}
        if times != due or sum(text.count(letter.address_line) for _, text in arrived) != len(due):
            yield f"{letter.name}'s {letter.status} letter arrived {times} times, not {due}"


def _too_close(arrived: Iterable[Sent]) -> Iterator[str]:
    """Check that the days of two emails that reached a target lie at least seven days apart."""
    days = sorted({(mail.tags["target"], date.fromisoformat(mail.tags["period"])) for mail in arrived})
    for (target, first), (other, second) in pairwise(days):
        if target == other and second - first < timedelta(days=7):
            yield f"{target} got emails of {first} and {second}"


def _not_free(rows: Rows) -> Iterator[str]:
    """List the targets that are not free from seven days after the last of their deliveries that may arrive."""
    for target, deliveries in targets_in(rows):
        free_from = next_day(deliveries)
        if target.free_from != free_from:
            yield f"{target.id} is free from {target.free_from}, not from {free_from}"


def misplaced(rows: Rows) -> Iterator[str]:
    """List the letters that are not where they belong: a confirmed one in its tray or the one bundle that it names.

    One on hold has a place of its own, and no other letter has any.
    """
    sealed = sealed_in(rows)
    for letter in letters_in(rows):
        if letter.status == "erased":
            if letter.has_place:
                yield f"an erased letter is in a tray: {letter}"
            continue
        in_bundles = sealed[letter.signer]
        places = int(letter.in_tray) + in_bundles
        due = int(letter.status == "confirmed" or letter.bundle is not None)
        if places != due or (letter.bundle is not None) != bool(in_bundles):
            yield f"a {letter.status} letter is in {places} places, not in {due}: {letter}"


def _not_seen(letters: list[Letter]) -> Iterator[str]:
    """List the letters that a delivery took, although they were confirmed after the page from which it was sent."""
    for letter in letters:
        if letter.seen_at is not None and letter.confirmed_at > letter.seen_at:
            went = f"went with {letter.bundle}, sent from a page of {letter.seen_at or 'nobody'}"
            yield f"{letter.name}'s letter of {letter.confirmed_at} {went}"


def _miscounted(letters: list[Letter], rows: Rows) -> Iterator[str]:
    """Compare the counters with the letters."""
    expected = Counter(counter for letter in letters for counter in letter.counts)
    counted = counted_in(rows)
    for counter in sorted(expected | counted):
        if expected[counter] != counted[counter]:
            yield f"counter {counter} is {counted[counter]}, but there are {expected[counter]} rows"


def _should_be_empty(letter: Letter) -> bool:
    return letter.status == "erased" or letter.is_cleared


def _is_stuck(delivery: Delivery) -> bool:
    if delivery.is_ready_to_print:
        return True
    return delivery.state not in _SETTLED and not (delivery.state == "held" and not delivery.letters)


def state_of(platform: Platform) -> str:
    """Return the state as text, without random ids and times. Equal states have the same future."""
    world = platform.world
    rows = list(rows_of(world))
    sent = sorted(str((mail.to, sorted(mail.tags.items()), letters_text(mail, world))) for mail in world.deliveries)
    exported = exports_in(rows), _text_in(world, "exports/")
    rest = (world.clock.now, world.throttles, platform.refusals, [*platform.meanwhile], len(platform.bounced))
    return repr((decisive(rows), sent, exported, rest))


def letters_text(mail: Sent, world: World) -> str:
    """Return the text of an email's PDFs: those attached, or those that its link shows now."""
    return "\n".join(words_of(pdf) for pdf in mail.pdfs or _linked(mail, world))


def _linked(mail: Sent, world: World) -> list[bytes]:
    """Open the link as its reader does. Nobody watches these calls, so none of them crashes."""
    link = mail.link("packets")
    watch, world.watch = world.watch, None
    try:
        page = world.get(link)
    finally:
        world.watch = watch
    if page.status != HTTPStatus.GONE:
        others = re.findall(r'href="(/packets/[^"]+/pages/\d+)"', page.body)
        return [pdf for shown in (link, *others) for pdf in linked(world, shown)]
    # The link has ended. The packets are kept for longer.
    delivery = Deliveries(world.stack.table).delivery(DeliveryKey(CAMPAIGN, mail.tags["target"], mail.tags["period"]))
    return _files_of(world, delivery) if delivery and not delivery.cleared_at else []


def linked(world: World, page: str) -> list[bytes]:
    """Return the PDFs that a page of packets links to."""
    watch, world.watch = world.watch, None
    try:
        found = world.get(page).body
    finally:
        world.watch = watch
    return [opened(world, path) for path in re.findall(r'href="(/packets/[^"/]+/\d+)"', found)]


def opened(world: World, path: str) -> bytes:
    """Return the file that a link leads to."""
    watch, world.watch = world.watch, None
    try:
        answer = world.get(path)
    finally:
        world.watch = watch
    return _stored(urlsplit(answer.headers["location"]).path.removeprefix("/"))


def _stored(name: str) -> bytes:
    s3 = client_of("s3")
    [bucket] = s3.list_buckets()["Buckets"]
    content: bytes = s3.get_object(Bucket=bucket["Name"], Key=name)["Body"].read()
    return content


def stored_text(world: World) -> str:
    """Return the text of all stored PDFs, and of the exports."""
    return _text_in(world, "packets/") + _text_in(world, "exports/")


def _text_in(world: World, prefix: str) -> str:
    s3, bucket = client_of("s3"), world.stack.settings.packet_bucket
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    files = [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found]
    return "\n".join(map(words_of, files))


@cache
def words_of(pdf: bytes) -> str:
    """Return the text of a PDF, or of what stands for one."""
    if not pdf.startswith(b"%PDF"):
        return pdf.decode()
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
