"""An office asks for another address, in Chromium: the organizer accepts, and the next email goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import looks
from tests.organizers import begin_session
from tests.served_world import served, sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chromium import Visitor
    from tests.world import World

CHIEF, DESK = "chief@evanston-police.example", "desk@evanston.example"


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_an_office_asks_for_another_address_and_the_next_email_goes_there(
    world: World, tmp_path: Path, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    world.change_and_wait(language=language)
    world.confirmed()
    world.week()
    with served(world, tmp_path) as site:
        page = visitor.open(
            f"{site.address}{world.deliveries[0].link('office')}", width=width, dark=dark, scripts=False
        )
        asking = page.locator("#address")
        asking.locator("input").fill("desk")
        asking.get_by_role("button").click()
        expect(asking.locator("#email-error")).to_contain_text("“desk”")
        looks.see(visitor, page, f"asked-refused-{look}")
        asking.locator("input").fill(DESK)
        asking.get_by_role("button").click()
        expect(asking.locator(".state")).to_contain_text(DESK)
        looks.see(visitor, page, f"asked-{look}")
        world.run_people_mails()
        [told] = world.mails("asked")

        organizer = visitor.open(f"{site.address}/organizer?lang={language}", width=width, dark=dark)
        sign_in(organizer, begin_session(world.wiring, "editor"))
        expect(organizer.locator("#to-do ~ .state")).to_contain_text(DESK)
        looks.see(visitor, organizer, f"asked-overview-{look}")
        organizer.goto(f"{site.address}{told.link('organizer')}")
        expect(organizer.locator(".state")).to_contain_text(DESK)
        organizer.locator("form[action$=asked-address] [name=why]").fill("we telephoned")
        organizer.locator("button[value=accept]").click()
        expect(organizer.locator("dl.pairs")).to_contain_text(DESK)
        expect(organizer.locator("button[value=accept]")).to_have_count(0)
        looks.see(visitor, organizer, f"asked-accepted-{look}")

        world.clock.advance(days=7)
        world.confirmed(email="bo@signers.example")
        world.week()
        assert [sent.to for sent in world.deliveries] == [CHIEF, DESK]
        page.goto(f"{site.address}{world.deliveries[0].link('office')}")
        expect(page.locator("form")).to_have_count(0)
