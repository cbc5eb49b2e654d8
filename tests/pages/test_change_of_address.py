"""*Change it* on the page after signing, in a browser: with our script, without JavaScript, and in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.looks import looks, see
from tests.support.world import ADA, FORM

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

TYPED, RIGHT = "ada@signers.exmaple", "ada@signers.example"
NOTE = "My own words,\nin two lines"


def sign(page: Page, **changes: str) -> None:
    for name, answer in (ADA | {"region": "IL", "email": TYPED, "note": NOTE} | changes).items():
        page.locator(f"[name={name}]").fill(str(answer))
    page.locator("[name=updates]").check()
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def stored_in(page: Page) -> str:
    """Return all that the page's script could keep, and where the browser has been."""
    return str(
        page.evaluate(
            "JSON.stringify([location.href, history.state, document.cookie, {...localStorage}, {...sessionStorage}])"
        )
    )


@pytest.mark.parametrize("path", ["", "/embed"], ids=["page", "frame"])
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_form_comes_back_filled_in(
    site: Site,
    visitor: Visitor,
    path: str,
    scripts: bool,  # noqa: FBT001
) -> None:
    page = visitor.open(f"{site.address}{FORM}{path}", scripts=scripts)
    sign(page)
    expect(page.locator("main bdi").first).to_have_text(TYPED)
    if scripts:
        assert TYPED not in stored_in(page)
    assert not [target for target in site.requests if "exmaple" in target]
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Your letter to")).to_be_visible()
    assert TYPED not in page.url
    typed = {name: page.locator(f"[name={name}]").input_value() for name in (*ADA, "note")}
    assert typed == {**ADA, "region": "IL", "email": TYPED, "note": NOTE}
    expect(page.locator("[name=updates]")).to_be_checked()
    page.locator("[name=email]").fill(RIGHT)
    page.locator("#send").click()
    expect(page.locator("main bdi").first).to_have_text(RIGHT)
    kept = site.world.letter(RIGHT)
    assert kept
    assert (kept.quarantine, kept.words.note) == (None, NOTE)


def test_a_drawn_signature_comes_back(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    page.locator("#drawing").click()
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=5)
    page.mouse.up()
    drawn = page.locator("[name=drawing]").input_value()
    assert drawn
    sign(page)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Your letter to")).to_be_visible()
    assert page.locator("[name=drawing]").input_value() == drawn


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_reload_after_signing_sends_no_second_email(
    site: Site,
    visitor: Visitor,
    scripts: bool,  # noqa: FBT001
) -> None:
    page = visitor.open(f"{site.address}{FORM}", scripts=scripts)
    sign(page)
    page.reload()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    assert (TYPED in page.locator("main").inner_text()) is not scripts, "the script's page is the same for everybody"
    with site.lock:
        site.world.run_stream()
    assert len(site.world.sent) == 1


@pytest.mark.parametrize(("width", "dark", "language"), looks(320, 1280, ("en", "es")))
def test_the_page_after_signing_and_the_form_that_comes_back_are_accessible(
    site: Site,
    visitor: Visitor,
    width: int,
    dark: bool,  # noqa: FBT001
    language: str,
) -> None:
    page = visitor.open(f"{site.address}{FORM}?lang={language}", width=width, dark=dark, scripts=False)
    for name, answer in (ADA | {"region": "IL", "email": f"{'long' * 15}@{'name' * 12}.exmaple"}).items():
        page.locator(f"[name={name}]").fill(str(answer))
    page.locator("#send").click()
    button = page.locator("button[formaction]")
    button.wait_for()
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    see(visitor, page, f"signed-{look}")
    button.click()
    page.locator("#send").wait_for()
    see(visitor, page, f"form-again-{look}")
