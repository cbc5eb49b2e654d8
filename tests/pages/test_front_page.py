"""The front page in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks

if TYPE_CHECKING:
    from tests.support.chromium import Visitor
    from tests.support.served_world import Site


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(320, 1280, ("en", "es")))
def test_the_front_page_is_accessible_and_fits(
    visitor: Visitor, site: Site, width: int, *, dark: bool, language: str
) -> None:
    page = visitor.open(f"{site.address}/?lang={language}", width=width, dark=dark)

    expect(page.locator("html")).to_have_attribute("lang", language)
    looks.see(visitor, page, f"front-{language}-{width}-{'dark' if dark else 'light'}")
    assert page.locator("a").count() == 1, "the other language"
