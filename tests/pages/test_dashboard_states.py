"""The dashboard's states in a browser, on a stack in memory: what needs attention, and the search by name.

`UNDERSIGNED_LOOKS=all` looks at them in both widths, color schemes and languages, and writes pictures.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from tests.support.looks import reach, see
from tests.support.organizers import begin_session
from tests.support.sending import open_another_delivery, sent_yesterday
from tests.support.served_world import served, sign_in
from tests.support.world import ADMINISTRATOR, CAMPAIGN, DASHBOARD, FORM, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.people import membership
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.workshop import drafting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.chromium import Visitor
    from tests.support.world import World


@pytest.fixture
def address(world: World, tmp_path: Path) -> Iterator[str]:
    """Serve the stack to a browser."""
    with served(world, tmp_path) as site:
        yield site.address


@pytest.fixture
def troubled(world: World) -> World:
    """Return a campaign in which everything that can be seen on the overview needs attention."""
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    long_title = "Ask the police chiefs of Illinois to end the demand for sexual exploitation"
    Campaigns(world.stack.table).put_campaign(replace(campaign, title=long_title, closes=date(2026, 11, 20)))
    world.clock.advance(minutes=2)
    Campaigns(world.stack.table).put_campaign(replace(campaign, title=long_title))
    world.clock.advance(minutes=2)
    for number, (code, town) in enumerate((("60201", "Evanston"), ("60091", "Wilmette"), ("60022", "Glencoe"))):
        world.confirmed(name=f"Ada Rossi {number}", email=f"s{number}@signers.example", postal_code=code, locality=town)
    world.week()
    kinds = {"evanston": "bounce", "wilmette": "complaint"}
    for sent in world.deliveries:
        if kind := kinds.get(sent.tags["target"]):
            world.feedback(kind, sent)
    for number in range(6):
        world.sign(name=f"Bot Rossi {number}", email=f"bot{number}@signers.example", form="")
    world.run_stream()
    world.clock.advance(days=4)
    Campaigns(world.stack.table).hold(CAMPAIGN, "deerfield", "a new chief begins in December")
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    MailBudgets(world.stack.table).stop()
    Campaigns(world.stack.table).put_campaign(replace(campaign, title=long_title, closes=date(2026, 11, 27)))
    world.clock.advance(minutes=2)
    return world


def let_one_of_two_bounce(world: World) -> None:
    for number, (code, town) in enumerate((("60201", "Evanston"), ("60091", "Wilmette"))):
        world.confirmed(name=f"Ada Rossi {number}", email=f"s{number}@signers.example", postal_code=code, locality=town)
    world.week()
    [bounced] = [sent for sent in world.deliveries if sent.tags["target"] == "evanston"]
    world.feedback("bounce", bounced)


@pytest.fixture
def undecided(world: World) -> World:
    """Return a campaign with a bounced delivery whose week another one took, and with one without an outcome."""
    let_one_of_two_bounce(world)
    open_another_delivery(world)
    world.clock.advance(days=4)
    return world


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_each_state_is_accessible_and_fits(
    troubled: World, address: str, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    assert troubled.deliveries
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    page = visitor.open(f"{address}/organizer?lang={language}", width=width, dark=dark)
    see(visitor, page, f"states-sign-in-{look}")
    sign_in(page, begin_session(troubled.stack, "editor"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("[data-copy]")).to_be_visible()
    assert page.locator("#to-do ~ .state").count() >= 7
    see(visitor, page, f"states-overview-{look}")
    page.goto(f"{address}{DASHBOARD}/signatures")
    page.locator("#find").fill("rossi")
    page.locator("#find").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(9)
    see(visitor, page, f"states-named-{look}")
    # The top of a page stays in order: the title, the languages and the way out don't overlap or leave the screen.
    boxes = [box for part in page.locator(".bar > *").all() if (box := part.bounding_box()) and box["width"]]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    page.locator(".languages a").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "es" if language == "en" else "en")


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_each_decision_about_a_delivery_is_accessible_and_fits(
    undecided: World, address: str, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    page = visitor.open(f"{address}/organizer?lang={language}", width=width, dark=dark)
    sign_in(page, begin_session(undecided.stack, "editor"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.goto(f"{address}{DASHBOARD}/deliveries/{PERIOD}/wilmette")
    expect(page.locator("[formaction$='settle-as-not-sent']")).to_be_visible()
    see(visitor, page, f"states-no-outcome-{look}")
    page.goto(f"{address}{DASHBOARD}/deliveries/{PERIOD}/evanston")
    expect(page.locator("[formaction$='settle-as-not-sent']")).to_have_count(0)
    see(visitor, page, f"states-second-email-{look}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_address_of_a_bounced_delivery_is_corrected_on_its_page(
    world: World, address: str, visitor: Visitor, *, scripts: bool
) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    page = visitor.open(f"{address}/organizer", scripts=scripts)
    sign_in(page, begin_session(world.stack, "editor"))
    page.goto(f"{address}{DASHBOARD}/deliveries/{PERIOD}/evanston")
    page.get_by_label("The office’s email address").fill("new.chief@evanston.example")
    page.get_by_role("button", name="Save the address").click()
    expect(page.locator("main")).to_contain_text("The address is now new.chief@evanston.example.")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("main")).to_contain_text("We’re sending the delivery again.")
    world.run_queue()
    assert world.deliveries[-1].to == "new.chief@evanston.example"


def test_a_person_closes_a_bounced_delivery_unsent(world: World, address: str, visitor: Visitor) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    page = visitor.open(f"{address}/organizer")
    sign_in(page, begin_session(world.stack, "editor"))
    page.goto(f"{address}{DASHBOARD}/deliveries/{PERIOD}/evanston")
    page.get_by_text("Stop trying to send these letters").click()
    page.get_by_label("Why?").fill("nobody is there")
    page.get_by_role("button", name="Close unsent").click()
    expect(page.get_by_role("heading", name="Closed unsent", exact=True)).to_be_visible()
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").mail_state == "bounced"
    visitor.assert_accessible(page)


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_a_bounced_delivery_is_accessible_and_fits(
    world: World, address: str, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    page = visitor.open(f"{address}/organizer?lang={language}", width=width, dark=dark)
    sign_in(page, begin_session(world.stack, "editor"))
    page.goto(f"{address}{DASHBOARD}/deliveries/{PERIOD}/evanston")
    expect(page.locator("input[name=email]")).to_be_visible()
    see(visitor, page, f"states-bounced-{language}-{width}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_the_command_for_a_second_email_is_accessible_and_fits(
    world: World, address: str, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    sent_yesterday(world)
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    page = visitor.open(f"{address}/organizer?lang={language}", width=width, dark=dark)
    sign_in(page, begin_session(world.stack, "editor"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.goto(f"{address}{DASHBOARD}/targets/evanston")
    expect(page.get_by_text("--again")).to_have_count(1)
    see(visitor, page, f"states-second-email-of-{look}")
    page.goto(f"{address}{DASHBOARD}")
    see(visitor, page, f"states-second-email-overview-{look}")


def test_the_last_day_of_the_chart_stands_below_its_bar(troubled: World, address: str, visitor: Visitor) -> None:
    page = visitor.open(f"{address}/organizer", width=1280)
    sign_in(page, begin_session(troubled.stack, "editor"))
    label, bar = (page.locator(f"figure {it}").last.bounding_box() for it in (".axis span", "rect"))
    assert label is not None
    assert bar is not None
    assert abs(label["x"] + label["width"] - bar["x"] - bar["width"]) < 40


def test_with_the_keyboard_alone_what_needs_attention_is_done_on_the_overview(
    world: World, address: str, visitor: Visitor
) -> None:
    let_one_of_two_bounce(world)
    world.clock.advance(days=7)
    world.change_and_wait(send_now_only=True)
    world.confirmed(email="cy@signers.example", postal_code="60022", locality="Glencoe")
    page = visitor.open(f"{address}/organizer", width=360)
    sign_in(page, begin_session(world.stack, "editor"))

    def press(name: str) -> None:
        """Press a button as somebody without a mouse, who sees where the focus is; `see` checks each page."""
        see(visitor, page, f"states-keyboard-{name.lower().replace(' ', '-')}")
        page.locator("body").evaluate("() => document.activeElement.blur()")
        reach(page, page.get_by_role("button", name=name, exact=True).first)
        page.keyboard.press("Enter")

    press("Send now")
    expect(page.get_by_role("status")).to_contain_text("The emails go out within minutes")
    email = page.get_by_label("The office’s email address")
    reach(page, email)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("new.chief@evanston.example")
    press("Save the address")
    expect(page.get_by_role("status")).to_contain_text("Letters that wait and new letters go to this address")
    press("The office has the email")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.get_by_role("button", name="The office has the email")).to_have_count(0)
    world.run_queue()
    assert world.deliveries[-1].tags["target"] == "glencoe"
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "new.chief@evanston.example"
    [wilmette] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "wilmette")
    assert wilmette.state == "sent"


def test_the_forms_address_is_copied(troubled: World, address: str, visitor: Visitor) -> None:
    assert troubled.deliveries
    page = visitor.open(f"{address}/organizer")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, begin_session(troubled.stack, "editor"))
    for path in ("", "/workshop/publish"):
        page.goto(f"{address}{DASHBOARD}{path}")
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()").endswith(FORM)


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(360, 1280, ("en", "es")))
def test_letters_that_wait_for_send_now_are_accessible_and_fit(
    world: World, address: str, visitor: Visitor, width: int, *, dark: bool, language: str
) -> None:
    world.change(send_now_only=True)
    look = f"{language}-{width}-{'dark' if dark else 'light'}"
    world.confirmed()
    page = visitor.open(f"{address}/organizer?lang={language}", width=width, dark=dark)
    sign_in(page, begin_session(world.stack, "editor"))
    see(visitor, page, f"states-send-now-{look}")
    world.clock.advance(minutes=1)
    world.confirmed(email="bo@signers.example")
    world.confirmed(email="cy@signers.example", postal_code="60091", locality="Wilmette")
    page.locator(".state form[action$='/deliveries/next'] button").click()
    expect(page.get_by_role("status")).to_be_visible()
    world.run_queue()
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert delivery.letters == 1, "the second letter came after the page was read"


def test_what_erases_deletes_or_closes_looks_like_it(world: World, address: str, visitor: Visitor) -> None:
    world.confirmed()
    page = visitor.open()
    page.goto(f"{address}/organizer")
    sign_in(page, begin_session(world.stack, "owner"))
    looks_of = "it => getComputedStyle(it)[it.tagName === 'SUMMARY' ? 'color' : 'backgroundColor']"

    def color(path: str, summary: str, button: str) -> tuple[str, str]:
        page.goto(f"{address}{DASHBOARD}{path}")
        told = page.locator("summary").get_by_text(summary, exact=True)
        told.click()
        pressed = page.get_by_role("button", name=button, exact=True)
        return told.evaluate(looks_of), pressed.evaluate(looks_of)

    red = "rgb(176, 0, 32)"
    assert color("/workshop/publish", "Close the campaign", "Yes, close the campaign") == (red, red)
    assert color("/workshop/publish", "Delete the campaign", "Yes, delete the campaign") == (red, red)
    assert color(f"/signatures/{world.signer()}", "Erase this letter", "Yes, erase this letter") == (red, red)
    assert red not in color("", "Pause campaign", "Pause")


@pytest.mark.parametrize(
    "path",
    [
        "/targets/evanston",
        "/people",
        "/workshop/letter",
        "/workshop/settings",
        *(
            pytest.param(path, marks=pytest.mark.nightly)
            for path in (
                f"/deliveries/{PERIOD}/evanston",
                "/signatures/{signer}",
                "/screening",
                "/keys",
                "/workshop/recipients",
                "/workshop/preview",
                "/workshop/publish",
            )
        ),
    ],
)
def test_a_form_stands_beside_what_helps_with_it_where_there_is_room(
    world: World, address: str, visitor: Visitor, path: str
) -> None:
    world.confirmed()
    world.week()
    drafting.write(world.stack, CAMPAIGN, 0, {}, "ann", {"goal": 700})
    membership.invite(world.stack, CAMPAIGN, "a.volunteer.of.ours@enddemand.example", "viewer", ADMINISTRATOR)
    for width, is_beside in ((1280, True), (360, False)):
        page = visitor.open(f"{address}/organizer?lang=es", width=width)
        sign_in(page, begin_session(world.stack, "owner"))
        page.goto(f"{address}{DASHBOARD}{path.format(signer=world.signer())}")
        one, other = (it.bounding_box() for it in page.locator(".desk").first.locator("> *").all())
        assert one
        assert other
        assert (min(one["x"], other["x"]) + min(one["width"], other["width"]) < max(one["x"], other["x"])) is is_beside
        assert page.locator("html").evaluate("it => it.scrollWidth <= innerWidth")
        page.locator(".desk details").evaluate_all("all => all.forEach(it => { it.open = true; })")
        assert page.locator(".desk > *").evaluate_all("all => all.every(it => it.scrollWidth <= it.clientWidth)")
        visitor.assert_accessible(page)
