"""Test the style sheet that all kinds of pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.web import pages
from undersigned.web.people import people_pages

if TYPE_CHECKING:
    from undersigned.web.page import Page


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), people_pages.sign_in("en")])
def test_a_page_without_a_letter_has_no_font_of_signatures(page: Page) -> None:
    assert "Caveat" not in page.style


@pytest.mark.parametrize("page", [pages.problem("Sorry", "Check the address.", "en"), people_pages.sign_in("en")])
def test_the_style_in_the_policy_is_the_style_in_the_page(page: Page) -> None:
    assert f"<style>{page.style}</style>" in page.html
