"""The question about a mistyped email address, in a browser with and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.looks import looks, see
from tests.support.world import ADA, FORM, NOWHERE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

TYPED, MEANT = "ada@gmial.com", "ada@gmail.com"
DEAD = f"ada@{NOWHERE}"


def send(page: Page, email: str = TYPED) -> None:
    for name, answer in (ADA | {"region": "IL", "email": email}).items():
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


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_domain_that_takes_no_email_is_corrected_or_kept(
    site: Site,
    visitor: Visitor,
    scripts: bool,  # noqa: FBT001
) -> None:
    page = visitor.open(f"{site.address}{FORM}", scripts=scripts)
    send(page, DEAD)
    expect(page.locator("#meant")).to_have_text(f"Is {DEAD} right?")
    page.get_by_role("link", name="Change it").click()
    expect(page.locator("[name=email]")).to_be_in_viewport()
    page.locator("[name=email]").fill(MEANT)
    page.locator("[name=email]").press("Enter")
    expect(page.locator("main bdi").first).to_have_text(MEANT)
    page = visitor.open(f"{site.address}{FORM}", scripts=scripts)
    send(page, DEAD)
    page.get_by_role("button", name=f"Keep {DEAD}").click()
    expect(page.locator("main bdi").first).to_have_text(DEAD)
    assert [address for address in (MEANT, DEAD) if site.world.letter(address)] == [MEANT, DEAD]


@pytest.mark.parametrize(("width", "dark", "language"), looks(320, 1280, ("en", "es")))
def test_the_question_is_accessible(
    site: Site,
    visitor: Visitor,
    width: int,
    dark: bool,  # noqa: FBT001
    language: str,
) -> None:
    for email in (TYPED, DEAD):
        page = visitor.open(f"{site.address}{FORM}?lang={language}", width=width, dark=dark)
        send(page, email)
        page.locator("#meant").wait_for()
        see(visitor, page, f"question-{email}-{language}-{width}-{'dark' if dark else 'light'}")
