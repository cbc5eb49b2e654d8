"""Test the style sheet that all kinds of pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.campaigns.public_frame import problem_page
from undersigned.people.pages.sign_in import sign_in_page

if TYPE_CHECKING:
    from undersigned.base.page import Page


@pytest.mark.parametrize("page", [problem_page("Sorry", "Check the address.", "en"), sign_in_page("en")])
def test_a_page_without_a_letter_has_no_font_of_signatures(page: Page) -> None:
    assert "Caveat" not in page.style


@pytest.mark.parametrize("page", [problem_page("Sorry", "Check the address.", "en"), sign_in_page("en")])
def test_the_style_in_the_policy_is_the_style_in_the_page(page: Page) -> None:
    assert f"<style>{page.style}</style>" in page.html
