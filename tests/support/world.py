"""A stack in memory: the real handlers on moto, with a clock that the test advances."""

from __future__ import annotations

import base64
import html
import importlib
import json
import re
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import cache, cached_property
from io import BytesIO
from itertools import batched
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import pytest
from moto import mock_aws
from pypdf import PdfReader

from tests.support.memory import Memory, suppressed_reasons
from tests.support.openapi_document import breach_of
from undersigned.base.limits import Limits
from undersigned.base.mail_domains import MailDomains, NameNotFoundError, NoAnswerError
from undersigned.base.networks import window_of
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.campaigns.catalog import current_period, schedule_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rules.cadence import cadence_of, period_of
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.campaigns.rules.stops import mailbox_digest
from undersigned.delivering.printing import typesetter
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.plans import take_week
from undersigned.organizing.erasing import erase
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import ApiKey, digest_of
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.abuse_checks import FORM_WINDOW
from undersigned.signing.rules.forms import current_of
from undersigned.signing.rules.signatures import Signature, signer_id
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local import resources, template
from undersigned_cli.local.account import quicken
from undersigned_cli.local.driver import shard_of
from undersigned_cli.local.mail_events import event_of
from undersigned_cli.local.permissions import enforce
from undersigned_cli.local.sources import (
    QueueSource,
    StreamReader,
    StreamSource,
    as_lambda_does,
    failures_in,
    queue_source,
    schedule,
    sources,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from email.message import EmailMessage

    from undersigned.campaigns.rules.cadence import Cadence
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.rules.forms import Form, FormOrLetter
    from undersigned.workshop.campaigns import CompiledCampaign

quicken()

ROOT = Path(__file__).parents[2]
PICTURES = {"en": b"\x89PNG in English", "es": b"\x89PNG in Spanish"}
"""In place of the pictures that publishing a campaign draws, which takes time."""

CAMPAIGN = "end-demand-illinois"
FORM = f"/campaigns/{CAMPAIGN}"
DASHBOARD = dashboard_path(CAMPAIGN)
ADMINISTRATOR = "administrator@enddemand.example"
SENDER = "letters@enddemand.example"
PUBLIC_URL = "https://letters.example"
SITE = "https://www.enddemand.example"
"""The organizer's website."""

PERIOD = "2026-11-24"
"""The day on which a world begins."""

NOWHERE, SLOW = "nowhere.org", "slow.org"
"""A domain that doesn't exist, and one about which the DNS gives no answer. All others exist."""

ADA: dict[str, object] = {
    "name": "Ada Specimen",
    "email": "ada@signers.example",
    "address_line": "1 Sample Street",
    "locality": "Evanston",
    "region": "IL",
    "postal_code": "60201",
    "signature": "Ada Specimen",
}
"""The values of a form without mistakes."""


def load_event(name: str) -> Any:
    """Return one of the example events in `events/`."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))


class Clock:
    """A clock that stands still until a test advances it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Sent:
    """An email that SES accepted."""

    message_id: str
    to: str
    tags: dict[str, str]
    raw: bytes
    is_suppressed: bool = False
    """Whether SES dropped it, because the address is on the account's suppression list."""

    @cached_property
    def mail(self) -> EmailMessage:
        """Read it only for a test that looks into it."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.mail.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def pdfs(self) -> list[bytes]:
        return [part.get_payload(decode=True) for part in self.mail.iter_attachments()]  # type: ignore[misc]

    @property
    def printed(self) -> str:
        """Return the words of its files."""
        pages = (page for pdf in self.pdfs for page in PdfReader(BytesIO(pdf)).pages)
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    def link(self, kind: str) -> str:
        """Return the path of the email's link of this kind (`confirm`, `letters`, `packets`)."""
        found = re.search(rf"{re.escape(PUBLIC_URL)}(/{kind}/\S+)", self.text)
        assert found, f"no {kind} link in:\n{self.text}"
        return found[1]

    @property
    def copy(self) -> tuple[str, str]:
        """Return its text and HTML as organizers see them: without the links to its files and to the office's page."""
        said = "Only the recipient’s email has the links."
        text = re.sub(r"https://\S+/office/\S+", said, self.text.replace("\r\n", "\n"))
        html = re.sub(r"<p[^>]*><a[^>]*/office/[^<]*</a></p>", f"<p>{said}</p>", self.html.replace("\r\n", "\n"))
        text = re.sub(r"Download the letters?:\n.*?30 days\.\n\n", "", text, flags=re.DOTALL)
        return text, re.sub(r'<table [^>]*margin: 20px 0">.*?30 days\.</p>\n', "", html, flags=re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API. `content` is the body as bytes, as it is sent over the network."""

    status: int
    headers: dict[str, str]
    content: bytes
    cookies: tuple[str, ...] = ()

    @classmethod
    def of(cls, answered: Mapping[str, Any]) -> Answer:
        content = base64.b64decode(answered["body"]) if answered["isBase64Encoded"] else answered["body"].encode()
        headers = {name.lower(): str(value) for name, value in answered["headers"].items()}
        return cls(answered["statusCode"], headers, content, tuple(answered["cookies"]))

    @property
    def body(self) -> str:
        return self.content.decode()

    @property
    def words(self) -> str:
        """The text of the page, without its style and tags."""
        bare = re.sub(r"<style>.*?</style>|<[^>]*>", " ", self.body, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class NotRecordedError(Exception):
    """`record_feedback` failed, and SQS will deliver the event again."""


class Watch:
    """Observes each AWS call of a function (its logical id), and can raise an error in its place."""

    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        """Handle a call that is about to be made."""

    def after(self, function: str, operation: str) -> None:
        """Handle a call that took effect, before the function gets the answer."""

    def retries(self, function: str, operation: str) -> bool:
        """Return whether botocore makes the same call again, as it does when the answer was lost. By default not."""
        return False


class Started[Process](dict[str, Process]):
    """What functions have that run, by their names. A function starts when it is first asked for."""

    def __init__(self, start: Callable[[str], Process]) -> None:
        super().__init__()
        self._start = start

    def __missing__(self, function: str) -> Process:
        self[function] = process = self._start(function)
        return process


@dataclass
class World:
    """The stack.

    `queues` has the addresses of the queues that functions read, by their logical ids, `handlers` the functions, by
    their names, and `stacks` their stacks. `variables` replace environment
    variables of functions that start from now on, and `limits` are theirs. `calls` has the AWS calls so far. SES
    throttles the next `throttles` sends, and refuses sends with the error code `refusal` if that is set. `suppressed`
    has the addresses on the account's suppression list, each with the reason. `given_up` has the records of the stream
    that a reader has tried as often as it may.
    """

    clock: Clock
    stack: Stack
    handlers: Started[Callable[[Any, Any], Any]]
    queues: dict[str, str]
    stacks: Started[Stack]
    variables: dict[str, str] = field(repr=False)
    limits: Limits = field(repr=False)
    watch: Watch | None = None
    calls: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    throttles: int = 0
    refusal: str = ""
    suppressed: dict[str, str] = field(default_factory=dict)
    given_up: list[Any] = field(default_factory=list)
    memory: Memory | None = None
    sleep: Callable[[float], None] = lambda _seconds: None
    _read: int = 0
    _hidden: list[Any] = field(default_factory=list)

    @property
    def cadence(self) -> Cadence:
        """Return when the campaign's letters go out."""
        return cadence_of(Campaigns(self.stack.table).campaign(CAMPAIGN), schedule_of(self.stack))

    @property
    def period(self) -> str:
        """Return the period of a delivery of the campaign that begins now."""
        return current_period(self.stack, Campaigns(self.stack.table).campaign(CAMPAIGN))

    def restart(self, *functions: str) -> None:
        """End the processes of functions, by default of all: the next ones have nothing in memory."""
        for function in functions or FUNCTIONS:
            self.handlers.pop(function, None)
            self.stacks.pop(function, None)

    def limit(self, **smaller: int) -> None:
        """Let some of the stack's limits be smaller, also for the functions that run."""
        changed = vars(replace(self.limits, **smaller))
        for limits in (self.limits, *(stack.limits for stack in (self.stack, *self.stacks.values()))):
            vars(limits).update(changed)

    # Signers

    def request(
        self,
        method: str,
        path: str,
        values: object = None,
        *,
        as_json: bool = False,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        source: str = "203.0.113.7",
        cookies: Sequence[str] = (),
    ) -> Answer:
        """Send a request to the HTTP API from the IP address `source`."""
        event = load_event("public_api_get_campaign")
        parts = urlsplit(path)
        event["rawPath"] = event["requestContext"]["http"]["path"] = parts.path
        event["requestContext"]["http"] |= {"method": method, "sourceIp": source}
        event["routeKey"] = "ANY /{proxy+}"
        event["rawQueryString"] = parts.query
        event["queryStringParameters"] = dict(parse_qsl(parts.query, keep_blank_values=True))
        accept = "application/json" if as_json else "text/html,application/xhtml+xml,*/*;q=0.8"
        event["headers"] = {"accept": accept, "host": "letters.example"}
        if values is not None or raw is not None:
            media_type = "application/json" if as_json else "application/x-www-form-urlencoded"
            body = raw if raw is not None else json.dumps(values) if as_json else urlencode(dict(values))  # type: ignore[call-overload]
            event["headers"]["content-type"] = media_type
            event["isBase64Encoded"] = True
            event["body"] = base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode()
        event["headers"] |= dict(headers or {})
        event["cookies"] = list(cookies)
        return Answer.of(self.answer("OrganizerApi" if path.startswith("/organizer") else "PublicApi", event))

    def answer(self, function: str, event: Any) -> Any:
        """Return what an API function (its logical id) answers to a request. Its description must allow that."""
        answered = self.handlers[FOLDERS[function]](event, CONTEXT)
        # Lambda's runtime encodes answers as UTF-8 too, and fails if it can't.
        json.dumps(answered, ensure_ascii=False).encode()
        http, answer = event["requestContext"]["http"], Answer.of(answered)
        breach = breach_of(http["method"], http["path"], answer.status, answer.headers, answer.content)
        assert breach is None, breach
        return answered

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, values: object = None, **options: Any) -> Answer:
        return self.request("POST", path, values if values is not None or "raw" in options else {}, **options)

    def form(self, *, opened: float = 60) -> str:
        """Return the token of a form that was opened `opened` seconds ago."""
        issued_at = window_of(self.clock.now - timedelta(seconds=opened), FORM_WINDOW)
        return self.stack.links.sign("form", CAMPAIGN, issued_at=issued_at)

    def office_path(self, email: str, target: str = "evanston") -> str:
        """Return the path of the page of a target's office, as the link in an email to this address has it."""
        return f"/office/{self.stack.links.sign('office', CAMPAIGN, target, mailbox_digest(email))}"

    def typed(self, **changes: object) -> dict[str, object]:
        """Return what Ada sends in a new form, with some values changed."""
        return {**ADA, "form": self.form(), **changes}

    def sign(self, **changes: object) -> Answer:
        """Sign as Ada, with some values changed, in a new form."""
        return self.post(f"{FORM}/signatures", self.typed(**changes))

    def own_page(self, email: str = str(ADA["email"])) -> str:
        """Return the path of the page of a letter, as the links in its signer's emails have it."""
        return f"/letters/{self.stack.links.sign('letter', CAMPAIGN, self.signer(email))}"

    def press(self, path: str, values: object = None) -> Answer:
        """Post a form and follow its redirect."""
        answer = self.post(path, values)
        return self.get(answer.headers["location"]) if answer.status == 303 else answer

    def signed(self, **changes: object) -> Sent:
        """Sign; return the confirmation email."""
        assert self.sign(**changes).status == 200
        self.run_stream()
        return self.sent[-1]

    def confirmed(self, **changes: object) -> Sent:
        """Sign and confirm; return the confirmation email."""
        mail = self.signed(**changes)
        assert self.press(mail.link("confirm")).status == 200
        self.run_stream()
        return mail

    def letter(self, email: str = str(ADA["email"])) -> FormOrLetter | None:
        """Return the form of an address that waits for a confirmation, or else its letter."""
        signer = self.signer(email)
        row = Signatures(self.stack.table).signature(CAMPAIGN, signer)
        return current_of(Forms(self.stack.table).of_signer(CAMPAIGN, signer), row, self.clock.now)

    def forms(self) -> list[Form]:
        """Return the forms that can be confirmed, the newest first."""
        return [form for _, form in Forms(self.stack.table).listed(CAMPAIGN) if form]

    def row(self, email: str = str(ADA["email"])) -> FormOrLetter:
        """Return what `letter` does, which must be there."""
        found = self.letter(email)
        assert found
        return found

    def signature(self, email: str = str(ADA["email"])) -> Signature:
        """Return the letter of an address, which must be there."""
        found = self.letter(email)
        assert isinstance(found, Signature)
        return found

    def signer(self, email: str = str(ADA["email"])) -> str:
        """Return the id of whoever has an address."""
        return signer_id(self.stack.secret(), email)

    def erase(self, signer: str) -> str:
        """Erase a letter, and return the word of the notice."""
        return erase(self.stack, CAMPAIGN, signer, "they asked").word

    def counts(self) -> dict[str, int]:
        """Return the campaign's counters."""
        return Counters(self.stack.table).counts(CAMPAIGN)

    def items(self) -> list[Any]:
        """Return every item of the table."""
        pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=self.stack.settings.table_name)
        return [item for page in pages for item in page["Items"]]

    # Consumers

    def run_stream(self) -> list[Any]:
        """Pass new records to both readers of the stream until there are none, failed ones again; return all."""
        passed: list[Any] = []
        while records := self.new_records():
            passed += records
            for source in self.readers:
                reader = StreamReader(source)
                while batch := reader.batch(records):
                    self.given_up += reader.hand_over(batch, self.invoke)
            self.run_waiting_mails()
        return passed

    def new_records(self) -> list[Any]:
        """Return the stream's records since the last call, without those that every reader's filter excludes."""
        return [record for record in self.unfiltered_records() if any(each.wants(record) for each in self.readers)]

    def unfiltered_records(self) -> list[Any]:
        """Return the stream's records since the last call."""
        if self.memory:
            found = self.memory.records[self._read :]
        else:
            found = [read.record for read in shard_of(self.stack.settings.table_name)[self._read :]]
        self._read += len(found)
        return as_lambda_does(found)

    @cached_property
    def readers(self) -> list[StreamSource]:
        """The functions that read the stream, and their filters."""
        found = sources()
        return [each for each in found if isinstance(each, StreamSource)]

    # Organizers

    def change(self, **settings: Any) -> None:
        """Change the campaign's settings. A warm function reads them two minutes later."""
        campaign = Campaigns(self.stack.table).campaign(CAMPAIGN)
        assert campaign
        Campaigns(self.stack.table).put_campaign(replace(campaign, **settings))

    def change_and_wait(self, **settings: Any) -> None:
        """Change the campaign's settings, and wait until every function has read them."""
        self.change(**settings)
        self.clock.advance(minutes=2)

    def put_key(self, text: str, scope: Any, campaign: str = CAMPAIGN, expires_at: datetime | None = None) -> None:
        """Let this text be a key of a campaign."""
        made_at = datetime(2026, 1, 1, tzinfo=UTC)
        ends = expires_at or datetime(2099, 1, 1, tzinfo=UTC)
        ApiKeys(self.stack.table).put_api_key(ApiKey(campaign, digest_of(text), scope, "", made_at, ends))

    # The week

    def run_jobs(self) -> Any:
        """Run all jobs as the hourly schedule does."""
        return self._on_schedule("RunJobs")

    def run_job(self, job: str, **by_hand: str | None) -> Any:
        """Run one job as the hourly schedule does, or by hand with a `day`, and perhaps a `campaign`."""
        return self.handlers["run_jobs"]({"jobs": [job], **by_hand}, CONTEXT)[job]

    def day(self, days_ago: int = 0) -> str:
        """Return a day in the stack's time zone."""
        return period_of(self.clock.now - timedelta(days=days_ago), "America/Chicago")

    def plan(self, campaign: str | None = None, *, days_ago: int = 0) -> Any:
        """Plan today by hand, or an earlier day."""
        return self.run_job("plan", day=self.day(days_ago), campaign=campaign)

    def open(self, delivery: Delivery) -> None:
        """Open a delivery without a message, whether or not it is too soon."""
        free_from = Campaigns(self.stack.table).target(delivery.key.campaign, delivery.key.target).free_from
        Deliveries(self.stack.table).open(delivery, take_week(free_from, delivery.day))

    def rewrite(self, delivery: Delivery) -> None:
        """Write a delivery's row anew, in a state to which no event leads from the one before."""
        self.stack.table.delete(delivery.own_key())
        self.stack.table.put(delivery.item())

    def hour(self) -> list[Any]:
        """Run the hourly plan and all its deliveries."""
        self.run_job("plan")
        return self.run_queue()

    def run_queue(self) -> list[Any]:
        """Pass every visible message of the delivery queue to `deliver`, once; return the answers."""
        return self._run_queue("DeliveryQueue")

    def run_exports(self) -> list[Any]:
        """Pass every visible message of the export queue to `export_signatures`, once; return the answers."""
        return self._run_queue("ExportQueue")

    def run_waiting_mails(self) -> list[Any]:
        """Pass every waiting email to `send_confirmations`, once; return the answers.

        Those that the last call hid are tried again.
        """
        return self._run_queue("WaitingMails", again=self._hidden)

    def run_people_mails(self) -> list[Any]:
        """Pass every visible email to a person to `send_confirmations`, once; return the answers."""
        return self._run_queue("PeopleMails")

    def queue_postponed(self) -> None:
        """Run the schedule of the postponed emails."""
        self._on_schedule("SendConfirmations")

    def run_postponed(self) -> None:
        """Run the schedule of the postponed emails, and send those that it queues."""
        self.queue_postponed()
        self.run_waiting_mails()

    def _on_schedule(self, function: str) -> Any:
        return self.handlers[FOLDERS[function]](schedule(function).input, CONTEXT)

    def _run_queue(self, queue: str, again: list[Any] | None = None) -> list[Any]:
        url, source = self.queues[queue], queue_source(queue)
        messages = [*(again or ()), *self.receive(url)]
        if again:
            again.clear()
        answers = list[Any]()
        for batch in batched(messages, source.batch_size, strict=False):
            done = source.hand_over(batch, lambda function, event: self.invoke(function, event, answers))
            for message in done:
                client_of("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if again is not None:
                again += [message for message in batch if message not in done]
        return answers

    def invoke(self, function: str, event: Any, answers: list[Any] | None = None) -> frozenset[str]:
        """Hand an event to a function (its logical id), keep its answer, and return what failed."""
        answer = self.handlers[FOLDERS[function]](event, CONTEXT)
        if answers is not None:
            answers.append(answer)
        return failures_in(answer)

    @staticmethod
    def receive(queue_url: str) -> list[Any]:
        """Receive all visible messages of a queue."""
        sqs, messages = client_of("sqs"), list[Any]()
        while received := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
            "Messages"
        ):
            messages += received
        return messages

    def report(self, campaign: str | None = None) -> None:
        """Report on yesterday by hand."""
        self.run_job("report", day=self.day(days_ago=1), campaign=campaign)

    def begin_reconciling(self, campaign: str | None = None) -> None:
        self.run_job("reconcile", day=self.day(), campaign=campaign)

    def reconcile(self) -> None:
        """Run the daily reconciliation of all campaigns to its end."""
        self.begin_reconciling()
        while self.run_reconciliations():
            pass

    def run_reconciliations(self) -> list[Any]:
        """Pass every visible message of the reconciliation queue to `run_jobs`, once; return the answers."""
        return self._run_queue("ReconciliationQueue")

    def week(self) -> list[Any]:
        """Plan today by hand, and make all its deliveries."""
        self.plan()
        return self.run_queue()

    def feedback(
        self, case: str, sent: Sent, *, at: datetime | None = None, way: Literal["rule", "topic"] = "rule"
    ) -> None:
        """Pass SES's event about an email to `record_feedback`: `send`, `delivery`, `bounce` or `complaint`.

        Raises NotRecordedError if the function failed.
        """
        self.queue_feedback(case, sent, at=at, way=way)
        for answer in self._run_queue("FeedbackQueue"):
            if answer["batchItemFailures"]:
                raise NotRecordedError

    def queue_feedback(
        self, case: str, sent: Sent, *, at: datetime | None = None, way: Literal["rule", "topic"] = "rule"
    ) -> str:
        """Queue SES's event about an email, as it comes by the rule or by the topic; return the message's id.

        A bounce or a complaint puts the address on the suppression list.
        """
        if case in {"bounce", "complaint"}:
            self.suppressed[sent.to] = case.upper()
        event = event_of(case, sent.message_id, sent.to, sent.tags, at or self.clock.now)
        body = json.dumps(event if way == "rule" else event["detail"])
        if sent.tags["kind"] == "confirmation":
            body = _as_transformed(event["detail"])
        return str(client_of("sqs").send_message(QueueUrl=self.queues["FeedbackQueue"], MessageBody=body)["MessageId"])

    @property
    def deliveries(self) -> list[Sent]:
        return self.mails("delivery")

    def mails(self, kind: str) -> list[Sent]:
        """Return the emails of a kind that were sent: `confirmation`, `waiting`, `delivery`, `report`, `test`."""
        return [sent for sent in self.sent if sent.tags["kind"] == kind]


def _as_transformed(detail: Mapping[str, Any]) -> str:
    """Return what the template's rule passes on of an event about a confirmation email."""
    [target] = template.properties_of("ConfirmationFeedbackRule", resolved=False)["Targets"]
    transformer = target["InputTransformer"]
    text = str(transformer["InputTemplate"])
    for name, path in transformer["InputPathsMap"].items():
        value: Any = detail
        for part in path.removeprefix("$.detail.").split("."):
            value = value.get(part, "")
            if value == "":
                break
        text = text.replace(f"<{name}>", value if isinstance(value, str) else json.dumps(value))
    return text


CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    aws_request_id="00000000-0000-0000-0000-000000000000",
    get_remaining_time_in_millis=lambda: 900_000,
)

FUNCTIONS = {
    "public_api": "PublicApi",
    "organizer_api": "OrganizerApi",
    "send_confirmations": "SendConfirmations",
    "tally": "Tally",
    "run_jobs": "RunJobs",
    "deliver": "Deliver",
    "export_signatures": "ExportSignatures",
    "record_feedback": "RecordFeedback",
}
FOLDERS = {logical_id: folder for folder, logical_id in FUNCTIONS.items()}


@contextmanager
def world(
    monkeypatch: pytest.MonkeyPatch,
    *,
    bundle_size: int = 4,
    forms_a_minute: int = 10_000,
    empty: bool = False,
    fast: bool = False,
) -> Iterator[World]:
    """Make a stack that holds the shipped campaign, or an empty one. A `fast` one has no moto below it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # Packets of a world are small: what Typst remembers of them is no burden, and a help.
    monkeypatch.setattr(typesetter, "_COMPILATIONS_UNTIL_FORGOTTEN", 1)
    clock = Clock(datetime(2026, 11, 24, 18, 0, tzinfo=UTC))
    memory = Memory(clock) if fast else None
    with nullcontext() if memory else mock_aws():
        _memories.append(memory)
        new = _make(monkeypatch, clock, bundle_size, forms_a_minute)
        new.memory = memory
        if memory:
            memory.world, memory.sent_as = new, Sent
        _worlds.append(new)
        if memory and not empty:
            partitions, records, objects, indexes = _pushed()
            memory.partitions = {pk: dict(partition) for pk, partition in partitions.items()}
            memory.records, memory.objects, memory.indexes = list(records), dict(objects), deepcopy(indexes)
        elif not empty:
            push(new.stack, _shipped_campaign(), pictures=PICTURES)
        try:
            yield new
        finally:
            _worlds.remove(new)
            _memories.pop()


def files_of_campaign() -> dict[str, str]:
    """Return the texts of the shipped campaign's files, by name."""
    return {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "campaigns" / CAMPAIGN).iterdir()}


def publish_files(world: World, files: Mapping[str, str]) -> None:
    """Push the shipped campaign with some files replaced, and wait until warm functions have read it."""
    push(world.stack, compile_campaign(files_of_campaign() | dict(files)))
    world.clock.advance(minutes=2)


@cache
def _pushed() -> tuple[Any, ...]:
    """Return what is stored once the shipped campaign was pushed, which takes a third of the time to make a world."""
    with pytest.MonkeyPatch.context() as patch, world(patch, empty=True, fast=True) as made:
        assert made.memory
        push(made.stack, _shipped_campaign(), pictures=PICTURES)
        return made.memory.partitions, made.memory.records, made.memory.objects, made.memory.indexes


@cache
def _shipped_campaign() -> CompiledCampaign:
    return campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)


def _make(monkeypatch: pytest.MonkeyPatch, clock: Clock, bundle_size: int, forms_a_minute: int) -> World:
    queues = {
        each.queue: resources.make_queue(client_of("sqs"), each.queue)
        for each in sources()
        if isinstance(each, QueueSource)
    }
    known = {
        **queues,
        "ConfirmationsFailed": resources.make_queue(client_of("sqs"), "ConfirmationsFailed"),
        "Table": resources.make_table(client_of("dynamodb")),
        **{name: resources.make_bucket(client_of("s3"), name) for name in ("PacketBucket", "DraftBucket")},
        "Alarms": client_of("sns").create_topic(Name="Alarms")["TopicArn"],
        "Secret": _make_secret("Secret", "s" * 64),
        "OrganizersSecret": _make_secret("OrganizersSecret", "p" * 64),
        "AdminEmail": ADMINISTRATOR,
        "SenderAddress": SENDER,
        "PublicUrl": PUBLIC_URL,
    }
    variables = {
        "BUNDLE_SIZE": str(bundle_size),
        "FORMS_A_MINUTE": str(forms_a_minute),
        "ACCEPT_RESERVED_DOMAINS": "true",
        # A test's calls are made in order, unless it says otherwise.
        "MAILS_AT_ONCE": "1",
        "PLANS_AT_ONCE": "1",
    }
    ses = client_of("sesv2")
    ses.create_email_identity(EmailIdentity="enddemand.example")
    for name in ("MailConfiguration", "DeliveryMailConfiguration"):
        known[name] = name
        ses.create_configuration_set(ConfigurationSetName=name)

    def start(function: str) -> Stack:
        logical_id = FUNCTIONS[function]
        environment = template.environment_of(logical_id, known)
        environment |= {name: value for name, value in variables.items() if name in environment}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        clients, its_limits = _clients(logical_id), replace(limits)
        stack = Stack(Settings(environment), client=clients, clock=clock, sleep=_sleep, limits=its_limits)
        # No test asks the real DNS.
        accepts_reserved = environment.get("ACCEPT_RESERVED_DOMAINS", "true") == "true"
        stack.mail_domains = MailDomains(clock, accepts_reserved=accepts_reserved, look_up=_look_up)
        return stack

    stacks = Started(start)
    limits = Limits()

    # The whole stack, as the command line wires it.
    environments = [template.environment_of(function, known) for function in reversed(FUNCTIONS.values())]
    settings = Settings({name: value for each in environments for name, value in each.items()} | variables)
    return World(
        clock,
        Stack(settings, client=_clients(), clock=clock, sleep=lambda _seconds: None),
        handlers=Started(lambda function: _handler(function, stacks[function])),
        queues=queues,
        stacks=stacks,
        variables=variables,
        limits=limits,
    )


def _make_secret(logical_id: str, text: str) -> str:
    made = client_of("secretsmanager").create_secret(Name=f"undersigned-{logical_id}-1", SecretString=text)
    return str(made["ARN"])


def _look_up(domain: str) -> list[tuple[int, str]]:
    if domain == NOWHERE:
        raise NameNotFoundError
    if domain == SLOW:
        raise NoAnswerError
    return []


def _handler(function: str, stack: Stack) -> Callable[[Any, Any], Any]:
    module: Any = importlib.import_module(f"functions.{function}.app")
    made: Callable[[Any, Any], Any] = module.make_handler(stack)
    return made


_worlds: list[World] = []
"""The current world is the last one. Clients outlive it, because making one takes longer than most tests."""

_memories: list[Memory | None] = []
"""The memory of the current world, if it has no moto below it."""


def _sleep(seconds: float) -> None:
    _worlds[-1].sleep(seconds)


def _clients(function: str | None = None) -> Callable[..., Any]:
    """Return a maker of clients. Their calls are counted and, for a function, checked against its policy.

    SES throttles and refuses sends as the current world says.
    """
    return lambda service, **options: _client(service, function, **options)


def client_of(service: str) -> Any:
    """Return a client without a policy, for tests that look at the stack or act as AWS."""
    return _client(service, None)


def _client(service: Any, function: str | None, **options: Any) -> Any:
    memory = _memories[-1] if _memories else None
    return memory.client(service, function) if memory else _client_of_moto(service, function, **options)


@cache
def _client_of_moto(service: Any, function: str | None, **options: Any) -> Any:
    client = boto3.client(service, **options)
    client.meta.events.register("before-call", _count_call)
    if function is not None:
        # pytest.fail raises no exception that a handler would catch.
        enforce(client, function, pytest.fail)
    if service == "sqs":
        # moto would wait on the machine's clock, which a world's clock doesn't move. Our own memory waits for nothing.
        client.meta.events.register("before-parameter-build.sqs.SendMessage", _send_at_once)
    if service == "sesv2":
        _fake_ses(client)
    if function is not None:
        _notify_watch(client, function)
    return client


def _notify_watch(client: Any, function: str) -> None:
    """Tell the world's watch of a function's calls."""
    last: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        last["params"] = params

    def notify(call: Callable[[Watch, str], Any], operation: str) -> Any:
        watch = _worlds[-1].watch if _worlds else None
        return call(watch, operation) if watch else None

    def name_of(model: Any) -> str:
        return f"{model.service_model.service_name}:{model.name}"

    def retry(watch: Watch, operation: str) -> int | None:
        return 0 if watch.retries(function, operation) else None

    def before(model: Any, **_: Any) -> None:
        notify(lambda watch, operation: watch.before(function, operation, last["params"]), name_of(model))

    events = client.meta.events
    events.register("provide-client-params", keep)
    # Before the handlers of _fake_ses, which answer the call.
    for event in ("before-call.sesv2.SendEmail", "before-call.sesv2.GetAccount"):
        events.register_first(event, before)
    if client.meta.service_model.service_name != "sesv2":
        events.register("before-call", before)
    events.register("needs-retry", lambda operation, **_: notify(retry, name_of(operation)))
    events.register(
        "after-call",
        lambda model, **_: notify(lambda watch, operation: watch.after(function, operation), name_of(model)),
    )


def _count_call(model: Any, **_: Any) -> None:
    # There is no world yet while one is being made.
    if _worlds:
        _worlds[-1].calls.append(f"{model.service_model.service_name}:{model.name}")


def _send_at_once(params: dict[str, Any], **_: Any) -> None:
    params.pop("DelaySeconds", None)


def _fake_ses(ses: Any) -> None:
    requests: list[dict[str, Any]] = []
    ses.meta.events.register("before-parameter-build.sesv2.SendEmail", lambda params, **_: requests.append(params))

    def send(**_: Any) -> Any:
        current = _worlds[-1]
        if current.throttles:
            current.throttles -= 1
            return _refused(429, "TooManyRequestsException")
        return _refused(400, current.refusal) if current.refusal else None

    def keep(parsed: Any, **_: Any) -> None:
        if "MessageId" in parsed:
            params, current = requests[-1], _worlds[-1]
            [to] = params["Destination"]["ToAddresses"]
            reasons = suppressed_reasons(params["ConfigurationSetName"])
            current.sent.append(
                Sent(
                    parsed["MessageId"],
                    to,
                    {tag["Name"]: tag["Value"] for tag in params["EmailTags"]},
                    params["Content"]["Raw"]["Data"],
                    is_suppressed=current.suppressed.get(to) in reasons,
                )
            )

    ses.meta.events.register("before-call.sesv2.SendEmail", send)
    ses.meta.events.register("after-call.sesv2.SendEmail", keep)
    # moto lacks GetAccount.
    quota = {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 0.0}
    answer = {"SendQuota": quota, "ResponseMetadata": {"HTTPStatusCode": 200}}
    ses.meta.events.register("before-call.sesv2.GetAccount", lambda **_: (SimpleNamespace(status_code=200), answer))


def _refused(status: int, code: str) -> Any:
    error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return SimpleNamespace(status_code=status), error
