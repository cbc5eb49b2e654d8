"""What pages of all kinds have in common: their style sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.web import dashboard, pages
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from undersigned.web.page import Page


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), dashboard.sign_in("en")])
def test_a_page_loads_the_font_of_signatures_from_its_own_address(page: Page) -> None:
    assert f"url({asset_path('caveat.woff2')})" in page.style
    assert "url(caveat" not in page.style


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), dashboard.sign_in("en")])
def test_the_style_that_a_policy_names_is_the_style_in_the_page(page: Page) -> None:
    assert f"<style>{page.style}</style>" in page.html
