"""The page "I didn't sign this" in Chromium, without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.served_world import served
from tests.support.world import world as make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site
    from tests.support.world import World


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[World, Site]]:
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as made:
        yield world, made


HEADINGS = {
    "en": ("You didn’t sign?", "The form is deleted", "Your address can get emails", "The form is deleted"),
    "es": ("¿No firmó usted?", "El formulario se eliminó", "Su dirección puede recibir correos",
           "El formulario se eliminó"),
}  # fmt: skip
"""The headings of the page, before and after its button, after 30 days, and after its button again."""


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_each_state_is_accessible_and_fits_and_works_without_javascript(
    visitor: Visitor, site: tuple[World, Site], width: int, *, dark: bool, language: str
) -> None:
    world, served_at = site
    address = f"{served_at.address}{world.signed().link('disown')}?lang={language}"
    page = visitor.open(address, width=width, dark=dark, scripts=False)
    for number, heading in enumerate(HEADINGS[language]):
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("h1")).to_have_text(heading)
        looks.see(visitor, page, f"disown-{number}-{language}-{width}-{'dark' if dark else 'light'}")
        if number == 1:
            world.clock.advance(days=30)
            page.goto(address)
        elif number in {0, 2}:
            page.locator("form button").click()
