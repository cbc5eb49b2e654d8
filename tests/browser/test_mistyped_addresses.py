"""The question about a mistyped email address, in a browser with and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.looks import looks
from tests.world import ADA, FORM

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.chromium import Visitor
    from tests.served_world import Site

TYPED, MEANT = "ada@gmial.com", "ada@gmail.com"


def send(page: Page) -> None:
    for name, answer in (ADA | {"region": "IL", "email": TYPED}).items():
        page.locator(f"[name={name}]").fill(str(answer))
    page.locator("#send").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize(("button", "email"), [("Yes", MEANT), ("No", TYPED)])
def test_a_person_says_which_address_is_right(
    site: Site,
    visitor: Visitor,
    button: str,
    email: str,
    scripts: bool,  # noqa: FBT001
) -> None:
    page = visitor.open(f"{site.address}{FORM}", scripts=scripts)
    send(page)
    expect(page.locator("#meant")).to_have_text(f"Did you mean {MEANT}?")
    assert not site.world.letter(TYPED)
    if scripts:
        expect(page.locator(".summary")).to_be_focused()
    page.get_by_role("button", name=f"{button}, ").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    assert [address for address in (TYPED, MEANT) if site.world.letter(address)] == [email]


@pytest.mark.parametrize(("width", "dark", "language"), looks(320, 1280, ("en", "es")))
def test_the_question_is_accessible(
    site: Site,
    visitor: Visitor,
    width: int,
    dark: bool,  # noqa: FBT001
    language: str,
) -> None:
    page = visitor.open(f"{site.address}{FORM}?lang={language}", width=width, dark=dark)
    send(page)
    page.locator("#meant").wait_for()
    visitor.assert_accessible(page)
