"""SES takes nothing for two weeks, or a tenth. All that waits is sent in the end, and no chain of messages goes on
forever.

The waits last six hours, longer than Lambda lets a function invoke itself unless it allows that; each night, two weeks.
The rush lasts a minute and a half; each night, an hour, and 9,000 people sign. 600 emails wait for two hours; each
night, 100,000 for a day.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from heapq import heappop, heappush
from itertools import batched
from random import Random
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.faults.in_parallel import Processes
from tests.faults.refusals import refusal
from tests.search.platform import CrashError, Fate, Faults, Platform
from tests.support.figures import keep
from tests.support.scale import scale
from tests.support.signatures import changed
from tests.support.world import CAMPAIGN, CONTEXT, Watch, client_of
from tests.support.world import world as make_world
from undersigned.base.emails import Mail
from undersigned.base.mailbox import Spacing
from undersigned.delivering.delivering import LONGEST_WAIT
from undersigned.delivering.queue import DeliveryMessage, message_body
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing import emails
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rules.signatures import PENDING_FOR, new_mail_request
from undersigned_cli.local.sources import queue_source
from undersigned_cli.local.template import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.signing.rules.forms import FormMail

REFUSAL = "SendingPausedException"
WAIT = scale.without_ses
TRIES = int(WAIT / timedelta(minutes=15))
KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
TWO_HOURS = timedelta(hours=2)
RUSH_OF = scale.rush
RATE = 0.25
"""Emails a second that SES takes in the rush."""

EMAILS = scale.waiting_emails
THROTTLED_FOR = scale.throttled


def refusing(world: World, function: str, times: int) -> Platform:
    """Return the platform around a world in which SES refuses a function's next sends."""
    refusals = {(function, "sesv2:SendEmail"): [REFUSAL] * times}
    return Platform(world, Random(1), refusals=refusals)  # noqa: S311  (repeatable)


def test_a_confirmation_email_that_waits_for_long_is_sent(world: World) -> None:
    # After a thousand tries, which take ten days, its message is a dead letter, which an operator puts back.
    wait = min(WAIT, timedelta(days=10))
    platform = refusing(world, "SendConfirmations", int(wait / timedelta(minutes=15)))
    world.sign()
    began = world.clock.now
    platform.settle()
    assert platform.dead_letters == []
    assert [sent.to for sent in world.sent] == ["ada@signers.example"]
    assert world.clock.now - began > wait - timedelta(hours=1)


def test_a_delivery_that_waits_for_long_is_sent(world: World) -> None:
    world.confirmed()
    platform = refusing(world, "Deliver", TRIES)
    world.plan()
    began = world.clock.now
    platform.settle()
    assert platform.dead_letters == []
    assert len(world.deliveries) == 1
    assert world.clock.now - began > WAIT - timedelta(hours=1)


def test_a_confirmation_email_waits_no_longer_than_its_letter_can_be_confirmed(world: World) -> None:
    platform = refusing(world, "SendConfirmations", 1_000)
    world.sign()
    began = world.clock.now
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.clock.now += PENDING_FOR - TWO_HOURS
    platform.settle()
    assert (platform.dead_letters, world.sent) == ([], [])
    assert PENDING_FOR <= world.clock.now - began < PENDING_FOR + TWO_HOURS


def test_a_delivery_waits_for_two_weeks_and_then_for_the_next_plan(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.confirmed()
    platform = refusing(world, "Deliver", 1_000)
    body = message_body(DeliveryMessage(KEY, since=world.clock.now - LONGEST_WAIT + TWO_HOURS))
    client_of("sqs").send_message(QueueUrl=world.queues["DeliveryQueue"], MessageBody=body)
    began = world.clock.now
    platform.settle()
    assert TWO_HOURS <= world.clock.now - began < 2 * TWO_HOURS
    assert platform.dead_letters == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"][-1] == (
        "a delivery waited for two weeks"
    )
    platform.refusals.clear()
    world.plan()
    platform.settle()
    assert len(world.deliveries) == 1


# Ten times SES's rate


@dataclass
class Rush(Watch):
    """People who sign ten times as fast as SES takes emails, on the platform, in virtual time.

    One process reads the stream for emails and one for counts, and two read the queue, as the template says. `behind`
    is how many seconds old the oldest record was that the emails' reader took.
    """

    world: World
    rate: float
    seconds: float
    behind: float = 0.0
    people: int = 0
    throttled: int = 0
    sent_meanwhile: int = 0
    _tokens: float = 1.0
    _filled_at: float = 0.0

    def __post_init__(self) -> None:
        """Put the platform around the world."""
        assert self.world.memory is not None
        self.world.memory.quota |= {"MaxSendRate": self.rate, "Max24HourSend": -1.0}
        self.world.sign()
        self.world.new_records()
        [self.pattern] = self.world.forms()
        self.platform = Platform(self.world, Random(1), watch=self, faults=Faults(time_passes=True))  # noqa: S311
        self.platform.fate_of = lambda _sent: Fate(cases=())
        self.processes = Processes(self.platform)
        self.began = self.platform.now

    # SES

    @override
    def before(self, _function: str, operation: str, _params: Any) -> None:
        if operation != "sesv2:SendEmail":
            return
        now = self.platform.now.timestamp()
        self._tokens = min(max(1.0, self.rate), self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens < 1:
            self.throttled += 1
            raise refusal(operation, "TooManyRequestsException", status=429)
        self._tokens -= 1

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == "sesv2:SendEmail":
            self.processes.sleep(0.05)

    # Processes

    def sign(self) -> None:
        while (self.platform.now - self.began).total_seconds() < self.seconds:
            self.put_form()
            self.platform._wrote = True
            self.platform._collect()
            self.processes.sleep(0.1 / self.rate)
        self.sent_meanwhile = len(self.world.sent)

    def put_form(self) -> None:
        row = changed(
            self.pattern,
            signer=f"{self.people:032x}",
            form=f"{self.people:016x}",
            email=f"s{self.people}@gmail.com",
        )
        asked = new_mail_request(self.platform.now, f"{self.people:08x}")
        signed = replace(row, mail_request=asked, signed_at=self.platform.now, network=f"{self.people:016x}")
        Forms(self.world.stack.table).put(signed)
        self.people += 1

    def read_stream(self, function: str) -> None:
        reader = next(reader for reader in self.platform._readers if reader.function == function)
        while True:
            lagging = reader in self.platform._lagging() and reader.at <= self.platform.now
            if lagging:
                written = self.platform._shards[0][reader.place.next][0]
                if function == "send_confirmations":
                    self.behind = max(self.behind, (self.platform.now - written).total_seconds())
                self.platform._hand_over(reader)
            self.processes.sleep(0.01 if lagging else 0.5)

    def read_queue(self) -> None:
        while True:
            self.platform._collect()
            now = self.platform.now
            due = (each for each in self.platform._messages if not each.is_busy and each.visible_at <= now)
            message = next(due, None)
            if message:
                self.platform._run_message(message)
            self.processes.sleep(0.01 if message else 2.0)

    def run(self) -> None:
        """Run until nothing waits, or for so long that something never ends."""
        for act in (
            self.sign,
            lambda: self.read_stream("send_confirmations"),
            lambda: self.read_stream("tally"),
            self.read_queue,
            self.read_queue,
        ):
            self.processes.begin(act)
        longest = timedelta(seconds=40 * self.seconds, hours=2)
        self.processes.run_until(
            lambda: (len(self.world.sent) >= self.people and self.is_over()) or self.platform.now > self.began + longest
        )

    def is_over(self) -> bool:
        """Say whether nobody signs any more, and the queue is empty."""
        return (self.platform.now - self.began).total_seconds() > self.seconds and not self.platform._messages


@pytest.fixture
def at_the_worlds_pace(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack without moto whose pace of sending is kept by its own clock."""
    with make_world(monkeypatch, fast=True) as made:
        begin = Spacing.__init__

        def by_its_clock(self: Spacing, rate: Any, clock: Any = None, sleep: Any = None, **rest: Any) -> None:
            begin(self, rate, lambda: made.clock().timestamp(), sleep, **rest)

        monkeypatch.setattr(Spacing, "__init__", by_its_clock)
        made.variables["MAIL_BUDGETS"] = "10 1000000 1000000 1000000"
        made.restart("send_confirmations")
        yield made


def test_while_ten_times_as_many_sign_as_ses_takes_emails_none_is_lost_and_the_stream_keeps_up(
    at_the_worlds_pace: World,
) -> None:
    rush = Rush(at_the_worlds_pace, RATE, RUSH_OF.total_seconds())
    rush.run()
    assert rush.platform.dead_letters == []
    assert Counter(sent.to for sent in rush.world.sent) == {f"s{number}@gmail.com": 1 for number in range(rush.people)}
    assert rush.people >= 10 * RATE * RUSH_OF.total_seconds() * 0.9
    assert rush.behind < 60
    assert rush.sent_meanwhile > 0.5 * RATE * RUSH_OF.total_seconds(), "SES is used"


# A day without SES

_HIDDEN_FOR = properties_of("WaitingMails", resolved=False)["VisibilityTimeout"]
"""Seconds until a dead worker's messages come again."""

DIES_EACH = 1_000
"""After so many emails that SES took, the worker dies before it marks one."""


@dataclass
class Backlog(Rush):
    """So many emails wait while SES throttles all for `seconds`. Then it takes `rate` a second.

    The queue hands them out ten at once to its processes, and hides for how long each says. `most_hidden` is how many
    messages it hid at once, `calls` counts the calls while SES takes nothing, and `twice` are the addresses whose
    worker died before the mark.
    """

    processes_at_once: int = 2
    most_hidden: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    began_again: timedelta | None = None
    _waiting: deque[dict[str, Any]] = field(default_factory=deque)
    _received: int = 0
    _hidden: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    _hides: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> timedelta:
        return self.platform.now - self.began

    @override
    def before(self, function: str, operation: str, params: Any) -> None:
        if operation == "sqs:ChangeMessageVisibility":
            self._hides[params["ReceiptHandle"]] = params["VisibilityTimeout"]
        if self.passed.total_seconds() < self.seconds:
            self.calls[operation] += 1
            self._tokens, self._filled_at = 0.0, self.platform.now.timestamp()
        super().before(function, operation, params)

    @override
    def after(self, function: str, operation: str) -> None:
        super().after(function, operation)
        if operation == "sesv2:SendEmail":
            self.began_again = self.began_again or self.passed - timedelta(seconds=self.seconds)
            if len(self.world.sent) % DIES_EACH == 0:
                self.twice.append(self.world.sent[-1].to)
                raise CrashError(function)

    @override
    def sign(self) -> None:
        while self.people < EMAILS:
            self.put_form()
        for records in batched(self.world.new_records(), 100, strict=False):
            self.world.handlers["send_confirmations"]({"Records": records}, CONTEXT)
        self._waiting.extend(self.world.receive(self.world.queues["WaitingMails"]))
        self.calls.clear()

    @override
    def read_queue(self) -> None:
        source = queue_source("WaitingMails")
        while True:
            while self._hidden and self._hidden[0][0] <= self.passed.total_seconds():
                self._waiting.append(heappop(self._hidden)[2])
            batch = [self._waiting.popleft() for _ in range(min(source.batch_size, len(self._waiting)))]
            if batch:
                self._run(batch)
            self.processes.sleep(0.01 if batch else 2.0)

    def _run(self, batch: list[dict[str, Any]]) -> None:
        self._received += len(batch)
        self.most_hidden = max(self.most_hidden, len(self._hidden) + self._received)
        try:
            done = queue_source("WaitingMails").hand_over(batch, self.world.invoke)
        except CrashError:
            done = []
        for message in batch:
            if message not in done:
                received = int(message["Attributes"]["ApproximateReceiveCount"])
                message["Attributes"] = {"ApproximateReceiveCount": str(received + 1)}
                hides = self._hides.pop(message["ReceiptHandle"], _HIDDEN_FOR)
                heappush(self._hidden, (self.passed.total_seconds() + hides, message["MessageId"], message))
        self._received -= len(batch)

    @override
    def run(self) -> None:
        self.processes.begin(self.sign)
        for _ in range(self.processes_at_once):
            self.processes.begin(self.read_queue)
        longest = timedelta(seconds=self.seconds + 10 * EMAILS / self.rate, hours=1)
        self.processes.run_until(lambda: self.is_over() or self.passed > longest)

    @override
    def is_over(self) -> bool:
        return len(self.world.sent) >= EMAILS and not (self._waiting or self._hidden or self._received)


def compose_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write one email, and address it to everybody: to write an email takes ten times as long as all else."""
    written: list[Mail] = []
    compose: Any = emails.confirmation

    def confirmation(*given: Any, **tokens: str) -> Mail:
        if not written:
            written.append(compose(*given, **tokens))
        mail: FormMail = given[0]
        return replace(written[0], to=mail.about.words.email)

    monkeypatch.setattr(emails, "confirmation", confirmation)
    monkeypatch.setattr(Mail, "as_bytes", lambda mail: mail.to.encode())


def test_after_a_day_of_throttle_each_waiting_email_goes_at_the_rate_of_ses(
    at_the_worlds_pace: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose_once(monkeypatch)
    at_the_worlds_pace.variables["MAILS_AT_ONCE"] = "1"
    at_the_worlds_pace.restart("send_confirmations")
    backlog = Backlog(at_the_worlds_pace, rate=14.0, seconds=THROTTLED_FOR.total_seconds())
    backlog.run()
    found = Counter(sent.to for sent in backlog.world.sent)
    assert found == dict.fromkeys((f"s{number}@gmail.com" for number in range(EMAILS)), 1) | dict.fromkeys(
        backlog.twice, 2
    )
    assert len(backlog.twice) == len(backlog.world.sent) // DIES_EACH
    took = backlog.passed - THROTTLED_FOR
    assert backlog.began_again is not None
    if scale.is_long:
        writes = backlog.calls["dynamodb:UpdateItem"]
        figure = (
            f"the first after {backlog.began_again.total_seconds() / 60:.0f} minutes, the last after "
            f"{took.total_seconds() / 60:.0f}, at 14 a second; {len(backlog.twice)} twice, after a worker's death; "
            f"{backlog.most_hidden} hidden at once; {backlog.calls.total():,} calls and {writes:,} writes meanwhile"
        )
        hours = THROTTLED_FOR / timedelta(hours=1)
        keep(__file__, {f"{EMAILS:,} emails wait for {hours:.0f} hours": figure})
    assert timedelta(0) < backlog.began_again < timedelta(minutes=16), "sending begins within the hour"
    assert took < timedelta(seconds=1.5 * EMAILS / 14, minutes=45), "the rest keep SES's pace; a dead one's hide longer"
    assert backlog.most_hidden < 500, "the others wait in the queue as they are"
    # Each email is tried every 15 minutes at most, and those of a batch take their places and give them back.
    assert backlog.calls.total() < 5_000 * THROTTLED_FOR / timedelta(hours=1)
