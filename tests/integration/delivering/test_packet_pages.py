"""Test the pages that list the packets of a very large delivery, a hundred on each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.packets import PEOPLE, confirm, erase, letters_at, links, repack, stored_letters
from tests.support.world import client_of
from undersigned.delivering.rows.deliveries import Deliveries

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import DeliveryKey


@pytest.fixture(autouse=True)
def _two_packets_on_a_page(world: World) -> None:
    world.limit(attached=0, packet_size=2, packets_on_page=2)


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of three packets: two letters, two letters, and one."""
    confirm(world, *PEOPLE)
    world.week()
    return world


def pages_of(world: World) -> list[str]:
    """Return the addresses of all pages, from the links of the first."""
    first = world.deliveries[-1].link("packets")
    return [first, *re.findall(r'href="(/packets/[^"]+/pages/\d+)"', world.get(first).body)]


def packets_on(world: World, path: str) -> list[str]:
    return re.findall(r'href="(/packets/[^"/]+/\d+)"', world.get(path).body)


def words_on(world: World, path: str) -> str:
    body = world.get(path).body.partition("<main>")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def lose_messages(world: World) -> int:
    """Empty the queue of deliveries, and return how many messages it had."""
    world.clock.advance(minutes=2)
    sqs, queue = client_of("sqs"), {"QueueUrl": world.queues["DeliveryQueue"]}
    found = sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    return len(found)


def test_one_link_leads_to_every_packet_over_several_pages(sent: World) -> None:
    [mail] = sent.deliveries
    assert len(set(re.findall(r"/packets/\S+", mail.text))) == 1
    pages = pages_of(sent)
    assert len(pages) == 2
    found = [[letters_at(sent, packet) for packet in packets_on(sent, page)] for page in pages]
    assert found == [[["Ada", "Ben"], ["Cyd", "Dan"]], [["Eve"]]]


def test_each_packet_is_named_with_its_letters_and_its_size(sent: World) -> None:
    first, second = pages_of(sent)
    assert "in the campaign “End Demand Illinois”." in words_on(sent, first)
    assert "Files 1 to 2 File 3 File Letters Size" in words_on(sent, first)
    assert "File 1 of 3 (PDF) 1 to 2 0.1 MB File 2 of 3 (PDF) 3 to 4 0.1 MB" in words_on(sent, first)
    assert "File 3 of 3 (PDF) 5 0.1 MB" in words_on(sent, second)
    assert f'href="{first}"' in sent.get(second).body
    assert '<strong aria-current="page">File 3</strong>' in sent.get(second).body


def test_the_pages_have_no_signers_no_scripts_and_stay_in_no_cache(sent: World) -> None:
    for page in pages_of(sent):
        answer = sent.get(page)
        assert not [name for name in PEOPLE if name in words_on(sent, page)]
        assert "<script" not in answer.body
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("number", ["0", "3", "01", "x", "-1"])
def test_a_page_that_is_not_there_is_not_found(sent: World, number: str) -> None:
    assert sent.get(f"{pages_of(sent)[0]}/pages/{number}").status == 404


def test_as_many_packets_as_a_page_holds_are_on_one_page(sent: World) -> None:
    sent.limit(packets_on_page=3)
    [page] = pages_of(sent)
    assert len(packets_on(sent, page)) == 3
    assert "Files 1 to" not in words_on(sent, page)


def test_no_packet_on_any_page_has_an_erased_letter(sent: World) -> None:
    assert erase(sent, "Eve").status == 303
    assert erase(sent, "Cyd").status == 303
    assert "Eve" not in stored_letters(sent)
    assert "Cyd" not in stored_letters(sent)
    first, second = pages_of(sent)
    assert "so the file is being made again without it" in words_on(sent, first)
    assert "Every letter in this file was erased" in words_on(sent, second)
    assert repack(sent) == {"batchItemFailures": []}
    assert "File 2 of 3 (PDF) without 1 letter that was erased 3 to 4" in words_on(sent, first)
    found = [[letters_at(sent, packet) for packet in packets_on(sent, page)] for page in (first, second)]
    assert found == [[["Ada", "Ben"], ["Dan"]], []]
    assert stored_letters(sent) == ["Ada", "Ben", "Dan"]


def test_a_repacking_that_lost_its_message_is_queued_by_the_next_reconciliation(sent: World) -> None:
    erase(sent, "Ada")
    assert lose_messages(sent) == 1
    sent.reconcile()
    assert lose_messages(sent) == 1
    repack(sent)
    assert len(links(sent)) == 3, "two packets, and the other page"
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
    page = pages_of(sent)[0]
    assert reads == 0
    erase(sent, "Ada")
    assert reads == 1
    sent.get(page)
    assert reads == 2
    repack(sent)
    assert reads == 5
    reads = 0
    assert len(packets_on(sent, page)) == 2
    assert reads == 0
