"""The snippets of *Publish*, pasted into a website: real pages of the form, in a frame on another site."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from werkzeug.wrappers import Response

from tests.support.served_world import served
from tests.support.world import ADA, CAMPAIGN, ROOT
from tests.support.world import world as make_world
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.pages.publish import published
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import FrameLocator, Locator, Page
    from werkzeug.wrappers import Request

    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

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
    head: str = ""

    def snippets(self, campaign: str = CAMPAIGN) -> Mapping[str, Any]:
        found = Campaigns(self.site.world.stack.table)
        return published(found.campaign(campaign), found.targets(campaign), self.site.address)

    def answer(self, _request: Request) -> Response:
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Host</title>{self.head}<style>{THEME}</style><main><h1>Trees</h1>{self.body}</main></html>"
        )
        return Response(page, mimetype="text/html")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Host]:
    service = HttpService("host", 0, tmp_path / "host.log")
    address = service.url.replace("127.0.0.1", "localhost")
    with make_world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
        for name in (CAMPAIGN, OTHER):
            campaign = replace(folder.campaign, id=name, allowed_origins=(address,))
            push(world.stack, replace(folder, campaign=campaign))
        made = Host(site, address)
        service.answer = made.answer
        service.start()
        yield made
        service.stop()


def width_of(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["width"]


def fill(page: Page | FrameLocator) -> None:
    for name, answer in ADA.items():
        if name not in {"region", "signature"}:
            page.locator(f"[name={name}]").fill(str(answer))


def background_of(frame: FrameLocator) -> str:
    expect(frame.locator("#form")).to_be_visible()
    return str(frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))


LIGHT, DARK = "rgb(255, 255, 255)", "rgb(35, 35, 35)"


@pytest.mark.parametrize("way", ["script", "frame"])
def test_an_embedded_form_is_light_on_a_dark_device_unless_the_page_says_otherwise(
    host: Host, visitor: Visitor, way: str
) -> None:
    snippets = host.snippets()
    host.body = snippets["script"] if way == "script" else snippets["frame"]

    page = visitor.open(host.url, dark=True)

    assert background_of(page.frame_locator("iframe")) == LIGHT
    visitor.assert_accessible(page)
    for theme, seen in (("dark", DARK), ("light", LIGHT), ("auto", DARK)):
        host.body = (
            snippets["script"].replace("-form ", f'-form data-theme="{theme}" ', 1)
            if way == "script"
            else snippets["frame"].replace("/embed", f"/embed?theme={theme}")
        )
        page.goto(host.url)
        assert background_of(page.frame_locator("iframe")) == seen, theme


@pytest.mark.parametrize(
    ("head", "on_light", "on_dark"),
    [
        ("<style>:root { color-scheme: light dark }</style>", LIGHT, DARK),
        ('<meta name="color-scheme" content="light dark">', LIGHT, DARK),
        ("<style>:root { color-scheme: dark }</style>", DARK, DARK),
        ("<style>:root { color-scheme: only light }</style>", LIGHT, LIGHT),
    ],
)
def test_the_scripts_form_has_the_color_scheme_of_the_page(
    host: Host, visitor: Visitor, head: str, on_light: str, on_dark: str
) -> None:
    host.head, host.body = head, host.snippets()["script"]

    for dark, seen in ((False, on_light), (True, on_dark)):
        page = visitor.open(host.url, dark=dark)
        assert background_of(page.frame_locator("iframe")) == seen


def test_our_own_page_follows_the_device(host: Host, visitor: Visitor) -> None:
    for dark, seen in ((False, "rgb(243, 244, 246)"), (True, "rgb(22, 22, 22)")):
        page = visitor.open(f"{host.site.address}/campaigns/{CAMPAIGN}", dark=dark)
        assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == seen


@pytest.mark.parametrize("scripts", [True, False])
def test_every_step_in_the_frame_stays_light_and_in_view(host: Host, visitor: Visitor, *, scripts: bool) -> None:
    visitor.expect("Blocked autofocusing")
    host.body = "<p>Before</p>" * 30 + host.snippets()["frame"]
    page = visitor.open(host.url, width=360, height=740, dark=True, scripts=scripts)
    frame = page.frame_locator("iframe")
    expect(frame.locator("#preview")).to_be_visible(visible=not scripts)

    frame.locator("#send").click()
    mistakes = frame.get_by_role("heading", name="There is a problem")
    expect(mistakes).to_be_in_viewport()
    assert background_of(frame) == LIGHT
    fill(frame)
    frame.locator("#send").click()

    thanks = frame.get_by_role("heading", name="Check your email")
    expect(thanks).to_be_in_viewport()
    assert frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == LIGHT


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scripts", [True, False])
def test_in_a_frame_of_fixed_height_nothing_is_cut_on_a_phone(
    host: Host, visitor: Visitor, language: str, *, scripts: bool
) -> None:
    host.body = host.snippets()["frame"].replace("/embed", f"/embed?lang={language}")
    page = visitor.open(host.url, width=360, scripts=scripts)
    frame = page.frame_locator("iframe")
    root = frame.locator("html")

    def hidden() -> tuple[int, int]:
        """Return how much wider and higher the form is than its frame."""
        return tuple(root.evaluate("it => [it.scrollWidth - innerWidth, it.scrollHeight - innerHeight]"))

    expect(frame.locator("#preview")).to_be_visible(visible=not scripts)
    assert page.locator("iframe").evaluate("it => it.clientWidth") == 328
    # Without scripts, the letter is not in a box of its own.
    assert hidden() == (0, 0) if scripts else hidden()[0] == 0
    root.evaluate("root => (root.style.fontSize = '200%')")
    assert hidden()[0] <= 0
    assert hidden()[1] > 0
    for part in ("h1", "footer p >> nth=-1"):
        frame.locator(part).scroll_into_view_if_needed()
        expect(frame.locator(part)).to_be_in_viewport(ratio=1)


def test_a_pasted_frame_has_the_width_and_place_that_a_theme_gives_to_blocks(host: Host, visitor: Visitor) -> None:
    host.body = host.snippets()["frame"]

    page = visitor.open(host.url)

    box = page.locator("iframe").bounding_box()
    assert box
    assert (box["width"], box["x"] + box["width"] / 2) == (645, 640)


def test_two_pasted_scripts_show_two_campaigns(host: Host, visitor: Visitor) -> None:
    host.body = host.snippets()["script"] + "<h2>And</h2>" + host.snippets(OTHER)["script"]

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
    host.body = host.snippets()["own_form"]

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
