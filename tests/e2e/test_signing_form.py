"""The form as people use it: with and without JavaScript, by keyboard, in two languages, and while bots sign."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.client import HTTPConnection
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.support import looks
from tests.support.waiting import wait_for
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import current_of
from undersigned.signing.rules.signatures import signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from playwright.sync_api import Dialog, Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack
    from undersigned.signing.rules.forms import FormOrLetter

"""Screenshots of the last run, for people to look at."""

HOSTILE = """<img src=x onerror=alert(1)><b>"'&{{ 7*7 }}</b>"""
HEBREW = "רות כהן"


@dataclass(frozen=True, slots=True)
class Campaigns:
    """A stack with two campaigns: an ordinary one, and one that has closed."""

    stack: RunningStack
    opened: Stack

    def form(self, campaign: str = "the-form", query: str = "") -> str:
        return f"{self.stack.public_url}/campaigns/{campaign}{query}"

    def mail(self, email: str) -> EmailMessage:
        """Wait for an email to an address, and return the last one."""
        raw = wait_for(lambda: [mail.raw for mail in self.stack.mails() if mail.to == (email,)], f"an email to {email}")
        return message_from_bytes(raw[-1], policy=policy.default)

    def link(self, email: str) -> str:
        found = re.search(r"https?://\S+/confirm/\S+", _text(self.mail(email)))
        assert found
        return found[0]

    def row(self, email: str) -> FormOrLetter | None:
        """Return the form of an address that waits for a confirmation, or else its letter."""
        signer = signer_id(self.opened.secret(), email)
        row = Signatures(self.opened.table).signature("the-form", signer)
        return current_of(Forms(self.opened.table).of_signer("the-form", signer), row, datetime.now(UTC))

    def packet(self, target: str) -> bytes:
        """Run a week, and return the packet of a target."""
        moment = datetime.now(UTC) + timedelta(days=next(_weeks) * 7)
        self.stack.run_job("plan", moment, "the-form")
        mails = wait_for(
            lambda: [
                mail
                for mail in self.stack.mails()
                if (mail.tags.get("campaign"), mail.tags.get("target")) == ("the-form", target)
            ],
            f"a packet for {target}",
        )
        message = message_from_bytes(mails[-1].raw, policy=policy.default)
        [pdf] = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
        payload = pdf.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload


_weeks = count(1)


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


@pytest.fixture(scope="module")
def campaigns(stack: RunningStack) -> Campaigns:
    opened = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    today = datetime.now(UTC).date()
    changes: dict[str, dict[str, Any]] = {
        "the-form": {"accent": "#7a2048"},
        "closed": {"closes": today - timedelta(days=2)},
    }
    for campaign, settings in changes.items():
        push(opened, replace(folder, campaign=replace(folder.campaign, id=campaign, **settings)))
    return Campaigns(stack, opened)


def fill(page: Page, email: str, **changes: str) -> None:
    answers = {
        "name": "Ada Specimen",
        "email": email,
        "address_line": "1 Sample Street",
        "locality": "Evanston",
        "postal_code": "60201",
        "signature": "Ada Specimen",
        **changes,
    }
    for name, answer in answers.items():
        page.locator(f"[name={name}]").fill(answer)


def send(page: Page) -> None:
    page.get_by_role("button", name="Sign the letter").click()


# Signing


@pytest.mark.parametrize("scripts", [True, False])
def test_a_letter_is_signed_and_confirmed(campaigns: Campaigns, visitor: Visitor, *, scripts: bool) -> None:
    email = f"whole-way-{scripts}@signers.example".lower()
    page = visitor.open(campaigns.form(), scripts=scripts)
    fill(page, email, postal_code="60203", note="My own words")
    if scripts:
        page.get_by_role("radio", name=re.compile("Skokie")).check()
    else:
        page.get_by_role("button", name="Preview my letter").click()
        expect(page.get_by_role("alert")).to_contain_text("60203 has more than one recipient")
        expect(page.locator("[name=email]")).to_have_value(email)
        page.get_by_role("radio", name=re.compile("Skokie")).check()
        page.get_by_role("button", name="Preview my letter").click()
    expect(page.locator("#letter")).to_contain_text("Blake Placeholder")
    expect(page.locator("#letter")).to_contain_text("My own words")
    send(page)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(campaigns.link(email))
    expect(page.get_by_text("My own words")).to_be_visible()
    page.get_by_role("button", name="Confirm and send my letter").click()
    expect(page.get_by_role("heading", name="Thank you: your letter is confirmed")).to_be_visible()
    assert re.search(r"\d+ (person has|people have) signed", page.locator("main").inner_text())
    page.get_by_role("link", name="your letter’s page").click()
    expect(page.get_by_text("with the next delivery")).to_be_visible()
    row = campaigns.row(email)
    assert row
    assert (row.status, row.target, row.words.note) == ("confirmed", "skokie", "My own words")


def test_a_letter_is_withdrawn_without_javascript(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form(), scripts=False)
    fill(page, "withdrawn@signers.example")
    send(page)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(campaigns.link("withdrawn@signers.example"))
    page.get_by_role("button", name="Confirm and send my letter").click()
    page.get_by_text("Withdraw my letter", exact=True).click()
    page.get_by_role("button", name="Yes, withdraw my letter").click()
    expect(page.get_by_text("Withdrawn")).to_be_visible()
    row = campaigns.row("withdrawn@signers.example")
    assert row
    assert row.status == "withdrawn"


def test_the_letter_shows_the_answers_and_the_recipient(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    letter = page.locator("#letter")
    expect(letter).to_contain_text("(name)")
    fill(page, "typing@signers.example")
    expect(letter).to_contain_text("Dear Police Chief Avery Sample")
    expect(letter).to_contain_text("1 Sample Street")
    expect(page.get_by_role("status").filter(has_text="Your letter goes to")).to_contain_text("Avery Sample")
    page.locator("[name=postal_code]").fill("60203")
    expect(page.get_by_role("radio", name=re.compile("Evanston|Skokie"))).to_have_count(2)
    page.get_by_role("radio", name=re.compile("Skokie")).check()
    expect(letter).to_contain_text("Blake Placeholder")
    page.locator("[name=postal_code]").fill("60201")
    expect(page.get_by_role("radio", name=re.compile("Evanston|Skokie"))).to_have_count(0)
    assert campaigns.row("typing@signers.example") is None


def test_every_mistake_is_in_the_summary_and_at_its_field(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    fill(page, "ada@", name="", postal_code="99999")
    send(page)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    links = summary.get_by_role("link")
    expect(links).to_have_count(3)
    for name in ("name", "email", "postal_code"):
        field = page.locator(f"[name={name}]")
        expect(field).to_have_attribute("aria-invalid", "true")
        said = page.locator(f"#{name}-error").inner_text().removeprefix("Error:").strip()
        link = links.filter(has_text=said)
        expect(link).to_have_count(1)
        link.click()
        expect(field).to_be_focused()
    expect(page.locator("[name=address_line]")).to_have_value("1 Sample Street")
    looks.take_picture(page, "form-with-mistakes")


def test_the_form_can_be_filled_in_and_sent_with_the_keyboard_alone(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    keyboard = page.keyboard
    answers = {
        "name": "Kim Keyboard",
        "email": "keyboard@signers.example",
        "address_line": "2 Sample Street",
        "locality": "Skokie",
        "postal_code": "60203",
        "signature": "Kim Keyboard",
    }
    seen: list[str] = []
    for _ in range(60):
        keyboard.press("Tab")
        name = str(page.evaluate("document.activeElement.name || document.activeElement.id || ''"))
        seen.append(name)
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", name
        if name in answers:
            keyboard.press("Control+a")
            keyboard.type(answers[name])
            if name == "postal_code":
                expect(page.get_by_role("radio", name=re.compile("Skokie"))).to_be_visible()
        elif name == "target":
            keyboard.press("ArrowDown")
        elif name == "updates":
            keyboard.press("Space")
        elif name == "send":
            keyboard.press("Enter")
            break
    assert "topic" not in seen
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    row = campaigns.row("keyboard@signers.example")
    assert row
    assert row.words.updates


def test_a_drawn_signature_is_in_the_packet(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    fill(page, "drawn@signers.example", postal_code="60022", locality="Glencoe")
    page.get_by_role("button", name="Draw your signature (optional)").click()
    pad = page.locator("canvas")
    expect(pad).to_be_visible()
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for stroke in ([(0.1, 0.8), (0.3, 0.2), (0.5, 0.8)], [(0.6, 0.5), (0.9, 0.5)], [(0.2, 0.9), (0.9, 0.9)]):
        (x, y), *rest = stroke
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=12)
        page.mouse.up()
    page.get_by_role("button", name="Undo last stroke").click()
    assert len(json.loads(page.locator("[name=drawing]").input_value())) == 2
    expect(page.locator("#letter svg[role=img]")).to_be_visible()
    looks.take_picture(page, "form-with-a-drawing")
    send(page)
    page.wait_for_url("**/signed*")
    page.goto(campaigns.link("drawn@signers.example"))
    page.get_by_role("button", name="Confirm and send my letter").click()
    expect(page.locator("svg[role=img]")).to_be_visible()
    reader = PdfReader(io.BytesIO(campaigns.packet("glencoe")))
    assert any("Ada Specimen" in words for words in alternatives_in(reader))


def alternatives_in(reader: PdfReader) -> list[str]:
    """Return the alternative texts of a PDF's figures."""
    found: list[str] = []

    def walk(reference: Any) -> None:
        node: Any = reference.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/Alt" in node:
                found.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    root: Any = reader.trailer["/Root"]
    walk(root["/StructTreeRoot"])
    return found


# Hostile input


@pytest.mark.asvs("3.2.2")
def test_hostile_text_is_shown_everywhere_as_it_was_typed(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    hostile = {"name": HOSTILE, "signature": HOSTILE, "note": f"{HOSTILE}\n{HEBREW}", "locality": HOSTILE}
    fill(page, "hostile@signers.example", postal_code="60035", address_line=HOSTILE, **hostile)
    expect(page.locator("#letter")).to_contain_text(HOSTILE)
    expect(page.locator("#letter img")).to_have_count(0)
    page.locator("[name=email]").fill("hostile@")
    send(page)
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("[name=name]")).to_have_value(HOSTILE)
    page.locator("[name=email]").fill("hostile@signers.example")
    send(page)
    page.wait_for_url("**/signed*")
    page.goto(campaigns.link("hostile@signers.example"))
    expect(page.locator(".letter")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Confirm and send my letter").click()
    expect(page.locator(".letter")).to_contain_text(HOSTILE)
    expect(page.locator("main img")).to_have_count(0)
    # A person who signs again gets an email that quotes the signed letter.
    again = visitor.open(campaigns.form())
    fill(again, "hostile@signers.example", postal_code="60035")
    send(again)
    wait_for(
        lambda: "already signed" in str(campaigns.mail("hostile@signers.example")["Subject"]),
        "the email that quotes the letter",
    )
    html = campaigns.mail("hostile@signers.example").get_body(("html",))
    assert html
    read = visitor.open()
    read.on("dialog", refuse)
    read.set_content(str(html.get_content()))
    expect(read.locator("body")).to_contain_text(HOSTILE)
    expect(read.locator("body img")).to_have_count(0)
    words = "".join(part.extract_text() for part in PdfReader(io.BytesIO(campaigns.packet("highland-park"))).pages)
    assert "onerror=alert(1)" in words.replace("\n", "").replace(" ", "")
    assert dialogs == []


def test_a_scanner_that_follows_every_link_in_the_email_changes_nothing(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    fill(page, "scanned@signers.example")
    send(page)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    mail = campaigns.mail("scanned@signers.example")
    html = mail.get_body(("html",))
    assert html
    before = campaigns.row("scanned@signers.example")
    links = set(re.findall(r"https?://[^\s\"<>]+", _text(mail) + str(html.get_content())))
    assert any("/confirm/" in link for link in links)
    for link in links:
        if link.startswith(campaigns.stack.public_url):
            page.goto(link)
    assert campaigns.row("scanned@signers.example") == before


# Bots


@contextmanager
def program(campaigns: Campaigns, address: str) -> Iterator[Callable[..., tuple[int, str]]]:
    """Yield a function that posts forms without a browser, from an IP address of its own."""
    place = urlsplit(campaigns.stack.public_url)
    assert place.hostname
    connections: list[HTTPConnection] = []

    def post(path: str, values: dict[str, str] | None = None) -> tuple[int, str]:
        connection = HTTPConnection(place.hostname or "", place.port, source_address=(address, 0), timeout=30)
        connections.append(connection)
        headers = {"Accept": "application/json" if values is None else "text/html"}
        body = None
        if values is not None:
            body, headers["Content-Type"] = urlencode(values), "application/x-www-form-urlencoded"
        connection.request("GET" if values is None else "POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    yield post
    for connection in connections:
        connection.close()


def bot_form(name: str, **changes: str) -> dict[str, str]:
    return {
        "name": name,
        "email": f"{name}@bots.example",
        "address_line": "1 Bot Street",
        "locality": "Evanston",
        "postal_code": "60201",
        "signature": name,
        **changes,
    }


@pytest.mark.nightly
def test_bots_are_quarantined_or_slowed_while_a_person_signs(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    path = "/campaigns/the-form"
    with program(campaigns, "127.0.0.2") as bot:
        opened = json.loads(bot(path)[1])
        # One bot brings no form token, another one fills in the hidden field.
        assert bot(f"{path}/signatures", bot_form("lazy"))[0] == 200
        assert bot(f"{path}/signatures", bot_form("trapped", form=opened["form"], topic="cheap pills"))[0] == 200
        # One sends more forms than the limit. If a new minute begins meanwhile, its count starts at zero.
        taken = 0
        while bot(f"{path}/signatures", bot_form(f"flood{taken}"))[0] != 429:
            taken += 1
            assert taken <= 2 * 100
    assert taken >= 90
    fill(page, "beside@signers.example")
    send(page)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    suspicions = {
        email: row.quarantine
        for email in (
            "lazy@bots.example",
            "trapped@bots.example",
            "beside@signers.example",
        )
        if (row := campaigns.row(email))
    }
    assert suspicions == {
        "lazy@bots.example": "no form",
        "trapped@bots.example": "trap",
        "beside@signers.example": None,
    }
    page.goto(campaigns.link("beside@signers.example"))
    page.get_by_role("button", name="Confirm and send my letter").click()
    expect(page.get_by_role("heading", name="Thank you: your letter is confirmed")).to_be_visible()


# Languages


def test_a_spanish_browser_gets_everything_in_spanish(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form(), locale="es-MX")
    assert page.locator("html").get_attribute("lang") == "es"
    fill(page, "lectora@")
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("Escriba un correo electrónico con el formato correcto")
    assert page.title().startswith("Error: ")
    page.locator("[name=email]").fill("lectora@signers.example")
    page.locator("#send").click()
    page.wait_for_url(re.compile(r"/signed"))
    assert page.locator("html").get_attribute("lang") == "es"
    mail = campaigns.mail("lectora@signers.example")
    assert "Confirme" in str(mail["Subject"])
    words = " ".join(_text(mail).split())
    assert re.search(r"\b(lunes|martes|miércoles|jueves|viernes|sábado|domingo), \d+ de \w+ de 20\d\d", words)
    page.goto(campaigns.link("lectora@signers.example"))
    assert page.locator("html").get_attribute("lang") == "es"
    # The Spanish letter was shown and preselected.
    assert page.locator(".letter").get_attribute("lang") == "es"


def test_a_link_switches_the_language(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form(), locale="es-MX")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("button", name="Sign the letter")).to_be_visible()
    page.get_by_role("link", name="Español").click()
    assert page.locator("html").get_attribute("lang") == "es"


# Appearance and privacy


IN_SCREENSHOTS = ((1280, False, "en-US"), (320, True, "en-US"), (320, False, "es-MX"))


@pytest.mark.parametrize(("width", "dark", "locale"), looks.looks(320, 1280, ("en-US", "es-MX")))
def test_every_page_and_state_is_accessible(
    campaigns: Campaigns, visitor: Visitor, width: int, locale: str, *, dark: bool
) -> None:
    look = f"{locale[:2]}-{width}-{'dark' if dark else 'light'}"
    email = f"{look}@signers.example".lower()
    page = visitor.open(campaigns.form(), width=width, dark=dark, locale=locale)

    def see(state: str) -> None:
        looks.see(visitor, page, f"{state}-{look}", keep=(width, dark, locale) in IN_SCREENSHOTS)

    see("form")
    fill(page, "ada@", postal_code="60203", name=HEBREW, signature=HEBREW, note="x" * 600)
    expect(page.get_by_role("radio", name=re.compile("Skokie"))).to_be_visible()
    page.locator("#drawing").click()
    expect(page.locator("canvas")).to_be_visible()
    see("form-filled")
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_be_focused()
    see("form-mistakes")
    fill(page, email, postal_code="60201", note="My own words", name=HEBREW, signature=HEBREW)
    page.locator("#send").click()
    page.wait_for_url(re.compile("/signed"))
    see("signed")
    page.goto(campaigns.link(email))
    see("confirm")
    page.locator("main form button").first.click()
    own_page = page.locator("a[href^='/letters/']")
    expect(own_page).to_be_visible()
    see("confirmed")
    own_page.click()
    page.wait_for_url(re.compile("/letters/"))
    for opened in page.locator("summary").all():
        opened.click()
    see("letter")
    page.locator("main form button").first.click()
    see("withdrawn")
    page.get_by_role("contentinfo").get_by_role(
        "link", name=re.compile("^Privacy notice$|^Aviso de privacidad$")
    ).click()
    page.wait_for_url(re.compile("/privacy"))
    see("privacy")
    page.goto(campaigns.form("closed"))
    see("closed")
    page.goto(f"{campaigns.stack.public_url}/confirm/forged")
    see("problem")


def test_text_at_200_percent_fits_the_window(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form(), width=640)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    looks.take_picture(page, "form-at-200-percent")


def test_a_printed_page_has_the_letter_but_not_its_button(campaigns: Campaigns, visitor: Visitor) -> None:
    page = visitor.open(campaigns.form())
    fill(page, "paper@signers.example")
    send(page)
    page.wait_for_url("**/signed*")
    page.goto(campaigns.link("paper@signers.example"))
    printed = page.pdf(path=looks.PICTURES / "letter-printed.pdf", format="Letter")
    words = " ".join(part.extract_text() for part in PdfReader(io.BytesIO(printed)).pages)
    assert "Dear Police Chief Avery Sample" in words
    assert "Confirm and send my letter" not in words


@pytest.mark.asvs("14.2.3", "14.3.3")
def test_the_page_makes_no_request_to_others_and_keeps_nothing_in_the_browser(
    campaigns: Campaigns, visitor: Visitor
) -> None:
    requests: list[str] = []
    page = visitor.open()
    page.on("request", lambda request: requests.append(request.url))
    page.goto(campaigns.form())
    assert not any("signature_pad" in url or "woff2" in url for url in requests)
    fill(page, "guest@signers.example")
    expect(page.locator("#letter")).to_contain_text("Avery Sample")
    assert any("woff2" in url for url in requests)
    page.locator("#drawing").click()
    expect(page.locator("canvas")).to_be_visible()
    assert any("signature_pad" in url for url in requests)
    assert {urlsplit(url).netloc for url in requests} == {urlsplit(campaigns.stack.public_url).netloc}
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("indexedDB.databases()") == []
