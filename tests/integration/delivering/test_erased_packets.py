"""Test erasing a letter that was sent: its packet is deleted at once, and made again without it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import KilledError, Meanwhile, Refusing, killed
from tests.search.invariants import words_of
from tests.support.acting import Decisions
from tests.support.organizers import read, someone
from tests.support.packets import KEY, NAMES, confirm, erase, letters_at, links, organizer, repack, stored_letters
from tests.support.pages import text_of
from tests.support.world import DASHBOARD, client_of
from undersigned.base.table import Update
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.packets import packet_name

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.fixture(autouse=True)
def _two_linked_letters_in_a_packet(world: World) -> None:
    world.limit(attached=0, packet_size=2)


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of two packets: the letters of two people, and of a third."""
    confirm(world, *NAMES)
    world.week()
    assert [letters_at(world, link) for link in links(world)] == [["Ada", "Ben"], ["Cyd"]]
    return world


def test_no_stored_packet_has_an_erased_letter(sent: World) -> None:
    assert erase(sent, "Ada").status == 303
    assert "Ada" not in stored_letters(sent)


def test_the_other_letters_of_the_packet_stay_available(sent: World) -> None:
    first, second = links(sent)
    erase(sent, "Ada")
    assert links(sent) == [second]
    assert sent.get(first).status == 409
    assert letters_at(sent, second) == ["Cyd"]
    assert repack(sent) == {"batchItemFailures": []}
    assert [letters_at(sent, link) for link in links(sent)] == [["Ben"], ["Cyd"]]
    assert stored_letters(sent) == ["Ben", "Cyd"]


def test_a_slower_repacking_leaves_no_pdf_with_a_letter_that_was_erased_meanwhile(sent: World) -> None:
    """It stores its packet after the next repacking is done, and the record refuses it."""

    def another_meanwhile() -> None:
        erase(sent, "Cyd")
        erase(sent, "Ben")
        repack(sent)

    def then() -> None:
        assert "Ben" in stored_letters(sent)

    erase(sent, "Ada")
    sent.watch = Meanwhile(sent, "s3:PutObject", another_meanwhile, then)
    assert len(repack(sent)["batchItemFailures"]) == 1
    assert stored_letters(sent) == []


def test_a_slower_repacking_that_is_killed_leaves_no_pdf_once_its_message_comes_again(sent: World) -> None:
    """It stores its PDF after another one is done, and is killed before it finds that one's record."""
    erase(sent, "Ada")

    def another_meanwhile() -> None:
        erase(sent, "Ben")
        repack(sent)

    sent.watch = Meanwhile(sent, "s3:PutObject", another_meanwhile, killed)
    with pytest.raises(KilledError):
        repack(sent)
    assert "Ben" in stored_letters(sent)
    repack(sent)
    assert stored_letters(sent) == ["Cyd"]


def test_the_packet_page_says_that_a_packet_is_made_again(sent: World) -> None:
    erase(sent, "Ada")
    assert "is being made again without it" in sent.get(sent.deliveries[-1].link("packets")).body
    repack(sent)
    assert "without 1 letter that was erased" in sent.get(sent.deliveries[-1].link("packets")).body


def test_the_other_letters_keep_their_numbers_and_the_cover_says_what_is_missing(sent: World) -> None:
    erase(sent, "Ada")
    repack(sent)
    [packet, _] = Deliveries(sent.stack.table).packets(KEY)
    words = words_of(sent.stack.bucket.get(packet_name(KEY, packet.number, packet.erased)))
    assert "Letter 2 of 3 · file 1 of 2" in words
    assert "Letter 1 of 3" not in words
    assert "ERASED 1 letter" in words


def test_a_packet_whose_letters_are_all_erased_is_gone(sent: World) -> None:
    link = links(sent)[1]
    erase(sent, "Cyd")
    for _ in range(2):
        assert sent.get(link).status == 410
        page = sent.get(sent.deliveries[-1].link("packets")).body
        assert "Every letter in this file was erased" in page
        repack(sent)
    assert stored_letters(sent) == ["Ada", "Ben"]


def test_the_dashboard_serves_no_erased_letter(sent: World) -> None:
    path, browser = f"{DASHBOARD}/deliveries/2026-11-24/evanston/packets/1", someone(sent, "editor")
    erase(sent, "Ben")
    assert "This file is not ready" in text_of(browser.see(path), 409)
    repack(sent)
    assert letters_at(sent, path, cookies=browser.cookies) == ["Ada"]
    erase(sent, "Ada")
    assert browser.see(path).status == 410


def test_the_answer_says_that_the_office_keeps_its_email(sent: World) -> None:
    for _ in range(2):
        assert erase(sent, "Ada").headers["location"].endswith("?done=erased-after-sending")


def test_the_answer_says_nothing_of_an_email_that_bounced(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    assert erase(sent, "Ada").headers["location"].endswith("?done=erased")


def test_the_record_keeps_what_the_email_said(sent: World) -> None:
    before = read(sent, "/deliveries/2026-11-24/evanston")
    erase(sent, "Ada")
    repack(sent)
    after = read(sent, "/deliveries/2026-11-24/evanston")
    assert after["packets"] == before["packets"]
    assert after["letters"] == 3
    found = [(packet.left_out, packet.erased) for packet in Deliveries(sent.stack.table).packets(KEY)]
    assert found == [(0, 1), (0, 0)]


def test_an_email_after_an_erasure_has_the_letters_that_are_left_under_their_numbers(sent: World) -> None:
    """The packets that were made after the erasure are made anew for it, with what it says about them."""
    sent.feedback("bounce", sent.deliveries[0])
    for name in ("Ada", "Cyd"):
        erase(sent, name)
    repack(sent)
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.run_queue()
    mail = sent.deliveries[-1]
    assert mail.mail["Subject"].startswith("1 signed letter ")
    packets = read(sent, "/deliveries/2026-11-24/evanston")["packets"]
    assert [packet["letters"] for packet in packets] == [[sent.signer("Ben@signers.example")]]
    page = sent.get(mail.link("packets")).body
    assert "File 1 of 2 (PDF)" in page
    assert "Every letter in this file was erased" in page
    first, gone = Deliveries(sent.stack.table).packets(KEY)
    words = " ".join(words_of(sent.stack.bucket.get(packet_name(KEY, 1, 1))).split())
    for part in (" 1 signed letter ", "Letters 1–2 of 3", "ERASED 1 letter"):
        assert part in words
    assert "Letter 2 of 3 · file 1 of 2" in words
    assert (first.left_out, first.residents, gone.is_in_email) == (1, 1, False)


def test_two_letters_of_one_packet_are_erased_one_after_the_other(sent: World) -> None:
    erase(sent, "Ada")
    repack(sent)
    erase(sent, "Ben")
    assert stored_letters(sent) == ["Cyd"]
    repack(sent)
    assert [letters_at(sent, link) for link in links(sent)] == [["Cyd"]]


def test_a_retry_after_an_erasure_has_new_packets(sent: World) -> None:
    erase(sent, "Ada")
    repack(sent)
    sent.feedback("bounce", sent.deliveries[0])
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.run_queue()
    assert [letters_at(sent, link) for link in links(sent)] == [["Ben"], ["Cyd"]]
    assert repack(sent) == {"batchItemFailures": []}
    assert [letters_at(sent, link) for link in links(sent)] == [["Ben"], ["Cyd"]]
    erase(sent, "Cyd")
    assert "Cyd" not in stored_letters(sent)
    repack(sent)
    assert [letters_at(sent, link) for link in links(sent)] == [["Ben"]]


def test_a_crash_after_the_erasure_leaves_no_packet_with_the_letter(sent: World) -> None:
    sent.watch = Meanwhile(sent, "s3:DeleteObjects", killed)
    with pytest.raises(KilledError):
        erase(sent, "Ada")
    sent.watch = None
    assert sent.get(f"{sent.deliveries[-1].link('packets')}/1").status == 409, "the PDF is still there, but not shown"
    repack(sent)
    assert stored_letters(sent) == ["Ben", "Cyd"]


def test_a_damaged_packet_stops_no_reconciliation(sent: World, caplog: pytest.LogCaptureFixture) -> None:
    erase(sent, "Ada")
    sent.clock.advance(minutes=2)
    sent.run_queue()
    packet, _ = Deliveries(sent.stack.table).packets(KEY)
    sent.stack.table.update(Update(packet.own_key(**asdict(KEY)), assign={"first": "the first one"}))
    caplog.clear()
    sent.reconcile()
    told = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert {(line["msg"], line["row"]) for line in told} == {("a row is damaged", str(packet.own_key(**asdict(KEY))))}


def test_a_packet_is_not_linked_until_it_is_stored_again(sent: World) -> None:
    first = links(sent)[0]
    erase(sent, "Ada")
    sent.watch = Meanwhile(sent, "s3:PutObject", killed)
    with pytest.raises(KilledError):
        repack(sent)
    sent.watch = None
    assert sent.get(first).status == 409
    repack(sent)
    assert letters_at(sent, first) == ["Ben"]


def test_a_slower_process_does_not_bring_an_erased_letter_back(sent: World) -> None:
    """It typeset the packet of the next attempt before the letter was erased, and stores it only now."""

    def erased_meanwhile() -> None:
        erase(sent, "Ada")
        repack(sent)

    sent.feedback("bounce", sent.deliveries[0])
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.clock.advance(days=2)
    sent.watch = Meanwhile(sent, "s3:PutObject", erased_meanwhile)
    sent.run_queue()
    assert len(sent.deliveries) == 1
    assert stored_letters(sent) == ["Ben", "Cyd"]


def test_a_repacking_of_nothing_changes_nothing(sent: World) -> None:
    sent.calls.clear()
    assert repack(sent) == {"batchItemFailures": []}
    assert "s3:PutObject" not in sent.calls


def test_a_letter_erased_while_its_email_is_sent_keeps_its_packet(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    sent.run_queue()
    sent.watch = None
    assert erase(sent, "Ada").status == 409
    assert stored_letters(sent) == ["Ada", "Ben", "Cyd"]


def test_a_letter_erased_while_ses_refuses_its_email_is_in_no_packet(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    sent.refusal = "AccessDeniedException"
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.run_queue()
    assert erase(sent, "Ada").headers["location"].endswith("?done=erased")
    assert "Ada" not in stored_letters(sent)
    sent.refusal = ""
    sent.run_queue()
    sent.week()
    assert [letters_at(sent, link) for link in links(sent)] == [["Ben"], ["Cyd"]]
    assert repack(sent) == {"batchItemFailures": []}
    assert stored_letters(sent) == ["Ben", "Cyd"]


def test_a_link_to_a_file_that_is_not_stored_shows_a_page(sent: World) -> None:
    """The bucket has deleted it, or it was not copied from the stack that sent it."""
    s3, bucket = client_of("s3"), sent.stack.settings.packet_bucket
    for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    ways = [sent.get(links(sent)[0]), organizer(sent, f"/deliveries/{KEY.period}/{KEY.target}/packets/1")]
    assert [answer.status for answer in ways] == [410, 410]
    assert all("The time to keep its file is over, or the file was not copied" in answer.body for answer in ways)


def test_a_packet_is_not_made_again_after_its_links_have_ended(sent: World) -> None:
    sent.clock.advance(days=32)
    assert erase(sent, "Ada").status == 303
    assert repack(sent) == {"batchItemFailures": []}
    assert stored_letters(sent) == ["Cyd"]
    packets = f"/deliveries/{KEY.period}/{KEY.target}/packets"
    answer = organizer(sent, f"{packets}/1")
    assert answer.status >= 400
    assert "was over" in answer.body
    assert organizer(sent, f"{packets}/2").status == 302
