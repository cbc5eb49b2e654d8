"""Test that the activity log names recipients, days and what was published in people's words, in their language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.acting import Decisions
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, PERIOD, ROOT
from undersigned.campaigns.activity import record
from undersigned.workshop.pushing import PublishedCampaign
from undersigned.workshop.rules.changes import Change, in_short
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from tests.support.organizers import Browser
    from tests.support.world import World


@pytest.fixture
def manager(world: World) -> Browser:
    return someone(world, "editor")


def test_a_delivery_is_named_by_office_and_day(world: World, manager: Browser) -> None:
    world.confirmed()
    Decisions(world.stack).deliver(CAMPAIGN, PERIOD, "cli", "", seen_at=world.clock.now, only="evanston")
    manager.press("/targets/wilmette/hold", {"why": "a new chief"})
    record(world.stack, CAMPAIGN, "retry", "cli", f"skokie {PERIOD}")
    words = manager.words("/audit")
    assert "Sent waiting letters Nov 24, 2026, Evanston Police Department" in words
    assert "Skokie Police Department, Nov 24, 2026" in words
    assert "Wilmette Police Department" in words
    assert "Departamento" not in words
    assert "24 nov 2026, Evanston Police Department" in manager.words("/audit?lang=es")


@pytest.mark.parametrize("action", ["publish", "push"])
def test_what_was_published_is_named_as_the_pages_name_it(world: World, manager: Browser, action: str) -> None:
    shipped = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    first, second, third, *rest = shipped.targets
    changed = replace(
        shipped,
        campaign=replace(shipped.campaign, goal=9, organizer=replace(shipped.campaign.organizer, name="New")),
        targets=(
            replace(first, email="new@evanston.example", titles={"es": "Jefa"}),
            third,
            *rest,
            replace(second, id="newtown", department="Newtown Police"),
        ),
        letters={"en": replace(shipped.letters["en"], version="f" * 64)},
    )
    before = PublishedCampaign.read(world.stack, CAMPAIGN)
    record(world.stack, CAMPAIGN, action, "cli", in_short([*before.changes(changed), Change("more", "3")]))
    words = manager.words("/audit")
    assert (
        "Organization, Goal; Letter (English); Recipient Evanston Police Department: Email, Title; "
        "Recipient newtown: added; Recipient Skokie Police Department: removed; 3 more" in words
    )
    assert "ffffff" not in words
    assert "Destinatario newtown: nuevo" in manager.words("/audit?lang=es")


def test_a_recipient_that_is_in_use_again_is_added(world: World, manager: Browser) -> None:
    for about in ("evanston (retired)", "new campaign", "a (b", ""):
        record(world.stack, CAMPAIGN, "publish", "cli", about)
    words = manager.words("/audit")
    assert "Recipient Evanston Police Department: added" in words
    assert "New campaign" in words


@pytest.mark.parametrize("about", ["2026-13-45", "maria@signers.example editor", "3: to evanston, suspicion trap"])
def test_the_rest_stays_as_it_is(world: World, manager: Browser, about: str) -> None:
    record(world.stack, CAMPAIGN, "hold letters", "cli", about)
    assert about in manager.words("/audit")


def test_a_phone_shows_no_label_beside_an_empty_cell(world: World, manager: Browser) -> None:
    record(world.stack, CAMPAIGN, "pause", "cli", "")
    # The style of a narrow page hides a cell without anything in it.
    assert 'data-label="Why"></td>' in manager.see("/audit").body
