"""Test the archives of a delivery with very many packets: few links, each to a ZIP file with an index."""

from __future__ import annotations

import csv
import io
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.integration.test_erased_packets import KEY, NAMES, erase, names_in, repack
from tests.world import CONTEXT, client_of
from undersigned.aws.deliveries import Deliveries, archive_key
from undersigned.aws.dynamodb import to_item
from undersigned.aws.packet_store import Bucket
from undersigned.domain import deliveries as domain
from undersigned.domain.api_keys import ApiKey, digest_of
from undersigned.services import packing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.world import World
    from undersigned.domain.deliveries import DeliveryKey

PEOPLE = (*NAMES, "Dan", "Eve")


@pytest.fixture(autouse=True)
def _small_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "ATTACHMENT_LIMIT", 0)
    monkeypatch.setattr(packing, "PACKET_SIZE", 1)
    monkeypatch.setattr(domain, "MOST_LINKS", 3)
    monkeypatch.setattr(domain, "PACKETS_IN_ARCHIVE", 2)


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of five packets, in archives of two, two and one."""
    world.wiring.api_keys.put_api_key(ApiKey(KEY.campaign, digest_of("us_manage"), "manage", "", world.clock.now))
    for name in PEOPLE:
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")
        world.clock.advance(minutes=1)
    world.week()
    return world


def links(world: World, kind: str) -> list[str]:
    """Return the links of the email's page to its archives or to its parts."""
    page = world.get(world.deliveries[-1].link("packets"))
    assert page.status == 200
    assert not re.findall(r'href="/packets/[^"/]+/\d+"', page.body), "no packet beside the parts"
    return re.findall(rf'href="(/packets/[^"]+/{kind}/\d+)"', page.body)


def archive_at(world: World, path: str) -> ZipFile:
    answer = world.get(path)
    assert answer.status == 302
    name = urlsplit(answer.headers["location"]).path.removeprefix("/")
    return ZipFile(io.BytesIO(world.wiring.bucket.get(name)))


def letters_in(archive: ZipFile) -> list[str]:
    pdfs = [name for name in archive.namelist() if name.endswith(".pdf")]
    return [person for name in pdfs for person in names_of(archive.read(name))]


def names_of(pdf: bytes) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.integration.test_erased_packets.NAMES", PEOPLE)
        return names_in(pdf)


def stored_letters(world: World) -> list[str]:
    """Return the letters in all stored files, those in archives too."""
    s3, bucket = client_of("s3"), world.wiring.settings.packet_bucket
    found = []
    for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        content = world.wiring.bucket.get(item["Key"])
        found += letters_in(ZipFile(io.BytesIO(content))) if content[:2] == b"PK" else names_of(content)
    return sorted(found)


def test_very_many_packets_come_in_a_few_zip_files(sent: World) -> None:
    [mail] = sent.deliveries
    assert len(set(re.findall(r"/packets/\S+", mail.text))) == 1
    archives = [archive_at(sent, link) for link in links(sent, "archives")]
    assert [letters_in(archive) for archive in archives] == [["Ada", "Ben"], ["Cyd", "Dan"], ["Eve"]]
    assert all(archive.testzip() is None for archive in archives)
    assert {member.compress_type for member in archives[0].infolist()} == {ZIP_STORED}
    assert not any(member.flag_bits & 8 for member in archives[0].infolist()), "some programs can't read that"


def test_an_index_says_which_letters_are_in_which_pdf_and_no_names(sent: World) -> None:
    archive = archive_at(sent, links(sent, "archives")[1])
    page, table = archive.read("index.html").decode(), archive.read("index.csv").decode()
    assert re.findall(r'href="([^"]+)"', page) == [name for name in archive.namelist() if name.endswith(".pdf")]
    assert "Part 2 of 3" in page
    assert list(csv.DictReader(io.StringIO(table))) == [
        {
            "file": f"letters-{KEY.period}-{number}-of-5.pdf",
            "first_letter": number,
            "last_letter": number,
            "letters": "1",
        }
        for number in ("3", "4")
    ]
    assert not any(person in page + table for person in PEOPLE)


def test_the_packets_can_be_opened_one_by_one_too(sent: World) -> None:
    parts = links(sent, "parts")
    assert len(parts) == 3
    page = sent.get(parts[1])
    packets = re.findall(r'href="(/packets/[^"]+/\d+)"', page.body)
    assert [path.rpartition("/")[2] for path in packets] == ["3", "4"]
    assert [sent.get(path).status for path in packets] == [302, 302]
    assert sent.get(parts[1].replace("parts/2", "parts/4")).status == 404
    assert sent.get(parts[1].replace("parts/2", "archives/4")).status == 404


def test_no_stored_archive_has_an_erased_letter(sent: World) -> None:
    first, *others = links(sent, "archives")
    assert erase(sent, "Ada").status == 200
    assert "Ada" not in stored_letters(sent)
    assert links(sent, "archives") == others
    assert sent.get(first).status == 409
    assert len(links(sent, "parts")) == 3


def test_an_archive_is_made_again_without_the_letter(sent: World) -> None:
    erase(sent, "Ada")
    assert repack(sent) == {"batchItemFailures": []}
    archives = [archive_at(sent, link) for link in links(sent, "archives")]
    assert [letters_in(archive) for archive in archives] == [["Ben"], ["Cyd", "Dan"], ["Eve"]]
    assert "Every letter in this packet was erased" in archives[0].read("index.html").decode()
    assert stored_letters(sent) == sorted(2 * ["Ben", "Cyd", "Dan", "Eve"])
    assert repack(sent) == {"batchItemFailures": []}
    assert stored_letters(sent) == sorted(2 * ["Ben", "Cyd", "Dan", "Eve"])


def lose_messages(world: World) -> int:
    """Empty the queue of deliveries, and return how many messages it had."""
    world.clock.advance(minutes=2)
    sqs, queue = client_of("sqs"), {"QueueUrl": world.queue_url}
    found = sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    return len(found)


def test_a_repacking_that_lost_its_message_is_queued_by_the_next_reconciliation(sent: World) -> None:
    erase(sent, "Ada")
    assert lose_messages(sent) == 1
    sent.reconcile()
    assert lose_messages(sent) == 1
    repack(sent)
    assert len(links(sent, "archives")) == 3
    sent.reconcile()
    assert lose_messages(sent) == 0


def test_an_archive_that_an_earlier_version_did_not_make_is_made_the_next_day(sent: World) -> None:
    """It sent the next attempt with packets of its own. No letter was erased."""
    [second] = [archive for archive in sent.wiring.deliveries.archives(KEY) if archive.number == 2]
    key = to_item(archive_key(KEY, second)._asdict())
    client_of("dynamodb").delete_item(TableName=sent.wiring.settings.table_name, Key=key)
    assert len(links(sent, "archives")) == 2
    sent.reconcile()
    assert lose_messages(sent) == 1
    repack(sent)
    assert len(links(sent, "archives")) == 3
    sent.reconcile()
    assert lose_messages(sent) == 0


def test_a_page_reads_the_bundles_only_until_its_packets_are_made_again(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a million letters take longer than a page has."""
    reads = 0
    really = Deliveries.bundles

    def bundles(deliveries: Deliveries, key: DeliveryKey) -> Any:
        nonlocal reads
        reads += 1
        return really(deliveries, key)

    monkeypatch.setattr(Deliveries, "bundles", bundles)
    links(sent, "archives")
    assert reads == 0
    erase(sent, "Ada")
    reads = 0
    links(sent, "archives")
    assert reads == 1
    repack(sent)
    reads = 0
    assert len(links(sent, "archives")) == 3
    assert reads == 0


def test_a_part_without_letters_has_no_archive(sent: World) -> None:
    erase(sent, "Eve")
    repack(sent)
    page = sent.get(sent.deliveries[-1].link("packets")).body
    assert "Every letter in this part was erased" in page
    assert len(links(sent, "archives")) == len(links(sent, "parts")) == 2


def test_without_fitting_archives_the_page_leads_to_the_packets(sent: World) -> None:
    """As after an attempt that a version without archives made, whose row keeps the size of the one before."""
    for archive in sent.wiring.deliveries.archives(KEY):
        key = archive_key(KEY, archive)._asdict()
        client_of("dynamodb").delete_item(TableName=sent.wiring.settings.table_name, Key=to_item(key))
    assert links(sent, "archives") == []
    assert len(links(sent, "parts")) == 3
    assert "is being made again" in sent.get(sent.deliveries[-1].link("packets")).body


def test_a_delivery_that_runs_out_of_time_goes_on_with_the_next_archive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PEOPLE:
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")
    world.plan()
    monkeypatch.setattr(CONTEXT, "get_remaining_time_in_millis", lambda: 0)
    stored = 0
    while not world.deliveries:
        world.run_queue()
        archives = [archive for archive in world.wiring.deliveries.archives(KEY) if archive.stored_at]
        assert len(archives) in {stored, stored + 1}, "one step in each run"
        stored = len(archives)
    assert stored == len(links(world, "archives")) == 3


def test_few_packets_are_linked_one_by_one_as_before(sent: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MOST_LINKS", 5)
    sent.clock.advance(days=7)
    for name in PEOPLE:
        sent.confirmed(name=name, signature=name, email=f"{name}2@signers.example", address_line=f"7 {name} Place")
    sent.week()
    page = sent.get(sent.deliveries[-1].link("packets"))
    assert len(re.findall(r'href="(/packets/[^"/]+/\d+)"', page.body)) == 5
    assert "ZIP" not in page.body


class Erasing:
    """Erases Ada's letter before the call of `deliver` with this number, counted from its first archive."""

    def __init__(self, world: World, at: int) -> None:
        self._world = world
        self._at = at
        self._calls: int | None = None
        self.status: int | None = None

    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        if function != "Deliver" or self.status is not None:
            return
        if self._calls is None and "ARCHIVE#" in str(params):
            self._calls = 0
        if self._calls is None:
            return
        if self._calls == self._at:
            self.status = 0
            self.status = erase(self._world, "Ada").status
        self._calls += 1

    def after(self, function: str, operation: str) -> None:
        """Do nothing."""

    def retries(self, function: str, operation: str) -> bool:
        return False


@pytest.mark.parametrize("at", range(12) if "UNDERSIGNED_INTERLEAVINGS" in os.environ else range(1, 12, 4))
def test_no_archive_keeps_a_letter_that_is_erased_while_it_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(domain, "MOST_LINKS", 1)
    world.wiring.api_keys.put_api_key(ApiKey(KEY.campaign, digest_of("us_manage"), "manage", "", world.clock.now))
    for name in ("Ada", "Ben", "Cyd"):
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")
    world.plan()
    world.watch = erasing = Erasing(world, at)
    world.run_queue()
    world.watch = None
    world.clock.advance(hours=2)
    world.week()
    assert repack(world) == {"batchItemFailures": []}
    assert erasing.status in {200, 409, None}
    left = ["Ben", "Cyd"] if erasing.status == 200 else ["Ada", "Ben", "Cyd"]
    assert stored_letters(world) == sorted(2 * left)
    archives = [archive_at(world, link) for link in links(world, "archives")]
    assert sorted(name for archive in archives for name in letters_in(archive)) == left
    assert len(world.deliveries) == 1


def test_a_slower_repacking_does_not_delete_what_a_newer_one_stored(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert erase(sent, "Ada").status == 200
    really, calls = Bucket.put_archive, 0

    def put_archive(bucket: Bucket, name: str, content: Iterator[bytes]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            assert erase(sent, "Eve").status == 200
            assert repack(sent) == {"batchItemFailures": []}
        really(bucket, name, content)

    monkeypatch.setattr(Bucket, "put_archive", put_archive)
    assert repack(sent)["batchItemFailures"], "it began before an erasure, and begins again"
    assert repack(sent) == {"batchItemFailures": []}
    archives = [archive_at(sent, link) for link in links(sent, "archives")]
    assert [letters_in(archive) for archive in archives] == [["Ben"], ["Cyd", "Dan"]]
    assert stored_letters(sent) == sorted(2 * ["Ben", "Cyd", "Dan"])


def test_an_erasure_does_not_delete_another_parts_archive_that_is_about_to_be_recorded(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert erase(sent, "Ada").status == 200
    put, read = Bucket.put_archive, Deliveries.delivery
    steps: list[str] = []

    def put_archive(bucket: Bucket, name: str, content: Iterator[bytes]) -> None:
        put(bucket, name, content)
        steps.append("stored")

    def delivery(deliveries: Deliveries, key: DeliveryKey) -> Any:
        found = read(deliveries, key)
        if steps == ["stored"]:
            steps.append("checked")
            assert erase(sent, "Eve").status == 200
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put_archive", put_archive)
        patch.setattr(Deliveries, "delivery", delivery)
        repack(sent)
    assert repack(sent) == {"batchItemFailures": []}
    archives = [archive_at(sent, link) for link in links(sent, "archives")]
    assert [letters_in(archive) for archive in archives] == [["Ben"], ["Cyd", "Dan"]]
    assert stored_letters(sent) == sorted(2 * ["Ben", "Cyd", "Dan"])


def test_a_link_to_an_archive_that_is_not_stored_shows_a_page(sent: World) -> None:
    s3, bucket = client_of("s3"), sent.wiring.settings.packet_bucket
    [first, *_] = links(sent, "archives")
    for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    assert "This packet is not stored" in sent.get(first).body


def test_after_the_links_have_ended_an_erasure_only_deletes(sent: World) -> None:
    """The bucket deletes old PDFs, so an archive can't be made again of them."""
    s3, bucket = client_of("s3"), sent.wiring.settings.packet_bucket
    sent.clock.advance(days=32)
    for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        if "archive" not in item["Key"]:
            s3.delete_object(Bucket=bucket, Key=item["Key"])
    assert erase(sent, "Ada").status == 200
    assert repack(sent) == {"batchItemFailures": []}
    assert stored_letters(sent) == ["Cyd", "Dan", "Eve"]
