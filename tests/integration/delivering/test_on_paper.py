"""Letters on paper: a number that the organizer keeps for each recipient, beside the count and never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.pages import text_of
from tests.support.world import CAMPAIGN, FORM
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.organizers import Browser
    from tests.support.world import World

KEY = {"authorization": "Bearer us_read"}


def count(manager: Browser, letters: str, target: str = "evanston") -> int:
    return manager.press(f"/targets/{target}/on-paper", {"letters": letters}).status


def test_the_number_stands_beside_the_count_and_not_in_it(world: World, manager: Browser) -> None:
    signed = world.confirmed()
    assert count(manager, "1,080") == count(manager, "40", "skokie") == 303

    page = manager.words("/targets/evanston")
    assert "Signed on paper 1,080, as editor@enddemand.example" in page
    assert "counted on Nov 24" in page
    assert "Signed on paper 1,120" in manager.words()
    world.restart("public_api")
    for shown in (text_of(world.get(FORM)), text_of(world.press(signed.link("confirm")))):
        assert "1 person has signed" in shown
        assert "1,120 more on paper, by the organizer’s count" in shown
    world.put_key("us_read", "counts")
    assert world.get(f"{FORM}/count", as_json=True).json["signatures"] == 1
    [evanston] = [
        target
        for target in world.get(f"/organizer/campaigns/{CAMPAIGN}/targets", headers=KEY, as_json=True).json["targets"]
        if target["id"] == "evanston"
    ]
    assert (evanston["on_paper"], evanston["waiting"]) == (1_080, 1)


def test_a_new_number_replaces_the_old_one_and_both_are_in_the_log(world: World, manager: Browser) -> None:
    count(manager, "80")
    world.clock.advance(minutes=5)
    count(manager, "0")

    counted = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").on_paper
    assert counted
    assert (counted.letters, counted.at) == (0, world.clock.now)
    log = [(entry.action, entry.about, entry.why) for entry in Campaigns(world.stack.table).audit(CAMPAIGN)]
    assert log[:2] == [("count on paper", "evanston", "0"), ("count on paper", "evanston", "80")]
    assert "on paper" not in text_of(world.get(FORM))


@pytest.mark.parametrize("typed", ["", "-1", "eighty", "1000000", "8.5", "٣"])
def test_what_is_no_number_is_refused_and_changes_nothing(world: World, manager: Browser, typed: str) -> None:
    count(manager, "80")

    refused = manager.press("/targets/evanston/on-paper", {"letters": typed})
    assert refused.status == 400
    assert "Give a number from 0 to 999,999." in refused.body
    counted = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").on_paper
    assert counted
    assert counted.letters == 80


def test_publishing_again_keeps_the_number(world: World, manager: Browser) -> None:
    count(manager, "80")
    world.change(title="A new title")

    counted = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").on_paper
    assert counted
    assert counted.letters == 80


def test_a_viewer_sees_the_number_and_can_change_nothing(manager: Browser, reader: Browser) -> None:
    count(manager, "80")

    assert "Signed on paper 80" in reader.words("/targets/evanston")
    assert "Save the number" not in reader.words("/targets/evanston")
    assert count(reader, "90") == 403
    assert manager.press("/targets/nowhere/on-paper", {"letters": "1"}).status == 404
