"""Limits of confirmation emails to one person: strangers can't use up a person's emails of all campaigns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import world as worlds
from tests.support.world import ADA, CAMPAIGN, ROOT
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CAMPAIGNS = (CAMPAIGN, "clean-air", "safe-streets", "open-books")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack with four campaigns."""
    folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    with worlds.world(monkeypatch, fast=True) as new:
        for campaign in CAMPAIGNS[1:]:
            push(new.stack, replace(folder, campaign=replace(folder.campaign, id=campaign)))
        yield new


def sign(world: World, campaign: str, **changes: object) -> None:
    """Sign as Ada, in a new form of a campaign."""
    issued_at = world.clock.now - timedelta(minutes=1)
    form = world.stack.links.sign("form", campaign, issued_at=issued_at)
    world.clock.advance(seconds=1)
    answer = world.post(f"/campaigns/{campaign}/signatures", {**ADA, "form": form, **changes})
    assert answer.status == 200
    world.run_stream()


def test_forms_of_one_campaign_use_up_no_emails_of_another(world: World) -> None:
    for number in range(5):
        sign(world, CAMPAIGN, note=f"Form {number}")
    assert len(world.sent) == 3
    sign(world, CAMPAIGNS[1])
    assert [sent.tags["campaign"] for sent in world.sent] == [CAMPAIGN] * 3 + [CAMPAIGNS[1]]


def test_a_person_gets_nine_emails_a_day_over_all_campaigns(world: World) -> None:
    for campaign in CAMPAIGNS:
        for number in range(4):
            sign(world, campaign, note=f"Form {number}")
    assert [sent.tags["campaign"] for sent in world.sent] == [name for name in CAMPAIGNS[:3] for _ in range(3)]
    world.clock.advance(days=1)
    sign(world, CAMPAIGNS[3], note="On the next day")
    assert world.sent[-1].tags["campaign"] == CAMPAIGNS[3]


def test_bots_cause_one_email_a_day_for_a_campaign_and_three_in_all(world: World) -> None:
    for campaign in CAMPAIGNS:
        for number in range(2):
            sign(world, campaign, note=f"Form {number}", topic="cheap pills")
    assert [sent.tags["campaign"] for sent in world.sent] == list(CAMPAIGNS[:3])
    # The person with this address still gets emails.
    sign(world, CAMPAIGN)
    assert len(world.sent) == 4
