"""A volunteer goes from an empty dashboard to a published campaign in Texas, by visible labels alone.

The letter is pasted from an email, and the recipients are in a spreadsheet as an office sends one. The test fails if
the way takes more than MOST_CLICKS or MOST_FIELDS. No id and no selector finds anything here: what a label or a role
doesn't find, a volunteer doesn't either. The guide names each: the buttons in bold.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import world as worlds
from tests.support.looks import reach, see
from tests.support.organizers import code_in
from tests.support.served_world import served
from tests.support.spreadsheets import xlsx
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.pages import guide

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

MOST_CLICKS, MOST_FIELDS = 15, 8
CAMPAIGN = "cooler-classrooms-in-texas"
GUIDE = " ".join((Path(guide.__file__).parents[1] / "guide/en/first-campaign.md").read_text().lower().split())

LETTER = """Dear Superintendent,

Last September, my daughter's classroom was 94 degrees at noon.

Please
 * measure the temperature of every classroom,
 * publish what you find, and
 * ask the board for repairs before August.

Thank you for reading this.
"""

SHEET = (
    ("Superintendents, as of May", "", "", "", "", ""),
    ("Position", "Full name", "School district", "City", "E-Mail (work)", "ZIP Codes", "Notes"),
    ("Superintendent", "Robin Sample", "Oakton ISD", "Oakton", "robin@oakton.example", "78701, 78702", "called"),
    ("", "", "", "", "", "", ""),
    ("Superintendent", "Sasha Specimen", "Elmville ISD", "Elmville", "sasha(at)elmville.example", "7861*", ""),
    ("Source: the county's website", "", "", "", "", "", ""),
)
"""With a title above the headings, a row that is empty, one wrong address, and a note at the end."""


def workbook() -> bytes:
    """Return the sheet as Excel writes it."""
    rows = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{"ABCDEFG"[place]}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
            for place, cell in enumerate(cells)
            if cell
        )
        + "</row>"
        for number, cells in enumerate(SHEET, start=1)
    )
    return xlsx(rows)


@dataclass
class Volunteer:
    """Somebody who reads labels, and counts what they press and type. With `keys`, they have no mouse."""

    page: Page
    visitor: Visitor
    keys: bool = False
    look: str = ""
    clicks: int = 0
    fields: int = 0

    def press(self, name: str) -> None:
        self.clicks += 1
        assert f"**{name.lower()}" in GUIDE, name
        buttons = self.page.get_by_role("button", name=name, exact=True)
        self._do(buttons if buttons.count() else self.page.get_by_role("link", name=name, exact=True), "Enter")

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        assert label.lower().partition(", row")[0] in GUIDE, label
        field = self.page.get_by_label(label, exact=True)
        if not self.keys:
            field.fill(text)
            return
        reach(self.page, field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def choose(self, label: str, option: str) -> None:
        self.clicks += 1
        assert f"**{label.lower()}" in GUIDE, label
        field = self.page.get_by_label(label, exact=True)
        if not self.keys:
            field.select_option(option)
            return
        reach(self.page, field)
        self.page.keyboard.type(option)

    def upload(self, label: str, name: str, content: bytes) -> None:
        self.clicks += 1
        assert label.lower() in GUIDE, label
        with self.page.expect_file_chooser() as chooser:
            self._do(self.page.get_by_label(label, exact=True), "Enter")
        chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})

    def is_at(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        assert not self.page.title().startswith("Error")
        see(self.visitor, self.page, f"first-{heading.lower().replace(' ', '-')}-{self.clicks}-{self.look}")

    def _do(self, element: Locator, key: str) -> None:
        if not self.keys:
            element.click()
            return
        self.page.locator("body").evaluate("() => document.activeElement.blur()")
        reach(self.page, element)
        self.page.keyboard.press(key)


def sign_in(site: Site, page: Page) -> None:
    """Open the dashboard as the administrator, who has no campaign yet."""
    page.goto(f"{site.address}/organizer")
    page.get_by_label("Your email address").fill(worlds.ADMINISTRATOR)
    page.get_by_role("button", name="Email me").click()
    page.wait_for_url("**/organizer/sign-in/*")
    site.world.run_people_mails()
    page.get_by_label("The six digits from the email").fill(code_in(site.world.sent[-1]))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/organizer")


@pytest.mark.parametrize(
    ("look", "width", "scripts", "keys"),
    [
        pytest.param("1280", 1280, True, False, marks=pytest.mark.nightly),
        ("360", 360, True, False),
        ("keyboard", 1280, True, True),
        ("without-scripts", 1280, False, False),
    ],
)
def test_a_volunteer_publishes_a_first_campaign(  # noqa: PLR0917  (in four ways)
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    visitor: Visitor,
    look: str,
    width: int,
    scripts: bool,  # noqa: FBT001
    keys: bool,  # noqa: FBT001
) -> None:
    with worlds.world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        page = visitor.open(width=width, scripts=scripts)
        sign_in(site, page)
        volunteer = Volunteer(page, visitor, keys, look)

        volunteer.press("New campaign")
        volunteer.is_at("New campaign")
        volunteer.fill("The letter", LETTER)
        volunteer.fill("Title", "Cooler classrooms in Texas")
        volunteer.press("Save and go on")

        volunteer.is_at("Letter")
        expect(page.get_by_role("group", name="Sample letter")).to_contain_text("publish what you find")
        volunteer.press("Save and go on")

        volunteer.is_at("Details")
        volunteer.fill("One sentence", "Ask your superintendent for cooler classrooms.")
        volunteer.fill("Organization", "Parents of Texas")
        volunteer.fill("Email address for replies", "letters@parents.example")
        volunteer.choose("State", "Texas")
        volunteer.press("Save and go on")

        volunteer.is_at("Recipients")
        volunteer.upload("Or upload a file", "contacts.xlsx", workbook())
        volunteer.press("Look at these rows")
        volunteer.is_at("Which column is which?")
        volunteer.press("Take these rows")
        volunteer.is_at("Recipients")
        volunteer.fill("Email, row 2", "sasha@elmville.example")
        volunteer.press("Save and go on")

        volunteer.is_at("Preview")
        volunteer.press("Go on to publish")
        volunteer.is_at("Publish")
        volunteer.press("Publish")
        volunteer.is_at("Publish")

        links = page.get_by_role("region", name="People sign here").get_by_role("link").all()
        form, overview = (link.get_attribute("href") or "" for link in links)
        assert form.endswith(f"/campaigns/{CAMPAIGN}")
        assert overview == f"/organizer/dashboard/{CAMPAIGN}"
        assert (volunteer.clicks <= MOST_CLICKS, volunteer.fields <= MOST_FIELDS) == (True, True), volunteer
        published = catalog_of(world.stack).entry(CAMPAIGN)
        assert (published.campaign.region, published.campaign.time_zone) == ("TX", "America/Chicago")
        assert [target.email for target in Campaigns(world.stack.table).targets(CAMPAIGN)] == [
            "sasha@elmville.example",
            "robin@oakton.example",
        ]
