"""AWS around the functions: it repeats records, redelivers messages, retries, and reports the outcome of emails.

It wraps the world in memory, and moves its clock to whatever is due next, until nothing is pending.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.sqs.models import sqs_backends

from tests.aws_from_template import load_template
from tests.faults.decisions import decide
from tests.world import CAMPAIGN, CONTEXT, FUNCTIONS, client_of, is_of_signature, load_event
from undersigned.aws.campaigns import target_key
from undersigned.aws.dynamodb import to_item

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from random import Random

    from tests.world import Answer, Sent, Watch, World

_LATEST_EVENT = timedelta(minutes=50)
"""SES events come within this time: after an hour without one, a person is asked (decision 4)."""

_EVENT_RETRIES = 2
"""Lambda retries an asynchronous invocation twice after an error."""

_HOPS = 16
"""Lambda stops a chain of messages that a function sends to itself after about this many invocations, unless the
function allows it, and SQS moves the last one to the dead-letter queue.

Source: "Use Lambda recursive loop detection to prevent infinite loops", Lambda developer guide."""

_PRESSES = 3
"""How often a person tries a form or a button that answers with an error page."""

_SERVER_ERROR = 500


class CrashError(BaseException):
    """The process of a function ended. No `except Exception` sees this."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


@dataclass
class Reader:
    """A function that reads the stream: the index of its next record, and how often it tried that record."""

    function: str
    next: int = 0
    tries: int = 0


@dataclass
class Message:
    """A queue's message, when it is visible again, and how many of a queue's messages led to it, one from another."""

    queue_url: str
    function: str
    received: dict[str, Any]
    visible_at: datetime
    hops: int = 0
    receipts: int = 0


@dataclass
class Platform:
    """AWS around a world.

    `rng` orders SES's events. Emails to `refused_addresses` bounce; `bounced` holds their message ids. `watch` is told
    of the functions' calls, and `crashes` lists the functions that crashed. `refusals` holds the error codes of a
    function's next calls of an operation; an empty code lets a call pass. `when_quiet` is called whenever nothing is
    pending.
    """

    world: World
    rng: Random
    watch: Watch | None = None
    when_quiet: Callable[[], None] = lambda: None
    refusals: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    refused_addresses: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)
    dead_letters: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    _stream: list[Any] = field(default_factory=list)
    _messages: list[Message] = field(default_factory=list)
    _events: list[tuple[datetime, str, Sent]] = field(default_factory=list)
    _reported: int = 0
    _params: Mapping[str, Any] = field(default_factory=dict)
    _hidden_for: int | None = None
    _delayed_until: dict[str, datetime] = field(default_factory=dict)
    _hops: int = 0
    _hops_of: dict[str, int] = field(default_factory=dict)
    _wrote: bool = False
    _queued: bool = False

    def __post_init__(self) -> None:
        """Become the world's watch, in front of `watch`."""
        self.world.watch = self
        self._readers = [Reader("send_confirmations"), Reader("tally")]

    def keep_targets(self, targets: Collection[str]) -> None:
        """Remove the campaign's other targets: a plan reads each of them."""
        client, table = client_of("dynamodb"), self.world.wiring.settings.table_name
        for target in self.world.wiring.campaigns.targets(CAMPAIGN):
            if target.id not in targets:
                key = to_item(target_key(CAMPAIGN, target.id)._asdict())
                client.delete_item(TableName=table, Key=key)

    # People

    def person(self, act: Callable[[], Answer]) -> Answer:
        """Act as a person on a page, who tries again after an error."""
        for _ in range(_PRESSES):
            answer, error = self._invoke(act)
            if error is None and answer is not None and answer.status < _SERVER_ERROR:
                return answer
        message = f"a person tried {_PRESSES} times and got an error each time"
        raise AssertionError(message)

    # Time

    def settle(self) -> None:
        """Do everything that is due, and move the clock to what is due next, until nothing is pending.

        A person decides about the emails in doubt.
        """
        self._wrote = self._queued = True
        while True:
            while self._read_stream() or self._run_due_messages() or self._report_due_events():
                pass
            pending = [message.visible_at for message in self._messages] + [at for at, _, _ in self._events]
            if not pending and decide(self.world, bounced=self.bounced):
                self._wrote = self._queued = True
                continue
            if not pending:
                self.when_quiet()
                return
            self.world.clock.now = max(self.world.clock.now, min(pending))

    def expire(self) -> None:
        """Delete expired items, as DynamoDB does some time after they expire."""
        client, table = client_of("dynamodb"), self.world.wiring.settings.table_name
        now = int(self.world.clock.now.timestamp())
        for item in client.scan(TableName=table)["Items"]:
            if "expires_at" in item and int(item["expires_at"]["N"]) <= now:
                client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})

    def forget_stream(self) -> None:
        """Drop the records that no reader has read, as the stream does after a day while its mappings are dead."""
        self._stream += self.world.new_records()
        for reader in self._readers:
            reader.next, reader.tries = len(self._stream), 0

    def lose_messages(self, function: str) -> None:
        """Run what waits in a function's queue once, and lose what it leaves."""
        self._queued = True
        self._run_due_messages()
        for message in [message for message in self._messages if message.function == function]:
            self._delete(message)

    def run_schedule(self, function: str) -> None:
        """Run a function as its schedule does, with retries after errors."""
        runs = {
            "plan_deliveries": self.world.plan,
            "report_deliveries": self.world.report,
            "reconcile": self.world.begin_reconciling,
        }
        self._event(function, runs[function])

    # Calls of the functions

    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        """Keep the parameters of a call, and raise the next refusal of its operation."""
        self._params = params
        if self.watch:
            self.watch.before(function, operation, params)
        pending = self.refusals.get((function, operation))
        if pending and (code := pending.pop(0)):
            answer = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, operation)  # type: ignore[arg-type]

    def after(self, function: str, operation: str) -> None:
        """Note what a call changes: how long a message is hidden or delayed, and what there is to read."""
        if operation == "sqs:ChangeMessageVisibility":
            self._hidden_for = self._params["VisibilityTimeout"]
        self._wrote |= operation.startswith("dynamodb:")
        if operation == "sqs:SendMessage":
            self._queued = True
            self._note_message(self._params["QueueUrl"], self._params.get("DelaySeconds", 0))
        if self.watch:
            self.watch.after(function, operation)

    def retries(self, function: str, operation: str) -> bool:
        """Ask the watch."""
        return bool(self.watch and self.watch.retries(function, operation))

    # What AWS does

    def _invoke[T](self, run: Callable[[], T]) -> tuple[T | None, BaseException | None]:
        try:
            return run(), None
        except CrashError as crash:
            self.crashes.append(crash.function)
            [function] = [name for name, logical_id in FUNCTIONS.items() if logical_id == crash.function]
            self.world.restart(function)
            return None, crash
        except Exception as error:  # noqa: BLE001  (Lambda reports any error of a function, and retries)
            return None, error

    def _event(self, function: str, run: Callable[[], object]) -> None:
        for _ in range(1 + _EVENT_RETRIES):
            _, error = self._invoke(run)
            if error is None:
                return
        self.dead_letters.append(function)

    def _read_stream(self) -> bool:
        """Hand each reader the records that it has not read. After a failure, it gets them again from there on."""
        if self._wrote:
            self._wrote = False
            self._stream += self.world.new_records()
        lagging = [reader for reader in self._readers if reader.next < len(self._stream)]
        for reader in lagging:
            self._hand_over(reader)
        return bool(lagging)

    def _hand_over(self, reader: Reader) -> None:
        mapping = _event_source(reader.function)
        last = min(len(self._stream), reader.next + mapping["BatchSize"])
        batch = self._stream[reader.next : last]
        records = batch if reader.function == "tally" else [record for record in batch if is_of_signature(record)]
        failed: set[str] = set()
        error = None
        if records:
            answer, error = self._invoke(lambda: self.world.handlers[reader.function]({"Records": records}, CONTEXT))
            failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", [])}
        if error is None and not failed:
            reader.next, reader.tries = last, 0
            return
        reader.tries += 1
        if reader.tries > mapping["MaximumRetryAttempts"]:
            self.dead_letters.append(reader.function)
            reader.next, reader.tries = last, 0
        elif failed:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in self._stream]
            reader.next = min(numbers.index(number) for number in failed)

    def _note_message(self, queue_url: str, seconds: int) -> None:
        """Delay a new message by the world's clock (moto uses the machine's), and keep its lineage."""
        region = client_of("sqs").meta.region_name
        messages = sqs_backends[ACCOUNT][region].get_queue(queue_url.rpartition("/")[2])._messages
        self._hops_of[messages[-1].id] = self._hops
        for message in messages:
            if message.delayed:
                message.delayed_until = 0
                self._delayed_until[message.id] = self.world.clock.now + timedelta(seconds=seconds)

    def _run_due_messages(self) -> bool:
        queues = {
            "deliver": self.world.queue_url,
            "export_signatures": self.world.export_queue_url,
            "send_confirmations": self.world.waiting_mails_url,
            "reconcile": self.world.reconciliation_queue_url,
        }
        for function, queue_url in queues.items() if self._queued else ():
            for received in _received(queue_url):
                visible_at = self._delayed_until.pop(received["MessageId"], self.world.clock.now)
                hops = self._hops_of.pop(received["MessageId"], 0)
                self._messages.append(Message(queue_url, function, received, visible_at, hops))
        self._queued = False
        due = [message for message in self._messages if message.visible_at <= self.world.clock.now]
        for message in due:
            self._run_message(message)
        return bool(due)

    def _run_message(self, message: Message) -> None:
        if message.hops >= _HOPS and not _may_loop(message.function):
            self.dead_letters.append(message.function)
            self._delete(message)
            return
        message.receipts += 1
        received, queue = message.received, _queue(message.function)
        event = load_event("deliver_message")
        event["Records"][0] |= {
            "body": received["Body"],
            "messageId": received["MessageId"],
            "receiptHandle": received["ReceiptHandle"],
            "attributes": {**received["Attributes"], "ApproximateReceiveCount": str(message.receipts)},
        }
        self._hidden_for, self._hops = None, message.hops + 1
        answer, error = self._invoke(lambda: self.world.handlers[message.function](event, CONTEXT))
        self._hops = 0
        if error is None and not (answer or {}).get("batchItemFailures"):
            self._delete(message)
        elif message.receipts >= queue["RedrivePolicy"]["maxReceiveCount"]:
            self.dead_letters.append(message.function)
            self._delete(message)
        else:
            hidden_for = queue["VisibilityTimeout"] if self._hidden_for is None else self._hidden_for
            message.visible_at = self.world.clock.now + timedelta(seconds=hidden_for)

    def _delete(self, message: Message) -> None:
        """Remove a message from its queue, which is empty without it."""
        handle = message.received["ReceiptHandle"]
        client_of("sqs").delete_message(QueueUrl=message.queue_url, ReceiptHandle=handle)
        self._messages.remove(message)

    def _report_due_events(self) -> bool:
        """Report the outcome of emails as SES does: late, in any order, some events twice."""
        now = self.world.clock.now
        for sent in self.world.sent[self._reported :]:
            outcome = "delivery"
            if sent.to in self.refused_addresses or sent.is_suppressed:
                outcome = "bounce"
                self.bounced.add(sent.message_id)
            cases = ["send", outcome, *self.rng.choices(["send", outcome], k=self.rng.randrange(2))]
            self._events += [(now + self.rng.random() * _LATEST_EVENT, case, sent) for case in cases]
        self._reported = len(self.world.sent)
        due = sorted((event for event in self._events if event[0] <= now), key=lambda event: event[0])
        self._events = [event for event in self._events if event[0] > now]
        for at, case, sent in due:
            self._event("record_feedback", lambda at=at, case=case, sent=sent: self.world.feedback(case, sent, at=at))  # type: ignore[misc]
        return bool(due)


def _received(queue_url: str) -> list[dict[str, Any]]:
    """Receive all messages that were not received before."""
    sqs = client_of("sqs")
    messages: list[dict[str, Any]] = []
    while found := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
        "Messages"
    ):
        messages += found
    return messages


@cache
def _event_source(function: str) -> dict[str, Any]:
    """Return the template's settings for a function that reads the stream."""
    events = load_template()["Resources"][FUNCTIONS[function]]["Properties"]["Events"]
    [source] = [event["Properties"] for event in events.values() if event["Type"] == "DynamoDB"]
    return dict(source)


@cache
def _may_loop(function: str) -> bool:
    """Say whether a function may send messages to itself without an end."""
    return bool(load_template()["Resources"][FUNCTIONS[function]]["Properties"].get("RecursiveLoop") == "Allow")


@cache
def _queue(function: str) -> dict[str, Any]:
    """Return the properties of the queue that invokes a function."""
    resources = load_template()["Resources"]
    [source] = [
        event["Properties"]
        for event in resources[FUNCTIONS[function]]["Properties"]["Events"].values()
        if event["Type"] == "SQS"
    ]
    return dict(resources[source["Queue"]["Fn::GetAtt"][0]]["Properties"])
