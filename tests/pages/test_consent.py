"""From the tick for news to the mailing list's files, and out of it again, as people press it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.exports import file_of, rows_of
from tests.support.looks import looks, see
from tests.support.organizers import begin_session
from tests.support.served_world import sign_in
from tests.support.world import ADA, CAMPAIGN, DASHBOARD, FORM
from undersigned.organizing.exporting import recent_exports

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site


def supporters(site: Site, page: Page, button: str) -> list[str]:
    """Press a button on the page of files, and return whom the file names."""
    page.locator(f"button[value={button}]").click()
    expect(page.locator("#live[data-live]")).to_be_visible()
    with site.lock:
        site.world.run_exports()
        newest = recent_exports(site.world.stack, CAMPAIGN)[0]
        return [row["email"] for row in rows_of(file_of(site.world, newest))]


@pytest.mark.parametrize(("width", "dark", "language"), looks(360, 1280, ("en", "es")))
def test_who_ticks_news_and_ends_it_leaves_one_file_for_the_other(
    site: Site, visitor: Visitor, width: int, language: str, *, dark: bool
) -> None:
    world, look = site.world, f"{language}-{width}-{'dark' if dark else 'light'}"
    signer = visitor.open(f"{site.address}{FORM}?lang={language}", width=width, dark=dark)
    for name, answer in {**ADA, "region": "IL"}.items():
        signer.locator(f"[name={name}]").fill(str(answer))
    signer.locator("[name=updates]").check()
    signer.locator("#send").click()
    signer.wait_for_url("**/signed*")
    with site.lock:
        world.run_stream()
    signer.goto(f"{site.address}{world.sent[-1].link('confirm')}")
    signer.locator("main form button").click()
    signer.locator("main a[href*='/letters/']").first.click()
    signer.locator("details:has(form[action$='/no-news']) summary").click()
    see(visitor, signer, f"consent-own-page-{look}")

    organizer = visitor.open(site.address, width=width, dark=dark)
    sign_in(organizer, begin_session(world.stack, "editor"))
    organizer.goto(f"{site.address}{DASHBOARD}/exports?lang={language}")
    assert (supporters(site, organizer, "agreed"), supporters(site, organizer, "ended")) == (
        [world.row().words.email],
        [],
    )

    signer.locator("form[action$='/no-news'] button").click()
    expect(signer.locator("form[action$='/no-news']")).to_have_count(0)
    see(visitor, signer, f"consent-ended-{look}")

    organizer.reload()
    organizer.locator("#new").select_option("yes")
    assert supporters(site, organizer, "agreed") == []
    assert supporters(site, organizer, "ended") == [world.row().words.email]
    organizer.reload()
    see(visitor, organizer, f"consent-files-{look}")
