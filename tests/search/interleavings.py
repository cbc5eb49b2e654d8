"""Interleavings: calls of real handlers that run at the same time, driven step by step.

Each actor is a thread that stops before every AWS call that others can notice, and waits for its turn. So one thread
runs at a time, and which one is never left to chance. moto makes a call in one piece: a switch can only happen between
calls, in tests as on AWS.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

from tests.faults.refusals import refusal
from tests.search.decisions import decide
from tests.search.invariants import breaches
from tests.search.stored import change_in, expire_forms, is_in_transactions, is_private, item_of, read_by
from tests.support.cast import Cast, email_of, path_of
from tests.support.memory import Memory, operation_of
from tests.support.world import CAMPAIGN, Answer, client_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.printing.packets import Packet
from undersigned.delivering.queue import DeliveryMessage, message_body
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import signer_id
from undersigned_cli.local.sources import StreamReader, queue_source, stream_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from botocore.exceptions import ClientError

    from tests.search.stored import Change
    from tests.support.world import Sent, World
    from undersigned.delivering.printing.packets import PacketCover, PacketLetter
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.rules.signatures import Signature

PATIENCE = 30
"""Seconds after which a thread that doesn't stop fails the test."""

type Order = Literal["go", "crash", "crash after", "conflict"]
"""The fate of an actor's next call: it is made; not made; made, but its answer is lost; refused."""

type Fate = Literal["delivered", "bounced", "soft bounced", "complained", "silent"]

_EVENTS: dict[Fate, tuple[str, ...]] = {
    "delivered": ("send", "delivery"),
    "bounced": ("send", "bounce"),
    "soft bounced": ("send", "out_of_office"),
    "complained": ("send", "delivery", "complaint"),
    "silent": ("send",),
}
_BOUNCED = ("bounced", "soft bounced")

_HALTS = ("pause", "hold", "stop")

_WEEKS = 6

_DELIVERIES, _TALLY = queue_source("DeliveryQueue"), stream_source("Tally")


class CrashError(BaseException):
    """A process ended. No `except Exception` sees this."""


class Call(NamedTuple):
    """An AWS call that is about to be made."""

    service: str
    operation: str
    params: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.operation} {', '.join(sorted(self.written | self.read))}"

    @property
    def written(self) -> set[str]:
        """The items that it writes, as `pk/sk`."""
        if self.service == "s3":
            return {self.params["Key"]} if self.operation == "PutObject" else set()
        if self.service != "dynamodb":
            return set()
        parts: list[Any] = [next(iter(part.values())) for part in self.params.get("TransactItems", ())]
        parts += [self.params] if self.operation in {"PutItem", "UpdateItem", "DeleteItem"} else []
        return {item_of(part.get("Key") or part["Item"]) for part in parts}

    @property
    def read(self) -> set[str]:
        """The items that it reads, as `pk/sk`. A query reads its partition; a query of a tray reads all letters."""
        match self.service, self.operation:
            case "s3", "GetObject":
                return {self.params["Key"]}
            case "dynamodb", _:
                return read_by(self.operation, self.params, self.written)
            case _:
                return set()

    def interferes_with(self, other: Call) -> bool:
        """Return whether the order of two calls makes a difference."""
        return any(
            mine.startswith(its) or its.startswith(mine)
            for ours, theirs in ((self.written, other.written | other.read), (self.read, other.written))
            for mine in ours
            for its in theirs
        )

    @property
    def reads_tray(self) -> bool:
        return self.params.get("IndexName") == "tray"

    @property
    def is_private(self) -> bool:
        """Whether no other actor changes or reads its items, so that its moment doesn't matter."""
        if self.service == "secretsmanager" or self.operation == "GetAccount":
            return True
        touched = self.written | self.read
        return bool(touched) and all(map(is_private, touched))

    @property
    def can_conflict(self) -> bool:
        """Whether DynamoDB may refuse it because a transaction holds one of its items."""
        if self.operation == "TransactWriteItems":
            return True
        return self.operation in {"PutItem", "UpdateItem"} and any(map(is_in_transactions, self.written))

    def conflict(self) -> ClientError:
        """Return DynamoDB's refusal: another transaction holds the last of the call's items."""
        if self.operation != "TransactWriteItems":
            return refusal(self.operation, "TransactionConflictException")
        reasons = [*["None"] * (len(self.params["TransactItems"]) - 1), "TransactionConflict"]
        return refusal(self.operation, "TransactionCanceledException", reasons=reasons)


@dataclass(eq=False)
class Actor:
    """A running handler. `at` is its next call, or None when it is done.

    `on_end` is told whether it failed. `may_fail` allows an error, because the work is tried again.
    """

    name: str
    work: Callable[[], Any]
    at: Call | None = None
    answer: Any = None
    error: BaseException | None = None
    order: Order = "go"
    on_end: Callable[[bool], None] = lambda _failed: None
    may_fail: bool = False
    made: list[Call] = field(default_factory=list, repr=False)
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0), repr=False)

    @property
    def is_done(self) -> bool:
        return self.at is None

    @property
    def crashed(self) -> bool:
        return isinstance(self.error, CrashError)


class Stage:
    """Runs actors, one at a time."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._back = threading.Semaphore(0)
        self.actors: list[Actor] = []
        self.switches = 0
        self._last: Actor | None = None

    def start(self, name: str, work: Callable[[], Any]) -> Actor:
        """Start an actor and run it to its first stop."""
        actor = Actor(name, work)
        self.actors.append(actor)
        threading.Thread(target=self._run, args=(actor,), name=name, daemon=True).start()
        self._wait(actor)
        return actor

    def step(self, actor: Actor, order: Order = "go") -> None:
        """Make an actor's next call and run it to the next stop, or to its end."""
        assert actor.at is not None, f"{actor.name} is done"
        if self._last not in {None, actor}:
            self.switches += 1
        self._last = actor
        actor.order = order
        actor.go.release()
        self._wait(actor)

    def finish(self, actor: Actor) -> Actor:
        """Run an actor to its end."""
        while not actor.is_done:
            self.step(actor)
        return actor

    def clear(self) -> None:
        """End every actor that is still running."""
        for actor in self.actors:
            if not actor.is_done:
                self.step(actor, "crash")
        self.actors.clear()
        self._last = None

    def _wait(self, actor: Actor) -> None:
        assert self._back.acquire(timeout=PATIENCE), f"{actor.name} doesn't stop"
        # A failed assertion inside an actor fails the test.
        error = actor.error
        if error is not None and not actor.crashed and isinstance(error, AssertionError | pytest.fail.Exception):
            raise error

    def _run(self, actor: Actor) -> None:
        self._mine.actor = actor
        try:
            actor.answer = actor.work()
        except BaseException as error:  # noqa: BLE001  (the code that drives the actor checks it)
            actor.error = error
        actor.at = None
        self._back.release()

    def call(self, call: Call, make: Callable[[], Any]) -> Any:
        """Make a call. An actor stops before it."""
        actor: Actor | None = getattr(self._mine, "actor", None)
        if actor is None:
            return make()
        if call.operation == "ChangeMessageVisibility":
            # The play keeps track of its messages itself.
            return {}
        # A tray is read shard by shard, from an index that may lag, so all its reads count as one.
        if call.is_private or (call.reads_tray and actor.made and actor.made[-1].reads_tray):
            return make()
        actor.at = call
        actor.made.append(call)
        self._back.release()
        assert actor.go.acquire(timeout=2 * PATIENCE), "nobody resumed it"
        match actor.order:
            case "crash":
                raise CrashError
            case "conflict" if call.can_conflict:
                raise call.conflict()
            case "crash after":
                make()
                raise CrashError
        return make()


@contextmanager
def staged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Make actors stop before their calls."""
    stage = Stage()
    make_call = Memory.call

    def call(memory: Memory, client: Any, method: str, params: dict[str, Any]) -> Any:
        made = Call(client.service, operation_of(method), params)
        return stage.call(made, lambda: make_call(memory, client, method, params))

    monkeypatch.setattr(Memory, "call", call)
    try:
        yield stage
    finally:
        stage.clear()


@dataclass
class Message:
    """A message of the delivery queue, as SQS hands it out, which it may do twice."""

    received: dict[str, Any]
    receipts: int = 0
    is_done: bool = False


@dataclass
class MailEvent:
    """An event about an email that SES has still to send."""

    sent: Sent
    case: str


class Play(Cast[str, Actor]):
    """A stack on a stage: people, schedules and AWS are its actors, and `check` says what must be true in the end."""

    def __init__(self, world: World, stage: Stage, letters_in: Callable[[Sent], list[str]] | None = None) -> None:
        """Take the stack, the stage, and how to read the names in an email's packets if they aren't plain."""
        super().__init__(world, self._act)
        self.stage = stage
        self._letters_in = letters_in or plain_letters_in
        self._send_now_only = False
        self.messages: list[Message] = []
        self.backlog: list[Any] = []
        self.mail_events: list[MailEvent] = []
        self.fates: dict[str, Fate] = {}
        self.fate: Fate = "delivered"
        self.emptied: set[str] = set()
        self.gone: set[str] = set()
        self.too_late: set[str] = set()
        self.erased: dict[str, int] = {}
        self.confirmed: set[str] = set()
        self.told_confirmed: set[str] = set()
        self.withdrawn: set[str] = set()
        self.halted: dict[str, list[Actor]] = {}
        self.endings: dict[str, list[Actor]] = {name: [] for name in _HALTS}
        self.history: list[str] = []
        self.targets = ("evanston", "skokie")
        self._seen = self._records = self._calls = 0
        # Targets without letters add no races.
        for target in Campaigns(world.stack.table).targets(CAMPAIGN):
            if target.id not in self.targets:
                self.world.stack.table.delete(Target.locate(campaign=CAMPAIGN, id=target.id))

    # State

    def save(self) -> Callable[[], None]:
        """Return a function that restores the stack's present state. No process remembers what came after it."""
        self.collect()
        restore_memory = self._memory.save()
        now, sent = self.world.clock.now, list(self.world.sent)
        state = copy.deepcopy(
            {
                name: getattr(self, name)
                for name in (
                    "messages",
                    "backlog",
                    "fates",
                    "fate",
                    "emptied",
                    "gone",
                    "too_late",
                    "erased",
                    "confirmed",
                    "told_confirmed",
                    "withdrawn",
                )
            }
        )
        mail_events = list(self.mail_events)

        def restore() -> None:
            self.stage.clear()
            self.collect()
            restore_memory()
            self.world.restart()
            self._memory.records.clear()
            self.world._read = 0
            self._records = 0
            self.world.clock.now, self.world.sent[:] = now, sent
            for name, value in copy.deepcopy(state).items():
                setattr(self, name, value)
            self.mail_events, self._seen, self.history, self.halted = list(mail_events), len(sent), [], {}
            self.endings = {name: [] for name in _HALTS}

        return restore

    @property
    def _memory(self) -> Memory:
        assert self.world.memory
        return self.world.memory

    def signer(self, person: str) -> str:
        return signer_id(self.world.stack.secret(), email_of(person))

    def row(self, person: str) -> Signature | None:
        return Signatures(self.world.stack.table).signature(CAMPAIGN, self.signer(person))

    def deliveries(self) -> list[Delivery]:
        return [
            delivery
            for target in self.targets
            for delivery in Deliveries(self.world.stack.table).deliveries(CAMPAIGN, target)
        ]

    def key(self, period: str = "2026-11-24", target: str = "evanston") -> DeliveryKey:
        return DeliveryKey(CAMPAIGN, target, period)

    # Actors: prepared here, run by the stage

    def sign(self, person: str, name: str, *, source: str = "203.0.113.7", **typed: object) -> Actor:
        """Sign as somebody who wants news. The name identifies the letter in emails."""
        return super().sign(person, name, source=source, updates="yes", **typed)

    def link(self, person: str) -> tuple[str, str]:
        """Return the words of a person's newest form, and the path of the link that confirms them."""
        forms = Forms(self.world.stack.table).of_signer(CAMPAIGN, self.signer(person))
        form = max(forms, key=lambda form: form.signed_at, default=None)
        token = self.world.stack.links.sign("confirm", CAMPAIGN, self.signer(person), form.form if form else "none")
        return form.words.name if form else "", f"/confirm/{token}"

    def confirm(self, person: str, link: tuple[str, str] | None = None) -> Actor:
        """Confirm a person's letter by the link of its present words, or by an earlier one."""
        words, path = link or self.link(person)

        def note(failed: bool) -> None:  # noqa: FBT001
            # Before the form is written, there is no link: such an actor confirms whatever is there when it goes on.
            is_told = not failed and actor.answer.status == 200
            if words and is_told and (row := self.row(person)) and row.status == "confirmed":
                self.told_confirmed.add(words)

        actor = self.press_link(path, f"confirm {words or person}")
        actor.on_end = note
        return actor

    def erase(self, person: str) -> Actor:
        """Erase whatever words the person's row holds when it is written."""

        def note(failed: bool) -> None:  # noqa: FBT001
            self.collect()
            for words in self.emptied if not failed else ():
                if words.startswith(person):
                    self.erased.setdefault(words, len(self.world.sent))

        actor = super().erase(person)
        actor.on_end = note
        return actor

    def expire(self, person: str) -> Actor:
        """Delete a person's forms that have expired, as DynamoDB does some time later, or never."""
        actor = self._start(f"expire {person}", lambda: expire_forms(self.world, self.signer(person)))
        actor.may_fail = True
        return actor

    def bring(self, delivery: Delivery) -> Actor:
        """Hand over a delivery as it is now."""
        key = delivery.key
        return self.hand_over(path_of(key.period, key.target), delivery.revision, key.period)

    def pause(self) -> Actor:
        return self._halting(super().pause())

    def resume(self) -> Actor:
        return self._ending("pause", super().resume())

    def hold(self, target: str = "evanston") -> Actor:
        return self._halting(super().hold(target))

    def release(self, target: str = "evanston") -> Actor:
        return self._ending("hold", super().release(target))

    def stop(self, page: str = "", reason: str = "") -> Actor:
        return self._halting(super().stop(page, reason))

    def lift_stop(self, target: str = "evanston") -> Actor:
        return self._ending("stop", super().lift_stop(target))

    def _halting(self, actor: Actor) -> Actor:
        """Allow no email after the end of this actor, except those that are being handed to SES.

        If what ends the halt ran beside it, its write may have been the last one.
        """
        before = [other for other in self.endings[actor.name] if other.is_done]

        def halt(failed: bool) -> None:  # noqa: FBT001
            if not failed and self.endings[actor.name] == before:
                self.halted[actor.name] = [other for other in self.stage.actors if _hands_over(other)]

        actor.on_end = halt
        return actor

    def _ending(self, halt: str, actor: Actor) -> Actor:
        self.halted.pop(halt, None)
        self.endings[halt].append(actor)
        return actor

    def plan(self, *, days_ago: int = 0) -> Actor:
        """Plan for now, or late for a moment some days ago."""
        return self._start("plan", lambda: self.world.plan(days_ago=days_ago))

    def deliver(self, message: Message) -> Actor:
        message.receipts += 1
        attributes = {**message.received["Attributes"], "ApproximateReceiveCount": str(message.receipts)}
        received = [{**message.received, "Attributes": attributes}]

        def note(failed: bool) -> None:  # noqa: FBT001
            message.is_done |= not failed and actor.answer == received

        actor = self._start("deliver", lambda: _DELIVERIES.hand_over(received, self.world.invoke))
        actor.on_end = note
        return actor

    def tally(self, records: Sequence[Any]) -> Actor:
        reader = StreamReader(_TALLY)
        actor = self._start("tally", lambda: reader.hand_over(records, self.world.invoke))
        # A reader whose function failed or crashed has not gone on, or not past the first failure.
        actor.on_end = lambda _failed: self.backlog.extend(records[reader.next :])
        return actor

    def reconcile(self) -> Actor:
        """Run the daily reconciliation to its end."""
        return self._start("reconcile", self.world.reconcile)

    def remind(self) -> Actor:
        """Run the schedule of the postponed emails, and send those that it queues."""
        return self._start("remind", self.world.run_postponed)

    def tell(self) -> Actor:
        """Run the same schedule, which tells signers of an answer after that."""
        return self._start("tell", self.world.queue_postponed)

    def report(self, event: MailEvent) -> Actor:
        at = self.world.clock.now
        actor = self._start(f"SES reports {event.case}", lambda: self.world.feedback(event.case, event.sent, at=at))
        actor.may_fail = True
        actor.on_end = lambda failed: self.mail_events.append(event) if failed else None
        return actor

    def _act(self, name: str, act: Callable[[], Answer]) -> Actor:
        def run() -> Answer:
            answer = act()
            # A session lasts twelve hours, and a restored stack has no later one.
            assert answer.headers.get("location") != "/organizer", f"{name}: the session is over"
            return answer

        return self._start(name, run)

    def _start(self, name: str, work: Callable[[], Any]) -> Actor:
        self.history.append(f"{name} begins")
        return self.stage.start(name, work)

    def step(self, actor: Actor, order: Order = "go") -> None:
        """Step an actor, and do what follows when it is done."""
        self.history.append(f"{actor.name}: {order} {actor.at}")
        if _hands_over(actor) and not all(actor in exempt for exempt in self.halted.values()):
            message = f"an email is sent after {', '.join(self.halted)}"
            raise AssertionError(message)
        self.stage.step(actor, order)
        if actor.is_done:
            self.ended(actor)

    def finish(self, actor: Actor) -> Actor:
        if actor.is_done:
            self.ended(actor)
        while not actor.is_done:
            self.step(actor)
        return actor

    def ended(self, actor: Actor) -> None:
        """Do what AWS does when a handler has ended: failed work comes again."""
        if actor in self.stage.actors:
            self.stage.actors.remove(actor)
        if actor.crashed:
            self.world.restart("deliver", "tally", "run_jobs", "public_api", "organizer_api", "record_feedback")
        failed = actor.error is not None
        assert not failed or actor.crashed or actor.may_fail, f"{actor.name} failed: {actor.error!r}"
        if isinstance(actor.answer, Answer):
            assert actor.answer.status < 500, actor.answer.body
            failed = actor.answer.status >= 400
        actor.on_end(failed)
        self.collect()

    def only_send_now(self) -> None:
        """Let the campaign's letters wait until somebody presses *Send now*."""
        campaigns = Campaigns(self.world.stack.table)
        campaign = campaigns.campaign(CAMPAIGN)
        assert campaign
        campaigns.put_campaign(replace(campaign, send_now_only=True))
        self._send_now_only = True

    # AWS

    def collect(self) -> None:
        """Collect new records of the stream, messages of the queue, and emails that SES accepted."""
        written, self._records = self._records, len(self._memory.records)
        for record in self.world.new_records() if self._records > written else ():
            self.backlog.append(record)
            if change := change_in(record):
                self._note(change)
        calls, self._calls = self.world.calls[self._calls :], len(self.world.calls)
        if not {"sqs:SendMessage", "sqs:SendMessageBatch"}.isdisjoint(calls):
            self._take_messages()
        for sent in self.world.sent[self._seen :]:
            self.fates[sent.message_id] = self.fate
            self.mail_events += [MailEvent(sent, case) for case in _EVENTS[self.fate]]
        self._seen = len(self.world.sent)

    def _take_messages(self) -> None:
        url = self.world.queues["DeliveryQueue"]
        for received in self.world.receive(url):
            self.messages.append(Message(received))
            client_of("sqs").delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])

    def _note(self, change: Change) -> None:
        """Note what became of words. Those that no form has can't be confirmed any more, until they are sent again."""
        match change.of, change.status:
            case "form", _ if change.words:
                self.gone.discard(change.words)
            case "form", _:
                self.gone.add(change.before)
            case _, "erased" if change.before:
                self.emptied.add(change.before)
            case _, "confirmed":
                self.confirmed.add(change.words)
                self.too_late |= {change.words} & self.gone
            case _, "withdrawn":
                self.withdrawn.add(change.words)

    def enqueue(self, period: str = "2026-11-24", until: datetime | None = None) -> None:
        """Put a delivery in the queue, as an earlier plan did, or somebody who read what waits at a moment."""
        body = message_body(DeliveryMessage(DeliveryKey(CAMPAIGN, "evanston", period), until=until))
        client_of("sqs").send_message(QueueUrl=self.world.queues["DeliveryQueue"], MessageBody=body)
        self._take_messages()

    def take_backlog(self) -> list[Any]:
        """Take all records that the tally has not read."""
        taken, self.backlog = self.backlog, []
        return taken

    @property
    def waiting_messages(self) -> list[Message]:
        return [message for message in self.messages if not message.is_done]

    def count(self) -> None:
        """Run the tally until it has read the whole stream."""
        for _ in range(10):
            self.collect()
            if not self.backlog:
                return
            self.finish(self.tally(self.take_backlog()))
        message = "the stream doesn't end"
        raise AssertionError(message)

    def settle(self) -> None:
        """End all actors, then run weeks until nothing is left to do, with pauses, holds and bad addresses removed.

        A person decides about the emails in doubt, and sends those that bounced again.
        """
        for actor in list(self.stage.actors):
            self.finish(actor)
        self.fate = "delivered"
        for _ in range(_WEEKS):
            self._run_until_quiet()
            if not self._has_work_left():
                return
            self.finish(self.resume())
            self.finish(self.lift_stop())
            self.finish(self.release())
            self.world.clock.advance(days=7)
            for target in self.targets:
                found = Campaigns(self.world.stack.table).target(CAMPAIGN, target)
                assert found
                Campaigns(self.world.stack.table).set_mail_state(CAMPAIGN, target, found.email, "ok")
            decide(self.world, bounced=self._bounced, retry=True)
            self._bring()
            self.finish(self.plan())
            if self._send_now_only:
                self.finish(self.send_now())
        message = f"work is left after {_WEEKS} weeks: {self.deliveries()}"
        raise AssertionError(message)

    def _bring(self) -> None:
        """Hand over what is ready to print."""
        for delivery in self.deliveries():
            if delivery.is_ready_to_print:
                self.finish(self.bring(delivery))

    def _run_until_quiet(self) -> None:
        for _ in range(10):
            self.count()
            while self.mail_events:
                self.finish(self.report(self.mail_events.pop(0)))
            waiting = self.waiting_messages
            if not (waiting or self.backlog or self.mail_events):
                return
            for message in waiting:
                self.finish(self.deliver(message))
            while self.mail_events:
                self.finish(self.report(self.mail_events.pop(0)))
            self.world.clock.advance(minutes=61)
        # A held delivery waits for a person, and a message that is received too often becomes a dead letter.
        for message in self.waiting_messages:
            message.is_done = True

    def _has_work_left(self) -> bool:
        signatures = Signatures(self.world.stack.table)
        return any(made.is_unfinished or made.is_ready_to_print for made in self.deliveries()) or any(
            signatures.has_waiting(CAMPAIGN, target) for target in self.targets
        )

    @property
    def _bounced(self) -> list[str]:
        return [message for message, fate in self.fates.items() if fate in _BOUNCED]

    # Invariants

    def check(self) -> None:
        """Check that every letter was sent exactly once, no withdrawn one was, and the counts equal the rows."""
        found = breaches(self.world, bounced=self._bounced, text_of=lambda sent: "\n".join(self._letters_in(sent)))
        rows = Signatures(self.world.stack.table).listed_signatures(CAMPAIGN)
        remaining = {row.words.name for row in rows if row.status == "confirmed"}
        vanished = self.confirmed - remaining - self.withdrawn - self.emptied
        found += [f"{words}: confirmed, but its row is gone" for words in vanished]
        found += [
            f"{words}: its signer was told that it is confirmed" for words in self.told_confirmed - self.confirmed
        ]
        found += [f"{words}: confirmed after its form was erased" for words in self.too_late]
        for place, sent in enumerate(self.world.sent):
            for words in self._letters_in(sent) if is_delivery(sent) else ():
                if words not in self.confirmed:
                    found.append(f"{words}: sent without a confirmation")
                if words in self.withdrawn:
                    found.append(f"{words}: sent although it was withdrawn")
                if self.erased.get(words, place + 1) <= place:
                    found.append(f"{words}: sent after it was erased")
        told = Counter(sent.to for sent in self.world.sent if sent.tags["kind"] == "answer")
        found += [f"{person} was told {times} times" for person, times in told.items() if times > 1]
        assert not found, "\n".join(found)


def is_delivery(sent: Sent) -> bool:
    return sent.tags["kind"] == "delivery"


def plain_letters_in(sent: Sent) -> list[str]:
    """Return the names in an email's packets, as `typeset_plainly` writes them."""
    return [words for pdf in sent.pdfs for words in json.loads(pdf)]


def typeset_plainly(
    cover: PacketCover | None, letters: Sequence[PacketLetter], fonts: object, *paper: object
) -> Packet:
    """Write only the signers' names into a packet: typesetting takes a tenth of a second and adds no race."""
    pdf = json.dumps([letter.signer_name for letter in letters]).encode()
    return Packet(pdf, {}, accessible=True)


def _hands_over(actor: Actor) -> bool:
    return actor.name == "deliver" and actor.at is not None and actor.at.operation == "SendEmail"


@contextmanager
def with_history(play: Play) -> Iterator[None]:
    """Add the steps so far to an assertion that fails."""
    try:
        yield
    except AssertionError as error:
        error.add_note("\n".join(play.history))
        raise


class Race:
    """Two actors that run in every schedule with few preemptions.

    Preempting an actor before a call that doesn't interfere with the other's calls is the same as preempting it later,
    so these schedules are left out.

    Most concurrency bugs need no more than two preemptions: Musuvathi and Qadeer, "Iterative Context Bounding" (PLDI
    2007).
    """

    def __init__(self, play: Play, begin: Callable[[], tuple[Actor, Actor]], *, twins: bool) -> None:
        """Take a function that starts the actors. The order of `twins`, which do the same, doesn't matter."""
        self._play = play
        self._begin = begin
        self._twins = twins
        self._restore = play.save()
        self._made: tuple[list[Call], list[Call]] = ([], [])
        self.tried = 0

    def run(self, preemptions: int, most: int | None = None) -> None:
        """Run and check every schedule, but at most `most` of each number of preemptions, evenly spread."""
        # The calls of each actor show where preempting the other makes a difference.
        self._run(0, ())
        self.tried = 0
        firsts = (0,) if self._twins else (1, 0)
        found: list[tuple[int, tuple[int, ...], list[int]]] = [(first, (), self._run(first, ())) for first in firsts]
        for _ in range(preemptions):
            schedules = [
                (first, (*switches, step))
                for first, switches, steps in found
                for step in steps
                if step > (switches[-1] if switches else 0)
            ]
            left_out = 1 if most is None else -(-len(schedules) // most) or 1
            found = [(first, switches, self._run(first, switches)) for first, switches in schedules[::left_out]]

    def _run(self, first: int, switches: tuple[int, ...]) -> list[int]:
        self._restore()
        self.tried += 1
        with with_history(self._play):
            steps = self._interleave(self._begin(), first, switches)
            self._play.settle()
            self._play.check()
        return steps

    def _interleave(self, actors: tuple[Actor, Actor], first: int, switches: tuple[int, ...]) -> list[int]:
        """Run the actors, switching before these steps. Return the steps before which a switch makes a difference.

        When one actor is done, the other goes on.
        """
        current, step, candidates = first, 0, []
        while not all(actor.is_done for actor in actors):
            if actors[current].is_done:
                current = 1 - current
            elif not actors[1 - current].is_done and step:
                if step in switches:
                    current = 1 - current
                elif self._matters(current, actors[current].at):
                    candidates.append(step)
            self._play.step(actors[current])
            step += 1
        for actor, made in zip(actors, self._made, strict=True):
            made += [call for call in actor.made if call not in made]
        return candidates

    def _matters(self, mine: int, call: Call | None) -> bool:
        return call is not None and any(call.interferes_with(its) for its in self._made[1 - mine])


class Refusals:
    """One actor. Each of its calls is refused once, because another transaction holds its item."""

    def __init__(self, play: Play, begin: Callable[[], Actor]) -> None:
        """Take a function that starts the actor."""
        self._play = play
        self._begin = begin
        self._restore = play.save()
        self.tried = 0

    def run(self) -> None:
        """Refuse one call after the other, each in a run of its own, and check every run."""
        while self._refuse(self.tried):
            self.tried += 1

    def _refuse(self, number: int) -> bool:
        self._restore()
        with with_history(self._play):
            actor = self._begin()
            seen = 0
            while actor.at is not None:
                refused = actor.at.can_conflict and seen == number
                seen += actor.at.can_conflict
                self._play.step(actor, "conflict" if refused else "go")
            self._play.settle()
            self._play.check()
        return seen > number
