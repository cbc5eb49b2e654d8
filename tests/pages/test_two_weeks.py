"""Two weeks of a campaign with one office by email and one by hand, run by somebody who follows what pages say.

Each step is found by its label, and each page from a link of the last one, or of the email that asked for it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.search.invariants import words_of
from tests.support.hours import at
from tests.support.looks import see
from tests.support.organizers import code_in
from tests.support.world import ADMINISTRATOR, CAMPAIGN, PUBLIC_URL

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site
    from tests.support.world import World

RECIPIENTS = (
    "Title\tName\tDepartment\tTown\tEmail\tZIP codes\tMailing address\n"
    "Police Chief\tRobin Sample\tOakton Police\tOakton\tchief@oakton.example\t60201\t\n"
    'Sheriff\tSasha Specimen\tElm County\tElmville\t\t60202\t"Elm County Sheriff\n1 Court Square\nElmville, IL 60202"\n'
)


def sign_in(site: Site, page: Page, address: str) -> None:
    """Open an address of the dashboard, and sign in by email if it asks."""
    page.goto(address.replace(PUBLIC_URL, site.address))
    page.get_by_label("Your email address").fill(ADMINISTRATOR)
    page.get_by_role("button", name="Email me").click()
    page.wait_for_url("**/organizer/sign-in/*")
    site.world.run_people_mails()
    page.get_by_label("The six digits from the email").fill(code_in(site.world.sent[-1]))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def publish_recipients(site: Site, page: Page) -> None:
    """Paste the recipients in place of those that the campaign has, and publish."""
    page.goto(f"{site.address}/organizer/dashboard/{CAMPAIGN}")
    page.get_by_role("link", name="Edit campaign").click()
    page.get_by_role("link", name="Recipients").first.click()
    page.get_by_label("Paste from a spreadsheet").fill(RECIPIENTS)
    page.get_by_label("These rows replace it").check()
    page.get_by_role("button", name="Look at these rows").click()
    page.get_by_role("button", name="Take these rows").click()
    expect(page.get_by_text("1 recipient has no email address: ")).to_be_visible()
    page.get_by_role("link", name="Publish").first.click()
    expect(page.get_by_text("1 recipient has no email address: ")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Everything is published.").or_(page.get_by_text("Published."))).to_be_visible()
    site.world.clock.advance(minutes=2)


def people_sign(world: World, week: int) -> None:
    for number, code in enumerate(("60201", "60202", "60202")):
        name = f"Person {week}{number}"
        world.confirmed(name=name, signature=name, email=f"p{week}{number}@signers.example", postal_code=code)


def hour(world: World) -> None:
    """Let the hourly run come, and all that it asks for; the mail server takes every email."""
    before = len(world.deliveries)
    world.run_jobs()
    world.run_queue()
    for sent in world.deliveries[before:]:
        world.feedback("delivery", sent)


def printed(site: Site, page: Page, label: str) -> bytes:
    """Return the file that a link of the page prints."""
    link = page.get_by_role("link", name=label, exact=True).get_attribute("href")
    answer = page.request.get(f"{site.address}{link}", max_redirects=0)
    assert answer.status == 302
    return site.world.stack.bucket.get(urlsplit(answer.headers["location"]).path.removeprefix("/"))


def people_in(*pdfs: bytes) -> Counter[str]:
    return Counter(name for pdf in pdfs for name in set(re.findall(r"Person [12][012]", words_of(pdf))))


def open_what_is_ready(site: Site, page: Page) -> None:
    """Follow the link of the email that says so, and the one that the overview has for the office."""
    told = site.world.mails("ready")[-1].text
    asked = re.search(r"Print the letters:\s+(\S+)", told)
    assert asked, told
    sign_in(site, page, asked[1])
    page.goto(asked[1].replace(PUBLIC_URL, site.address))
    page.get_by_role("link", name="Sheriff Sasha Specimen, Elmville: 2 letters").click()
    expect(page.get_by_role("heading", name="Ready to print", exact=True)).to_be_visible()


def what_the_signer_reads(site: Site, page: Page, email: str) -> str:
    world = site.world
    other = page.context.new_page()
    other.goto(f"{site.address}{world.own_page(email)}")
    words = " ".join(other.locator("main").inner_text().split())
    other.close()
    return words


def test_letters_go_by_email_and_by_hand_for_two_weeks(site: Site, visitor: Visitor) -> None:
    world, page = site.world, visitor.open()
    at(world, "2026-11-24T12:00")
    sign_in(site, page, f"{PUBLIC_URL}/organizer")
    publish_recipients(site, page)

    # The first week: print, hand over, and the people who signed can read it.
    people_sign(world, 1)
    at(world, "2026-11-30T09:05")
    hour(world)
    open_what_is_ready(site, page)
    assert "Being printed Your letter is in the delivery" in what_the_signer_reads(site, page, "p11@signers.example")
    first = printed(site, page, "Print the letters")
    assert words_of(first).count("1 Court Square") == 1
    page.get_by_label("Note").fill("left at the front desk, <b>Nov 30</b>")
    see(visitor, page, "two-weeks-ready")
    page.get_by_role("button", name="Handed over").click()
    expect(page.get_by_role("heading", name="Handed over", exact=True)).to_be_visible()
    expect(page.get_by_text("Note: left at the front desk, <b>Nov 30</b>")).to_be_visible()
    see(visitor, page, "two-weeks-handed-over")
    said = what_the_signer_reads(site, page, "p11@signers.example")
    assert "Handed over Your letter was handed over or mailed on paper on November 30, 2026, as" in said

    # The second week.
    people_sign(world, 2)
    at(world, "2026-12-07T09:05")
    hour(world)
    open_what_is_ready(site, page)
    second = printed(site, page, "Print the letters")
    page.get_by_role("button", name="Handed over").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("No problems")).to_be_visible()

    sent = [pdf for mail in world.deliveries for pdf in mail.pdfs]
    assert [mail.to for mail in world.deliveries] == ["chief@oakton.example"] * 2
    assert people_in(*sent) == {"Person 10": 1, "Person 20": 1}
    assert people_in(first, second) == {"Person 11": 1, "Person 12": 1, "Person 21": 1, "Person 22": 1}
