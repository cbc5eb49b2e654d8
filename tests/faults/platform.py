"""What AWS does around the functions: it hands records over again, redelivers, retries, and tells what became of mails.

It stands on the world in memory, and turns its clock to whatever comes next, until nothing is left to come.
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
from tests.world import CAMPAIGN, CONTEXT, FUNCTIONS, client_of, is_of_signature, load_event
from undersigned.aws.campaigns import target_key
from undersigned.aws.dynamodb import to_item

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from random import Random

    from tests.world import Answer, Sent, Watch, World

_LATEST_EVENT = timedelta(minutes=50)
"""An event of SES that takes longer than an hour lets a mail go twice (decision 4), so it comes before."""

_RETRIES_OF_EVENTS = 2
"""Lambda invokes a function for an event twice more after an error."""

_PRESSES = 3
"""How often a person tries a form or a button that ended in an error page."""

_FIRST_OF_SERVER_ERRORS = 500


class CrashError(BaseException):
    """A function's process ended; no handler of errors hears of it."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


@dataclass
class Reader:
    """One of the stream's readers (a function): how far it has read, and how often it tried what comes next."""

    function: str
    next: int = 0
    tries: int = 0


@dataclass
class Message:
    """A message of a queue, and when it is seen again."""

    queue_url: str
    function: str
    received: dict[str, Any]
    visible_at: datetime
    receipts: int = 0


@dataclass
class Platform:
    """AWS around a world.

    `rng` orders SES's events, `refused_addresses` are those that mails come back from, `returned` the ids of the mails
    that did, `watch` hears of the functions' calls, `crashes` are the functions that crashed. `refusals` are the codes
    with which a function's next calls of an operation fail; an empty one lets a call pass. `when_quiet` is called
    whenever nothing is left to come.
    """

    world: World
    rng: Random
    watch: Watch | None = None
    when_quiet: Callable[[], None] = lambda: None
    refusals: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    refused_addresses: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    dead_letters: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    _stream: list[Any] = field(default_factory=list)
    _messages: list[Message] = field(default_factory=list)
    _events: list[tuple[datetime, str, Sent]] = field(default_factory=list)
    _told: int = 0
    _asked: Mapping[str, Any] = field(default_factory=dict)
    _hidden_for: int | None = None
    _delayed_until: dict[str, datetime] = field(default_factory=dict)
    _wrote: bool = False
    _queued: bool = False

    def __post_init__(self) -> None:
        """Stand between the world and whoever watches it."""
        self.world.watch = self
        self._readers = [Reader("send_confirmations"), Reader("tally")]

    def keep_targets(self, targets: Collection[str]) -> None:
        """Let the campaign have these addressees alone: a plan looks at each."""
        client, table = client_of("dynamodb"), self.world.wiring.settings.table_name
        for target in self.world.wiring.campaigns.targets(CAMPAIGN):
            if target.id not in targets:
                key = to_item(target_key(CAMPAIGN, target.id)._asdict())
                client.delete_item(TableName=table, Key=key)

    # People

    def person(self, act: Callable[[], Answer]) -> Answer:
        """Let somebody do something on a page, and once more when that ended in an error."""
        for _ in range(_PRESSES):
            answer, error = self._invoke(act)
            if error is None and answer is not None and answer.status < _FIRST_OF_SERVER_ERRORS:
                return answer
        message = f"a person tried {_PRESSES} times, and met an error each time"
        raise AssertionError(message)

    # Time

    def settle(self) -> None:
        """Let everything happen that is due, and turn the clock to what comes next, until nothing does."""
        self._wrote = self._queued = True
        while True:
            while self._read_stream() or self._run_due_messages() or self._tell_due_events():
                pass
            coming = [message.visible_at for message in self._messages] + [at for at, _, _ in self._events]
            if not coming:
                self.when_quiet()
                return
            self.world.clock.now = max(self.world.clock.now, min(coming))

    def expire(self) -> None:
        """Remove what has expired, as DynamoDB does some time later."""
        client, table = client_of("dynamodb"), self.world.wiring.settings.table_name
        now = int(self.world.clock.now.timestamp())
        for item in client.scan(TableName=table)["Items"]:
            if "expires_at" in item and int(item["expires_at"]["N"]) <= now:
                client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})

    def run_schedule(self, function: str) -> None:
        """Run a function as its schedule does: once, and again after an error."""
        self._event(function, {"plan_deliveries": self.world.plan, "report_deliveries": self.world.report}[function])

    # What the functions ask of AWS

    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        """Keep what is asked, and refuse what is to be refused."""
        self._asked = params
        if self.watch:
            self.watch.before(function, operation, params)
        coming = self.refusals.get((function, operation))
        if coming and (code := coming.pop(0)):
            answer = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, operation)  # type: ignore[arg-type]

    def after(self, function: str, operation: str) -> None:
        """Learn for how long a function hides its message."""
        if operation == "sqs:ChangeMessageVisibility":
            self._hidden_for = self._asked["VisibilityTimeout"]
        self._wrote |= operation.startswith("dynamodb:")
        if operation == "sqs:SendMessage":
            self._queued = True
            self._note_delay(self._asked["QueueUrl"], self._asked.get("DelaySeconds", 0))
        if self.watch:
            self.watch.after(function, operation)

    def retries(self, function: str, operation: str) -> bool:
        """Leave that to whoever watches."""
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
        except Exception as error:  # noqa: BLE001  (Lambda reports whatever a function raises, and tries again)
            return None, error

    def _event(self, function: str, run: Callable[[], object]) -> None:
        for _ in range(1 + _RETRIES_OF_EVENTS):
            _, error = self._invoke(run)
            if error is None:
                return
        self.dead_letters.append(function)

    def _read_stream(self) -> bool:
        """Hand each reader what it has not read yet; what failed comes again, with what lies behind it."""
        if self._wrote:
            self._wrote = False
            self._stream += self.world.new_records()
        behind = [reader for reader in self._readers if reader.next < len(self._stream)]
        for reader in behind:
            self._hand_over(reader)
        return bool(behind)

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

    def _note_delay(self, queue_url: str, seconds: int) -> None:
        """Let a message that was sent with a delay wait by the world's clock; moto delays by the machine's."""
        region = client_of("sqs").meta.region_name
        for message in sqs_backends[ACCOUNT][region].get_queue(queue_url.rpartition("/")[2])._messages:
            if message.delayed:
                message.delayed_until = 0
                self._delayed_until[message.id] = self.world.clock.now + timedelta(seconds=seconds)

    def _run_due_messages(self) -> bool:
        queues = {
            "deliver": self.world.queue_url,
            "export_signatures": self.world.export_queue_url,
            "send_confirmations": self.world.waiting_mails_url,
        }
        for function, queue_url in queues.items() if self._queued else ():
            for received in _received(queue_url):
                visible_at = self._delayed_until.pop(received["MessageId"], self.world.clock.now)
                self._messages.append(Message(queue_url, function, received, visible_at))
        self._queued = False
        due = [message for message in self._messages if message.visible_at <= self.world.clock.now]
        for message in due:
            self._run_message(message)
        return bool(due)

    def _run_message(self, message: Message) -> None:
        message.receipts += 1
        received, queue = message.received, _queue(message.function)
        event = load_event("deliver_message")
        event["Records"][0] |= {
            "body": received["Body"],
            "messageId": received["MessageId"],
            "receiptHandle": received["ReceiptHandle"],
            "attributes": {**received["Attributes"], "ApproximateReceiveCount": str(message.receipts)},
        }
        self._hidden_for = None
        answer, error = self._invoke(lambda: self.world.handlers[message.function](event, CONTEXT))
        if error is None and not (answer or {}).get("batchItemFailures"):
            client_of("sqs").delete_message(QueueUrl=message.queue_url, ReceiptHandle=received["ReceiptHandle"])
            self._messages.remove(message)
        elif message.receipts >= queue["RedrivePolicy"]["maxReceiveCount"]:
            self.dead_letters.append(message.function)
            self._messages.remove(message)
        else:
            hidden_for = queue["VisibilityTimeout"] if self._hidden_for is None else self._hidden_for
            message.visible_at = self.world.clock.now + timedelta(seconds=hidden_for)

    def _tell_due_events(self) -> bool:
        """Let SES tell of mails: late, in any order, some of it twice."""
        now = self.world.clock.now
        for sent in self.world.sent[self._told :]:
            outcome = "delivery"
            if sent.to in self.refused_addresses:
                outcome = "bounce"
                self.returned.add(sent.message_id)
            cases = ["send", outcome, *self.rng.choices(["send", outcome], k=self.rng.randrange(2))]
            self._events += [(now + self.rng.random() * _LATEST_EVENT, case, sent) for case in cases]
        self._told = len(self.world.sent)
        due = sorted((event for event in self._events if event[0] <= now), key=lambda event: event[0])
        self._events = [event for event in self._events if event[0] > now]
        for at, case, sent in due:
            self._event("record_feedback", lambda at=at, case=case, sent=sent: self.world.feedback(case, sent, at=at))  # type: ignore[misc]
        return bool(due)


def _received(queue_url: str) -> list[dict[str, Any]]:
    """Receive every message that nobody has received yet."""
    sqs = client_of("sqs")
    messages: list[dict[str, Any]] = []
    while found := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
        "Messages"
    ):
        messages += found
    return messages


@cache
def _event_source(function: str) -> dict[str, Any]:
    """Return how the template lets a function read the stream."""
    events = load_template()["Resources"][FUNCTIONS[function]]["Properties"]["Events"]
    [source] = [event["Properties"] for event in events.values() if event["Type"] == "DynamoDB"]
    return dict(source)


@cache
def _queue(function: str) -> dict[str, Any]:
    """Return the properties of the queue that a function works off."""
    resources = load_template()["Resources"]
    [source] = [
        event["Properties"]
        for event in resources[FUNCTIONS[function]]["Properties"]["Events"].values()
        if event["Type"] == "SQS"
    ]
    return dict(resources[source["Queue"]["Fn::GetAtt"][0]]["Properties"])
