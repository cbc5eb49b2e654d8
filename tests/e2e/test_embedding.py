"""The form on another website, embedded in each way: in a browser, under the example website's strict policies."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect

from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.example_site import WAYS, example_site
from undersigned_cli.local.serving import HttpService
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import FrameLocator, Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack

    type Site = Callable[[str], str]
    type Form = Page | FrameLocator

CAMPAIGN = "on-other-websites"
ANYWHERE = "on-any-website"
FRAMED = ("/embed/script", "/embed/iframe")
NO_AUTOFOCUS = "Blocked autofocusing on a <.*> element in a cross-origin subframe"
"""Chromium logs this as an error. In a frame, our script moves the focus instead."""
OWN_FORMS = ("/embed/own-form", "/embed/fetch")


@pytest.fixture(scope="module")
def site(stack: RunningStack) -> Site:
    """Return the addresses of an organization's website, which its campaign allows."""
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    campaign = replace(folder.campaign, id=CAMPAIGN, allowed_origins=(stack.desk_url,), any_website=False)
    for one in (campaign, replace(campaign, id=ANYWHERE, any_website=True)):
        push(DeployedStack(stack.outputs, stack.client).opened(), replace(folder, campaign=one))
    return lambda path: f"{stack.desk_url}{path}?campaign={CAMPAIGN}"


@pytest.fixture(scope="module")
def other_site(stack: RunningStack, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the addresses of the same website on an origin that the campaign doesn't allow."""
    service = HttpService("another website", 0, tmp_path_factory.mktemp("other-site") / "http.log")
    service.answer = example_site(stack.public_url, service.url)
    service.start()
    yield lambda path: f"{service.url}{path}?campaign={CAMPAIGN}"
    service.stop()


def framed(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def fill(form: Form, email: str, postal_code: str = "60201") -> None:
    answers = {
        "name": "Ada Specimen",
        "email": email,
        "address_line": "1 Sample Street",
        "locality": "Evanston",
        "postal_code": postal_code,
    }
    for name, answer in answers.items():
        form.locator(f"[name={name}]").fill(answer)


def send(form: Form) -> None:
    form.get_by_role("button", name="Sign the letter").click()


def receives_email(stack: RunningStack, page: Page, email: str) -> bool:
    for _ in range(100):
        if any(mail.to == (email,) for mail in stack.mails()):
            return True
        page.wait_for_timeout(100)
    return False


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("path", FRAMED)
def test_a_letter_is_signed_in_a_frame(
    stack: RunningStack, site: Site, visitor: Visitor, path: str, *, scripts: bool
) -> None:
    email = f"{path[7:]}-{scripts}@signers.example".lower()
    page = visitor.open(site(path), scripts=scripts)
    form: Form = framed(page)
    if path == "/embed/script" and not scripts:
        page.get_by_role("link", name="Sign the letter").click()
        form = page
    else:
        visitor.expect(NO_AUTOFOCUS)

    fill(form, email)
    send(form)

    heading = form.get_by_role("heading", name="Check your email")
    expect(heading).to_be_visible()
    if scripts:
        expect(heading).to_be_focused()
    assert receives_email(stack, page, email)
    assert page.context.cookies() == []


@pytest.mark.parametrize("frame_scripts", [True, False])
def test_the_host_hears_that_a_letter_was_signed_alike_from_all_who_sign(
    stack: RunningStack, site: Site, visitor: Visitor, *, frame_scripts: bool
) -> None:
    visitor.expect(NO_AUTOFOCUS)
    heard = []
    for _ in range(2):
        page = visitor.open(site("/embed/script"))
        page.evaluate("""self.heard = [];
            addEventListener("undersigned:signed", (event) => heard.push([event.type, event.detail ?? null]))""")
        form = framed(page)
        fill(form, f"heard-{frame_scripts}@signers.example".lower())
        if frame_scripts:
            send(form)
        else:
            # As the form is sent without its script: the browser loads the page after signing.
            form.locator("form").evaluate("form => HTMLFormElement.prototype.submit.call(form)")
        expect(form.get_by_role("heading", name="Check your email")).to_be_visible()
        # The page's policy refuses to poll in it.
        for _ in range(50):
            if page.evaluate("heard.length"):
                break
            page.wait_for_timeout(100)
        # A reload of that page in the frame is no second signature.
        if frame_scripts:
            form.locator("html").evaluate("() => location.reload()")
            expect(form.get_by_role("heading", name="Check your email")).to_be_visible()
            page.wait_for_timeout(300)
        heard.append(page.evaluate("heard"))

    assert heard == [[["undersigned:signed", None]]] * 2
    assert receives_email(stack, page, f"heard-{frame_scripts}@signers.example".lower())


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("path", OWN_FORMS)
def test_an_organizations_own_form_leads_to_its_thank_you_page(
    stack: RunningStack, site: Site, visitor: Visitor, path: str, *, scripts: bool
) -> None:
    email = f"{path[7:]}-{scripts}@signers.example".lower()
    page = visitor.open(site(path), scripts=scripts)

    fill(page, email)
    send(page)

    page.wait_for_url(site("/thanks"))
    assert receives_email(stack, page, email)


def test_an_organizations_own_form_leads_to_its_mistakes_page_without_the_answers(site: Site, visitor: Visitor) -> None:
    page = visitor.open(site("/embed/own-form"))

    fill(page, "ada@signers.example", postal_code="00000")
    send(page)

    page.wait_for_url(f"{site('/mistakes')}&fields=postal_code")
    expect(page.get_by_text("your postal code", exact=True)).to_be_visible()
    page.go_back()
    expect(page.locator("[name=email]")).to_have_value("ada@signers.example")


def test_an_organizations_own_script_shows_mistakes_at_their_fields(
    stack: RunningStack, site: Site, visitor: Visitor
) -> None:
    page = visitor.open(site("/embed/fetch"))

    fill(page, "corrected@signers.example", postal_code="00000")
    send(page)

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("[name=postal_code]")).to_have_attribute("aria-invalid", "true")
    visitor.assert_accessible(page)
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("[name=postal_code]")).to_be_focused()
    # Two towns share this postal code.
    page.locator("[name=postal_code]").fill("60203")
    send(page)
    page.get_by_label("Who should get your letter?").select_option("skokie")
    send(page)
    page.wait_for_url(site("/thanks"))
    assert receives_email(stack, page, "corrected@signers.example")


@pytest.mark.parametrize("path", FRAMED)
def test_scripts_of_the_host_cannot_read_the_form(site: Site, visitor: Visitor, path: str) -> None:
    page = visitor.open(site(path))
    fill(framed(page), "ada@signers.example")

    frame = page.locator("iframe").element_handle()

    assert frame.evaluate("frame => frame.contentDocument") is None
    for reach in ("document", "name", "location.href"):
        with pytest.raises(Error, match="SecurityError"):
            frame.evaluate(f"frame => frame.contentWindow.{reach}")


def test_the_frame_is_as_high_as_its_page_and_named_by_the_link(site: Site, visitor: Visitor) -> None:
    page = visitor.open(site("/embed/script"), width=320)
    expect(framed(page).get_by_role("button", name="Sign the letter")).to_be_visible()

    expect(page.get_by_role("link", name="Sign the letter")).to_be_hidden()
    assert page.locator("iframe").get_attribute("title") == "Sign the letter"
    root = framed(page).locator("html")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator("iframe")).to_have_css("height", re.compile(r"\d{3,}px"))
        page.wait_for_timeout(200)
        assert root.evaluate("root => root.scrollHeight - innerHeight") == 0
        assert root.evaluate("root => root.scrollWidth - innerWidth") == 0


def test_mistakes_in_the_frame_scroll_into_view(site: Site, visitor: Visitor) -> None:
    visitor.expect(NO_AUTOFOCUS)
    page = visitor.open(site("/embed/script"), width=320, height=600)

    send(framed(page))

    summary = framed(page).get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()
    visitor.assert_accessible(page)


@pytest.mark.parametrize(("width", "dark"), [(320, True), (1280, False)])
@pytest.mark.parametrize("path", ["/", *(way.path for way in WAYS)])
def test_each_page_is_accessible_with_what_it_embeds(
    site: Site, visitor: Visitor, path: str, width: int, *, dark: bool
) -> None:
    page = visitor.open(site(path), width=width, dark=dark)
    if path in FRAMED:
        expect(framed(page).get_by_role("button", name="Sign the letter")).to_be_visible()

    visitor.assert_accessible(page)


def test_the_count_is_shown(site: Site, visitor: Visitor) -> None:
    page = visitor.open(site("/"))

    expect(page.locator("undersigned-count")).to_have_text(re.compile(r"^\d+$"))


def test_without_the_script_the_link_opens_the_letter(site: Site, visitor: Visitor) -> None:
    visitor.expect("embed.js")
    page = visitor.open()
    page.route("**/embed.js", lambda route: route.abort())

    page.goto(site("/embed/script"))

    page.get_by_role("link", name="Sign the letter").click()
    expect(page.get_by_label("Full name")).to_be_visible()


@pytest.mark.parametrize("path", FRAMED)
def test_people_sign_on_a_website_that_the_campaign_does_not_list(
    stack: RunningStack, other_site: Site, visitor: Visitor, path: str
) -> None:
    visitor.expect(NO_AUTOFOCUS)
    page = visitor.open(other_site(path).replace(CAMPAIGN, ANYWHERE))
    email = f"anywhere-{path[7:]}@signers.example"
    fill(framed(page), email)

    send(framed(page))

    expect(framed(page).get_by_role("heading", name="Check your email")).to_be_in_viewport()
    assert receives_email(stack, page, email)


def test_a_website_that_is_not_allowed_cannot_frame_the_form(other_site: Site, visitor: Visitor) -> None:
    visitor.expect("frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")
    page = visitor.open(other_site("/embed/iframe"))

    expect(framed(page).locator("form")).to_have_count(0)
    page.get_by_role("link", name="Open the letter on a page of its own").click()
    expect(page.get_by_label("Full name")).to_be_visible()


def test_on_a_website_that_is_not_allowed_the_link_stays(other_site: Site, visitor: Visitor) -> None:
    visitor.expect("frame-ancestors", "ERR_BLOCKED_BY_RESPONSE")
    page = visitor.open(other_site("/embed/script"))

    page.wait_for_timeout(500)
    page.get_by_role("link", name="Sign the letter").click()
    expect(page.get_by_label("Full name")).to_be_visible()


def test_a_website_that_is_not_allowed_cannot_send_its_own_form(
    stack: RunningStack, other_site: Site, visitor: Visitor
) -> None:
    visitor.expect("CORS", "net::ERR_FAILED")
    page = visitor.open(other_site("/embed/fetch"))

    fill(page, "other-site@signers.example")
    send(page)

    # The browser then sends the form as usual, and shows why it is refused.
    page.wait_for_url(f"{stack.public_url}/campaigns/{CAMPAIGN}/signatures")
    expect(page.get_by_role("heading", name="This website can’t send the form")).to_be_visible()
    assert not [mail for mail in stack.mails() if mail.to == ("other-site@signers.example",)]
