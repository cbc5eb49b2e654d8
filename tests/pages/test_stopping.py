"""An office that stops its emails, in Chromium without JavaScript, and its organizer, who lifts the stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.organizers import begin_session
from tests.support.served_world import served, sign_in
from tests.support.world import DASHBOARD
from tests.support.world import world as make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Visitor

WORDS = {
    "en": ("Stop these emails", "The emails are stopped"),
    "es": ("Detener estos correos", "Los correos están detenidos"),
}


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_an_office_stops_its_emails_and_its_organizer_lifts_the_stop(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int, *, dark: bool, language: str
) -> None:
    name = f"{language}-{width}-{'dark' if dark else 'light'}"
    stop, stopped = WORDS[language]
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        world.change_and_wait(language=language)
        world.confirmed()
        world.week()
        page = visitor.open(
            f"{site.address}{world.deliveries[0].link('office')}", width=width, dark=dark, scripts=False
        )
        page.locator("#reason").fill("We take letters by our web form only.")
        looks.see(visitor, page, f"stop-asked-{name}")
        page.get_by_role("button", name=stop).click()
        expect(page.locator("h1")).to_have_text(stopped)
        looks.see(visitor, page, f"stop-{name}")
        page.go_back()
        page.reload()
        expect(page.locator("#stop .state")).to_be_visible()
        world.run_people_mails()
        world.clock.advance(days=7)
        world.confirmed(email="bo@signers.example")
        world.week()
        assert len(world.deliveries) == 1
        page.goto(f"{site.address}/organizer?lang={language}")
        sign_in(page, begin_session(world.stack, "editor"))
        page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
        expect(page.locator("main")).to_contain_text("We take letters by our web form only.")
        looks.see(visitor, page, f"stop-organizer-{name}")
        page.locator("form[action$='/lift-stop'] input[name=why]").fill("The clerk asked for them.")
        page.locator("form[action$='/lift-stop'] button").click()
        expect(page.locator("form[action$='/lift-stop']")).to_have_count(0)
        looks.see(visitor, page, f"stop-lifted-{name}")
        world.week()
        assert len(world.deliveries) == 2
