"""embed.js on another organization's website, and frame.js in the framed page: in a browser, on two sites."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from werkzeug.wrappers import Response

from undersigned.base.assets import asset
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Frame, Locator, Page
    from werkzeug.wrappers import Request

    from tests.support.chromium import Visitor

CAMPAIGN = "clean-water"
OTHER = "clean-air"
FORM = f"/campaigns/{CAMPAIGN}/embed"
COUNT = f"/campaigns/{CAMPAIGN}/count"

SCRIPT = f'<script src="{{api}}/embed.js" data-campaign="{CAMPAIGN}" async></script>'
LINK = f'<undersigned-form><a href="{{api}}/campaigns/{CAMPAIGN}">Sign our letter</a></undersigned-form>'
COUNTER = f'<undersigned-count data-campaign="{CAMPAIGN}">many</undersigned-count>'
COUNTER_SCRIPT = '<script src="{api}/embed.js" async></script>'
FAR_DOWN = '<link rel="stylesheet" href="/style.css"><p class="tall">A long page</p>'
OPEN = {"Access-Control-Allow-Origin": "*"}

STYLE = """
.tall { height: 3000px }
.is-layout-constrained > :where(:not(.alignleft):not(.alignright):not(.alignfull)) {
    max-width: 645px; margin-left: auto !important; margin-right: auto !important
}
"""
"""The start of a long page, with the rule of WordPress's default theme that gives its width to everything in a page."""

EDITOR = """<!doctype html><html lang="en"><title>Editor</title><main><h1>Editor</h1>
<iframe title="Preview" sandbox="{sandbox}" style="width:600px;height:0" srcdoc="{page}"></iframe></main>
<script>addEventListener("message", ({{ data }}) => {{
    document.querySelector("iframe").style.height = data.wanted + "px";
}});</script></html>"""
PREVIEWED = """<!doctype html><html lang="en"><title>Preview</title><body style="margin:0;position:absolute;width:100%">
<div>{body}</div>
<script>
const size = () => parent.postMessage({{ wanted: document.body.getBoundingClientRect().height }}, "*");
new MutationObserver(size).observe(document.body, {{
    attributes: true, characterData: true, childList: true, subtree: true
}});
size();
</script></body></html>"""
"""An editor's preview of pasted HTML, as high as it was after the last change that the page around it can see."""

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
    scripts: str = ""
    sandbox: str = ""
    framed_by: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=lambda: {"signatures": 1234, "goal": 2000, "shows_goal": True})
    requests: list[str] = field(default_factory=list)

    def answer_host(self, request: Request) -> Response:
        if request.path == "/style.css":
            return Response(STYLE, mimetype="text/css")
        if request.path == "/copy-of-embed.js":
            return Response(asset("embed.js").content, mimetype="text/javascript")
        body = self.body.replace("{api}", self.api)
        if self.sandbox:
            page = EDITOR.format(sandbox=self.sandbox, page=escape(PREVIEWED.format(body=body)))
            return Response(page, mimetype="text/html")
        policy = (
            f"default-src 'none'; script-src {self.api}/embed.js {self.scripts}; "
            f"frame-src {self.frames or self.api}; style-src 'self'; connect-src {self.api}"
        )
        page = (
            f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Host</title>'
            f"<main><h1>Water</h1>{body}</main></html>"
        )
        return Response(page, headers={"Content-Security-Policy": policy}, mimetype="text/html")

    def answer_api(self, request: Request) -> Response:
        self.requests.append(request.environ["RAW_URI"])
        status = self.statuses.get(request.path, 200)
        if request.path in {"/embed.js", "/frame.js"}:
            return Response(asset(request.path[1:]).content, status, OPEN, mimetype="text/javascript")
        if request.path == COUNT:
            return Response(json.dumps(self.count), status, OPEN, mimetype="application/json")
        if request.path in {FORM, FORM.replace(CAMPAIGN, OTHER)}:
            revealed = " data-reveal data-sent" if request.method == "POST" else ""
            page = FRAMED.format(hosts=self.allowed or self.host, revealed=revealed)
            policy = f"frame-ancestors {self.framed_by or '*'}"
            return Response(page, status, {"Content-Security-Policy": policy}, mimetype="text/html")
        return Response(status=204)


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


@pytest.mark.parametrize("names_it", ["the element", "its link", "its link, below the scripts"])
def test_two_forms_on_one_page_are_of_two_campaigns(visitor: Visitor, sites: Sites, names_it: str) -> None:
    link = LINK if names_it != "the element" else LINK.replace("-form>", f'-form data-campaign="{CAMPAIGN}">', 1)
    snippets = (link + SCRIPT, (link + SCRIPT).replace(CAMPAIGN, OTHER))
    sites.body = "<p>And</p>".join(snippets)
    if names_it == "its link, below the scripts":
        sites.body = SCRIPT + SCRIPT.replace(CAMPAIGN, OTHER) + "<p>Much text</p>" * 2000 + link
        sites.body += "<p>Much text</p>" * 2000 + link.replace(CAMPAIGN, OTHER)

    page = visitor.open(sites.host)

    for form, campaign in enumerate((CAMPAIGN, OTHER)):
        frame = page.locator("undersigned-form").nth(form).locator("iframe")
        expect(frame).to_have_css("height", "1000px")
        assert f"/campaigns/{campaign}/embed?" in (frame.get_attribute("src") or "")
    assert page.locator("undersigned-form").count() == 2


@pytest.mark.parametrize("way", ["as a module", "in the page", "as a copy of the host"])
def test_a_form_whose_script_an_optimizer_changed_is_where_its_link_says(
    visitor: Visitor, sites: Sites, way: str
) -> None:
    script = {
        "as a module": SCRIPT.replace("<script", '<script type="module"'),
        "in the page": f"<script>{asset('embed.js').content.decode()}</script>",
        "as a copy of the host": SCRIPT.replace("{api}/embed.js", "/copy-of-embed.js"),
    }[way]
    sites.scripts = "'self' 'unsafe-inline'"
    counter = COUNTER.replace("many", f'<a href="{{api}}/campaigns/{CAMPAIGN}">many</a>')
    sites.body = LINK + counter + script + LINK.replace(CAMPAIGN, OTHER) + counter

    page = visitor.open(sites.host)

    for form in page.locator("undersigned-form iframe").all():
        expect(form).to_have_css("height", "1000px")
    assert page.locator("undersigned-form iframe").count() == 2
    # A count out of view neither asks nor changes. A form may push a count out of view before it has asked.
    for count in page.locator("undersigned-count").all():
        count.scroll_into_view_if_needed()
        expect(count).to_have_text("1,234 of 2,000")
    assert page.locator("undersigned-count").count() == 2


def test_without_an_element_a_module_puts_the_form_before_itself(visitor: Visitor, sites: Sites) -> None:
    sites.body = SCRIPT.replace("<script", '<script type="module"')

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    assert page.locator("undersigned-form + script").count() == 1


def test_the_form_has_the_width_that_a_theme_gives_to_blocks(visitor: Visitor, sites: Sites) -> None:
    sites.body = f'<link rel="stylesheet" href="/style.css"><div class="is-layout-constrained">{LINK}{SCRIPT}</div>'

    page = visitor.open(sites.host)

    expect_height(page, 1000)
    box = page.locator("undersigned-form iframe").bounding_box()
    assert box
    assert (box["width"], box["x"] + box["width"] / 2) == (645, 640)


def test_a_preview_in_an_editor_grows_with_the_form(visitor: Visitor, sites: Sites) -> None:
    sites.sandbox = "allow-scripts allow-same-origin"

    page = visitor.open(sites.host)

    expect(page.get_by_title("Preview")).to_have_css("height", "1000px")


def test_a_preview_in_an_editor_without_an_origin_says_that_the_form_is_elsewhere(
    visitor: Visitor, sites: Sites
) -> None:
    sites.sandbox, sites.framed_by = "allow-scripts", sites.host
    visitor.expect("frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")

    page = visitor.open(sites.host)

    preview = page.frame_locator("iframe")
    expect(preview.get_by_text("The form can’t be shown here. You can sign on the letter’s own page:")).to_be_visible()
    link = preview.get_by_role("link", name="Sign our letter")
    expect(link).to_be_in_viewport(ratio=1)


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


@pytest.mark.parametrize(
    "failure",
    ["no script in the frame", "a site that may not frame it", "a policy of the host"],
)
def test_a_sentence_and_the_link_stand_in_the_forms_place_when_the_frame_does_not_answer(
    visitor: Visitor, sites: Sites, failure: str
) -> None:
    match failure:
        case "no script in the frame":
            sites.statuses["/frame.js"] = 503
            visitor.expect("status 503")
        case "a site that may not frame it":
            sites.framed_by = "'none'"
            visitor.expect("frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")
        case _:
            sites.frames = "https://another.example"
            visitor.expect("frame-src|Framing")

    page = visitor.open(sites.host)

    link = page.get_by_role("link", name="Sign our letter")
    expect(link).to_be_visible()
    expect(page.locator("undersigned-form")).to_have_text(
        "The form can’t be shown here. You can sign on the letter’s own page: Sign our letter"
    )
    expect(link).to_be_visible()
    expect(page.locator("iframe")).to_have_css("visibility", "hidden")
    expect_height(page, 0)
    visitor.assert_accessible(page)


def test_on_a_website_that_the_campaign_does_not_list_the_frame_has_room_for_any_form(
    visitor: Visitor, sites: Sites
) -> None:
    sites.allowed = f"{sites.host}0 {sites.host.replace('http:', 'https:')} *"
    sites.body = FAR_DOWN + LINK + SCRIPT + FAR_DOWN
    page = visitor.open(sites.host, width=1280, height=400)
    page.evaluate("window.heard = []; addEventListener('message', ({ data }) => heard.push(JSON.stringify(data)))")

    expect_height(page, 2750)
    expect(page.get_by_role("link", name="Sign our letter")).to_be_hidden()
    framed(page).get_by_role("button", name="Send").click()

    # Its next page begins in view, and says no more about what the signer does.
    expect_top(page, 0)
    framed(page).wait_for_selector("[data-reveal][data-sent]")
    framed(page).evaluate("document.querySelector('p').style.height = '100px'")
    framed(page).evaluate("document.querySelector('a').click()")
    post_message(framed(page), "{}")
    assert set(page.evaluate("heard")) <= {'{"undersigned":1,"there":true}', "{}"}
    expect_height(page, 2750)


def test_the_sentence_is_in_the_pages_language_and_brings_a_link_if_the_element_has_none(
    visitor: Visitor, sites: Sites
) -> None:
    sites.framed_by = "'none'"
    visitor.expect("frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")
    sites.body = f'<div lang="es-MX"><undersigned-form></undersigned-form></div>{SCRIPT}'

    page = visitor.open(sites.host)

    expect(page.locator("undersigned-form")).to_have_text(
        "El formulario no se puede mostrar aquí. Puede firmar en la página de la carta: Firmar la carta"
    )
    link = page.get_by_role("link", name="Firmar la carta")
    assert link.get_attribute("href") == f"{sites.api}/campaigns/{CAMPAIGN}"


def test_a_form_that_answers_late_replaces_the_sentence(visitor: Visitor, sites: Sites) -> None:
    sites.statuses["/frame.js"] = 503
    visitor.expect("status 503")
    page = visitor.open(sites.host)
    expect(page.get_by_text("The form can’t be shown here.")).to_be_visible()

    post_message(framed(page), "{undersigned: 1, height: 300}")

    expect_height(page, 300)
    expect(page.locator("undersigned-form")).to_have_text("", use_inner_text=True)
    expect(page.get_by_role("link", name="Sign our letter")).to_be_hidden()


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
    sites.frames = f"{sites.api} {stranger}"
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


def test_the_framed_page_tells_a_site_that_is_not_listed_only_that_it_is_there(visitor: Visitor, sites: Sites) -> None:
    sites.allowed = "https://www.example.org"
    page = visitor.open(sites.host)
    page.evaluate("self.received = []; addEventListener('message', event => received.push(event.data))")

    page.evaluate("document.querySelector('undersigned-form').frame.contentWindow.postMessage({undersigned: 1}, '*')")
    post_message(framed(page), "'the last message'")

    assert page.evaluate("received") == [{"undersigned": 1, "there": True}, "the last message"]


HEARS = """self.heard = []; document.addEventListener("undersigned:signed", (event) =>
    heard.push([event.target.localName, event.detail ?? null, Object.keys(event)]))"""


def test_the_host_hears_once_that_the_form_was_sent_and_nothing_of_who_sent_it(visitor: Visitor, sites: Sites) -> None:
    page = visitor.open(sites.host)
    expect_height(page, 1000)
    page.evaluate(HEARS)

    for _ in range(2):
        framed(page).get_by_role("button", name="Send").click()
        framed(page).wait_for_selector("[data-sent]")
        # The page's policy refuses to poll in it.
        for _ in range(50):
            if page.evaluate("heard.length"):
                break
            page.wait_for_timeout(100)
        post_message(framed(page), "{undersigned: 1, signed: true, email: 'ada@signers.example'}")

    assert page.evaluate("heard") == [["undersigned-form", None, ["isTrusted"]]]


def test_nobody_else_says_that_the_form_was_sent(visitor: Visitor, sites: Sites) -> None:
    page = visitor.open(sites.host)
    expect_height(page, 1000)
    page.evaluate(HEARS)

    post_message(framed(page), "{undersigned: 1, signed: 'ada'}")
    post_message(page.main_frame, "{undersigned: 1, signed: true}")

    assert page.evaluate("heard") == []


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
    sites.count = {"signatures": 1234567, "goal": 2000000, "shows_goal": True}

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
    ("signatures", "shows_goal", "shown"), [(0, False, "0"), (199, False, "199"), (2345, True, "2,345 of 2,000")]
)
def test_a_count_before_the_goal_is_shown_and_above_it(
    visitor: Visitor, sites: Sites, signatures: int, *, shows_goal: bool, shown: str
) -> None:
    sites.body = COUNTER + COUNTER_SCRIPT
    sites.count = {"signatures": signatures, "goal": 2000, "shows_goal": shows_goal}

    page = visitor.open(sites.host)

    expect(page.locator("undersigned-count")).to_have_text(shown)


def test_the_progress_bar_is_named_by_the_count(visitor: Visitor, sites: Sites) -> None:
    sites.body = COUNTER.replace(">many", " data-progress>many") + COUNTER_SCRIPT

    page = visitor.open(sites.host)

    bar = page.get_by_role("progressbar", name="1,234 of 2,000", exact=True)
    assert bar.evaluate("bar => bar.position") == pytest.approx(1234 / 2000)
    visitor.assert_accessible(page)
