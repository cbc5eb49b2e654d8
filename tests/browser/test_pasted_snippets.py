"""What Publish hands out, pasted into a website: real pages of the form, in a frame on another site."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.served_world import served
from tests.world import ADA, CAMPAIGN, ROOT
from tests.world import world as make_world
from undersigned.web.workshop.publish import published
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.serving import HttpService, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.chromium import Visitor
    from tests.served_world import Site
    from undersigned.web.workshop.publish import Published
    from undersigned_cli.local.serving import Request

OTHER = "another-letter"

THEME = """body { margin: 0; font: 1rem/1.6 Georgia, serif; background: #fff; color: #111 }
main { padding: 1rem }
main > :where(*) { max-width: 645px; margin-inline: auto }"""


@dataclass
class Host:
    """A website with a theme, and `body` in its page. Two campaigns of `site` allow it."""

    site: Site
    url: str
    body: str = ""

    def snippets(self, campaign: str = CAMPAIGN) -> Published:
        return published(self.site.world.wiring.campaigns.campaign(campaign), self.site.address)

    def answer(self, _request: Request) -> Response:
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Host</title><style>{THEME}</style><main><h1>Trees</h1>{self.body}</main></html>"
        )
        return Response(200, (("Content-Type", "text/html"),), page.encode())


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Host]:
    service = HttpService("host", 0, tmp_path / "host.log")
    address = service.url.replace("127.0.0.1", "localhost")
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
        for name in (CAMPAIGN, OTHER):
            campaign = replace(folder.campaign, id=name, allowed_origins=(address,))
            push(replace(folder, campaign=campaign), world.wiring.campaigns)
        made = Host(site, address)
        service.answer = made.answer
        service.start()
        yield made
        service.stop()


def width_of(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["width"]


def fill(page: Page) -> None:
    for name, answer in ADA.items():
        if name != "region":
            page.locator(f"[name={name}]").fill(str(answer))


def test_two_pasted_scripts_show_two_campaigns(host: Host, visitor: Visitor) -> None:
    host.body = host.snippets().script + "<h2>And</h2>" + host.snippets(OTHER).script

    page = visitor.open(host.url)

    for form, campaign in enumerate((CAMPAIGN, OTHER)):
        frame = page.frame_locator("iframe").nth(form)
        expect(frame.locator("#form")).to_have_attribute("action", re.compile(f"^/campaigns/{campaign}/signatures"))
        assert width_of(page.locator("undersigned-form").nth(form)) == 645


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_a_pasted_own_form_is_readable_without_any_style_of_the_website(
    host: Host, visitor: Visitor, width: int, *, dark: bool
) -> None:
    host.body = host.snippets().own_form

    page = visitor.open(host.url, width=width, dark=dark)

    column = min(645, width - 32)
    fields = page.locator("form input:not([type=hidden])")
    for field in fields.all():
        box = field.bounding_box()
        assert box
        assert box["height"] >= 40
        assert column * 0.7 < box["width"] <= column
    assert page.evaluate("document.documentElement.scrollWidth") == width
    visitor.assert_accessible(page)
    fill(page)
    page.get_by_role("button", name="Sign the letter").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
