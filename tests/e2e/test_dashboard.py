"""The dashboard in Chromium: an organizer's week, from signing in to the PDF that was sent."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.support import looks
from tests.support.organizers import begin_session
from tests.support.served_world import sign_in
from tests.support.waiting import wait_for
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rules.campaigns import Organizer
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack

CAMPAIGN = "the-dashboard"
SITE = "https://enddemand.example"
"""The organization's website, which posts its own form. Other forms without a token look like a bot's."""

HOSTILE = """<img src=x onerror=alert(1)><b>"'&{{ 7*7 }}</b>"""
SIGNERS = {
    "ada": ("Ada Specimen", "60201"),
    "bo": ("Bo Sample", "60201"),
    "cy": ("Cy Standin", "60091"),
    "eve": (HOSTILE, "60022"),
}


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard of a campaign whose four letters wait for *Send now*."""

    stack: RunningStack
    opened: Stack

    @property
    def address(self) -> str:
        return f"{self.stack.public_url}/organizer"

    def post(self, path: str, values: dict[str, str], **headers: str) -> None:
        headers = {"Accept": "application/json", **headers}
        with urlopen(Request(self.stack.public_url + path, urlencode(values).encode(), headers), timeout=60):  # noqa: S310
            pass

    def sign(self, mailbox: str, name: str, postal_code: str) -> None:
        email = f"{mailbox}@dashboard.example"
        self.post(
            f"/campaigns/{CAMPAIGN}/signatures",
            {
                "name": name,
                "email": email,
                "address_line": "1 Sample Street",
                "locality": "Evanston",
                "postal_code": postal_code,
                "signature": name,
                "note": name,
                "updates": "yes" if mailbox == "ada" else "",
            },
            Origin=SITE,
        )
        [mail] = wait_for(lambda: [mail for mail in self.stack.mails() if mail.to == (email,)], f"an email to {email}")
        found = re.search(rb"/confirm/[\w.~-]+", mail.raw.replace(b"=\r\n", b""))
        assert found
        self.post(found[0].decode(), {})

    def sign_in(self, page: Page) -> None:
        sign_in(page, begin_session(self.opened, "editor", CAMPAIGN), CAMPAIGN)
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()


@pytest.fixture(scope="module")
def dashboard(stack: RunningStack) -> Dashboard:
    opened = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    organizer = Organizer("End Demand", "organizer@dashboard.example")
    settings = replace(folder.campaign, id=CAMPAIGN, send_now_only=True, organizer=organizer, goal=10)
    settings = replace(settings, allowed_origins=(SITE,))
    push(opened, replace(folder, campaign=settings))
    made = Dashboard(stack, opened)
    for mailbox, (name, postal_code) in SIGNERS.items():
        made.sign(mailbox, name, postal_code)
    wait_for(lambda: Counters(opened.table).total(CAMPAIGN)[0] == len(SIGNERS), "the counts")
    return made


def downloaded(page: Page, name: str | re.Pattern[str]) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).first.click()
    return Path(download.value.path()).read_bytes()


def words_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


# The order of these tests matters: test_a_week_is_previewed_sent_and_downloaded sends the week's letters.


def test_signing_out_deletes_the_session_cookie(dashboard: Dashboard, visitor: Visitor) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    assert page.context.cookies() == []


def test_a_link_from_another_site_keeps_the_session(dashboard: Dashboard, visitor: Visitor) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    port = urlsplit(dashboard.address).port
    page.goto(f"http://localhost:{port}/organizer")
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    page.evaluate("address => { location.href = address }", dashboard.address)
    expect(page.get_by_role("heading", name="Campaigns")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_targets_are_sorted_with_and_without_javascript(
    dashboard: Dashboard, visitor: Visitor, *, scripts: bool
) -> None:
    page = visitor.open(dashboard.address, scripts=scripts)
    dashboard.sign_in(page)
    first = page.locator("[data-sortable] tbody tr").first
    expect(first).to_contain_text("Deerfield")
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url))
    page.get_by_role("link", name="Letters waiting").click()
    expect(first).to_contain_text("Evanston")
    expect(page.get_by_role("columnheader", name="Letters waiting")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Letters waiting").click()
    expect(first).not_to_contain_text("Evanston")
    # A new address in the address bar makes Chromium ask for the page's icon again, from its cache.
    assert any(not load.endswith("/icon.svg") for load in loads) != scripts


def test_hostile_text_is_shown_as_it_was_typed(dashboard: Dashboard, visitor: Visitor) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    page.get_by_role("link", name="Letters", exact=True).click()
    expect(page.locator("main")).to_contain_text(HOSTILE)
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("img")).to_have_count(0)


def test_a_letter_is_found_by_its_email_address(dashboard: Dashboard, visitor: Visitor) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    page.get_by_role("link", name="Letters", exact=True).click()
    page.get_by_label("Find by name or email address").fill("bo@dashboard.example")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Bo Sample")).to_be_visible()
    assert re.fullmatch(rf"/organizer/dashboard/{CAMPAIGN}/signatures/[0-9a-f]{{32}}", urlsplit(page.url).path)


def test_the_page_shows_when_its_export_is_ready(dashboard: Dashboard, visitor: Visitor) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    page.get_by_text("More", exact=True).first.click()
    page.get_by_role("link", name="Files").click()
    page.get_by_role("button", name="Create a file").click()
    link = page.get_by_role("link", name=re.compile("Download"))
    expect(link).to_be_visible(timeout=60_000)
    file = downloaded(page, re.compile("Download"))
    assert file.startswith(b"\xef\xbb\xbfidentifiers,")
    assert file.count(b"@dashboard.example") == len(SIGNERS)


LOOKS = sorted({(width, dark) for width, dark, _ in looks.looks(360, 1280, ("en", "es"))})


@pytest.mark.nightly
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_is_accessible(dashboard: Dashboard, visitor: Visitor, width: int, *, dark: bool) -> None:
    look = f"{width}-{'dark' if dark else 'light'}"
    page = visitor.open(dashboard.address, width=width, dark=dark)

    def see(state: str) -> None:
        looks.see(visitor, page, f"dashboard-{state}-{look}", keep=True)

    see("sign-in")
    dashboard.sign_in(page)
    page.locator("main summary").first.click()
    see("overview")
    page.get_by_role("link", name="Evanston Police Department", exact=True).click()
    page.get_by_text("Put letters on hold").click()
    see("recipient")
    page.get_by_role("link", name="Preview next email").click()
    see("next")
    for section in ("Deliveries", "Files", "Activity log", "Letters"):
        page.get_by_text("More", exact=True).first.click()
        page.get_by_role("link", name=section, exact=True).click()
        # Some are folded under More.
        link = page.get_by_role("link", name=section, exact=True, include_hidden=True)
        expect(link).to_have_attribute("aria-current", "page")
        see(section.lower().replace(" ", "-"))
    page.get_by_role("link", name="Check letters").click()
    see("screening")
    page.get_by_label("Domain of the email address").fill("dashboard.example")
    page.get_by_role("button", name="Select", exact=True).click()
    see("screened")
    page.get_by_role("link", name="Ada Specimen").click()
    page.get_by_text("Erase this letter", exact=True).click()
    see("letter")
    page.goto(f"{dashboard.address}/dashboard/{CAMPAIGN}/targets/none")
    see("problem")


def test_a_week_is_previewed_sent_and_downloaded(dashboard: Dashboard, visitor: Visitor) -> None:
    now = datetime.now(UTC)
    assert dashboard.stack.run_job("plan", now, CAMPAIGN)["deliveries"] == []
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    expect(page.get_by_role("heading", name="4 letters wait for “Send now”")).to_be_visible()
    # First, the next email is previewed.
    page.get_by_role("link", name="Evanston Police Department", exact=True).click()
    page.get_by_role("link", name="Preview next email").click()
    email = page.frame_locator("iframe").locator("body")
    expect(email).to_contain_text("sends you 2 signed letters")
    expect(email).not_to_contain_text("Ada Specimen")
    shown = downloaded(page, "File 1 of 1 (PDF)")
    assert "Ada Specimen" in words_of(shown)
    assert not list(Deliveries(dashboard.opened.table).deliveries(CAMPAIGN, "evanston"))
    # Then the week is sent.
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("status")).to_contain_text("The emails go out within minutes, and letters")
    wait_for(
        lambda: all(
            [made.state for made in Deliveries(dashboard.opened.table).deliveries(CAMPAIGN, target)] == ["delivered"]
            for target in ("evanston", "wilmette", "glencoe")
        ),
        "the packets",
    )
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("row").filter(has_text="Evanston")).to_contain_text("Delivered")
    page.get_by_role("link", name=re.compile("Evanston")).click()
    expect(page.get_by_text("The office’s mail server accepted it")).to_be_visible()
    sent = downloaded(page, "File 1 of 1 (PDF, ")
    assert all(name in words_of(sent) for name in ("Ada Specimen", "Bo Sample"))
    looks.take_picture(page, "dashboard-delivery")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("No problems")).to_be_visible()
    looks.take_picture(page, "dashboard-after-the-week")
    page.get_by_text("More", exact=True).first.click()
    page.get_by_role("link", name="Activity log").click()
    expect(page.get_by_role("row").filter(has_text="Sent waiting letters")).to_have_count(1)


def test_an_answer_goes_to_the_inbox_of_who_wants_news_and_one_link_ends_them(
    dashboard: Dashboard, visitor: Visitor
) -> None:
    page = visitor.open(dashboard.address)
    dashboard.sign_in(page)
    page.get_by_role("link", name="Evanston Police Department", exact=True).click()
    page.get_by_text("Record an answer", exact=True).click()
    page.get_by_label("Day on which the answer came").fill(page.get_by_label("Day on which").get_attribute("max") or "")
    page.get_by_label("The answer", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Save the answer").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded.")
    looks.take_picture(page, "dashboard-answer")
    page.get_by_role("button", name="Email it to the people who signed").click()
    expect(page.get_by_role("status")).to_contain_text("and who want news")
    expect(page.get_by_text("nobody gets another email")).to_be_visible()
    looks.take_picture(page, "dashboard-answer-told")

    dashboard.stack.invoke("SendConfirmations", {})
    page.goto(dashboard.stack.inbox_url)
    page.get_by_role("link", name=re.compile("An answer to your letter")).click()
    email = page.frame_locator("iframe").locator("body")
    expect(email).to_contain_text("Hello Ada Specimen,")
    expect(email).to_contain_text(HOSTILE)
    told = [mail for mail in dashboard.stack.mails() if b"An answer to your letter" in mail.raw]
    assert [mail.to for mail in told] == [("ada@dashboard.example",)]

    stop = re.search(rb"/letters/[\w.~-]+/no-news", told[0].raw.replace(b"=\r\n", b""))
    assert stop
    page.goto(dashboard.stack.public_url + stop[0].decode())
    page.get_by_text("Stop the news", exact=True).click()
    page.get_by_role("button", name="Yes, stop the news").click()
    expect(page.get_by_text("that you want no more news about this campaign")).to_be_visible()
