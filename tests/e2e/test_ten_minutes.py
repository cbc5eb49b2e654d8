"""From a paper letter to the first packets in a browser, without a terminal: five recipients, three signers."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.support.waiting import wait_for
from undersigned_cli.local.stack import ADMIN_EMAIL

if TYPE_CHECKING:
    from email.message import EmailMessage

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack

CAMPAIGN = "safe-ways-to-school"

STEPS, FIELDS = 12, 12
"""The clicks and fields of an organizer, from signing in to the published form. More would be a step back."""

PAPER = """Date: ____________

Dear Mayor ______________,

I live in ____________ and walk to school, to work and to the shops. I ask you to make our streets safe.

Please lower the speed limit near every school, and mend the crossings first.

Sincerely,

____________________
(signature)

Name: ____________________
Address: ____________________
City, State, Zip: ____________________
"""

BLANKS = ("date", "recipient's name", "your town", "your name", "your address", "your town")
"""What belongs in the blanks of the letter, in their order."""

SPREADSHEET = "\n".join(
    "\t".join(cells)
    for cells in (
        ("Title", "Name", "Department", "City", "E-mail", "Zip codes"),
        ("Mayor", "Robin Sample", "City of Oakton", "Oakton", "mayor@oakton.example", "60201 60202"),
        ("Mayor", "Sasha Specimen", "City of Elmville", "Elmville", "mayor(at)elmville.example", "60301"),
        ("Mayor", "Toni Standin", "City of Ashford", "Ashford", "mayor@ashford.example", "60401"),
        ("Mayor", "Uli Madeup", "", "Birchwood", "mayor@birchwood.example", "60501"),
        ("Mayor", "Vic Pretend", "City of Cedarton", "Cedarton", "mayor@cedarton.example", "60601"),
    )
)

SIGNERS = {
    "ada": ("Ada Example", "Oakton", "60201"),
    "bo": ("Bo Example", "Oakton", "60202"),
    "cy": ("Cy Example", "Elmville", "60301"),
}


@dataclass
class Counted:
    """A person's page, which counts what they press and fill in."""

    page: Page
    steps: int = 0
    fields: int = 0

    def press(self, name: str) -> None:
        self.steps += 1
        link, button = (self.page.get_by_role(role, name=name, exact=True) for role in ("link", "button"))
        # The page may still be on its way.
        expect(button.or_(link).first).to_be_visible()
        (button if button.count() else link).first.click()

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).first.fill(text)

    def choose(self, label: str, words: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).select_option(label=words)

    def is_at(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)


@dataclass
class Outbox:
    """The emails that the stack sent."""

    stack: RunningStack

    def mail(self, email: str, *, after: int = 0) -> EmailMessage:
        """Wait for the next email to an address after so many, and return the last one."""
        raw = wait_for(lambda: self.raw(email)[after:], f"an email to {email}")
        return message_from_bytes(raw[-1], policy=policy.default)

    def raw(self, email: str) -> list[bytes]:
        return [mail.raw for mail in self.stack.mails() if mail.to == (email,)]

    def link(self, email: str, kind: str, *, after: int = 0) -> str:
        part = self.mail(email, after=after).get_body(("plain",))
        found = re.search(rf"https?://\S+/{kind}/\S+", str(part.get_content()) if part else "")
        assert found
        return found[0]

    def packets(self, email: str) -> str:
        """Return the words of all packets that an office got, in one email."""
        mails = [mail.raw for mail in self.stack.mails() if mail.to == (email,)]
        assert len(mails) == 1
        parts = message_from_bytes(mails[0], policy=policy.default).walk()
        pdfs = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "application/pdf"]
        return "".join(
            page.extract_text() for pdf in pdfs if isinstance(pdf, bytes) for page in PdfReader(io.BytesIO(pdf)).pages
        )


@pytest.fixture
def outbox(stack: RunningStack) -> Outbox:
    return Outbox(stack)


def open_in_inbox(page: Page, stack: RunningStack, subject: str) -> None:
    """Open the administrator's newest email with this subject in the inbox, as soon as it is there."""
    page.goto(stack.inbox_url)
    sent = page.get_by_role("row").filter(has_text=ADMIN_EMAIL).get_by_role("link", name=subject)
    wait_for(lambda: sent.count() or (page.reload() and None), f"an email about “{subject}” in the inbox")
    sent.first.click()


def see_the_test_email(page: Page, stack: RunningStack) -> None:
    """Send a test email of the draft, and look at it in the inbox, as text and as HTML. Nobody must, to publish."""
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status")).to_have_text("The test email is on its way to you, and to nobody else.")
    inbox = page.context.new_page()
    open_in_inbox(inbox, stack, "[Test] 1 signed letter for Mayor Robin Sample")
    notice = "This is a test, and only you get this email. It shows the draft: nobody has signed this letter"
    shown = inbox.frame_locator("iframe").locator("body")
    text = " ".join(inbox.locator("pre").inner_text().split())
    expect(shown).to_contain_text("sends you 1 signed letter")
    for body in (text, " ".join(shown.inner_text().split())):
        assert body.startswith(notice)
        assert "lower the speed limit near every school" not in body
        assert "Alex Sample" not in body
    expect(inbox.get_by_role("listitem")).to_contain_text("application/pdf")
    inbox.close()


def publish_from_paper(organizer: Counted, outbox: Outbox, address: str) -> str:
    """Do what an organizer does, from signing in to the published form; return its address."""
    page = organizer.page
    # Sign in, with the code in the email, which the local stack's inbox shows.
    page.goto(address)
    organizer.fill("Your email address", ADMIN_EMAIL)
    # Other tests may have signed in as well.
    earlier = len(outbox.raw(ADMIN_EMAIL))
    organizer.press("Email me")
    outbox.mail(ADMIN_EMAIL, after=earlier)
    inbox = page.context.new_page()
    open_in_inbox(inbox, outbox.stack, "sign in")
    code = re.search(r"\b\d{6}\b", inbox.locator("pre").inner_text())
    inbox.close()
    assert code
    organizer.fill("The six digits from the email", code[0])
    organizer.press("Sign in")
    # Paste the paper letter, and say what belongs in its blanks.
    organizer.press("New campaign")
    organizer.fill("The letter", PAPER)
    organizer.fill("Title", "Safe ways to school")
    organizer.press("Save and go on")
    organizer.is_at("Letter")
    letter = page.get_by_label("What people sign", exact=True).input_value()
    for words in BLANKS:
        letter = letter.replace("[fill in]", f"[{words}]", 1)
    organizer.fill("What people sign", letter)
    organizer.press("Save and go on")
    # Say who asks for what.
    organizer.is_at("Details")
    organizer.fill("One sentence", "Ask your mayor for safe ways to school.")
    organizer.fill("Organization", "Walkers of Illinois (sample)")
    organizer.fill("Email address for replies", "letters@walkers.example")
    organizer.choose("State", "Illinois")
    organizer.press("Save and go on")
    # Paste five recipients, and correct two cells.
    organizer.is_at("Recipients")
    organizer.fill("Paste from a spreadsheet", SPREADSHEET)
    organizer.press("Look at these rows")
    organizer.press("Take these rows")
    expect(page.get_by_role("heading", name="What is left to do")).to_be_visible()
    page.get_by_role("link", name="Row 2, Email").first.click()
    organizer.steps += 1
    organizer.fill("Email, row 2", "mayor@elmville.example")
    organizer.fill("Department or school, row 4", "City of Birchwood")
    organizer.press("Save and go on")
    # Look at it, and publish.
    organizer.is_at("Preview")
    see_the_test_email(organizer.page, outbox.stack)
    organizer.press("Go on to publish")
    organizer.press("Publish")
    expect(page.get_by_role("status")).to_have_text("Published.")
    return page.locator("#form-address").inner_text()


def test_an_organizer_goes_from_a_paper_letter_to_packets_without_a_terminal(
    stack: RunningStack, outbox: Outbox, visitor: Visitor
) -> None:
    organizer = Counted(visitor.open())
    form = publish_from_paper(organizer, outbox, f"{stack.public_url}/organizer")
    assert (organizer.steps, organizer.fields) == (STEPS, FIELDS)
    # Three people sign and confirm.
    for mailbox, (name, town, code) in SIGNERS.items():
        page = visitor.open(form)
        answers = {"name": name, "email": f"{mailbox}@ten-minutes.example", "address_line": "1 Sample Street"}
        answers |= {"locality": town, "postal_code": code, "signature": name}
        for label, answer in answers.items():
            page.locator(f"[name={label}]").fill(answer)
        page.get_by_role("button", name="Sign the letter").click()
        # The email can be there before the answer.
        page.wait_for_url("**/signed")
        page.goto(outbox.link(answers["email"], "confirm"))
        page.get_by_role("button", name="Confirm").first.click()
        expect(page.locator("a[href^='/letters/']")).to_be_visible()
    # The week runs, twice; each letter is in one packet, once.
    for _ in range(2):
        stack.run_job("plan", datetime.now(UTC), CAMPAIGN)
    for office in ("mayor@oakton.example", "mayor@elmville.example"):
        outbox.mail(office)
    oakton, elmville = outbox.packets("mayor@oakton.example"), outbox.packets("mayor@elmville.example")
    assert (oakton.count("Name: Ada Example"), oakton.count("Name: Bo Example")) == (1, 1)
    assert (elmville.count("Name: Cy Example"), elmville.count("Name: Ada Example")) == (1, 0)
    assert "Dear Mayor Robin Sample" in oakton
    assert not [mail for mail in stack.mails() if mail.to == ("mayor@ashford.example",)]
