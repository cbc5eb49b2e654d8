"""An organizer who records an answer and emails it, in Chromium without JavaScript, and a signer who ends the news."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.organizers import begin_session
from tests.support.served_world import served, sign_in
from tests.support.world import CAMPAIGN, DASHBOARD
from tests.support.world import world as make_world
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Visitor

TEXT = "We have read your letters.\n\nA meeting is on December 9."


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_an_answer_is_emailed_once_and_its_link_ends_the_news(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int, *, dark: bool, language: str
) -> None:
    name = f"{language}-{width}-{'dark' if dark else 'light'}"
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        world.change_and_wait(language=language)
        world.confirmed(updates="yes")
        world.week()
        world.feedback("delivery", world.deliveries[0])
        page = visitor.open(f"{site.address}/organizer?lang={language}", width=width, dark=dark, scripts=False)
        sign_in(page, begin_session(world.stack, "editor"))
        page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
        answer = page.locator("details", has=page.locator("form[action$='/answer']"))
        answer.locator("summary").click()
        answer.locator("input[name=day]").fill(world.day())
        answer.locator("textarea").fill(TEXT)
        answer.locator("button").click()
        tell = page.locator("form[action$='/tell']")
        looks.see(visitor, page, f"tell-{name}")
        tell.locator("button").click()
        expect(tell).to_have_count(0)
        looks.see(visitor, page, f"told-{name}")
        assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").answer
        world.run_postponed()
        [email] = [sent for sent in world.sent if sent.tags["kind"] == "answer"]
        link = re.search(r"/letters/\S+/no-news", email.text)
        assert link
        page.goto(site.address + link[0])
        stop = page.locator("details", has=page.locator("form[action$='/no-news']"))
        stop.locator("summary").click()
        looks.see(visitor, page, f"news-{name}")
        stop.locator("button").click()
        expect(page.locator("form[action$='/no-news']")).to_have_count(0)
        assert not world.signature().wants_news
