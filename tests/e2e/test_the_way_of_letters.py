"""The whole way on the real template: forms over HTTP, mails as SES took them, PDFs read back by another library."""

from __future__ import annotations

import io
import json
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from pypdf import PdfReader

from undersigned.domain.api_keys import ApiKey, digest_of
from undersigned.domain.tallies import counters_of, mark_of
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.stack import PROJECT
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from undersigned.wiring import Wiring
    from undersigned_cli.local.mail_store import StoredMail
    from undersigned_cli.local.running import RunningStack

CAMPAIGN = "end-demand-illinois"
TOWNS = {"evanston": "60201", "wilmette": "60091", "winnetka": "60093", "glencoe": "60022"}
TELLING = ("ليلى النموذج", "王样本", '<img src=x onerror=alert(1)>&{{7*7}}#import "x"', "Zoë Übergrößenträger")
MARK = "Quetzalcoatl"


class NoRedirects(HTTPRedirectHandler):
    """Answers a redirect with itself."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Town:
    """The stack with people who sign: `letters` are the pages of confirmed letters by the signer's name."""

    stack: RunningStack
    wiring: Wiring
    letters: dict[str, str]
    withdrawn: str = ""

    def request(
        self,
        path: str,
        values: dict[str, str] | bytes | None = None,
        *,
        accept: str = "application/json",
        **headers: str,
    ) -> Answer:
        body = urlencode(values).encode() if isinstance(values, dict) else values
        wanted = {"Accept": accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = Request(self.stack.public_url + path, body, wanted)  # noqa: S310
        try:
            with build_opener(NoRedirects).open(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def sign(self, name: str, email: str, town: str, **more: str) -> Answer:
        values = {
            "name": name,
            "email": email,
            "address_line": "1 Sample Street",
            "locality": town.title(),
            "postal_code": TOWNS.get(town, ""),
            "signature": name,
        }
        return self.request(f"/campaigns/{CAMPAIGN}/signatures", values | more, accept="text/html")

    def mails(self, kind: str) -> list[StoredMail]:
        return [mail for mail in self.stack.mails() if is_of(mail, kind)]

    def mail_to(self, email: str) -> EmailMessage:
        return parsed(wait_for(lambda: [mail for mail in self.stack.mails() if mail.to == (email,)])[-1])

    def confirm(self, email: str) -> str:
        """Confirm by the link in the mail; return the letter's own page."""
        path = urlpath(self.mail_to(email), "confirm")
        assert "Confirm and send my letter" in self.request(path, accept="text/html").text
        return str(json.loads(self.request(path, {}).text)["links"]["letter"])

    def plan(self, at: datetime) -> list[dict[str, str]]:
        """Run the week; other tests' campaigns are in the stack, too."""
        planned = self.stack.invoke("PlanDeliveries", {"scheduled_time": at.isoformat()})["deliveries"]
        return [delivery for delivery in planned if delivery["campaign"] == CAMPAIGN]

    def count(self) -> int:
        return int(json.loads(self.request(f"/campaigns/{CAMPAIGN}/count").text)["signatures"])


def is_of(mail: StoredMail, kind: str) -> bool:
    return (mail.tags.get("kind"), mail.tags.get("campaign")) == (kind, CAMPAIGN)


def parsed(mail: StoredMail) -> EmailMessage:
    return message_from_bytes(mail.raw, policy=policy.default)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def urlpath(mail: EmailMessage, kind: str) -> str:
    found = re.search(rf"https?://[^/\s]+(/{kind}/\S+)", text_of(mail))
    assert found
    return found[1]


def pages_of(mail: EmailMessage) -> list[str]:
    return [
        " ".join(page.extract_text().split())
        for part in mail.iter_attachments()
        for page in PdfReader(io.BytesIO(part.get_payload(decode=True))).pages  # type: ignore[arg-type]
    ]


def wait_for[T](found: Callable[[], T], seconds: float = 90) -> T:
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.2)
    return result


@pytest.fixture(scope="module")
def town(stack: RunningStack) -> Town:
    """Give the stack after a week: 24 people signed, three of them twice, one took the letter back, one is pending."""
    made = Town(stack, Stack(stack.outputs, stack.client).wiring(), {})
    push(campaign_folder.read(PROJECT / "campaigns" / CAMPAIGN), made.wiring.campaigns)
    people = {f"signer{number}@signers.example": f"Signer Number{number:02d}" for number in range(20)}
    people |= {f"telling{number}@signers.example": name for number, name in enumerate(TELLING)}
    towns = list(TOWNS)
    for number, (email, name) in enumerate(people.items()):
        assert made.sign(name, email, towns[number % len(towns)]).status == 303
    for email in list(people)[:3]:
        assert made.sign(people[email], email, "evanston").status == 303
    made.sign("Pending Person", "pending@signers.example", "evanston")
    made.letters = {name: made.confirm(email) for email, name in people.items()}
    made.withdrawn = "Signer Number07"
    assert json.loads(made.request(f"{made.letters[made.withdrawn]}/withdraw", {}).text)["status"] == "withdrawn"
    wait_for(lambda: made.count() == len(people) - 1)
    now = datetime.now(UTC)
    assert sorted(delivery["target"] for delivery in made.plan(now)) == sorted(TOWNS)
    made.plan(now)
    wait_for(lambda: len(made.mails("delivery")) == len(TOWNS))
    return made


def test_each_confirmed_letter_is_on_exactly_one_page_and_no_other_is(town: Town) -> None:
    pages = [page for mail in town.mails("delivery") for page in pages_of(parsed(mail))[1:]]
    assert len(pages) == len(town.letters) - 1
    for name in town.letters:
        if name.isascii():
            found = [page for page in pages if f"{name} 1 Sample Street" in page]
            assert len(found) == (0 if name == town.withdrawn else 1), name
    assert not any("Pending Person" in page for page in pages)


def test_names_of_other_scripts_and_hostile_ones_stand_in_packet_and_mail(town: Town) -> None:
    mails = [parsed(mail) for mail in town.mails("delivery")]
    pages = [page for mail in mails for page in pages_of(mail)]
    for name in ("王样本", TELLING[2], TELLING[3]):
        assert any(name in page for page in pages), name
    # A right-to-left name is shaped, so its letters come back in the order of the page.
    assert any("1 Sample Street" in page and re.search("[\u0600-\u06ff\ufe70-\ufeff]", page) for page in pages)
    html = next(text_of(mail, "html") for mail in mails if "onerror" in text_of(mail))
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;{{7*7}}#import" in html


def test_one_mail_per_chief_however_often_the_week_runs(town: Town) -> None:
    now = datetime.now(UTC)
    assert town.plan(now) == []
    assert town.plan(now + timedelta(days=7)) == []
    assert sorted(mail.tags["target"] for mail in town.mails("delivery")) == sorted(TOWNS)


def test_the_count_equals_the_rows(town: Town) -> None:
    rows = list(town.wiring.signatures.listed_signatures(CAMPAIGN))
    truth: dict[str, int] = {}
    for row in rows:
        for counter in counters_of(mark_of(row)):
            truth[counter] = truth.get(counter, 0) + 1
    kept = {name: count for name, count in town.wiring.counts.counts(CAMPAIGN).items() if count}
    assert kept == truth
    assert kept["TOTAL"] == len(town.letters) - 1


def test_the_signers_page_says_that_the_letter_arrived(town: Town) -> None:
    path = town.letters["Signer Number01"]
    wait_for(lambda: "Delivered" in town.request(path, accept="text/html").text)
    assert "Withdraw my letter" not in town.request(path, accept="text/html").text
    assert "Too late to withdraw" in town.request(f"{path}/withdraw", {}, accept="text/html").text


def test_a_second_signature_gets_the_same_answer_and_another_mail(town: Town) -> None:
    before = town.sign("Signer Number02", "signer2@signers.example", "evanston")
    fresh = town.sign("Fresh Person", "fresh@signers.example", "evanston")
    assert (before.status, before.text) == (fresh.status, fresh.text)
    wait_for(lambda: town.mail_to("signer2@signers.example")["Subject"].startswith("You have signed already"))


def test_a_bounced_chief_is_held_and_the_signer_sees_it(town: Town) -> None:
    campaigns = town.wiring.campaigns
    chief = campaigns.target(CAMPAIGN, "skokie")
    assert chief is not None
    campaigns.put_target(CAMPAIGN, replace(chief, email="bounce@simulator.amazonses.com"))
    town.sign("Bounced Person", "bounced@signers.example", "skokie", postal_code="60076")
    path = town.confirm("bounced@signers.example")
    wait_for(lambda: town.plan(datetime.now(UTC)))
    wait_for(lambda: "Bounced" in town.request(path, accept="text/html").text)
    found = campaigns.target(CAMPAIGN, "skokie")
    assert found is not None
    assert found.mail_state == "bounced"


def test_throttled_mails_come_all_the_same_and_once(town: Town) -> None:
    control = f"{town.stack.environment['AWS_ENDPOINT_URL_SESV2']}/_control"
    build_opener().open(Request(control, json.dumps({"throttle_next": 2}).encode()), timeout=10).close()  # noqa: S310
    town.sign("Patient Person", "patient@signers.example", "glencoe")
    town.mail_to("patient@signers.example")
    # Whoever signs later is mailed after every try of the one before.
    town.sign("Later Person", "later@signers.example", "glencoe")
    town.mail_to("later@signers.example")
    assert len([mail for mail in town.stack.mails() if mail.to == ("patient@signers.example",)]) == 1


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        (f"/campaigns/{CAMPAIGN}/signatures", b"{", "application/json", 400),
        (f"/campaigns/{CAMPAIGN}/signatures", b'{"name": "\\ud800"}', "application/json", 422),
        (f"/campaigns/{CAMPAIGN}/signatures", b"x" * 1_000_000, "application/x-www-form-urlencoded", 413),
        (f"/campaigns/{CAMPAIGN}/signatures", b"name=%ff", "application/x-www-form-urlencoded", 400),
        (f"/campaigns/{CAMPAIGN}/signatures", b"<a/>", "text/xml", 415),
        ("/campaigns/nothing/signatures", b"name=x", "application/x-www-form-urlencoded", 404),
        ("/confirm/forged", b"", "application/x-www-form-urlencoded", 404),
        ("/letters/forged/withdraw", b"", "application/x-www-form-urlencoded", 404),
        ("/packets/forged", None, "", 404),
        ("/nothing/here", None, "", 404),
    ],
)
def test_bad_input_is_a_clear_4xx(town: Town, path: str, body: bytes | None, content_type: str, status: int) -> None:
    for accept in ("application/json", "text/html"):
        answer = town.request(path, body, accept=accept, Content_Type=content_type)
        assert answer.status == status, answer.text
        wanted = "application/problem+json" if accept == "application/json" else "text/html; charset=utf-8"
        assert answer.headers["Content-Type"] == wanted


def test_a_key_opens_the_counts_of_its_campaign_and_no_other_does(town: Town) -> None:
    path = f"/organizer/campaigns/{CAMPAIGN}/counts"
    town.wiring.api_keys.put_api_key(ApiKey(CAMPAIGN, digest_of("us_example"), "read", "", datetime.now(UTC)))
    counts = json.loads(town.request(path, Authorization="Bearer us_example").text)
    assert counts["counts"]["evanston"] >= 6
    assert counts["signatures"] == sum(counts["counts"].values())
    assert town.request(path, Authorization="Bearer nothing").status == 401


def test_nothing_personal_is_logged_anywhere(town: Town) -> None:
    values = {"note": f"{MARK}'s own words", "address_line": f"7 {MARK} Road", "locality": f"{MARK} Town"}
    assert town.sign(f"{MARK} Person", f"{MARK}@signers.example", "evanston", **values).status == 303
    assert town.sign(f"{MARK}\x00", f"{MARK}@", "evanston", **values).status == 422
    mail = town.mail_to(f"{MARK}@signers.example")
    assert MARK in town.request(urlpath(mail, "confirm"), accept="text/html").text
    path = town.confirm(f"{MARK}@signers.example")
    town.request(f"{path}/withdraw", {})
    rows = town.wiring.signatures.listed_signatures
    wait_for(lambda: all(row.tallied == mark_of(row) for row in rows(CAMPAIGN)))
    logs = town.stack.logs()
    assert "confirmation email" in logs
    found = [line[:300] for line in logs.splitlines() if MARK.lower() in line.lower()]
    assert found == []
