"""How the form's script sends it, and the page after signing, which is in the form's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.world import ADA, FORM

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site


def fill(page: Page, **changes: str) -> None:
    for name, answer in ({**ADA, "region": "IL"} | changes).items():
        page.locator(f"[name={name}]").fill(str(answer))


def sign(page: Page) -> None:
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("is_left_open", [True, False], ids=["left open", "from the browser's cache"])
def test_a_form_that_is_days_old_gets_a_new_token(site: Site, visitor: Visitor, *, is_left_open: bool) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    before = page.locator("[name=form]").input_value()
    if is_left_open:
        page.evaluate("Date.now = ((now) => () => now() + 49 * 3_600_000)(Date.now)")
    else:
        page.goto(f"{site.address}{FORM}/privacy")
    with site.lock:
        site.world.clock.advance(hours=49)
    if not is_left_open:
        page.go_back()
        assert page.locator("[name=form]").input_value() == before
    fill(page)
    sign(page)
    assert site.world.row().quarantine is None


def test_a_form_whose_script_cannot_send_it_is_sent_by_the_browser(site: Site, visitor: Visitor) -> None:
    """Something between the browser and the stack lets pages through, and not what scripts ask for."""
    visitor.expect(r"not loaded, net::ERR_FAILED")
    page = visitor.open(f"{site.address}{FORM}")
    refused: list[str] = []

    def answer(asked: Route) -> None:
        if asked.request.resource_type == "fetch":
            refused.append(asked.request.url)
            asked.abort()
        else:
            asked.continue_()

    page.route("**/signatures*", answer)
    page.evaluate("void (setTimeout = ((later) => (act, wait) => later(act, wait / 50))(setTimeout))")
    fill(page)
    sign(page)
    assert len(refused) == 3
    assert site.world.row().quarantine is None


def test_the_page_after_signing_is_a_page_of_its_own(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}?lang=es")
    fill(page)
    page.locator("#send").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    assert page.url.endswith("/signed?lang=es")
    shown = page.locator("main ol").inner_html()
    title = page.title()
    page.reload()
    assert page.title() == title
    assert page.locator("main ol").inner_html() == shown
    page.get_by_role("link", name="llene de nuevo el formulario").click()
    expect(page.locator("#send")).to_be_visible()


def test_the_error_of_a_postal_code_stands_once_at_its_field(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    fill(page, postal_code="99999")
    page.locator("#send").click()
    expect(page.locator("#postal_code-error")).to_contain_text("This letter doesn’t cover 99999.")
    with page.expect_response("**/targets*"):
        page.reload()
    page.locator("[name=postal_code]").focus()
    page.locator("[name=signature]").focus()
    assert page.locator("form").inner_text().count("doesn’t cover 99999") == 1
    # A code that was typed since is news.
    with page.expect_response("**/targets*"):
        page.locator("[name=postal_code]").fill("99998")
        page.locator("[name=signature]").focus()
    expect(page.locator("#found")).to_contain_text("doesn’t cover 99998")


def test_two_people_sign_one_after_the_other_in_one_browser(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    for email in ("ada@signers.example", "bo@signers.example"):
        fill(page, email=email)
        sign(page)
        page.get_by_role("link", name="fill in the form again").click()
        expect(page.locator("#send")).to_be_visible()
    assert site.world.row("bo@signers.example").quarantine is None
