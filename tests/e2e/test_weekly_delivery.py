"""From the form to the delivery, on the real template: forms over HTTP, emails as SES accepted them, PDFs read back."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from pypdf import PdfReader

from tests.support.odd_requests import BODIES, PLACES
from tests.support.waiting import wait_for
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.counting.rules.tallies import counters_of, mark_of
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import KEY_WORKS_FOR, ApiKey, digest_of
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack
    from undersigned_cli.local.mail_store import StoredMail

CAMPAIGN = "end-demand-illinois"
TOWNS = {"evanston": "60201", "wilmette": "60091", "winnetka": "60093", "glencoe": "60022"}
UNUSUAL_NAMES = ("ليلى النموذج", "王样本", '<img src=x onerror=alert(1)>&{{7*7}}#import "x"', "Zoë Übergrößenträger")
MARKER = "Quetzalcoatl"


class NoRedirects(HTTPRedirectHandler):
    """Returns a redirect instead of following it."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Campaign:
    """The campaign on the stack. `letters` holds the paths of the confirmed letters' pages, by the signer's name."""

    stack: RunningStack
    opened: Stack
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
        """Confirm by the link in the email. Return the path of the letter's own page."""
        path = urlpath(self.mail_to(email), "confirm")
        assert "Confirm and send my letter" in self.request(path, accept="text/html").text
        return str(json.loads(self.request(path, {}).text)["links"]["letter"])

    def plan(self, at: datetime) -> list[dict[str, str]]:
        """Run the week, and return this campaign's deliveries: the stack also has those of other tests."""
        planned = self.stack.run_job("plan", at)["deliveries"]
        return [delivery for delivery in planned if delivery["campaign"] == CAMPAIGN]

    def count(self) -> int:
        return int(json.loads(self.request(f"/campaigns/{CAMPAIGN}/count").text)["signatures"])


def without_values(page: str) -> str:
    """Return the page after signing without what was typed, which it keeps for the way back to the form."""
    return re.sub(r'value="[^"]*"|<bdi>[^<]*</bdi>', "", page)


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


@pytest.fixture(scope="module")
def campaign(stack: RunningStack) -> Campaign:
    """Return the campaign after a week: 24 people signed, three of them twice; one withdrew; one more is pending."""
    made = Campaign(stack, DeployedStack(stack.outputs, stack.client).opened(), {})
    push(made.opened, campaign_folder.read(ROOT / "campaigns" / CAMPAIGN))
    people = {f"signer{number}@signers.example": f"Signer Number{number:02d}" for number in range(20)}
    people |= {f"unusual{number}@signers.example": name for number, name in enumerate(UNUSUAL_NAMES)}
    towns = list(TOWNS)
    for number, (email, name) in enumerate(people.items()):
        assert made.sign(name, email, towns[number % len(towns)]).status == 200
    for email in list(people)[:3]:
        assert made.sign(people[email], email, "evanston").status == 200
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


def test_each_confirmed_letter_is_on_exactly_one_page_and_no_other_letter(campaign: Campaign) -> None:
    pages = [page for mail in campaign.mails("delivery") for page in pages_of(parsed(mail))[2:]]
    assert len(pages) == len(campaign.letters) - 1
    for name in campaign.letters:
        if name.isascii():
            found = [page for page in pages if f"{name} 1 Sample Street" in page]
            assert len(found) == (0 if name == campaign.withdrawn else 1), name
    assert not any("Pending Person" in page for page in pages)


def test_names_of_other_scripts_and_hostile_names_are_in_the_packet_and_in_no_email(campaign: Campaign) -> None:
    mails = [parsed(mail) for mail in campaign.mails("delivery")]
    pages = [page for mail in mails for page in pages_of(mail)]
    for name in ("王样本", UNUSUAL_NAMES[2], UNUSUAL_NAMES[3]):
        assert any(name in page for page in pages), name
    # A right-to-left name is shaped, so its letters are read back in the order of the page.
    assert any("1 Sample Street" in page and re.search("[\u0600-\u06ff\ufe70-\ufeff]", page) for page in pages)
    assert not any(
        name in text_of(mail, kind) for name in UNUSUAL_NAMES for mail in mails for kind in ("plain", "html")
    )


def test_each_target_gets_one_email_however_often_the_week_runs(campaign: Campaign) -> None:
    now = datetime.now(UTC)
    assert campaign.plan(now) == []
    assert campaign.plan(now + timedelta(days=7)) == []
    assert sorted(mail.tags["target"] for mail in campaign.mails("delivery")) == sorted(TOWNS)


def test_the_counters_equal_the_rows(campaign: Campaign) -> None:
    rows = list(Signatures(campaign.opened.table).listed_signatures(CAMPAIGN))
    expected: dict[str, int] = {}
    for row in rows:
        for counter in counters_of(mark_of(row)):
            expected[counter] = expected.get(counter, 0) + 1
    kept = {name: count for name, count in Counters(campaign.opened.table).counts(CAMPAIGN).items() if count}
    assert kept == expected
    assert kept["TOTAL"] == len(campaign.letters) - 1


def test_the_letters_page_says_that_it_was_delivered(campaign: Campaign) -> None:
    path = campaign.letters["Signer Number01"]
    wait_for(lambda: "Delivered" in campaign.request(path, accept="text/html").text)
    assert "Withdraw my letter" not in campaign.request(path, accept="text/html").text
    assert "Too late to withdraw" in campaign.request(f"{path}/withdraw", {}, accept="text/html").text


def test_a_second_signature_gets_the_same_answer_and_another_email(campaign: Campaign) -> None:
    # The same words within minutes would be a retry of the first form.
    before = campaign.sign("Signer Number02", "signer2@signers.example", "evanston", address_line="2 Sample Street")
    fresh = campaign.sign("Fresh Person", "fresh@signers.example", "evanston")
    assert (before.status, without_values(before.text)) == (fresh.status, without_values(fresh.text))
    wait_for(lambda: campaign.mail_to("signer2@signers.example")["Subject"].startswith("You’ve already signed"))


def test_a_bounced_target_is_marked_and_the_signer_sees_it(campaign: Campaign) -> None:
    campaigns = Campaigns(campaign.opened.table)
    target = campaigns.target(CAMPAIGN, "skokie")
    assert target is not None
    campaigns.put_target(CAMPAIGN, replace(target, email="bounce@simulator.amazonses.com"))
    # The page below must not contain "Bounced" because of the signer's name.
    campaign.sign("Sam Standin", "sam@signers.example", "skokie", postal_code="60076")
    path = campaign.confirm("sam@signers.example")
    wait_for(lambda: campaign.plan(datetime.now(UTC)))
    wait_for(lambda: "Bounced" in campaign.request(path, accept="text/html").text)
    wait_for(lambda: (found := campaigns.target(CAMPAIGN, "skokie")) and found.mail_state == "bounced")


def test_a_throttled_email_is_sent_once(campaign: Campaign) -> None:
    control = f"{campaign.stack.environment['AWS_ENDPOINT_URL']}/_control"
    wanted = Request(control, json.dumps({"next": ["throttle", "throttle"]}).encode(), campaign.stack.key_header)  # noqa: S310
    build_opener().open(wanted, timeout=10).close()
    campaign.sign("Patient Person", "patient@signers.example", "glencoe")
    campaign.mail_to("patient@signers.example")
    # An email to a later signer is sent after every try of the earlier one.
    campaign.sign("Later Person", "later@signers.example", "glencoe")
    campaign.mail_to("later@signers.example")
    assert len([mail for mail in campaign.stack.mails() if mail.to == ("patient@signers.example",)]) == 1


def test_an_odd_request_is_a_clear_4xx(campaign: Campaign) -> None:
    types = {"application/json": "application/problem+json", "text/html": "text/html; charset=utf-8"}
    for odd, (accept, answered) in product((*BODIES, *PLACES), types.items()):
        headers = {name.replace("-", "_"): value for name, value in odd.headers.items()}
        answer = campaign.request(quote(odd.path, safe="/?=%&"), odd.body, accept=accept, **headers)
        assert (answer.status, answer.headers["Content-Type"]) == (odd.status, answered), (odd.what, answer.text)


def test_only_a_key_of_the_campaign_opens_its_counts(campaign: Campaign) -> None:
    path = f"/organizer/campaigns/{CAMPAIGN}/counts"
    now = datetime.now(UTC)
    key = ApiKey(CAMPAIGN, digest_of("us_example"), "counts", "", now, now + KEY_WORKS_FOR)
    ApiKeys(campaign.opened.table).put_api_key(key)
    counts = json.loads(campaign.request(path, Authorization="Bearer us_example").text)
    assert counts["counts"]["evanston"] >= 6
    assert counts["signatures"] == sum(counts["counts"].values())
    assert campaign.request(path, Authorization="Bearer nothing").status == 401


def test_nothing_personal_is_logged_anywhere(campaign: Campaign) -> None:
    values = {"note": f"{MARKER}'s own words", "address_line": f"7 {MARKER} Road", "locality": f"{MARKER} Town"}
    assert campaign.sign(f"{MARKER} Person", f"{MARKER}@signers.example", "evanston", **values).status == 200
    assert campaign.sign(f"{MARKER}\x00", f"{MARKER}@", "evanston", **values).status == 422
    mail = campaign.mail_to(f"{MARKER}@signers.example")
    assert MARKER in campaign.request(urlpath(mail, "confirm"), accept="text/html").text
    path = campaign.confirm(f"{MARKER}@signers.example")
    campaign.request(f"{path}/withdraw", {})
    rows = Signatures(campaign.opened.table).listed_signatures
    wait_for(lambda: all(row.tallied == mark_of(row) for row in rows(CAMPAIGN)))
    logs = campaign.stack.logs()
    assert "confirmation emails" in logs
    found = [line[:300] for line in logs.splitlines() if MARKER.lower() in line.lower()]
    assert found == []


@pytest.mark.nightly
def test_a_letter_that_is_erased_after_its_email_is_in_no_stored_packet(campaign: Campaign) -> None:
    """The packet is made again without it, a minute later."""
    erased, kept = "Signer Number00", "Signer Number04"
    s3, bucket = campaign.stack.client("s3"), campaign.opened.settings.packet_bucket

    def stored() -> str:
        """Return the text of all packets that are stored."""
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"packets/{CAMPAIGN}/").get("Contents", [])
        pdfs = [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed]
        return " ".join(page.extract_text() for pdf in pdfs for page in PdfReader(io.BytesIO(pdf)).pages)

    assert erased in stored()
    assert kept in stored()
    words = ["erase", CAMPAIGN, "--email", "signer0@signers.example", "--why", "They asked for it", "--yes"]
    result = campaign.stack.command(*words)
    assert result.exit_code == 0, result.exception or result.output
    assert erased not in stored()
    wait_for(lambda: kept in stored(), "the packet without the letter", 180)
    assert erased not in stored()
