"""Dead letters: messages that functions gave up. Tell whether each still makes sense, and put it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.feedback import ConfirmationReport, read_feedback_message
from undersigned.delivering.queue import DraftTest, read_message
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.organizing.queues import (
    read_export_message,
    read_reconciliation,
)
from undersigned.organizing.rows.exports import Exports
from undersigned.signing.queue import read_waiting_message
from undersigned.signing.rows.forms import Forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undersigned.base.stack import Stack

_KEPT_FOR = timedelta(days=14)
"""How long the template's queues of dead letters keep a message."""

_HIDDEN_FOR = 900
"""How many seconds a dead letter is hidden from other readers once it is read, unless it is released before."""

_MOST = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """The subject of a dead letter, and why it makes no sense any more; an empty `why` means that it does."""

    about: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A dead-letter queue: the function that judges its letters, and the queue (logical id) that gets them again."""

    judge: Callable[[Stack, str], Verdict]
    queue: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, and since when it has been in its queue, or in the queue that gave it up."""

    queue: str
    body: str
    receipt: str
    since: datetime
    verdict: Verdict

    @property
    def until(self) -> datetime:
        """Return when SQS deletes it: the days count from when it was first queued."""
        return self.since + _KEPT_FOR

    @property
    def makes_sense(self) -> bool:
        """Say whether it can be put back."""
        return not self.verdict.why


def _delivery(opened: Stack, body: str) -> Verdict:  # noqa: PLR0911  (one verdict after the other)
    message = read_message(body)
    if isinstance(message, DraftTest):
        return Verdict(f"test email of the draft of {message.campaign}", "it is a test email; ask for another one")
    key = message.key
    about = f"delivery of {key.campaign} to {key.target}, {key.period}"
    if message.test_to:
        return Verdict(about, "it is a test email; ask for another one")
    try:
        Campaigns(opened.table).target(key.campaign, key.target)
    except NotFoundError:
        return Verdict(about, "the campaign or the recipient is gone")
    delivery = Deliveries(opened.table).delivery(key)
    if message.is_repacking:
        return Verdict(f"packets of the {about}", "" if delivery else "the delivery is gone")
    if delivery and delivery.is_settled:
        return Verdict(about, f"it is {delivery.state}")
    if delivery and delivery.awaits_decision:
        return Verdict(about, "a person decides: `undersigned settle` or `undersigned retry`")
    return Verdict(about)


def _confirmation(opened: Stack, body: str) -> Verdict:
    if _is_of_stream(body):
        return Verdict("changes in the stream", "the queue took no email for a day; people sign again")
    if _is_of_schedule(body):
        return Verdict("a run for postponed emails", "the next run, five minutes later, did it")
    mail = read_waiting_message(body)
    about = f"confirmation email of {mail.campaign} to {mail.signer}"
    form = Forms(opened.table).form(mail.campaign, mail.signer, mail.form)
    return Verdict(about, "" if form and not form.has_expired(opened.clock()) else "its form is gone")


def _counting(_opened: Stack, body: str) -> Verdict:
    if not _is_of_stream(body):
        raise ValueError
    return Verdict("changes in the stream", "run `undersigned reconcile CAMPAIGN`, which reads the rows")


def _job(_opened: Stack, body: str) -> Verdict:
    if _is_of_schedule(body):
        return Verdict("an hourly run", "the next run, an hour later, does what it did not")
    campaign = read_reconciliation(body).campaign
    return Verdict(f"the reconciliation of {campaign}", "the next day's run, or `undersigned reconcile`, starts again")


def _export(opened: Stack, body: str) -> Verdict:
    campaign, export_id = read_export_message(body)
    about = f"export {export_id} of {campaign}"
    export = Exports(opened.table).export(campaign, export_id)
    return Verdict(about, "" if export else "it has expired; the organizer asks for another one")


def _feedback(opened: Stack, body: str) -> Verdict:
    event = read_feedback_message(body)
    if event is None or isinstance(event, ConfirmationReport):
        return Verdict("an event about a confirmation email")
    key = event.key
    about = f"{event.kind} of {key.campaign} to {key.target}, {key.period}"
    return Verdict(about, "" if Deliveries(opened.table).delivery(key) else "there is no such delivery")


KINDS: Mapping[str, Kind] = {
    "ConfirmationsFailed": Kind(_confirmation, queue="WaitingMails"),
    "TallyFailed": Kind(_counting),
    "JobsFailed": Kind(_job),
    "DeliveriesFailed": Kind(_delivery, queue="DeliveryQueue"),
    "FeedbackFailed": Kind(_feedback, queue="FeedbackQueue"),
    "ExportsFailed": Kind(_export, queue="ExportQueue"),
}
"""The dead-letter queues of the stack, in the order of a letter's way."""


def _is_of_stream(body: str) -> bool:
    read = json.loads(body)
    return isinstance(read, dict) and "DDBStreamBatchInfo" in read


def _is_of_schedule(body: str) -> bool:
    """Say whether it is Lambda's record of a failed invocation, or an event that the schedule could not hand over."""
    read = json.loads(body)
    return isinstance(read, dict) and ("requestPayload" in read or "jobs" in read)


@dataclass(kw_only=True, frozen=True, slots=True)
class DeadLetters:
    """The dead letters of a stack. `physical_id` returns a resource's id by its logical id."""

    opened: Stack
    client: Callable[[str], Any]
    physical_id: Callable[[str], str]

    def letters(self, queue: str) -> Iterator[DeadLetter]:
        """Read the letters of a dead-letter queue. They stay in it, hidden from others until they are released."""
        url = self.physical_id(queue)
        seen: set[str] = set()
        while True:
            answer = self.client("sqs").receive_message(
                QueueUrl=url, MaxNumberOfMessages=_MOST, VisibilityTimeout=_HIDDEN_FOR, AttributeNames=["SentTimestamp"]
            )
            new = [message for message in answer.get("Messages", ()) if message["MessageId"] not in seen]
            if not new:
                return
            for message in new:
                seen.add(message["MessageId"])
                sent = message.get("Attributes", {}).get("SentTimestamp")
                since = datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else datetime.now(UTC)
                verdict = self._judge(queue, message["Body"])
                yield DeadLetter(queue, message["Body"], message["ReceiptHandle"], since, verdict)

    def put_back(self, letter: DeadLetter) -> None:
        """Give a letter to its queue again, then delete it. After a crash in between, it comes twice."""
        queue = self.physical_id(KINDS[letter.queue].queue)
        self.client("sqs").send_message(QueueUrl=queue, MessageBody=letter.body)
        self.drop(letter)

    def drop(self, letter: DeadLetter) -> None:
        """Delete a letter."""
        self.client("sqs").delete_message(QueueUrl=self.physical_id(letter.queue), ReceiptHandle=letter.receipt)

    def release(self, letter: DeadLetter) -> None:
        """Let others read a letter again."""
        self.client("sqs").change_message_visibility(
            QueueUrl=self.physical_id(letter.queue), ReceiptHandle=letter.receipt, VisibilityTimeout=0
        )

    def _judge(self, queue: str, body: str) -> Verdict:
        try:
            return KINDS[queue].judge(self.opened, body)
        except (ValueError, KeyError, TypeError):
            return Verdict("a damaged message", "nothing can read it")
