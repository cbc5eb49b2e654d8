"""Test workers that stall before they store a file, while others go on: none leaves a file that nobody finds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import KilledError, Meanwhile, killed
from tests.support.acting import Decisions, decide
from tests.support.packets import KEY, NAMES, confirm, erase, letters_at, links, repack, stored_letters
from tests.support.world import client_of
from undersigned.base.bucket import Bucket
from undersigned.base.errors import ChangedError, NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering import delivering
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.packets import packet_name
from undersigned.delivering.storing import clear_files, sent_packets
from undersigned.organizing.deleting import Deleted, delete_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World


@pytest.fixture(autouse=True)
def _linked_letters_in_one_packet(world: World) -> None:
    world.limit(attached=0)


@pytest.fixture
def planned(world: World) -> World:
    """Make a stack in which three letters wait for a delivery."""
    confirm(world, *NAMES)
    return world


@pytest.fixture
def sent(planned: World) -> World:
    """Make a stack that sent three letters in a packet."""
    planned.week()
    assert [letters_at(planned, link) for link in links(planned)] == [list(NAMES)]
    return planned


def stall(world: World, meanwhile: Callable[[], object], *, is_killed: bool) -> None:
    """Let the next worker that stores a file stall just before it, and end just after it if it is killed."""
    world.watch = Meanwhile(world, "s3:PutObject", meanwhile, killed if is_killed else lambda: None)


def deliver(world: World) -> None:
    delivering.deliver(world.stacks["deliver"], KEY)


def unnamed(world: World) -> set[str]:
    """Return the stored files that the email's page names nowhere."""
    s3, bucket = client_of("s3"), world.stack.settings.packet_bucket
    stored = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery
    packets = sent_packets(world.stack, delivery)
    named = {packet_name(KEY, packet.record.number, packet.erased) for packet in packets if not packet.is_gone}
    assert named <= stored, "every link leads to a file"
    return stored - named


def test_a_repacking_that_is_killed_after_its_late_store_leaves_nothing_after_the_next_reconciliation(
    sent: World,
) -> None:
    """Another try of its message, and the repacking after another erasure, have ended. No message comes any more."""

    def others() -> None:
        assert erase(sent, "Ben").status == 303
        assert repack(sent) == repack(sent) == {"batchItemFailures": []}
        sent.run_queue()

    erase(sent, "Ada")
    stall(sent, others, is_killed=True)
    with pytest.raises(KilledError):
        repack(sent)
    assert "Ben" in stored_letters(sent)
    sent.reconcile()
    assert stored_letters(sent) == ["Cyd"]
    assert unnamed(sent) == set()


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_repacking_of_an_earlier_attempts_packet_leaves_no_letter_that_was_erased_meanwhile(
    sent: World, *, is_killed: bool
) -> None:
    """The next attempt's packets have other rows, so nobody else writes the one that it writes."""

    def others() -> None:
        sent.feedback("bounce", sent.deliveries[0])
        Decisions(sent.stack).retry(KEY, "cli", "corrected")
        sent.run_queue()
        assert len(sent.deliveries) == 2
        assert erase(sent, "Ben").status == 303
        repack(sent)

    erase(sent, "Ada")
    stall(sent, others, is_killed=is_killed)
    if is_killed:
        with pytest.raises(KilledError):
            repack(sent)
        sent.reconcile()
    else:
        repack(sent)
    assert stored_letters(sent) == ["Cyd"]
    assert unnamed(sent) == set()


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_first_attempt_that_stalls_leaves_no_letter_that_was_erased_meanwhile(
    planned: World, *, is_killed: bool
) -> None:
    def others() -> None:
        assert erase(planned, "Ada").status == 303
        deliver(planned)
        assert len(planned.deliveries) == 1
        repack(planned)

    stall(planned, others, is_killed=is_killed)
    with pytest.raises(KilledError if is_killed else ChangedError):
        deliver(planned)
    # It deletes its own file, unless it is killed.
    assert ("Ada" in stored_letters(planned)) == is_killed
    planned.reconcile()
    assert stored_letters(planned) == ["Ben", "Cyd"]
    assert unnamed(planned) == set()


def test_a_first_attempt_that_is_killed_before_it_records_its_file_leaves_none(planned: World) -> None:
    stall(planned, lambda: None, is_killed=True)
    with pytest.raises(KilledError):
        deliver(planned)
    deliver(planned)
    assert stored_letters(planned) == list(NAMES)
    assert unnamed(planned) == set()


def test_a_packet_that_a_killed_attempt_was_replacing_is_still_linked(sent: World) -> None:
    """The files of an attempt are kept for at least 31 days, so a later attempt stores them anew."""
    [link] = links(sent)
    sent.feedback("bounce", sent.deliveries[0])
    sent.clock.advance(days=2)
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.watch = Meanwhile(sent, "s3:PutObject", killed)
    with pytest.raises(KilledError):
        deliver(sent)
    assert letters_at(sent, link) == list(NAMES)
    deliver(sent)
    assert letters_at(sent, link) == list(NAMES)
    assert unnamed(sent) == set()


def test_a_packet_whose_repackings_all_failed_is_deleted_however_late_the_next_reconciliation_is(sent: World) -> None:
    """For weeks, everything failed that would have deleted it. Its links have ended, so nothing makes it again."""
    for act in (lambda: erase(sent, "Ada"), lambda: repack(sent)):
        sent.watch = Meanwhile(sent, "s3:DeleteObjects", killed)
        with pytest.raises(KilledError):
            act()
    sent.feedback("delivery", sent.deliveries[0])
    sent.clock.advance(days=32)
    assert "Ada" in stored_letters(sent)
    sent.reconcile()
    assert stored_letters(sent) == []


def leave_late(world: World) -> None:
    """Erase two letters, while a worker stalls that makes the packet again without the first. It is killed."""

    def others() -> None:
        assert erase(world, "Ben").status == 303
        assert repack(world) == repack(world) == {"batchItemFailures": []}

    erase(world, "Ada")
    stall(world, others, is_killed=True)
    with pytest.raises(KilledError):
        repack(world)
    assert "Ben" in stored_letters(world)


def test_a_late_file_goes_with_the_packets_of_a_campaign_whose_time_is_over(sent: World) -> None:
    sent.feedback("delivery", sent.deliveries[0])
    campaigns = Campaigns(sent.stack.table)
    over = replace(campaigns.campaign(KEY.campaign), closes=date.fromisoformat(KEY.period), keep_for_days=30)
    campaigns.put_campaign(over)
    # The links of its email still work for an hour.
    sent.clock.advance(days=29, hours=23)
    leave_late(sent)
    sent.clock.advance(days=1)
    sent.reconcile()
    assert stored_letters(sent) == []


def test_a_late_file_goes_with_a_deleted_campaign(sent: World) -> None:
    sent.feedback("delivery", sent.deliveries[0])
    erase(sent, "Cyd")
    leave_late(sent)
    sent.run_stream()
    decide(sent, "close", why="test", campaign=KEY.campaign)
    sent.clock.advance(hours=1)
    assert delete_campaign(sent.stack, KEY.campaign).is_done
    assert stored_letters(sent) == []


def test_deleting_a_campaign_with_many_deliveries_goes_on_in_the_next_request(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request has time for the files of one delivery."""
    sent.clock.advance(days=7)
    sent.confirmed(name="Dee", signature="Dee", email="Dee@signers.example")
    sent.week()
    for mail in sent.deliveries:
        sent.feedback("delivery", mail)
    for name in (*NAMES, "Dee"):
        erase(sent, name)
    sent.run_stream()
    decide(sent, "close", why="test", campaign=KEY.campaign)
    looked_for: list[str] = []
    really = Bucket.names

    def names(bucket: Bucket, beginning: str) -> Iterator[str]:
        looked_for.append(beginning)
        return really(bucket, beginning)

    monkeypatch.setattr(Bucket, "names", names)
    runs = [delete_campaign(sent.stack, KEY.campaign, lambda: True) for _ in range(3)]
    assert runs == [Deleted(0, is_done=False)] * 3
    assert len(looked_for) == len({*looked_for}) == 2
    assert delete_campaign(sent.stack, KEY.campaign).is_done


def test_files_of_erased_letters_are_looked_for_until_none_can_be_stored_any_more(sent: World) -> None:
    def looked_for() -> bool:
        sent.calls.clear()
        sent.reconcile()
        return "s3:ListObjectsV2" in sent.calls

    assert not looked_for()
    erase(sent, "Ada")
    assert [looked_for(), looked_for()] == [True, True], "a worker may still store one"
    sent.clock.advance(hours=2)
    assert [looked_for(), looked_for()] == [True, False]
    erase(sent, "Ben")
    sent.clock.advance(hours=2)
    assert [looked_for(), looked_for()] == [True, False]


def test_files_are_looked_for_again_if_a_letter_is_erased_while_the_last_sweep_lists_them(sent: World) -> None:
    erase(sent, "Ada")
    sent.clock.advance(hours=2)
    sent.watch = Meanwhile(sent, "s3:ListObjectsV2", lambda: erase(sent, "Ben"))
    sent.reconcile()
    delivery = Deliveries(sent.stack.table).delivery(KEY)
    assert delivery
    assert delivery.erased_at == sent.clock.now


def test_a_repacking_leaves_no_file_of_a_delivery_that_was_cleared_meanwhile(sent: World) -> None:
    sent.feedback("delivery", sent.deliveries[0])
    erase(sent, "Ada")
    stall(sent, lambda: clear(sent), is_killed=False)
    repack(sent)
    assert stored_letters(sent) == []


def clear(world: World) -> None:
    """Delete a delivery's packets, as the reconciliation does when the time is over for which data is kept."""
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery
    clear_files(world.stack, delivery)


def test_a_repacking_leaves_no_file_of_a_campaign_that_was_deleted_meanwhile(sent: World) -> None:
    def delete_it() -> None:
        for name in NAMES[1:]:
            assert erase(sent, name).status == 303
        sent.run_stream()
        decide(sent, "close", why="test", campaign=KEY.campaign)
        sent.clock.advance(minutes=2)
        assert delete_campaign(sent.stack, KEY.campaign).is_done

    sent.feedback("delivery", sent.deliveries[0])
    erase(sent, "Ada")
    stall(sent, delete_it, is_killed=False)
    with suppress(NotFoundError):
        repack(sent)
    assert stored_letters(sent) == []
    assert Deliveries(sent.stack.table).packets(KEY) == ()
