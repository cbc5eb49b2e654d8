"""embed.js on another organization's website, and frame.js in the framed page: in a browser, on two sites."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from undersigned.web.assets import asset
from undersigned_cli.local.serving import HttpService, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Frame, Locator, Page

    from tests.chromium import Visitor
    from undersigned_cli.local.serving import Request

CAMPAIGN = "clean-water"
FORM = f"/campaigns/{CAMPAIGN}/embed"
COUNT = f"/campaigns/{CAMPAIGN}/count"

SCRIPT = f'<script src="{{api}}/embed.js" data-campaign="{CAMPAIGN}" async></script>'
LINK = f'<undersigned-form><a href="{{api}}/campaigns/{CAMPAIGN}">Sign our letter</a></undersigned-form>'
COUNTER = f'<undersigned-count data-campaign="{CAMPAIGN}">many</undersigned-count>'
COUNTER_SCRIPT = '<script src="{api}/embed.js" async></script>'
FAR_DOWN = '<link rel="stylesheet" href="/tall.css"><p class="tall">A long page</p>'

FRAMED = """<!doctype html><html lang="en" data-hosts="https://other.example {hosts}">
<title>Sign</title><script type="module" src="/frame.js"></script>
<body style="margin:0"><main><h1 style="margin:0;height:50px"{revealed}>The letter</h1>
<p style="margin:0;height:850px"><a href="#sign">Sign</a></p>
<form id="sign" method="post" style="height:100px"><input aria-label="Name"><button>Send</button></form>
</main>"""


@dataclass
class Sites:
    """A host, whose page has a strict policy and `body`, and the API on another site (`localhost`)."""

    api: str
    host: str
    body: str = LINK + SCRIPT
    allowed: str = ""
    frames: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=lambda: {"signatures": 1234, "goal": 2000})
    requests: list[str] = field(default_factory=list)

    def answer_host(self, request: Request) -> Response:
        if request.path == "/tall.css":
            return Response(200, (("Content-Type", "text/css"),), b".tall { height: 3000px }")
        policy = (
            f"default-src 'none'; script-src {self.api}/embed.js; frame-src {self.api} {self.frames}; "
            f"style-src 'self'; connect-src {self.api}"
        )
        page = (
            f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Host</title>'
            f"<main><h1>Water</h1>{self.body.replace('{api}', self.api)}</main></html>"
        )
        return Response(200, (("Content-Type", "text/html"), ("Content-Security-Policy", policy)), page.encode())

    def answer_api(self, request: Request) -> Response:
        self.requests.append(request.target)
        status = self.statuses.get(request.path, 200)
        if request.path in {"/embed.js", "/frame.js"}:
            return Response(status, (("Content-Type", "text/javascript"),), asset(request.path[1:]).content)
        if request.path == COUNT:
            headers = (("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"))
            return Response(status, headers, json.dumps(self.count).encode())
        if request.path == FORM:
            revealed = " data-reveal" if request.method == "POST" else ""
            page = FRAMED.format(hosts=self.allowed or self.host, revealed=revealed)
            return Response(status, (("Content-Type", "text/html"),), page.encode())
        return Response(204)


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    """Serve both sites."""
    api, host = (HttpService(name, 0, tmp_path / f"{name}.log") for name in ("api", "host"))
    made = Sites(f"http://localhost:{api.port}", host.url)
    api.answer, host.answer = made.answer_api, made.answer_host
    for service in (api, host):
        service.start()
    yield made
    for service in (api, host):
        service.stop()


def framed(page: Page) -> Frame:
    """Return the form's frame, once its page has loaded."""
    page.frame_locator("iframe").get_by_role("button", name="Send").wait_for(state="attached")
    return next(frame for frame in page.frames if FORM in frame.url)


def expect_height(page: Page, css_px: int) -> None:
    expect(page.locator("undersigned-form iframe").first).to_have_css("height", f"{css_px}px")


def expect_top(page: Page, css_px: int) -> None:
    """Wait until the frame's top edge is so many CSS pixels below the window's."""
    page.locator("undersigned-form iframe").evaluate(
        """(frame, wanted) => new Promise(done => {
            const look = () =>
                Math.round(frame.getBoundingClientRect().top) === wanted ? done() : requestAnimationFrame(look);
            look();
        })""",
        css_px,
    )


def post_message(frame: Frame, message: str) -> None:
    """Post a message from a frame to the page around it, and wait until the page has received it."""
    frame.evaluate(f"parent.postMessage({message}, '*')")
    frame.page.evaluate("new Promise(done => setTimeout(done, 30))")


# The form


def test_a_link_becomes_a_frame_as_high_as_its_page_under_a_strict_policy(visitor: Visitor, sites: Sites) -> None:
    page = visitor.open(sites.host)

    expect_height(page, 1000)
    expect(page.frame_locator("iframe").get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_role("link", name="Sign our letter")).to_be_hidden()
    assert page.locator("iframe").get_attribute("title") == "Sign our letter"
    visitor.assert_accessible(page)
    for paragraph, whole in ((950, 1100), (100, 250)):
        framed(page).evaluate(f"document.querySelector('p').style.height = '{paragraph}px'")
        expect_height(page, whole)


def test_without_an_element_the_script_puts_the_form_before_itself(visitor: Visitor, sites: Sites) -> None:
    sites.body = f"<p>Before</p>{SCRIPT}<p>After</p>"

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    assert page.evaluate("document.querySelector('main').innerText.split(/\\s+/)") == ["Water", "Before", "After"]
    assert page.locator("undersigned-form + script").count() == 1
    assert page.locator("iframe").get_attribute("title") == "Sign the letter"


def test_a_page_with_the_script_twice_and_the_element_below_has_one_form(visitor: Visitor, sites: Sites) -> None:
    sites.body = f"{SCRIPT}{SCRIPT}{'<p>Much text</p>' * 2000}{LINK}"

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    assert page.locator("undersigned-form").count() == 1


def test_the_elements_campaign_language_and_theme_override_the_scripts(visitor: Visitor, sites: Sites) -> None:
    attributes = f'data-campaign="{CAMPAIGN}" lang="es" data-source="flyer" data-theme="light"'
    sites.body = f"<undersigned-form {attributes}></undersigned-form>"
    sites.body += SCRIPT.replace(CAMPAIGN, 'another" data-theme="dark') + SCRIPT

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    assert page.locator("iframe").first.get_attribute("title") == "Firmar la carta"
    assert f"{FORM}?lang=es&source=flyer&theme=light" in sites.requests
    assert "/campaigns/another/embed?lang=&source=&theme=dark" in sites.requests
    assert FORM not in sites.requests


def test_a_form_far_down_the_page_is_ready_before_anyone_scrolls_there(visitor: Visitor, sites: Sites) -> None:
    sites.body = FAR_DOWN + LINK + SCRIPT

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    assert page.evaluate("scrollY") == 0


def test_the_host_can_move_and_remove_the_form(visitor: Visitor, sites: Sites) -> None:
    page = visitor.open(sites.host)
    expect_height(page, 1000)

    page.evaluate("document.body.append(document.querySelector('undersigned-form'))")
    framed(page).evaluate("document.querySelector('p').style.height = '100px'")
    expect_height(page, 250)
    page.evaluate("document.querySelector('undersigned-form').remove()")
    assert page.locator("iframe").count() == 0


def test_the_link_stays_when_the_script_fails(visitor: Visitor, sites: Sites) -> None:
    sites.statuses["/embed.js"] = 404
    visitor.expect("status 404")

    page = visitor.open(sites.host)

    expect(page.get_by_role("link", name="Sign our letter")).to_be_visible()
    assert page.locator("iframe").count() == 0


@pytest.mark.parametrize("failure", ["an error page", "no script in the frame", "a site that is not allowed"])
def test_the_link_stays_visible_until_the_framed_page_answers(visitor: Visitor, sites: Sites, failure: str) -> None:
    if failure == "a site that is not allowed":
        sites.allowed = f"{sites.host}0 {sites.host.replace('http:', 'https:')} *"
    else:
        sites.statuses["/frame.js"] = 503
        visitor.expect("status 503")

    page = visitor.open(sites.host)

    framed(page).wait_for_load_state("load")
    post_message(framed(page), "{}")
    expect(page.get_by_role("link", name="Sign our letter")).to_be_visible()
    expect(page.locator("iframe")).to_have_css("visibility", "hidden")
    expect_height(page, 0)


@pytest.mark.asvs("3.5.5")
def test_a_message_outside_the_protocol_changes_nothing(visitor: Visitor, sites: Sites) -> None:
    sites.body += FAR_DOWN
    page = visitor.open(sites.host, height=400)
    expect_height(page, 1000)

    for message in (
        "{undersigned: 1, height: '300'}",
        "{undersigned: 1, height: -1}",
        "{undersigned: 1, height: NaN}",
        "{undersigned: 1, height: Infinity}",
        "{undersigned: 1, height: 20001}",
        "{undersigned: 1, reveal: [900]}",
        "{undersigned: 2, height: 300, reveal: 900}",
        "{height: 300, reveal: 900}",
        "'undersigned'",
        "null",
    ):
        post_message(framed(page), message)

    expect_height(page, 1000)
    assert page.evaluate("scrollY") == 0


@pytest.mark.asvs("3.5.5")
def test_messages_from_another_window_or_origin_are_ignored(visitor: Visitor, sites: Sites) -> None:
    stranger = sites.api.replace("localhost", "127.0.0.1")
    sites.frames = stranger
    page = visitor.open(sites.host)
    expect_height(page, 1000)
    put = """([parent, address]) => new Promise(done => {
        const frame = parent ? document.querySelector(parent).frame : document.createElement("iframe");
        frame.addEventListener("load", done);
        frame.src = address;
        if (!parent) document.body.append(frame);
    })"""

    # The API's origin in another window, then another origin in the form's own window.
    for parent, origin in (("", sites.api), ("undersigned-form", stranger)):
        page.evaluate(put, [parent, f"{origin}{FORM}?{parent}other"])
        message = "{undersigned: 1, height: 300, reveal: 900}"
        post_message(next(frame for frame in page.frames if frame.url.endswith(f"?{parent}other")), message)

        expect_height(page, 1000)
        assert page.evaluate("scrollY") == 0


def test_the_framed_page_sends_nothing_to_a_site_that_is_not_allowed(visitor: Visitor, sites: Sites) -> None:
    sites.allowed = "https://www.example.org"
    page = visitor.open(sites.host)
    page.evaluate("self.received = []; addEventListener('message', event => received.push(event.data))")

    page.evaluate("document.querySelector('undersigned-form').frame.contentWindow.postMessage({undersigned: 1}, '*')")
    post_message(framed(page), "'the last message'")

    assert page.evaluate("received") == ["the last message"]


# Scrolling


def test_a_link_in_the_framed_page_scrolls_the_host_and_takes_no_focus(visitor: Visitor, sites: Sites) -> None:
    sites.body += FAR_DOWN
    page = visitor.open(sites.host, height=400)
    expect_height(page, 1000)

    framed(page).evaluate("document.querySelector('a').click()")

    expect_top(page, -900)
    assert page.evaluate("document.activeElement === document.body")


def test_the_next_page_scrolls_its_mark_below_the_hosts_header(visitor: Visitor, sites: Sites) -> None:
    sites.body = FAR_DOWN + LINK + SCRIPT + FAR_DOWN
    page = visitor.open(sites.host, height=400)
    expect_height(page, 1000)
    page.evaluate("document.documentElement.style.scrollPaddingTop = '60px'")

    framed(page).get_by_role("button", name="Send").click()

    expect_top(page, 60)


def test_a_mark_that_is_in_view_does_not_scroll(visitor: Visitor, sites: Sites) -> None:
    sites.body += FAR_DOWN
    page = visitor.open(sites.host, height=1300)
    expect_height(page, 1000)

    framed(page).get_by_role("button", name="Send").click()
    framed(page).wait_for_selector("[data-reveal]")
    post_message(framed(page), "{}")

    assert page.evaluate("scrollY") == 0


# The count


class Watch:
    """A page with counts. The test controls the page's clock, but not the network's time."""

    def __init__(self, visitor: Visitor, sites: Sites, body: str) -> None:
        sites.body = body + COUNTER_SCRIPT
        self._sites = sites
        self._polls = 0
        self.page = visitor.open()
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1)
        self.page.goto(sites.host)

    @property
    def counts(self) -> Locator:
        return self.page.locator("undersigned-count")

    def expect_poll(self, after: int = 0) -> None:
        """Expect one request for the count after so many seconds, and none before."""
        if after:
            self.expect_quiet(after - 1)
            self._pass(1000)
        self._polls += 1
        end = time.monotonic() + 5
        while self._polled < self._polls and time.monotonic() < end:
            self._pass(1)
        assert self._polled == self._polls

    def expect_quiet(self, seconds: int) -> None:
        self._pass(seconds * 1000)
        assert self._polled == self._polls

    def scroll(self, *, into_view: bool) -> None:
        """Scroll to the last count, or to the top, and wait until the browser has notified its observers."""
        self.counts.last.evaluate(
            """(count, wanted) => new Promise(done => {
                new IntersectionObserver(([entry]) => entry.isIntersecting === wanted && done()).observe(count);
                scrollTo(0, wanted ? 9999 : 0);
            })""",
            into_view,
        )

    def hide(self, *, hidden: bool) -> None:
        self.page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
            }""",
            hidden,
        )

    @property
    def _polled(self) -> int:
        return self._sites.requests.count(COUNT)

    def _pass(self, milliseconds: int) -> None:
        self.page.clock.run_for(milliseconds)
        self.page.wait_for_timeout(20)


def test_a_page_polls_its_count_once_and_less_often_while_nothing_changes(visitor: Visitor, sites: Sites) -> None:
    watch = Watch(visitor, sites, f"<p>{COUNTER}</p><p>{COUNTER}</p>")

    watch.expect_poll()
    expect(watch.counts).to_have_text(["1,234 of 2,000"] * 2)
    for pause in (15, 30, 60, 120, 240, 300, 300):
        watch.expect_poll(after=pause)
    sites.count["signatures"] = 1235
    watch.expect_poll(after=300)
    expect(watch.counts).to_have_text(["1,235 of 2,000"] * 2)
    # The page has been open for 1,366 seconds.
    watch.expect_poll(after=171)


def test_a_count_stays_through_errors_and_polls_less_often(visitor: Visitor, sites: Sites) -> None:
    sites.statuses[COUNT] = 503
    visitor.expect("status 503")
    watch = Watch(visitor, sites, COUNTER)

    watch.expect_poll()
    for pause in (15, 30):
        watch.expect_poll(after=pause)
    assert watch.counts.inner_text() == "many"
    sites.statuses.clear()
    watch.expect_poll(after=60)
    expect(watch.counts).to_have_text("1,234 of 2,000")
    watch.expect_poll(after=15)


def test_a_hidden_page_does_not_poll(visitor: Visitor, sites: Sites) -> None:
    watch = Watch(visitor, sites, COUNTER)
    watch.expect_poll()

    watch.hide(hidden=True)
    watch.expect_quiet(600)
    watch.hide(hidden=False)
    watch.expect_poll()
    watch.hide(hidden=True)
    watch.hide(hidden=False)
    watch.expect_poll(after=30)


def test_a_count_out_of_view_does_not_poll(visitor: Visitor, sites: Sites) -> None:
    watch = Watch(visitor, sites, FAR_DOWN + COUNTER)

    watch.expect_quiet(60)
    watch.scroll(into_view=True)
    watch.expect_poll()
    expect(watch.counts).to_have_text("1,234 of 2,000")
    watch.scroll(into_view=False)
    watch.expect_quiet(600)
    watch.scroll(into_view=True)
    watch.expect_poll()
    watch.counts.evaluate("count => count.remove()")
    watch.expect_quiet(600)


def test_a_count_is_in_the_language_around_it(visitor: Visitor, sites: Sites) -> None:
    languages = ("en", "es", "es-MX", "de", "no such_language")
    sites.body = "".join(f'<p lang="{language}">{COUNTER}</p>' for language in languages) + COUNTER_SCRIPT
    sites.count = {"signatures": 1234567, "goal": 2000000}

    page = visitor.open(sites.host)

    expect(page.locator("undersigned-count")).to_have_text(
        [
            "1,234,567 of 2,000,000",
            "1.234.567 de 2.000.000",
            "1,234,567 de 2,000,000",
            "1.234.567 / 2.000.000",
            "1,234,567 / 2,000,000",
        ]
    )
    assert page.get_by_role("progressbar").count() == 0


@pytest.mark.parametrize(
    ("signatures", "goal", "shown"), [(0, 2000, "0 of 2,000"), (7, 0, "7"), (2345, 2000, "2,345 of 2,000")]
)
def test_a_count_of_zero_without_a_goal_or_above_the_goal(
    visitor: Visitor, sites: Sites, signatures: int, goal: int, shown: str
) -> None:
    sites.body = COUNTER + COUNTER_SCRIPT
    sites.count = {"signatures": signatures, "goal": goal}

    page = visitor.open(sites.host)

    expect(page.locator("undersigned-count")).to_have_text(shown)


def test_the_progress_bar_is_named_by_the_count(visitor: Visitor, sites: Sites) -> None:
    sites.body = COUNTER.replace(">many", " data-progress>many") + COUNTER_SCRIPT

    page = visitor.open(sites.host)

    bar = page.get_by_role("progressbar", name="1,234 of 2,000", exact=True)
    assert bar.evaluate("bar => bar.position") == pytest.approx(1234 / 2000)
    visitor.assert_accessible(page)
