"""The office's page and the one behind a cover's link in Chromium, without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.packets import confirm, erase, links_of_office, repack
from tests.support.served_world import served
from tests.support.world import world as make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Visitor

WORDS = {
    "en": (
        "Received: we have the letters of November 24, 2026",
        "The office said on November 24, 2026",
        "it has your letter",
    ),
    "es": (
        "Recibidas: tenemos las cartas del 24 de noviembre de 2026",
        "La oficina dijo el 24 de noviembre de 2026",
        "que tiene su carta",
    ),
}


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_an_office_opens_its_emails_link_says_that_it_has_the_letters_and_signers_read_it(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int, *, dark: bool, language: str
) -> None:
    name = f"{language}-{width}-{'dark' if dark else 'light'}"
    button, said, told = WORDS[language]
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        world.change_and_wait(language=language)
        confirm(world, "Ada", "Ben", "Eve")
        world.week()
        erase(world, "Eve")
        repack(world)
        page = visitor.open(
            f"{site.address}{world.deliveries[0].link('office')}", width=width, dark=dark, scripts=False
        )
        expect(page.locator("html")).to_have_attribute("lang", language)
        looks.see(visitor, page, f"office-{name}")
        page.get_by_role("button", name=button).click()
        expect(page.locator("main")).to_contain_text(said)
        expect(page.get_by_role("button", name=button)).to_have_count(0)
        looks.see(visitor, page, f"office-received-{name}")
        page.goto(f"{site.address}{world.own_page()}")
        expect(page.locator(".state")).to_contain_text(told)
        page.goto(f"{site.address}{links_of_office(world)[1]}")
        expect(page.locator("form, a, footer")).to_have_count(0)
        looks.see(visitor, page, f"office-cover-{name}")
