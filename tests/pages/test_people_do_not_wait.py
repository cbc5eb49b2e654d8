"""People in a browser while bots use up the share of suspicious emails: each gets the email at once.

The pages come from the real handlers in memory. A form that looked like a bot's would have to wait for hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.served_world import served
from tests.support.world import ADA, FORM
from tests.support.world import world as make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

BOTS = 30
SCHOOL = "198.51.100.7"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """Serve a stack on which bots have used up the hour's emails of suspicious forms."""
    with make_world(monkeypatch, fast=True) as world:
        for number in range(BOTS):
            values = {**ADA, "email": f"bot{number}@made-up{number}.example", "form": ""}
            assert world.request("POST", f"{FORM}/signatures", values, source=f"192.0.2.{number}").status == 200
        world.run_stream()
        assert len(world.sent) < BOTS, "a suspicious form has to wait"
        with served(world, tmp_path) as made:
            yield made


def answers_of(name: str) -> dict[str, str]:
    answers = {key: str(value) for key, value in ADA.items() if key != "region"}
    return {**answers, "name": name, "signature": name, "email": email_of(name)}


def email_of(name: str) -> str:
    return f"{name.replace(' ', '.').lower()}@signers.example"


def autofill(page: Page, name: str) -> None:
    """Fill in all fields at once, as a browser does."""
    for field_name, answer in answers_of(name).items():
        page.locator(f"[name={field_name}]").fill(answer)


def press(page: Page) -> None:
    page.get_by_role("button", name="Sign the letter").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def assert_does_not_wait(site: Site, name: str) -> None:
    """Check that the email went at once, and that nothing speaks against the letter."""
    with site.lock:
        site.world.run_stream()
        row = site.world.letter(email_of(name))
    assert row
    assert row.quarantine is None
    assert [sent.to for sent in site.world.sent].count(email_of(name)) == 1


def test_a_person_with_a_keyboard_only_does_not_wait(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    answers = answers_of("Kim Keyboard")
    for _ in range(60):
        page.keyboard.press("Tab")
        name = str(page.evaluate("document.activeElement.name || document.activeElement.id || ''"))
        if name in answers:
            page.keyboard.press("Control+a")
            page.keyboard.type(answers[name])
        elif name == "send":
            page.keyboard.press("Enter")
            break
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    assert_does_not_wait(site, "Kim Keyboard")


def test_a_person_without_javascript_does_not_wait(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}", scripts=False)
    autofill(page, "Nora Noscript")
    press(page)
    assert_does_not_wait(site, "Nora Noscript")


def test_a_person_whose_browser_fills_in_the_form_at_once_does_not_wait(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}{FORM}")
    autofill(page, "Otto Autofill")
    press(page)
    assert_does_not_wait(site, "Otto Autofill")


def test_people_in_the_network_of_one_school_do_not_wait(site: Site, visitor: Visitor) -> None:
    site.source = SCHOOL
    names = [f"Pupil Number{number}" for number in range(3)]
    pages = [visitor.open(f"{site.address}{FORM}") for _ in names]
    for page, name in zip(pages, names, strict=True):
        autofill(page, name)
        press(page)
    for name in names:
        assert_does_not_wait(site, name)
