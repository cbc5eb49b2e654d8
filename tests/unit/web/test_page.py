"""Test the style sheet that all kinds of pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.web import pages, people_pages
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from undersigned.web.page import Page


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), people_pages.sign_in("en")])
def test_a_page_loads_the_signature_font_by_its_hashed_address(page: Page) -> None:
    assert f"url({asset_path('caveat.woff2')})" in page.style
    assert "url(caveat" not in page.style


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), people_pages.sign_in("en")])
def test_the_style_in_the_policy_is_the_style_in_the_page(page: Page) -> None:
    assert f"<style>{page.style}</style>" in page.html
