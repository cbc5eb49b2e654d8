"""The pages of a stack in memory, behind the local stack's own gateway, at an address that a browser can open."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.support.world import CAMPAIGN, PUBLIC_URL
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.people.routes.cookies import COOKIE
from undersigned_cli.local.gateway import Gateway
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.support.world import World


@dataclass
class Site:
    """A server. The stack's clock goes on between requests, which all come from the IP address `source`.

    `requests` are those that came here; what a browser's cache answers is not among them.
    """

    world: World
    service: HttpService
    source: str = "203.0.113.9"
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _answered_at: float = field(default_factory=time.monotonic)

    @property
    def address(self) -> str:
        return self.service.url

    def answer(self, function: str, event: Any) -> Any:
        headers, http = event["headers"], event["requestContext"]["http"]
        if headers.get("origin") == self.address:
            headers["origin"] = PUBLIC_URL
        headers["host"] = PUBLIC_URL.removeprefix("https://")
        http["sourceIp"] = self.source
        query = event["rawQueryString"]
        self.requests.append(f"{http['method']} {event['rawPath']}{'?' * bool(query)}{query}")
        with self.lock:
            self.world.clock.advance(seconds=time.monotonic() - self._answered_at)
            self._answered_at = time.monotonic()
            return self.world.answer(function, event)


@contextmanager
def served(world: World, folder: Path) -> Iterator[Site]:
    """Serve a stack's pages, with a log in the folder."""
    service = HttpService("pages", 0, folder / "pages.log")
    site = Site(world, service)
    service.answer = Gateway(site.answer, service.port, print).answer
    service.start()
    try:
        yield site
    finally:
        service.stop()


def sign_in(page: Page, token: str, campaign: str = CAMPAIGN) -> None:
    """Let a browser that is on one of the stack's pages have a session, and open a campaign's dashboard."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    # Chromium takes such a cookie only with an address of HTTPS, and sends it to this machine without.
    secure = origin.replace("http:", "https:")
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": secure, "secure": True}])
    page.goto(f"{origin}{dashboard_path(campaign)}")
    expect(page.locator("form[action='/organizer/sign-out']")).to_be_visible()
