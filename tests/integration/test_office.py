"""Test the office's page, behind the link in its emails, and the public page behind the link on covers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.organizers import add, signed_in, with_key
from tests.packets import KEY, PEOPLE, confirm, erase, links_of_office, organizer, repack
from tests.world import CAMPAIGN, DASHBOARD, PERIOD
from undersigned.aws.deliveries import Deliveries
from undersigned.domain.delivering.packets import packet_name
from undersigned.domain.errors import ChangedError

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of five letters."""
    confirm(world, *PEOPLE)
    world.week()
    return world


def press(world: World) -> int:
    """Press *Received* at the office."""
    return world.post(f"{links_of_office(world)[0]}/received", {"period": PERIOD}).status


def test_both_pages_have_days_counts_and_fingerprints_as_sent_and_as_they_are_now(sent: World) -> None:
    [pdf] = sent.deliveries[0].pdfs
    as_sent = hashlib.sha256(pdf).hexdigest()
    for path in links_of_office(sent):
        assert f"November 24, 2026 5 letters. File 1: letters 1 to 5 As sent: {as_sent}" in sent.get(path).words
    erase(sent, "Eve")
    repack(sent)
    [packet] = sent.wiring.deliveries.packets(KEY)
    assert packet.stored != packet.sent
    for path in links_of_office(sent):
        words = sent.get(path).words
        assert "5 letters, of which 1 was erased since." in words
        assert f"As sent: {as_sent} As it is now, without what was erased: {packet.stored[0]}" in words


def test_an_email_that_bounced_keeps_its_fingerprint_when_its_letters_go_by_hand(sent: World) -> None:
    """Another reader of the mailbox may have it. Paper has two files, and neither was sent until it is handed over."""
    [pdf] = sent.deliveries[0].pdfs
    before = f"As sent before: {hashlib.sha256(pdf).hexdigest()}"
    sent.feedback("bounce", sent.deliveries[0])
    sent.wiring.delivering.controls.settle(KEY, "cli", "", "by hand")
    sent.run_queue()
    office, cover = links_of_office(sent)
    assert f"November 24, 2026 5 letters. File 1: letters 1 to 5 {before}" in sent.get(office).words
    assert "Nothing yet." in sent.get(cover).words
    as_sent = fingerprints(sent, 0)
    sent.wiring.delivering.controls.hand_over(KEY, sent.clock.now.date(), "", "cli")
    assert f"5 letters, on paper, by hand or post. File 1: letters 1 to 5 As sent: {as_sent} {before}" in (
        sent.get(office).words
    )
    erase(sent, "Eve")
    repack(sent)
    said = f"As sent: {as_sent} As it is now, without what was erased: {fingerprints(sent, 1)} {before}"
    pages = sent.get(office), sent.get(cover), with_key(sent, "us_manage").see(f"/deliveries/{PERIOD}/evanston")
    assert [page.words for page in pages if said not in page.words] == []


def fingerprints(world: World, erased: int) -> str:
    """Return how a page shows the two files of letters on paper."""
    names = (packet_name(KEY, 1, erased, double_sided=both) for both in (False, True))
    return " Double-sided: ".join(hashlib.sha256(world.wiring.bucket.get(name)).hexdigest() for name in names)


def test_the_pages_name_no_signer_and_the_one_of_a_cover_nobody(sent: World) -> None:
    sent.change(language="es")
    target = sent.wiring.campaigns.target(CAMPAIGN, "evanston")
    office, cover = (sent.get(path) for path in links_of_office(sent))
    for page in (office, cover):
        assert '<html lang="es"' in page.body
        assert not [name for name in (*PEOPLE, "Specimen") if name in page.words]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert target.name in office.words
    assert not [each for each in (target.name, target.email, "mailto:", "<form", "<script") if each in cover.body]
    assert "@" not in cover.words


def test_a_delivery_that_did_not_arrive_is_on_no_cover_but_its_office_may_have_it(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    office, cover = links_of_office(sent)
    assert "5 letters" not in sent.get(cover).words
    assert "Nothing yet." in sent.get(cover).words
    assert "5 letters" in sent.get(office).words
    assert press(sent) == 303
    delivery = sent.wiring.deliveries.delivery(KEY)
    assert delivery
    assert (delivery.state, delivery.received_at) == ("bounced", sent.clock.now), "a person decides about a bounce"
    said = with_key(sent, "us_manage").words()
    assert "But the office said that it has these letters: ask it before you send them again." in said


def test_what_an_office_received_organizers_and_signers_read_and_twice_is_harmless(sent: World) -> None:
    assert press(sent) == 303
    first = sent.clock.now
    sent.clock.advance(days=1)
    assert press(sent) == 303
    found = organizer(sent, "GET", f"/deliveries/{PERIOD}/evanston").json
    assert (found["state"], found["received_at"]) == ("delivered", first.isoformat())
    add(sent, "ann@example.org", "viewer")
    page = signed_in(sent, "ann@example.org").request("GET", f"{DASHBOARD}/deliveries/{PERIOD}/evanston")
    assert "The office said on Nov 24, 2026" in page.words
    letter = sent.wiring.tokens.for_signer("letter", CAMPAIGN, sent.signer("ada@signers.example"))
    said = "Evanston Police Department said on November 24, 2026 that it has your letter."
    assert said in sent.get(f"/letters/{letter}").words


def test_what_an_office_received_stays_whatever_is_written_meanwhile(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complaint comes between reading and writing, and later something is written that was read before."""
    receive = Deliveries.receive

    def after_a_complaint(self: Deliveries, *args: Any) -> None:
        monkeypatch.setattr(Deliveries, "receive", receive)
        sent.feedback("complaint", sent.deliveries[0])
        receive(self, *args)

    monkeypatch.setattr(Deliveries, "receive", after_a_complaint)
    assert press(sent) == 303
    first = sent.clock.now
    found = sent.wiring.deliveries.delivery(KEY)
    assert found
    assert (found.state, found.received_at) == ("complained", first)
    with pytest.raises(ChangedError):
        sent.wiring.deliveries.receive(found.received(first + timedelta(days=1)), found)
    unread = replace(found, received_at=None)
    sent.wiring.deliveries.change(replace(unread, told="1-complained"), unread)
    assert sent.wiring.deliveries.delivery(KEY) == replace(found, told="1-complained")


def test_letters_on_paper_are_on_both_pages_and_are_handed_over_not_received(world: World) -> None:
    campaigns = world.wiring.campaigns
    target = campaigns.target(CAMPAIGN, "evanston")
    campaigns.put_target(CAMPAIGN, replace(target, email=""))
    confirm(world, "Ada")
    world.week()
    campaigns.put_target(CAMPAIGN, target)
    for path in links_of_office(world):
        assert "Nothing yet." in world.get(path).words
    assert "Received:" not in world.get(links_of_office(world)[0]).words
    assert press(world) == 303
    delivery = world.wiring.deliveries.delivery(KEY)
    assert delivery
    assert (delivery.state, delivery.received_at) == ("sent", None)
    world.wiring.delivering.controls.hand_over(KEY, world.clock.now.date(), "", "cli")
    as_sent = f"1 letter, on paper, by hand or post. File 1: letter 1 As sent: {fingerprints(world, 0)}"
    for path in links_of_office(world):
        assert as_sent in world.get(path).words
