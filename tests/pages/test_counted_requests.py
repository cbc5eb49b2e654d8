"""A browser makes the requests that the benchmark `calls` counts for one signer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

from benchmarks.calls import REQUESTS
from tests.support.world import ADA, CAMPAIGN

if TYPE_CHECKING:
    from tests.support.chromium import Visitor
    from tests.support.served_world import Site


MOST = 6
"""How many requests one signer may make. A rush repeats each of them."""


def test_a_browser_makes_the_six_requests_that_are_counted(site: Site, visitor: Visitor) -> None:
    sign_and_confirm(site, visitor)
    asked = sorted(map(route_of, site.requests))
    assert asked == sorted(REQUESTS)
    assert len(asked) <= MOST


def route_of(request: str) -> str:
    """Return a request as the API's document has it, with the asset's name in place of its version."""
    path = urlsplit(request).path.replace(CAMPAIGN, "{campaign}")
    return re.sub(r"/confirm/[^/]+", "/confirm/{token}", re.sub(r"/assets/[0-9a-f]+/", "/assets/", path))


def sign_and_confirm(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}/campaigns/{CAMPAIGN}")
    for name in ("name", "email", "address_line", "locality", "postal_code", "signature"):
        page.locator(f"[name={name}]").press_sequentially(str(ADA[name]))
    expect(page.locator("#found")).to_contain_text("Evanston")
    page.get_by_role("button", name="Sign the letter").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible(timeout=15_000)
    with site.lock:
        site.world.run_stream()
    page.goto(f"{site.address}{site.world.sent[-1].link('confirm')}")
    page.get_by_role("button", name="Confirm and send my letter").click()
    expect(page.get_by_role("heading", name="Thank you: your letter is confirmed")).to_be_visible()
