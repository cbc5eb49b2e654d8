"""AWS around the functions: it repeats records, redelivers messages, retries, and reports the outcome of emails.

It wraps the world in memory, and moves its clock to whatever is due next, until nothing is pending. `Faults` says how
badly it behaves beyond that.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, override

from botocore.exceptions import ReadTimeoutError
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.sqs.models import sqs_backends

from tests.faults.refusals import refusal
from tests.search.decisions import decide
from tests.search.stored import expire, shard_of
from tests.support.world import CAMPAIGN, CONTEXT, FOLDERS, FUNCTIONS, Watch, client_of
from undersigned.base.table import to_item
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned_cli.local.sources import StreamReader, failures_in, queue_source
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from random import Random

    from tests.support.world import Answer, Sent, World
    from undersigned_cli.local.sources import QueueSource

_LATEST_EVENT = timedelta(minutes=50)
"""SES events come within this time: after an hour without one, a person is asked (decision 4)."""

_EVENT_RETRIES = 2
"""Lambda retries an asynchronous invocation twice after an error: after a minute, and after two more. Source: "How
Lambda handles errors and retries with asynchronous invocation", Lambda developer guide."""

_PRESSES = 3
"""How often a person tries a form or a button that answers with an error page."""

_AN_HOUR = 3600.0

_SERVER_ERROR = 500

MOST_HOPS = 16
"""Lambda stops a chain of invocations that a function makes of itself through a queue after about 16, and the message
goes to the dead-letter queue. Source: "Use Lambda recursive loop detection to prevent infinite loops", Lambda developer
guide."""

_STREAM_KEEPS = timedelta(hours=24)
"""Source: "Change data capture for DynamoDB Streams", DynamoDB developer guide."""

_LONGEST_PAUSE_OF_READER = 60
"""Seconds between a stream reader's retries, at most. Lambda doesn't document its pauses; these use up 20 retries in a
quarter of an hour."""

_DEEPEST = 2
"""How many invocations can be interrupted by another one at the same time."""

_WAYS: tuple[Literal["rule", "topic"], ...] = ("rule", "topic")
"""The ways of SES's events: EventBridge's rule, and SNS's topic."""

_LOST_BY_TOPIC = 0.3
"""How many times fewer events are lost on the second way. SNS loses none: this is for mistakes in its set-up."""

_SHARE_OF_PEOPLE = 0.5
"""How many of the interruptions are by people. The others are by what AWS has to do."""

_SHARE_OF_TWINS = 0.2
"""How many of the interruptions of a message's processing are by the same message.

Source: "Amazon SQS at-least-once delivery", SQS developer guide."""

_BOTOCORE_GIVES_UP_AFTER = 1.5
"""Seconds: see FEW_RETRIES in base/table.py."""

_SES_HANGS_FOR = 60
"""Seconds: see NO_RETRIES in base/mailbox.py."""

Service = Literal["dynamodb", "secretsmanager", "sesv2", "sqs", "s3"]

_UNAVAILABLE: dict[str, tuple[str, int]] = {
    "dynamodb": ("InternalServerError", 500),
    "secretsmanager": ("InternalServiceError", 500),
    "sesv2": ("InternalServiceErrorException", 500),
    "sqs": ("ServiceUnavailable", 503),
    "s3": ("ServiceUnavailable", 503),
}
_THROTTLED: dict[str, tuple[str, int]] = {
    "dynamodb": ("ThrottlingException", 400),
    "sesv2": ("TooManyRequestsException", 429),
    "sqs": ("RequestThrottled", 403),
    "s3": ("SlowDown", 503),
}


class Outage(NamedTuple):
    """A time in which a service answers no function, or a function's event source mapping is disabled."""

    what: str
    begins: datetime
    ends: datetime

    def covers(self, what: str, now: datetime) -> bool:
        return what == self.what and self.begins <= now < self.ends


@dataclass
class Faults:
    """How AWS behaves beyond what it always does. Each number is a share of calls, events or invocations; 0 is never.

    | field | what happens |
    |---|---|
    | `crashes` | a function ends before or after a call |
    | `lost_answers` | a DynamoDB write takes effect, and the call fails or botocore repeats it |
    | `conflicts` | DynamoDB refuses a write, because another transaction holds one of its items |
    | `throttles` | any service refuses a call for its rate |
    | `ses_errors` | SES answers 500 and has not accepted the email |
    | `ses_lost_answers` | SES accepts the email, and its answer is lost |
    | `ses_hangs` | SES answers nothing for a minute. It accepts the email half of the times |
    | `silent_emails` | SES accepts an email, and its answer and all its events are lost |
    | `outages_after_emails` | SES accepts an email, and then DynamoDB answers no function for minutes or hours |
    | `refusals` | SES refuses one email for certain |
    | `lost_events` | an event of SES never comes, by the event's kind: on one of its ways, or from 1 on both |
    | `repeats` | a message or an event comes twice |
    | `preemptions` | something else that is due, or a person, runs in the middle of an invocation |
    | `short_runs` | an invocation has no time left after its first step |
    | `outages` | a service answers no function for a while |
    | `disabled` | a function's event source mapping is disabled for a while |
    | `shards` | the stream has so many shards, which are read in any order |
    | `lag` | an index gets a change so late at most |

    `time_passes` lets pauses, time-outs and retries take time; without it they take none.
    """

    time_passes: bool = False
    crashes: float = 0
    lost_answers: float = 0
    conflicts: float = 0
    throttles: float = 0
    ses_errors: float = 0
    ses_lost_answers: float = 0
    ses_hangs: float = 0
    silent_emails: float = 0
    outages_after_emails: float = 0
    refusals: float = 0
    lost_events: dict[str, float] = field(default_factory=dict)
    repeats: float = 0
    preemptions: float = 0
    short_runs: float = 0
    shards: int = 1
    lag: timedelta = timedelta()
    latest_event: timedelta = _LATEST_EVENT
    outages: list[Outage] = field(default_factory=list)
    disabled: list[Outage] = field(default_factory=list)


class CrashError(BaseException):
    """The process of a function ended. No `except Exception` sees this."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


@dataclass(eq=False)
class Reader:
    """A function that reads a shard of the stream: when it tries the next records, and which they are."""

    function: str
    shard: int
    at: datetime
    place: StreamReader
    is_busy: bool = False


@dataclass(eq=False)
class Message:
    """A queue's message, and when it is visible again. `hops` counts the invocations that led to it."""

    queue_url: str
    source: QueueSource
    received: dict[str, Any]
    visible_at: datetime
    receipts: int = 0
    hops: int = 0
    is_busy: bool = False

    @property
    def function(self) -> str:
        return FOLDERS[self.source.function]

    @property
    def event(self) -> dict[str, Any]:
        """The event of its next receipt."""
        attributes = {**self.received["Attributes"], "ApproximateReceiveCount": str(self.receipts)}
        return self.source.event([{**self.received, "Attributes": attributes}])


@dataclass(eq=False)
class Invocation:
    """An asynchronous invocation: by a schedule, or by an event of SES."""

    at: datetime
    function: str
    run: Callable[[], object]
    tries: int = 0
    is_busy: bool = False


@dataclass(eq=False)
class Running:
    """An invocation that runs: when Lambda ends it, how many seconds its message is hidden, and its message's hops.

    `again` processes its message once more.
    """

    function: str
    until: datetime
    hidden_for: int | None = None
    hops: int = 0
    has_time: bool = True
    again: Callable[[], object] | None = None


@dataclass
class Fate:
    """The fate of an email that SES accepted: SES's events about it, and whether it arrives."""

    cases: tuple[str, ...] = ("send", "delivery")
    arrives: bool = True


@dataclass
class Platform(Watch):
    """AWS around a world.

    `rng` orders SES's events, and decides each fault. Emails to `refused_addresses` bounce. `bounced` holds the message
    ids of emails that did not arrive, and `refused` the addresses for which SES refused an email. `watch` is told of
    the functions' calls, and `crashes` lists the functions that crashed. `refusals` holds the error codes of a
    function's next calls of an operation; an empty code lets a call pass. `meanwhile` holds what a person does just
    before a function's next call of an operation. `happened` counts the faults. `when_quiet` is called whenever nothing
    is pending. `fate_of` may decide what becomes of an email, and `on_accepted` is told of it. `interrupt` may do
    something in the middle of an invocation, which runs with the `code` of its moment. `note` gets a line for each
    thing that happens. `visits` is how often a person comes back to a page that shows an error.
    """

    world: World
    rng: Random
    watch: Watch | None = None
    faults: Faults = field(default_factory=Faults)
    when_quiet: Callable[[], None] = lambda: None
    refusals: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    meanwhile: dict[tuple[str, str], Callable[[], object]] = field(default_factory=dict)
    refused_addresses: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    dead_letters: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    fate_of: Callable[[Sent], Fate | None] = lambda _sent: None
    note: Callable[[str], None] = lambda _line: None
    interrupt: Callable[[], bool] = lambda: False
    code: Callable[[], AbstractContextManager[object]] = nullcontext
    on_accepted: Callable[[Sent], None] = lambda _sent: None
    visits: int = 1
    _shards: list[list[Any]] = field(default_factory=list)
    _readers: list[Reader] = field(default_factory=list)
    _messages: list[Message] = field(default_factory=list)
    _invocations: list[Invocation] = field(default_factory=list)
    _running: list[Running] = field(default_factory=list)
    _reported: int = 0
    _params: Mapping[str, Any] = field(default_factory=dict)
    _sent_at: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    _fates: list[Fate] = field(default_factory=list)
    _wrote: bool = False
    _queued: bool = False

    def __post_init__(self) -> None:
        """Become the world's watch, in front of `watch`."""
        self.world.watch = self
        self.world.sleep = self.sleep
        if self.world.memory:
            self.world.memory.received = self._how_many_messages
            self.world.memory.lag = self._lag
        self._shards = [[] for _ in range(self.faults.shards)]
        self._readers = [
            Reader(FOLDERS[source.function], shard, self.now, StreamReader(source))
            for source in self.world.readers
            for shard in range(self.faults.shards)
        ]

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def _lag(self) -> timedelta:
        return self.faults.lag * self.rng.random() if self.faults.lag else timedelta()

    def keep_targets(self, targets: Collection[str]) -> None:
        """Remove the campaign's other targets: a plan reads each of them."""
        client, table = client_of("dynamodb"), self.world.stack.settings.table_name
        for target in Campaigns(self.world.stack.table).targets(CAMPAIGN):
            if target.id not in targets:
                key = to_item(Target.locate(campaign=CAMPAIGN, id=target.id)._asdict())
                client.delete_item(TableName=table, Key=key)

    # People

    def person(self, act: Callable[[], Answer]) -> Answer:
        """Act as a person on a page, who tries again after an error, and perhaps comes back an hour later."""
        answer = self.tries(act)
        for _ in range(self.visits - 1):
            if answer is None:
                self.sleep(_AN_HOUR)
                answer = self.tries(act)
        if answer is None:
            message = f"a person tried {_PRESSES} times and got an error each time"
            raise AssertionError(message)
        return answer

    def tries(self, act: Callable[[], Answer]) -> Answer | None:
        """Act as a person who gives up after a few errors. Return None then."""
        for press in range(_PRESSES):
            answer, error = self._invoke("public_api", act)
            if error is None and answer is not None and answer.status < _SERVER_ERROR:
                return answer
            self.sleep(20.0 * 3**press)
        return None

    # Time

    def settle(self) -> None:
        """Do everything that is due, and move the clock to what is due next, until nothing is pending.

        A person decides about the emails in doubt.
        """
        self._wrote = self._queued = True
        while True:
            while self._run_all_due():
                pass
            due = self._next_due()
            if due is None and decide(self.world, bounced=self.bounced):
                self._wrote = self._queued = True
                continue
            if due is None:
                self.when_quiet()
                return
            self.world.clock.now = max(self.now, due)

    def _run_all_due(self) -> bool:
        """Run what is due: in any order and in the middle of something else if time passes, otherwise kind by kind."""
        if self.faults.time_passes:
            return self.run_something()
        return self._read_stream() or self._run_due_messages() or self._run_due_invocations()

    def run_until(self, moment: datetime) -> None:
        """Do everything that is due until a moment, and move the clock there."""
        self._wrote = self._queued = True
        while True:
            while self.run_something():
                pass
            due = self._next_due()
            if due is None or due > moment:
                self.world.clock.now = max(self.now, moment)
                return
            self.world.clock.now = max(self.now, due)

    def run_something(self) -> bool:
        """Run one thing that is due, chosen at random, and return whether there was one."""
        self._collect()
        due: list[tuple[Callable[[Any], None], Any]] = [
            *((self._hand_over, reader) for reader in self._lagging() if reader.at <= self.now),
            *(
                (self._run_message, message)
                for message in self._messages
                if not message.is_busy and message.visible_at <= self.now
            ),
            *((self._run_invocation, each) for each in self._invocations if not each.is_busy and each.at <= self.now),
        ]
        if not due:
            return False
        run, what = self.rng.choice(due)
        run(what)
        return True

    def runs(self, function: str) -> bool:
        """Return whether a function runs now, and nothing that interrupts it."""
        return bool(self._running) and self._running[-1].function == function

    def hurry(self) -> None:
        """Leave no time to the invocation that runs, after its first step."""
        self.happened["an invocation with little time"] += 1
        self._running[-1].has_time = False

    def sleep(self, seconds: float) -> None:
        """Let time pass for an invocation that waits. Work that is due meanwhile runs. Short pauses take no time."""
        if not self.faults.time_passes or seconds < 1:
            return
        until = self.now + timedelta(seconds=seconds)
        if len(self._running) <= _DEEPEST:
            self.run_until(until)
        else:
            self.world.clock.now = max(self.now, until)

    def _next_due(self) -> datetime | None:
        self._collect()
        pending = [
            *(reader.at for reader in self._lagging()),
            *(message.visible_at for message in self._messages if not message.is_busy),
            *(each.at for each in self._invocations if not each.is_busy),
        ]
        return min(pending, default=None)

    def expire(self) -> None:
        """Delete expired items, as DynamoDB does some time after they expire."""
        self._wrote |= expire(self.world)

    def run_schedule(self, function: str) -> None:
        """Run a function as its schedule does, with retries after errors."""
        runs = {"run_jobs": self.world.run_jobs, "send_confirmations": self.world.queue_postponed}
        self.begin(function, runs[function])

    def begin(self, function: str, run: Callable[[], object], at: datetime | None = None) -> None:
        """Invoke a function asynchronously, with retries after errors."""
        self._invocations.append(Invocation(at or self.now, function, run))

    def forget_stream(self) -> None:
        """Drop the records that no reader has read, as the stream does after a day while its mappings are dead."""
        self._wrote = True
        self._collect()
        for reader in self._readers:
            reader.place = StreamReader(reader.place.source, len(self._shards[reader.shard]))

    def lose_messages(self, function: str) -> None:
        """Run what waits in a function's queue once, and lose what it leaves."""
        self._queued = True
        self._run_due_messages()
        for message in [message for message in self._messages if message.function == function]:
            self._delete(message)

    def run_now(self, function: str, run: Callable[[], object]) -> None:
        """Run a function as a person does, who tries again after an error."""
        for _ in range(_PRESSES):
            if self._invoke(function, run)[1] is None:
                return

    # Calls of the functions

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        """Keep the parameters of a call, and raise what goes wrong before it."""
        if self.watch:
            self.watch.before(function, operation, params)
        self._fail_before(function, operation, params)
        if act := self.meanwhile.pop((function, operation), None):
            act()
        self._params = params
        pending = self.refusals.get((function, operation))
        if pending and (code := pending.pop(0)):
            raise refusal(operation, code)

    @override
    def after(self, function: str, operation: str) -> None:
        """Note what a call changes: how long a message is hidden or delayed, and what there is to read."""
        if operation == "sqs:ChangeMessageVisibility" and self._running:
            self._running[-1].hidden_for = self._params["VisibilityTimeout"]
        self._wrote |= operation.startswith("dynamodb:")
        if operation == "sqs:SendMessage":
            self._queued = True
            self._note_message(self._params["QueueUrl"], self._params.get("DelaySeconds", 0))
        if operation == "sqs:SendMessageBatch":
            self._queued = True
            for number in range(len(self._params["Entries"])):
                self._note_message(self._params["QueueUrl"], 0, -1 - number)
        if operation == "sesv2:SendEmail":
            self._accept_emails()
        if self.watch:
            self.watch.after(function, operation)
        self._fail_after(function, operation)

    @override
    def retries(self, function: str, operation: str) -> bool:
        """Ask the watch, or lose the answer to a write: botocore repeats the call."""
        if self.watch and self.watch.retries(function, operation):
            return True
        # botocore sends a token with a transaction, so DynamoDB answers a repeated one like the first.
        return operation in _REPEATABLE and self._happens(
            "an answer lost, and the call repeated", self.faults.lost_answers
        )

    # Faults

    def _happens(self, what: str, rate: float) -> bool:
        if rate and self.rng.random() < rate:
            self.happened[what] += 1
            self.note(f"  FAULT {what}")
            return True
        return False

    def _fail_before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        if not self.faults.time_passes:
            return
        # Which files are there after a crash matters.
        files = [params[name] for name in ("Key", "Delete") if name in params and operation.startswith("s3:")]
        self.note(" ".join(("", "", function, operation, *map(str, files))))
        if self._running and self.now > self._running[-1].until:
            self.happened["an invocation that ran out of time"] += 1
            raise CrashError(function)
        if self._happens("a crash before a call", self.faults.crashes):
            raise CrashError(function)
        if len(self._running) <= _DEEPEST and self._happens("an interruption", self.faults.preemptions):
            self._interrupt()
        self._refuse(operation)
        if operation == "sesv2:SendEmail":
            self._refuse_email(operation, params["Destination"]["ToAddresses"][0])

    def _interrupt(self) -> None:
        """Run something else: the same message, which SQS may deliver twice; a person's act; or work that is due."""
        running = self._running[-1] if self._running else None
        if running and running.again and self.faults.repeats and self.rng.random() < _SHARE_OF_TWINS:
            self.happened["a message processed twice at once"] += 1
            self.note(f"{running.function} gets the same message")
            self._invoke(running.function, running.again, hops=running.hops)
        elif not (self.rng.random() < _SHARE_OF_PEOPLE and self.interrupt()):
            self.run_something()

    def _refuse(self, operation: str) -> None:
        service = operation.partition(":")[0]
        if any(outage.covers(service, self.now) for outage in self.faults.outages):
            self.happened[f"a call in an outage of {service}"] += 1
            self.sleep(_BOTOCORE_GIVES_UP_AFTER)
            raise refusal(operation, *_UNAVAILABLE[service])
        if service in _THROTTLED and self._happens(f"a throttle of {service}", self.faults.throttles):
            raise refusal(operation, *_THROTTLED[service])
        if operation in _WRITES and self._happens("a conflict", self.faults.conflicts):
            self._conflict(operation)

    def _refuse_email(self, operation: str, to: str) -> None:
        if self._happens("an email refused", self.faults.refusals):
            self.refused.add(to)
            raise refusal(operation, "BadRequestException")
        if self._happens("an error of SES", self.faults.ses_errors):
            raise refusal(operation, *_UNAVAILABLE["sesv2"])
        if self._happens("SES hangs, and does not accept the email", self.faults.ses_hangs / 2):
            self._hang()

    def _hang(self) -> None:
        self.sleep(_SES_HANGS_FOR)
        raise ReadTimeoutError(endpoint_url="https://email.example")

    def _fail_after(self, function: str, operation: str) -> None:
        if not self.faults.time_passes:
            return
        if operation == "sesv2:SendEmail" and self._happens(
            "an outage after an email", self.faults.outages_after_emails
        ):
            minutes = 10 ** self.rng.uniform(-0.5, 2.5)
            self.faults.outages.append(Outage("dynamodb", self.now, self.now + timedelta(minutes=minutes)))
        if self._happens("a crash after a call", self.faults.crashes):
            raise CrashError(function)
        if operation in _WRITES and self._happens("an answer lost, and the call failed", self.faults.lost_answers):
            raise refusal(operation, *_UNAVAILABLE["dynamodb"])
        if operation == "sesv2:SendEmail":
            if self._happens("an answer of SES lost, and all events", self.faults.silent_emails):
                self._fates[-1] = replace(self._fates[-1], cases=())
                raise refusal(operation, *_UNAVAILABLE["sesv2"])
            if self._happens("an answer of SES lost", self.faults.ses_lost_answers):
                raise refusal(operation, *_UNAVAILABLE["sesv2"])
            if self._happens("SES accepts an email and hangs", self.faults.ses_hangs / 2):
                self._hang()

    def _conflict(self, operation: str) -> None:
        if operation != "dynamodb:TransactWriteItems":
            raise refusal(operation, "TransactionConflictException")
        raise refusal(operation, "TransactionCanceledException", reasons=["TransactionConflict"])

    # What AWS does

    def _invoke[T](
        self, function: str, run: Callable[[], T], *, hops: int = 0, again: Callable[[], object] | None = None
    ) -> tuple[T | None, BaseException | None]:
        running = Running(function, self.now + timedelta(seconds=_timeout(function)), hops=hops, again=again)
        running.has_time = not self._happens("an invocation with little time", self.faults.short_runs)
        self._running.append(running)
        try:
            with self.code():
                return run(), None
        except CrashError as crash:
            self.crashes.append(crash.function)
            self.world.restart(FOLDERS[crash.function])
            return None, crash
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001  (Lambda reports any error of a function, and retries)
            self.note(f"  {function} failed: {type(error).__name__}")
            return None, error
        finally:
            self._running.pop()

    def context(self) -> Any:
        """Return the context of the invocation that runs: how much time it has left."""
        running = self._running[-1]

        def left() -> int:
            return int((running.until - self.now).total_seconds() * 1000) if running.has_time else 0

        return SimpleNamespace(**{**vars(CONTEXT), "get_remaining_time_in_millis": left})

    def _run_invocation(self, invocation: Invocation) -> None:
        invocation.is_busy = True
        self.note(f"{invocation.function} is invoked")
        _, error = self._invoke(invocation.function, invocation.run)
        invocation.is_busy = False
        if error is not None:
            invocation.tries += 1
            if invocation.tries <= _EVENT_RETRIES:
                pause = timedelta(minutes=invocation.tries) if self.faults.time_passes else timedelta()
                invocation.at = self.now + pause
                return
            self._die(invocation.function)
        self._invocations.remove(invocation)

    def _die(self, function: str) -> None:
        self.note(f"a dead letter of {function}")
        self.happened[f"a dead letter of {function}"] += 1
        self.dead_letters.append(function)

    def _run_due_invocations(self) -> bool:
        self._report_emails()
        due = sorted((each for each in self._invocations if each.at <= self.now), key=lambda each: each.at)
        for invocation in due:
            while invocation in self._invocations and invocation.at <= self.now:
                self._run_invocation(invocation)
        return bool(due)

    def _collect(self) -> None:
        """Take over what was written, queued and sent."""
        if self._wrote:
            self._wrote = False
            waits = {(reader.function, reader.shard) for reader in self._lagging()}
            for record in self.world.new_records():
                self._shards[shard_of(record, len(self._shards))].append((self.now, record))
            for reader in self._lagging():
                if (reader.function, reader.shard) not in waits and self.faults.time_passes:
                    reader.at = max(reader.at, self.now + timedelta(seconds=5 * self.rng.random()))
        self._report_emails()
        if self._queued:
            self._queued = False
            for queue, queue_url in self.world.queues.items():
                source = queue_source(queue)
                for received in self.world.receive(queue_url):
                    visible_at, hops = self._sent_at.pop(received["MessageId"], (self.now, 0))
                    self._messages.append(Message(queue_url, source, received, visible_at, hops=hops))

    def _how_many_messages(self, queue_url: str) -> int:
        return sum(message.queue_url == queue_url for message in self._messages)

    def _lagging(self) -> list[Reader]:
        return [
            reader
            for reader in self._readers
            if reader.place.next < len(self._shards[reader.shard]) and not reader.is_busy
        ]

    def _read_stream(self) -> bool:
        """Hand each reader the records that it has not read. After a failure, it gets them again from there on."""
        self._collect()
        lagging = [reader for reader in self._lagging() if reader.at <= self.now]
        for reader in lagging:
            self._hand_over(reader)
        return bool(lagging)

    def _hand_over(self, reader: Reader) -> None:
        if disabled := [each for each in self.faults.disabled if each.covers(reader.function, self.now)]:
            reader.at = disabled[0].ends
            return
        place, shard = reader.place, self._shards[reader.shard]
        if self.faults.time_passes:
            while place.next < len(shard) and shard[place.next][0] < self.now - _STREAM_KEEPS:
                place.next += 1
                self.happened["a record of the stream forgotten"] += 1
        batch = [record for _, record in place.batch(shard)]

        def invoke(_function: str, event: Any) -> frozenset[str] | None:
            self.note(f"{reader.function} reads {len(event['Records'])} records of shard {reader.shard}")
            reader.is_busy = True
            answer, error = self._invoke(
                reader.function, lambda: self.world.handlers[reader.function](event, self.context())
            )
            reader.is_busy = False
            return failures_in(answer) if error is None else None

        if place.hand_over(batch, invoke):
            self._die(reader.function)
        reader.at = self.now
        if place.tries and self.faults.time_passes:
            reader.at += timedelta(seconds=min(2**place.tries, _LONGEST_PAUSE_OF_READER))

    def _note_message(self, queue_url: str, seconds: int, place: int = -1) -> None:
        """Note a new message's delay and lineage. The delay is by the world's clock: moto uses the machine's."""
        hops = self._running[-1].hops + 1 if self._running else 0
        if self.world.memory:
            message_id = self.world.memory.queues[queue_url][place]["MessageId"]
        else:
            region = client_of("sqs").meta.region_name
            message = sqs_backends[ACCOUNT][region].get_queue(queue_url.rpartition("/")[2])._messages[place]
            message.delayed_until = 0
            message_id = message.id
        self._sent_at[message_id] = (self.now + timedelta(seconds=seconds), hops)

    def _run_due_messages(self) -> bool:
        self._collect()
        due = [message for message in self._messages if message.visible_at <= self.now]
        for message in due:
            # It may have run meanwhile, in the middle of another one.
            if message in self._messages and not message.is_busy:
                self._run_message(message)
        return bool(due)

    def _run_message(self, message: Message) -> None:
        if disabled := [each for each in self.faults.disabled if each.covers(message.function, self.now)]:
            message.visible_at = disabled[0].ends
            return
        if message.hops >= MOST_HOPS and not _allows_loops(message.function):
            self.happened["a chain of invocations stopped"] += 1
            self._die(message.function)
            self._delete(message)
            return
        message.receipts += 1
        queue, event = _queue(message.source.queue), message.event
        self.note(f"{message.function} gets {message.received['Body']:.150} for the {message.receipts}. time")
        hidden_for: list[int | None] = []

        def process() -> Any:
            return self.world.handlers[message.function](event, self.context())

        def run() -> Any:
            try:
                return process()
            finally:
                hidden_for.append(self._running[-1].hidden_for)

        message.is_busy = True
        answer, error = self._invoke(message.function, run, hops=message.hops, again=process)
        message.is_busy = False
        if error is None and not failures_in(answer):
            if self._happens("a message received twice", self.faults.repeats):
                message.visible_at = self.now + timedelta(minutes=120 * self.rng.random())
                return
            self._delete(message)
        elif message.receipts >= queue["RedrivePolicy"]["maxReceiveCount"]:
            self._die(message.function)
            self._delete(message)
        else:
            [seconds] = hidden_for
            hidden = queue["VisibilityTimeout"] if seconds is None else seconds
            message.visible_at = self.now + timedelta(seconds=hidden)

    def _delete(self, message: Message) -> None:
        """Remove a message from its queue, which is empty without it."""
        handle = message.received["ReceiptHandle"]
        client_of("sqs").delete_message(QueueUrl=message.queue_url, ReceiptHandle=handle)
        self._messages.remove(message)

    def _accept_emails(self) -> None:
        for sent in self.world.sent[len(self._fates) :]:
            fate = self._fate(sent)
            self._fates.append(fate)
            if not fate.arrives:
                self.bounced.add(sent.message_id)
            self.on_accepted(sent)

    def _report_emails(self) -> None:
        """Report the outcome of emails as SES does: late, in any order, some events twice, some not at all."""
        self._accept_emails()
        for sent, fate in zip(self.world.sent[self._reported :], self._fates[self._reported :], strict=True):
            twice = self.rng.choices(fate.cases[:2], k=self.rng.randrange(2)) if fate.cases else []
            for case in [*fate.cases, *twice]:
                for way in self._ways_of(case):
                    at = self.now + self.rng.random() * self.faults.latest_event
                    message_id = self.world.queue_feedback(case, sent, at=at, way=way)
                    self._sent_at[message_id] = (at, 0)
                    self._queued = True
        self._reported = len(self.world.sent)

    def _ways_of(self, case: str) -> Collection[Literal["rule", "topic"]]:
        """Return the ways on which an event comes: EventBridge's is best effort, SNS tries for weeks.

        Source: "Amazon SNS message delivery retries", SNS developer guide: 100,015 tries over 23 days for SQS.
        """
        rate = self.faults.lost_events.get(case, 0)
        if rate >= 1:
            self.happened[f"an event lost on both ways: {case}"] += 1
            return ()
        if not self.faults.time_passes:
            return (self.rng.choice(_WAYS),)
        is_lost = {
            "rule": self._happens(f"an event lost: {case}", rate),
            "topic": self._happens(f"an event lost on the second way: {case}", rate * _LOST_BY_TOPIC),
        }
        return [way for way in _WAYS if not is_lost[way]]

    def _fate(self, sent: Sent) -> Fate:
        """Decide what becomes of an email. SES accepts one to a suppressed address, and does not send it.

        Source: "Using the Amazon SES account-level suppression list", SES developer guide.
        """
        if sent.is_suppressed:
            self.happened["an email to a suppressed address"] += 1
            return Fate(("send", f"suppressed_{self.world.suppressed[sent.to].lower()}"), arrives=False)
        if sent.to in self.refused_addresses:
            return Fate(("send", "bounce"), arrives=False)
        return self.fate_of(sent) or Fate()


_REPEATABLE = {
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "sqs:SendMessage",
    "sqs:SendMessageBatch",
}
_WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:TransactWriteItems"}


@cache
def _properties_of(function: str) -> dict[str, Any]:
    """Return the template's properties of a function."""
    template = load_template()
    return {**template["Globals"]["Function"], **template["Resources"][FUNCTIONS[function]]["Properties"]}


def _timeout(function: str) -> int:
    return int(_properties_of(function)["Timeout"])


def _allows_loops(function: str) -> bool:
    return bool(_properties_of(function).get("RecursiveLoop") == "Allow")


@cache
def _queue(logical_id: str) -> dict[str, Any]:
    """Return the template's properties of a queue."""
    return dict(load_template()["Resources"][logical_id]["Properties"])
