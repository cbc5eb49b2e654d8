"""What an office answered, in a browser: recorded, read by a signer and by everyone, and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.looks import see
from tests.support.organizers import begin_session
from tests.support.served_world import served, sign_in
from tests.support.world import DASHBOARD, FORM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site
    from tests.support.world import World

TEXT = """Thank you for your letters. <b>We</b> read them: https://evanston.example/{long}

\u05ea\u05d5\u05d3\u05d4 \u05e8\u05d1\u05d4 123""".format(long="a" * 200)


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_an_answer_is_recorded_read_and_deleted(
    world: World, tmp_path: Path, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    letter = world.confirmed().link("confirm")
    world.week()
    world.feedback("delivery", world.deliveries[0])
    world.clock.advance(days=31)
    with served(world, tmp_path) as site:
        page = visitor.open(f"{site.address}/organizer?lang={language}", width=width, dark=dark)
        sign_in(page, begin_session(world.stack, "editor"))
        expect(page.locator("#to-do ~ .state ul")).to_contain_text("Avery Sample")
        see(visitor, page, f"answers-overview-{look}")
        page.goto(f"{site.address}{letter}?lang={language}")
        see(visitor, page, f"answers-none-{look}")

        page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
        form = page.locator("form[action$='/answer']")
        page.locator("details", has=form).locator("summary").click()
        form.locator("[name=text]").fill(TEXT)
        form.locator("[name=day]").fill("2026-11-01")
        form.locator("[name=public]").check()
        form.locator("button").click()
        expect(page.locator("#error")).to_be_visible()
        assert form.locator("[name=text]").input_value() == TEXT
        see(visitor, page, f"answers-refused-{look}")
        form.locator("[name=day]").fill("2026-12-20")
        form.locator("button").click()
        expect(page.locator(".answer")).to_have_text(TEXT)
        see(visitor, page, f"answers-recorded-{look}")

        world.clock.advance(minutes=2)
        for path, name in ((letter, "letter"), (FORM, "form")):
            page.goto(f"{site.address}{path}?lang={language}")
            expect(page.locator(".answer")).to_have_text(TEXT)
            expect(page.locator(".answer *")).to_have_count(0)
            see(visitor, page, f"answers-{name}-{look}")
        page.goto(f"{site.address}{DASHBOARD}")
        expect(page.locator("#to-do ~ .state ul")).to_have_count(0)

        page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
        page.locator("details", has=form).locator("summary").click()
        expect(form.locator("[name=text]")).to_have_value(TEXT)
        see(visitor, page, f"answers-change-{look}")
        form.locator("[name=text]").fill("")
        form.locator("button").click()
        expect(page.locator("[role=status]")).to_be_visible()
        expect(page.locator(".answer")).to_have_count(0)
        world.clock.advance(minutes=2)
        for path in (letter, FORM):
            # Under another address: a browser keeps the form for ten seconds.
            page.goto(f"{site.address}{path}?lang={language}&later=1")
            expect(page.locator("h1")).to_be_visible()
            expect(page.locator(".answer")).to_have_count(0)


@pytest.mark.parametrize("button", ["on-paper", "hold", "test"])
def test_an_answer_stands_there_again_after_another_button(site: Site, visitor: Visitor, button: str) -> None:
    site.world.confirmed()
    site.world.week()
    site.world.confirmed(email="bo@signers.example")
    page = visitor.open(f"{site.address}/organizer")
    sign_in(page, begin_session(site.world.stack, "editor"))
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    for details in page.locator("main details").all():
        details.evaluate("it => it.open = true")
    answer, pressed = page.locator("form[action$='/answer']"), page.locator(f"form[action$='/{button}']")
    answer.locator("[name=text]").fill(TEXT)
    answer.locator("[name=public]").check()
    if button != "test":
        pressed.locator("[name=letters], [name=why]").fill("12")
    pressed.locator("button").click()
    page.wait_for_url("**?done=*")
    expect(answer.locator("[name=text]")).to_be_visible()
    expect(answer.locator("[name=text]")).to_have_value(TEXT)
    expect(answer.locator("[name=public]")).to_be_checked()
    page.locator("form[action$='/sign-out'] button").click()
    sign_in(page, begin_session(site.world.stack, "editor"))
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    assert answer.locator("[name=text]").input_value() == "", "nobody who signs in later sees it"
