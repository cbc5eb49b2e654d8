"""Every field of the dashboard's pages is filled in, and each button pressed: what was typed stands there again.

The workshop's pages keep it on the server (tests/integration/workshop/test_nothing_typed_is_lost.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.organizers import add, begin_session
from tests.support.served_world import sign_in
from tests.support.world import CAMPAIGN, DASHBOARD, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site
    from tests.support.world import World

PAGES = ["", "/people", "/targets/skokie", f"/deliveries/{PERIOD}/wilmette"]
OTHER_PAGES = [
    *("/signatures", "/screening", "/exports", "/keys", "/targets/evanston", "/targets/wilmette"),
    f"/deliveries/{PERIOD}/skokie",
]

FIELDS = "textarea, select, input:not([type=hidden], [type=file])"
FILL = f"""() => [...document.querySelectorAll("main form")].forEach((form, place) =>
[...form.elements].forEach((it, number) => {{
  if (!it.matches("{FIELDS}")) return;
  if (it.matches("select")) it.selectedIndex = it.options.length - 1;
  else if (/radio|checkbox/.test(it.type)) it.checked = true;
  else if (it.type === "date") it.value = "2026-11-27";
  else if (it.inputMode === "numeric") it.value = 10 * place + number;
  else it.value = it.type === "email" ? `a${{place}}-${{number}}@desk.example` : `words ${{place}} ${{number}}`;
}}))"""
"""Fills in everything on a page, each field differently."""

READ = f"""() => [...document.querySelectorAll("main form")].flatMap((form) =>
  [...form.elements].filter((it) => it.matches("{FIELDS}")).map((it) => [
    new URL(form.getAttribute("action"), location).pathname, it.name, it.value,
    /radio|checkbox/.test(it.type) && it.checked]))"""
BUTTONS = """() => [...document.querySelectorAll("main form")].flatMap((form, place) => form.method === "get" ? [] :
  [...form.elements].flatMap((it, number) => it.matches("button:not([type=button])") ? [[place, number]] : []))"""
PRESS = """([place, number]) => {
  const form = document.querySelectorAll("main form")[place], button = form.elements[number];
  form.noValidate = true;
  form.requestSubmit(button);
  return new URL(form.getAttribute("action"), location).pathname;
}"""


@pytest.fixture
def busy(site: Site) -> World:
    """Return a campaign with letters that were sent, bounced, and wait, for an office with an email address or none."""
    world = site.world
    campaigns = Campaigns(world.stack.table)
    wilmette = campaigns.target(CAMPAIGN, "wilmette")
    assert wilmette
    campaigns.put_target(CAMPAIGN, replace(wilmette, email=""))
    for name, code in {"Ada": "60201", "Bo": "60077", "Cy": "60091"}.items():
        world.confirmed(name=name, email=f"{name}@signers.example", postal_code=code)
    world.week()
    [bounced] = [mail for mail in world.deliveries if mail.tags["target"] == "skokie"]
    world.feedback("bounce", bounced)
    world.confirmed(name="Dee", email="dee@signers.example")
    world.sign(name="Bot", email="bot@signers.example", form="")
    world.run_stream()
    add(world, "maria@enddemand.example", "editor")
    return world


def begin_again(world: World) -> Callable[[], None]:
    """Return what brings a world back to its present state."""
    assert world.memory
    restore, now = world.memory.save(), world.clock.now

    def begin() -> None:
        restore()
        world.clock.now = now
        world.restart()

    return begin


type Held = dict[tuple[str, str], set[tuple[str, bool]]]
"""What the fields of a page hold, by their form's address and their name."""


def held(page: Page) -> Held:
    found: Held = {}
    for address, name, value, is_on in page.evaluate(READ):
        found.setdefault((address, name), set()).add((value, is_on))
    return found


def lost(before: Held, after: Held) -> dict[tuple[str, str], set[tuple[str, bool]]]:
    """Return what fields held, and hold no more although they are still there."""
    return {field: gone for field in before.keys() & after.keys() if (gone := before[field] - after[field])}


def press(page: Page, button: list[int]) -> str:
    """Press a button, and return the address to which its form belongs."""
    with page.expect_navigation():
        pressed: str = page.evaluate(PRESS, button)
    return pressed


@pytest.mark.parametrize("path", [*PAGES, *(pytest.param(path, marks=pytest.mark.nightly) for path in OTHER_PAGES)])
def test_what_was_typed_beside_a_pressed_button_stands_there_again(
    busy: World, site: Site, visitor: Visitor, path: str
) -> None:
    page, begin = visitor.open(f"{site.address}/organizer"), begin_again(busy)
    sign_in(page, begin_session(busy.stack, "owner"))
    address = f"{site.address}{DASHBOARD}{path}"
    page.goto(address)
    buttons = page.evaluate(BUTTONS)
    assert buttons
    for button in buttons:
        # What the page still loads must not meet a state without its session.
        page.goto("about:blank")
        begin()
        page.goto(f"{site.address}/organizer")
        sign_in(page, begin_session(busy.stack, "owner"))
        page.goto(address)
        page.evaluate(FILL)
        before = held(page)
        pressed = press(page, button)
        page.goto(address)
        assert lost({field: values for field, values in before.items() if field[0] != pressed}, held(page)) == {}, (
            pressed
        )


def test_what_was_refused_stands_there_again_until_it_is_sent_or_somebody_signs_out(
    busy: World, site: Site, visitor: Visitor
) -> None:
    page = visitor.open(f"{site.address}/organizer")
    sign_in(page, begin_session(busy.stack, "owner"))
    why = page.locator("form[action$='/pause'] [name=why]")
    reason = page.locator("form[action$='/hold'] [name=why]")
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    reason.evaluate("it => { it.maxLength = 9999; it.value = 'x'.repeat(2000); }")
    with page.expect_navigation():
        reason.evaluate("it => it.form.requestSubmit()")
    assert page.locator("[data-refused]").is_visible()
    page.goto(f"{site.address}{DASHBOARD}")
    why.evaluate("it => { it.value = 'for a day'; it.form.requestSubmit(); }")
    page.wait_for_url("**done=paused*")
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    assert reason.input_value() == "x" * 2000
    with page.expect_navigation():
        reason.evaluate("it => { it.value = 'short'; it.form.requestSubmit(); }")
    with page.expect_navigation():
        page.locator("form[action$='/release']").evaluate("it => it.requestSubmit()")
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    assert reason.input_value() == ""
    reason.evaluate("it => { it.value = 'not for others'; }")
    page.locator("header form button").click()
    sign_in(page, begin_session(busy.stack, "owner"))
    page.goto(f"{site.address}{DASHBOARD}/targets/evanston")
    assert reason.input_value() == ""
