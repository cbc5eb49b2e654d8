"""People in Chromium on the local stack: sign in, invite, and remove."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import looks
from undersigned.people import membership
from undersigned.people.directory import find_person, id_of
from undersigned.people.keys import make_key
from undersigned.people.signing_in import operators_code
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.stack import ADMIN_EMAIL
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack


CAMPAIGN = "people"
EDITOR = "editor@people.example"


@pytest.fixture(scope="module")
def stack_with_campaign(stack: RunningStack) -> RunningStack:
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    settings = replace(folder.campaign, id=CAMPAIGN, title="People", accent=None)
    push(DeployedStack(stack.outputs, stack.client).opened(), replace(folder, campaign=settings))
    return stack


def mail_to(stack: RunningStack, address: str, number: int) -> str:
    """Return the text of the newest email to somebody, as soon as there are so many."""
    for _ in range(600):
        found = [mail for mail in stack.mails() if mail.to == (address,)]
        if len(found) >= number:
            return found[-1].raw.replace(b"=\r\n", b"").decode()
        time.sleep(0.1)
    message = f"there are no {number} emails to {address}"
    raise AssertionError(message)


def ask(page: Page, address: str) -> None:
    page.get_by_label("Your email address").fill(address)
    page.get_by_role("button", name="Email me").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def test_an_administrator_invites_an_editor_and_removes_them(
    stack_with_campaign: RunningStack, visitor: Visitor
) -> None:
    stack = stack_with_campaign
    home = f"{stack.public_url}/organizer"

    page = visitor.open(home)
    ask(page, ADMIN_EMAIL)
    code = re.search(r"\b(\d{6}) is your code", mail_to(stack, ADMIN_EMAIL, 1))
    assert code
    page.get_by_label("The six digits from the email").fill(code[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Campaigns")).to_be_visible()
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("link", name="People", exact=True).click()

    # They invite an editor.
    page.get_by_label("Email address", exact=True).fill(EDITOR)
    page.get_by_label(re.compile("Editor:")).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status")).to_contain_text("Invited")
    assert home in mail_to(stack, EDITOR, 1)

    # The editor signs in, in a browser of their own.
    other = visitor.open(home)
    ask(other, EDITOR)
    code = re.search(r"\b(\d{6}) is your code", mail_to(stack, EDITOR, 2))
    assert code
    other.get_by_label("The six digits from the email").fill("000000" if code[1] != "000000" else "111111")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_contain_text("4 more times")
    other.get_by_label("The six digits from the email").fill(code[1])
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("link", name="People", exact=True).click()
    other.get_by_role("link", name="Letters", exact=True).click()
    expect(other.get_by_role("heading", name="Letters", exact=True)).to_be_visible()

    # The administrator removes the editor, who is out at the next click.
    page.get_by_text(f"Change {EDITOR}").click()
    page.get_by_role("button", name="Remove from this campaign").click()
    expect(page.get_by_role("status")).to_contain_text("Removed")
    other.goto(f"{home}/dashboard/{CAMPAIGN}/signatures")
    expect(other.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()

    # The activity log says who did what.
    page.get_by_text("More", exact=True).first.click()
    page.get_by_role("link", name="Activity log").click()
    expect(page.locator("main")).to_contain_text(f"Removed somebody{EDITOR}{ADMIN_EMAIL}")

    # A key is made, and revoked.
    page.get_by_text("More", exact=True).first.click()
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("What is it for?").fill("board")
    page.get_by_label(re.compile("Counts:")).check()
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("status")).to_contain_text("us_")
    page.get_by_role("button", name="Revoke board").click()
    expect(page.get_by_role("status")).to_contain_text("revoked")
    page.get_by_role("link", name="All campaigns").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    page.goto(f"{home}/dashboard/{CAMPAIGN}/people")
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


@pytest.mark.nightly
@pytest.mark.parametrize(("width", "dark", "locale"), looks.looks(360, 1280, ("en-US", "es-US")))
def test_every_page_about_people_is_accessible(
    stack_with_campaign: RunningStack, visitor: Visitor, width: int, locale: str, *, dark: bool
) -> None:
    stack, look = stack_with_campaign, f"{width}-{'dark' if dark else 'light'}-{locale[:2]}"
    opened = DeployedStack(stack.outputs, stack.client).opened()
    campaign = f"{CAMPAIGN}-{look.lower()}"
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    language = locale[:2]
    push(opened, replace(folder, campaign=replace(folder.campaign, id=campaign, language=language)))
    membership.invite(opened, campaign, f"viewer-{look}@people.example", "viewer", ADMIN_EMAIL)
    make_key(opened, campaign, "counts", "board", ADMIN_EMAIL)
    home = f"{stack.public_url}/organizer"
    page = visitor.open(home, width=width, dark=dark, locale=locale)

    def see(state: str) -> None:
        looks.see(visitor, page, f"people-{state}-{look}", keep=True)

    see("sign-in")
    # No email goes to this address, so the test needs none of an hour's emails.
    page.locator("#email").fill("nobody@people.example")
    page.locator("#email").press("Enter")
    page.locator("#code").wait_for()
    see("code")
    page.locator("#code").fill("123456")
    page.locator("#code").press("Enter")
    see("wrong-code")
    page.goto(f"{home}/sign-in/none")
    see("no-code")
    administrator = find_person(opened, id_of(opened, ADMIN_EMAIL))
    assert administrator
    request, code = operators_code(opened, administrator)
    page.goto(f"{home}/sign-in/{request}")
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")
    page.wait_for_url("**/organizer")
    see("front")
    page.goto(f"{home}/dashboard/{campaign}/people")
    page.locator("main summary").first.click()
    see("people")
    page.goto(f"{home}/dashboard/{campaign}/keys")
    see("keys")
    page.locator("#label").fill("\N{RIGHT-TO-LEFT OVERRIDE}x")
    page.locator("input[name=scope]").first.check()
    page.locator("#label").press("Enter")
    page.get_by_role("alert").wait_for()
    see("keys-mistake")
