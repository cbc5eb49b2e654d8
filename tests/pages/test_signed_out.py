"""A session is over while a letter is written, in Chromium: after the code, what was typed stands there again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.organizers import add, code_in
from tests.support.world import CAMPAIGN, DASHBOARD
from undersigned.workshop import drafting

if TYPE_CHECKING:
    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

EDITOR = "maria@enddemand.example"
TYPED = "Dear [recipient's name],\n\nPlease *act* soon."


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_a_letter_stands_there_after_the_session_was_over(
    site: Site, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    world, look = site.world, f"{language}-{width}-{'dark' if dark else 'light'}"
    add(world, EDITOR, "editor")
    page = visitor.open(f"{site.address}{DASHBOARD}/workshop/letter?lang={language}", width=width, dark=dark)

    def sign_in() -> None:
        page.locator("#email").fill(EDITOR)
        page.locator("form[action='/organizer/sign-in'] button").click()
        page.locator("#code").wait_for()
        world.run_people_mails()
        page.locator("#code").fill(code_in(world.sent[-1]))
        page.locator("form:has(#code) button").click()

    sign_in()
    page.locator("#text").fill(TYPED)
    before = drafting.draft_of(world.stack, CAMPAIGN)
    world.clock.advance(hours=13)
    page.locator("button[value=save]").click()
    expect(page.locator("[role=status]")).to_be_visible()
    looks.see(visitor, page, f"signed-out-sign-in-{look}")
    sign_in()
    expect(page.locator("textarea")).to_have_value(TYPED)
    looks.see(visitor, page, f"signed-out-typed-{look}")
    assert drafting.draft_of(world.stack, CAMPAIGN) == before
    page.locator("main button").click()
    page.wait_for_url(re.compile("done=saved"))
    assert any("act" in text for text in drafting.draft_of(world.stack, CAMPAIGN).files.values())
