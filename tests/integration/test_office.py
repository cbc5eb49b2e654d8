"""Test the office's page, behind the link in its emails, and the public page behind the link on covers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.packets import KEY, PEOPLE, confirm, erase, links_of_office, repack
from tests.world import CAMPAIGN

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of five letters."""
    confirm(world, *PEOPLE)
    world.week()
    return world


def test_both_pages_have_days_counts_and_fingerprints_as_sent_and_as_they_are_now(sent: World) -> None:
    [pdf] = sent.deliveries[0].pdfs
    as_sent = hashlib.sha256(pdf).hexdigest()
    for path in links_of_office(sent):
        assert f"November 24, 2026 5 letters File 1: letters 1 to 5 as sent: {as_sent}" in sent.get(path).words
    erase(sent, "Eve")
    repack(sent)
    [packet] = sent.wiring.deliveries.packets(KEY)
    assert packet.stored_sha256 != as_sent
    for path in links_of_office(sent):
        words = sent.get(path).words
        assert "5 letters, of which 1 was erased since" in words
        assert f"as sent: {as_sent} as it is now, without what was erased: {packet.stored_sha256}" in words


def test_neither_page_names_a_signer_and_the_covers_nobody(sent: World) -> None:
    target = sent.wiring.campaigns.target(CAMPAIGN, "evanston")
    organizer = sent.wiring.campaigns.campaign(CAMPAIGN).organizer
    office, cover = (sent.get(path) for path in links_of_office(sent))
    for page in (office, cover):
        assert not [name for name in (*PEOPLE, "Specimen") if name in page.words]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert (target.name in office.body, organizer.email in office.body) == (True, True)
    assert not [each for each in (target.name, target.email, "@", "mailto:", "<form", "<script") if each in cover.words]
    assert "<form" not in cover.body
