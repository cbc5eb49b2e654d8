"""A simulated campaign: people act at random, week after week, while AWS fails at random.

A campaign has a few weeks of people and faults. Then everything works again, the organizers decide what waits for them,
and nothing may be lost, doubled, miscounted or forgotten.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import logging
import random
import re
import sys
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.search.interleavings import typeset_plainly
from tests.search.invariants import breaches
from tests.search.platform import Fate, Faults, Outage, Platform
from tests.search.stored import Change, change_in
from tests.search.true_findings import is_true
from tests.support import world as worlds
from tests.support.acting import Decisions
from tests.support.cast import KEY, Cast
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, Answer, Sent
from undersigned.base import fonts
from undersigned.base import mailbox as mail
from undersigned.base.emails import Mail
from undersigned.base.errors import UndersignedError
from undersigned.base.purposes import PURPOSES
from undersigned.base.stack import Stack
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.cadence import period_of
from undersigned.delivering.printing import packets
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import Attempt, DeliveryKey
from undersigned.delivering.rules.plans import next_day
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import Form
from undersigned.signing.rules.mail_budgets import mail_limit
from undersigned.signing.rules.signatures import PENDING_FOR, signer_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.world import World
    from undersigned.delivering.printing.packets import Packet, PacketCover, PacketLetter
    from undersigned.signing.rules.signatures import Signature

WEEKS = (4, 9)
"""The fewest and the most weeks of a campaign, before everything works again."""

_CALM_WEEKS = 8
"""How many weeks the end of a campaign may take."""

_LAST_STEPS = 60
"""How many steps a failure shows."""

_TARGETS = {"evanston": "60201", "skokie": "60076", "wilmette": "60091"}
"""The targets, and a postal code of each."""

_MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
_WEEK, _DAY, _HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)

_ZONE = "America/Chicago"
_CADENCES: tuple[dict[str, Any], ...] = (
    {},
    {"deliver_on": "THU", "deliver_at": 17},
    {"deliver_on": "MON", "deliver_at": 0},
)
"""The settings of cadences. The first is the stack's."""

_DONE = 303
"""The answer of a button that did something."""

_DEPLOYED = 0.1
"""How many of the interruptions by people are a deploy."""

_CHANGED = 0.2
"""In how many weeks the organizer changes the campaign's cadence."""

_HOURS_RUN = 0.8
"""How many of the hourly runs are not missed."""

_VISITED = 0.5
"""On how many days an organizer looks at the deliveries."""

_GATEWAYS = 0.05
"""How many of the emails to offices meet a program that presses their links."""

_CONFLICT = 409
_ANSWERED = 0.6
"""How many of the questions an organizer answers then."""

_BY_HAND = 0.25
"""How many recipients have no email address at first, and how many changes of an address remove it."""

_SENT_AGAIN = 0.3
"""How many of the emails that surely didn't arrive are sent again although their week is taken."""

_OUTCOME_WITHIN = timedelta(hours=72)
_NEARLY_ALL_RUNS = 12
"""How many of the 13 daily reconciliations that ask again for an email must have died before its loss is theirs."""

_RUN_WITHIN = timedelta(hours=24 + 6)
_KNOWN_WITHIN = _OUTCOME_WITHIN + _RUN_WITHIN
"""When there must have been an alarm for an email without an outcome: after 72 hours, in the next daily run, which may
have to be repeated."""

_TO_MAIN_TARGET = 0.7
_ENDS = 0.3
"""How many campaigns end in the middle, after which personal data may not be kept."""

_PACKETS_FOR = 31 * _DAY
"""How long packets are kept after their outcome is known, and a day for the reconciliation."""


class PlainlySent(Sent):
    """An email that was never written as MIME: writing and reading it takes most of a run's time."""

    @property
    def text(self) -> str:
        return str(self.raw.text)  # type: ignore[attr-defined]

    @property
    def pdfs(self) -> list[bytes]:
        return [attachment.pdf for attachment in self.raw.attachments]  # type: ignore[attr-defined]


@dataclass
class Person:
    """A signer. Each version of a person's letter has words of its own, which stand for its name and its address."""

    number: int
    target: str
    versions: int = 0
    signed_at: datetime | None = None
    opened: int = 0

    @property
    def email(self) -> str:
        return f"person{self.number}@signers.example"

    @property
    def words(self) -> str:
        return f"P{self.number}x{self.versions}x"


@dataclass
class Delivered:
    """An accepted email of a delivery: its letters, and whether it arrived. A refused one never can."""

    sent: Sent
    at: datetime
    letters: list[str]
    arrived: bool
    is_refused: bool

    @property
    def place(self) -> tuple[str, str]:
        return self.sent.tags["target"], self.sent.tags["period"]


@dataclass
class Brought:
    """Letters of a delivery that an organizer printed, and brought or posted."""

    place: tuple[str, str]
    letters: list[str]


@dataclass
class Weather:
    """How bad a campaign's time is: the faults, and what its offices' mailboxes do."""

    faults: Faults
    broken_mailboxes: float
    deploys_in_deliveries: float
    replies: float
    passing_bounces: float
    complaints: float


def weather(rng: random.Random, begins: datetime, weeks: int) -> Weather:
    """Choose the rates of a campaign: some campaigns are calm, some terrible."""
    scale = rng.choice([0, 0.003, 0.01, 0.01, 0.04])

    def rate(most: float = 1.0) -> float:
        return scale * most * 10 ** rng.uniform(-1, 0.3) if rng.random() < 0.6 else 0.0

    outages, disabled = [], []
    while scale and rng.random() < 0.6:
        what = rng.choice(["dynamodb", "dynamodb", "sesv2", "sesv2", "sqs", "s3"])
        minutes = 10 ** rng.uniform(-0.5, 2.6)
        # An outage in the hour of the deliveries does most harm.
        monday = _MONDAY + rng.randrange(weeks) * _WEEK
        at = monday + rng.uniform(-0.5, 2) * _HOUR if rng.random() < 0.6 else begins + rng.random() * weeks * _WEEK
        outages.append(Outage(what, at, at + timedelta(minutes=minutes)))
    if scale and rng.random() < 0.2:
        at = begins + rng.random() * weeks * _WEEK
        disabled.append(
            Outage(rng.choice(["send_confirmations", "tally", "deliver"]), at, at + rng.uniform(0.2, 2) * _DAY)
        )
    lost = {case: rate(3) for case in ("send", "delivery", "bounce", "complaint", "out_of_office")}
    if scale and rng.random() < 0.15:
        lost[rng.choice(list(lost))] = 1.0
    faults = Faults(
        time_passes=True,
        crashes=rate(),
        lost_answers=rate(),
        conflicts=rate(2),
        throttles=rate(),
        ses_errors=rate(3),
        ses_lost_answers=rate(5),
        ses_hangs=rate(5),
        silent_emails=rate(10),
        outages_after_emails=rate(3),
        refusals=rate(),
        lost_events=lost,
        repeats=rate(5),
        preemptions=rate(3),
        short_runs=rate(10),
        shards=rng.choice([1, 2, 4]),
        outages=outages,
        disabled=disabled,
        lag=timedelta(minutes=rng.choice([0, 0, 1, 5])) if scale else timedelta(),
    )
    return Weather(
        faults,
        broken_mailboxes=rate(10),
        deploys_in_deliveries=rng.choice([0, 0.1, 0.5]),
        replies=rate(10),
        passing_bounces=rate(10),
        complaints=rate(5),
    )


@dataclass
class Alarms(logging.Handler):
    """The errors that the functions log. Each raises an alarm, and `check` looks at it."""

    check: Callable[[logging.LogRecord], None] = lambda _record: None
    seen: list[logging.LogRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        logging.Handler.__init__(self, logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)
        self.check(record)

    __hash__ = logging.Handler.__hash__


class Simulation:
    """One campaign."""

    def __init__(self, seed: int, world: World, weeks: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)  # noqa: S311
        # Of its own, so that a seed's other choices stay as they were.
        self._cadence_rng = random.Random(seed + 1)  # noqa: S311
        self._hand_rng = random.Random(seed + 3)  # noqa: S311
        self.world = world
        self.weeks = weeks
        self.broken: list[str] = []
        self.steps: deque[str] = deque(maxlen=_LAST_STEPS)
        self.questions: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.people: list[Person] = []
        self.emails: list[Delivered] = []
        self.brought: dict[tuple[str, str], Brought] = {}
        self.accepted: list[tuple[Sent, datetime]] = []
        self.confirmed: dict[str, datetime] = {}
        self.erased: set[str] = set()
        self.alarms = Alarms(self._check_finding)
        self.is_calm = False
        self.show: Callable[[str], None] = lambda _line: None
        self._hash = hashlib.sha256()
        self._agenda: list[tuple[datetime, int, str, Callable[[], None]]] = []
        self._entries = 0
        self._ids = 0
        self._decided_at: dict[str, datetime] = {}
        self._again: set[tuple[str, str]] = set()
        self._addressed: dict[str, set[str]] = {}
        self._stopped: dict[str, datetime] = {}
        self._held: dict[str, datetime] = {}
        self._office_rng = random.Random(seed + 2)  # noqa: S311
        self._stopped_mailboxes: dict[str, datetime] = {}
        self._lifts = 0
        self._died_at: list[datetime] = []
        self._dead_reconciliations, self._starts, self._records = 0, 0, 0
        world.limit(packet_size=2, attached=10_000)
        self.weather = weather(self.rng, world.clock.now, weeks)
        self.platform = Platform(world, self.rng, faults=self.weather.faults)
        self.platform.keep_targets(_TARGETS)
        self.platform.note = self.note
        self.platform.interrupt = self._interrupt
        self.platform.code = self._code
        self.platform.fate_of = self._fate
        self.platform.on_accepted = self._accepted
        self.cast = Cast[Person, Answer | None](world, lambda _name, act: self.platform.tries(act), as_json=True)
        memory = world.memory
        assert memory
        memory.sent_as = PlainlySent
        memory.read_mail = self._mails.pop
        self._main_target = self.rng.choice(list(_TARGETS))
        self._send_now_only, self._ends = self.rng.random() < 0.25, self.rng.random() < _ENDS
        self._set_up_campaign()

    def _set_up_campaign(self) -> None:
        """Give the campaign a key, an organizer, and perhaps an end, after which personal data may not be kept."""
        now, stack = self.world.clock.now, self.world.stack
        self.world.put_key(KEY, "letters")
        campaign = Campaigns(stack.table).campaign(CAMPAIGN)
        organizer = replace(campaign.organizer, email="organizer@enddemand.example")
        changed = replace(campaign, send_now_only=self._send_now_only, organizer=organizer)
        if self._ends:
            closes = (now + self.rng.random() * self.weeks * _WEEK).date()
            changed = replace(changed, closes=closes, keep_for_days=0)
        Campaigns(stack.table).put_campaign(changed)
        for target in _TARGETS:
            if self._hand_rng.random() < _BY_HAND:
                self._save_address(target, "")
        self.change_cadence()

    _mails: dict[bytes, Any] = {}  # noqa: RUF012  (emails between their writing and their sending)

    # The trace

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        line = f"{self.world.clock.now:%m-%d %H:%M:%S} {line}"
        self._hash.update(line.encode())
        self.steps.append(line)
        self.show(line)

    @property
    def trace(self) -> str:
        """The hash of all steps."""
        return self._hash.hexdigest()[:16]

    def breach(self, what: str) -> None:
        self.note(f"BROKEN: {what}")
        self.broken.append(what)

    def new_id(self) -> str:
        self._ids += 1
        return hashlib.sha256(str(self._ids).encode()).hexdigest()[:16]

    # Code

    @contextmanager
    def _code(self) -> Iterator[None]:
        """Run an invocation, after which another version may be deployed."""
        # Most deliveries are over in one invocation. A deploy does harm only between two of the same delivery.
        is_delivery = self.platform.runs("deliver") and not self.is_calm
        if deploys := is_delivery and self.rng.random() < self.weather.deploys_in_deliveries:
            self.platform.hurry()
        try:
            yield
        finally:
            if deploys:
                self.deploy()

    def deploy(self) -> None:
        """Deploy another version: other sizes, and new processes."""
        limits = self.world.limits
        limits.packet_size, limits.attached = self.rng.randint(1, 5), self.rng.choice([0, 10_000])
        self.world.variables["BUNDLE_SIZE"] = bundle = str(self.rng.randint(1, 5))
        self.note(f"deploy: packets of {limits.packet_size}, bundles of {bundle}")
        self.world.restart()

    # SES

    def _fate(self, sent: Sent) -> Fate:
        if sent.tags["kind"] != "delivery":
            return Fate(())
        if self.is_calm:
            return Fate()
        chance = self.rng.random
        if chance() < self.weather.passing_bounces:
            return Fate(("send", "out_of_office"), arrives=False)
        if chance() < self.weather.replies:
            return Fate(("send", "delivery", "out_of_office"))
        if chance() < self.weather.complaints:
            return Fate(("send", "delivery", "complaint"))
        return Fate()

    def _accepted(self, sent: Sent) -> None:
        """Look at an email that leaves."""
        self.accepted.append((sent, self.world.clock.now))
        if sent.tags["kind"] != "delivery":
            return
        arrived = sent.message_id not in self.platform.bounced
        is_refused = sent.is_suppressed or sent.to in self.platform.refused_addresses
        new = Delivered(sent, self.world.clock.now, self._letters_in(sent), arrived, is_refused)
        self.note(f"  SES accepts {'/'.join(new.place)} attempt {sent.tags['attempt']}: {new.letters}, {arrived=}")
        self._check_letters(new.letters)
        for brought in self.brought.values():
            self._check_brought(brought, new)
        for old in self.emails:
            self._compare(old, new)
        self._check_stops(new)
        self.emails.append(new)
        if self._office_rng.random() < _GATEWAYS and not self.is_calm:
            self.at(new.at + timedelta(seconds=1), "a gateway presses Stop", partial(self._press_stop, sent))

    def _check_letters(self, letters: list[str]) -> None:
        """Check that letters that leave were confirmed, and that nobody keeps them back."""
        self._collect()
        now = self.world.clock.now
        for words in letters:
            if words not in self.confirmed:
                self.breach(f"{words} leaves without a confirmation")
            if words in self.erased:
                self.breach(f"{words} leaves after it was erased")
            if now > self._held.get(words, now) + _HOUR:
                self.breach(f"{words} leaves although it has been on hold since {self._held[words]}")
        if len(letters) != len(set(letters)):
            self.breach(f"a letter leaves twice at once: {letters}")

    def _check_brought(self, brought: Brought, email: Delivered) -> None:
        """Check that no letter arrives in an email and on paper. A lost bounce lets an office have both."""
        if email.arrived and (twice := sorted({*brought.letters} & {*email.letters})):
            self.breach(f"{twice} arrived in {email.place}, and on paper of {brought.place}")

    def _compare(self, old: Delivered, new: Delivered) -> None:
        """Check that an email repeats no letter, keeps seven days away, and goes to no address that takes none."""
        if old.arrived and new.arrived and (twice := sorted({*old.letters} & {*new.letters})):
            self.breach(f"{twice} arrived in {old.place} and in {new.place}")
        target = new.place[0]
        if old.place[0] != target or old.place == new.place:
            return
        days = abs(date.fromisoformat(old.place[1]) - date.fromisoformat(new.place[1]))
        if old.arrived and new.arrived and days < _WEEK and not {old.place, new.place} & self._again:
            self.breach(f"{old.place} and {new.place} are {days.days} days apart")
        if old.is_refused and old.sent.to == new.sent.to and self._decided_at.get(target, old.at) <= old.at:
            known = Deliveries(self.world.stack.table).delivery(DeliveryKey(CAMPAIGN, *old.place))
            last = known.last if known else Attempt()
            if last.reported == "bounced" and last.settled_at and last.settled_at < new.at - 2 * _DAY:
                self.breach(f"the email of {new.place} goes to an address that refused the one of {old.place}")

    def _check_stops(self, new: Delivered) -> None:
        """Check that an email doesn't begin after a pause or a hold."""
        for what, since in self._stopped.items():
            if what in {"campaign", new.place[0]} and new.at > since + _HOUR:
                self.breach(f"the email of {new.place} leaves although the {what} has been stopped since {since}")
        since = self._stopped_mailboxes.get(new.sent.to, new.at)
        begun = Deliveries(self.world.stack.table).delivery(DeliveryKey(CAMPAIGN, *new.place))
        if begun and begun.last.since and begun.last.since > since:
            self.breach(f"the email of {new.place} begins after {new.sent.to} was stopped at {since}")

    def _letters_in(self, sent: Sent) -> list[str]:
        """Return the words of an email's letters, from its packets or from those behind its link."""
        memory = self.world.memory
        assert memory
        pdfs = sent.pdfs
        if not pdfs:
            # As the office does, which has no part in the faults.
            watch, self.world.watch = self.world.watch, None
            page = self.world.get(sent.link("packets"))
            # A packet whose letters were all erased has no link.
            for link in re.findall(r'href="(/packets/[^"/]+/\d+)"', page.body):
                location = self.world.get(link).headers["location"]
                pdfs.append(memory.objects[location.removeprefix("https://bucket.example/")])
            self.world.watch = watch
        return [words for pdf in pdfs for words in json.loads(pdf)]

    def _collect(self) -> None:
        """Note which words were confirmed, from the stream."""
        memory = self.world.memory
        assert memory
        for record in memory.records[self._records :]:
            match change_in(record):
                case Change(of="letter", status="confirmed", words=words):
                    self.confirmed.setdefault(words, self.world.clock.now)
                case Change(of="letter", status="withdrawn", words=words):
                    self.confirmed.pop(words, None)
        self._records = len(memory.records)

    # The agenda

    def at(self, moment: datetime, name: str, act: Callable[[], None]) -> None:
        """Put an act on the agenda."""
        self._entries += 1
        heapq.heappush(self._agenda, (moment, self._entries, name, act))

    def _interrupt(self) -> bool:
        """Let the next person act now, in the middle of an invocation, if they would within the hour. Or deploy."""
        if self.rng.random() < _DEPLOYED:
            self._act("deploy", self.deploy)
            return True
        if not self._agenda or self._agenda[0][0] > self.world.clock.now + _HOUR:
            return False
        self._act(*heapq.heappop(self._agenda)[2:])
        return True

    def _act(self, name: str, act: Callable[[], None]) -> None:
        self.note(name)
        self.acts[name] += 1
        act()

    def run(self) -> None:
        """Run the campaign to its end, or until something is broken."""
        self._fill_agenda()
        while self._agenda and not self.broken:
            self.pass_time(self._agenda[0][0])
        if not self.broken:
            self.come_to_an_end()

    def pass_time(self, until: datetime) -> None:
        """Do what is on the agenda until a moment, and all that follows from it."""
        while self._agenda and self._agenda[0][0] <= until and not self.broken:
            self.platform.run_until(self._agenda[0][0])
            # Somebody may have acted in the middle of what ran.
            if self._agenda:
                self._act(*heapq.heappop(self._agenda)[2:])
        self.platform.run_until(until)

    def _fill_agenda(self) -> None:
        begins, people = self.world.clock.now, self.rng.randint(2, 9)
        for week in range(self.weeks):
            self.plan_week(_MONDAY + week * _WEEK)
            if self._cadence_rng.random() < _CHANGED:
                self.at(begins + (week + self._cadence_rng.random()) * _WEEK, "change the cadence", self.change_cadence)
            for _ in range(people):
                self.at(begins + (week + self.rng.random()) * _WEEK, "sign", self.sign)
            for name, rate, act in (
                ("sign again", 1.0, self.sign_again),
                ("withdraw", 0.8, self.withdraw),
                ("erase", 0.5, self.erase),
                ("look like a bot", 0.3, self.sign_like_a_bot),
                ("release from quarantine", 0.4, self.release_from_quarantine),
                ("push", 0.5, self.push),
                ("push a new chief", 0.5, self.push_new_chief),
                ("change the way", 0.5, self.change_way),
                ("a mailbox breaks", self.weather.broken_mailboxes * 10, self.break_mailbox),
                ("hold", 0.3, self.hold),
                ("release", 0.5, self.release),
                ("pause", 0.2, self.pause),
                ("resume", 0.5, self.resume),
                ("deliver now", 0.4, self.deliver_now),
                ("send now", 0.2, self.send_now),
                ("sign twice", 0.5, self.sign_twice),
                ("deliver to one", 0.3, self.deliver_to_one),
                ("deliver to one again", 0.15, self.deliver_to_one_again),
                ("hold letters", 0.3, self.hold_letters),
                ("release letters", 0.3, self.release_letters),
                ("erase letters", 0.05, self.erase_letters),
                ("receive", 0.7, self.receive),
                ("an office stops", 0.3, self.office_stops),
                ("lift a stop", 0.4, self.lift_stop),
                ("deploy", 2.0, self.deploy),
                ("expire", 1.0, self.platform.expire),
            ):
                while self.rng.random() < rate / (1 + rate):
                    # Half of it happens in the hours of the deliveries.
                    of_week = (
                        _MONDAY - begins + self.rng.uniform(-1, 4) * _HOUR
                        if self.rng.random() < 0.5
                        else self.rng.random() * _WEEK
                    )
                    self.at(begins + week * _WEEK + of_week, name, act)

    def plan_week(self, monday: datetime) -> None:
        if self._send_now_only:
            self.at(monday + self.rng.uniform(0, 20) * _HOUR, "send now", self.send_now)
        for day in range(7):
            # The hours in which something can be due, and the ones after them. All others would only do nothing.
            for hour in (-5, -4, 0, 1, 8, 9):
                if self.is_calm or self._cadence_rng.random() < _HOURS_RUN:
                    self.at(monday + day * _DAY + hour * _HOUR, "the hourly run", self._run_hour)
            if self._send_now_only:
                self.at(monday + day * _DAY + 11 * _HOUR, "send what is due", self.send_now)
            for hour in range(0, 24, 3):
                at = monday + day * _DAY + (hour + self.rng.random()) * _HOUR
                self.at(at, "postponed emails", lambda: self.platform.run_schedule("send_confirmations"))
            if self.is_calm or self.rng.random() < _VISITED:
                self.at(monday + day * _DAY + 5 * _HOUR, "the organizer's visit", self.visit)
            self.at(monday + day * _DAY + 4 * _HOUR, "check the outcomes", self._check_outcomes)

    def _run_hour(self) -> None:
        """Run all jobs. If one fails, the next hour does it again, without anybody."""
        self.platform.run_schedule("run_jobs")

    def change_cadence(self) -> None:
        """Let letters go out at other times from now on."""
        campaigns = Campaigns(self.world.stack.table)
        cadence = self._cadence_rng.choice(_CADENCES)
        self.note(f"the cadence is {cadence or "the stack's"}")
        campaign = replace(campaigns.campaign(CAMPAIGN), deliver_on=None, deliver_at=None)
        campaigns.put_campaign(replace(campaign, **cadence))

    # People

    def _insist(self, decide: Callable[[Decisions], object]) -> None:
        """Decide with `--again`, as a command does. It may be refused."""

        def run() -> Answer:
            try:
                decide(Decisions(self.world.stacks["organizer_api"]))
            except UndersignedError:
                return Answer(_CONFLICT, {}, b"")
            return Answer(_DONE, {}, b"")

        self.platform.tries(run)

    def _someone(self) -> Person | None:
        return self.rng.choice(self.people) if self.people else None

    def signer(self, person: Person) -> str:
        return signer_id(self.world.stack.secret(), person.email)

    def sign(self, **changes: Any) -> None:
        # Most people sign to one office, so that some deliveries have many letters.
        target = self._main_target if self.rng.random() < _TO_MAIN_TARGET else self.rng.choice(list(_TARGETS))
        person = Person(len(self.people) + 1, target)
        self.people.append(person)
        self._sign(person, **changes)

    def sign_again(self) -> None:
        if person := self._someone():
            person.target = self.rng.choice(list(_TARGETS))
            self._sign(person)

    def sign_twice(self) -> None:
        """Sign, and again with other words before the first ones are confirmed. Perhaps the second is a stranger."""
        self.sign()
        person = self.people[-1]
        again = partial(self._sign, person, **({"topic": "a bot's"} if self.rng.random() < 0.5 else {}))
        self.at(self.world.clock.now + self.rng.random() * _HOUR, "sign other words", again)

    def sign_like_a_bot(self) -> None:
        self.sign(topic="looks like a bot's")

    def _sign(self, person: Person, **changes: Any) -> None:
        person.versions += 1
        # While this form is sent, the same person may send another one, with the next words.
        words, target = person.words, person.target
        before, begun = self._chief(target), self.world.clock.now
        answer = self.cast.sign(person, words, postal_code=_TARGETS[target], **changes)
        # It may have changed in the middle.
        self._addressed[words] = {before, self._chief(target)}
        self.note(f"  {words} to {target}: {answer and answer.status}")
        if answer and answer.status == 202:
            # The email may answer a try whose own answer was lost.
            person.signed_at = begun
            wait = 10 ** self.rng.uniform(-2, 2) * _HOUR
            if self.rng.random() < 0.9:
                self.at(self.world.clock.now + wait, "confirm", lambda: self.confirm(person))

    def confirm(self, person: Person, tries: int = 6) -> None:
        mails_to = [sent for sent in self.world.sent if sent.to == person.email]
        links = [sent for sent in mails_to if "/confirm/" in sent.text]
        if not links:
            if tries and not self.is_calm:
                wait = self.rng.uniform(1, 24) * _HOUR
                self.at(self.world.clock.now + wait, "confirm", lambda: self.confirm(person, tries - 1))
            return
        self.cast.press_link(self.rng.choice(links).link("confirm"))

    def withdraw(self) -> None:
        if person := self._someone():
            self.cast.withdraw(person)

    def erase(self) -> None:
        person = self._someone()
        if person is None:
            return
        row = self.world.letter(person.email)
        answer = self.cast.erase(person)
        if row and answer and answer.status == _DONE:
            now = Signatures(self.world.stack.table).signature(CAMPAIGN, self.signer(person))
            if now and now.status == "erased":
                self.erased.add(row.words.name)

    def release_from_quarantine(self) -> None:
        forms = [form for form in self.world.forms() if form.quarantine]
        if forms:
            self.cast.organizer(f"/signatures/{self.rng.choice(forms).signer}/release")

    def push(self) -> None:
        """Give an office another email address, as `undersigned campaign push` does."""
        self._correct(self.rng.choice(list(_TARGETS)))

    def push_new_chief(self) -> None:
        """Give an office a new chief. Letters that were signed before keep the old one."""
        campaigns, target = Campaigns(self.world.stack.table), self.rng.choice(list(_TARGETS))
        found = campaigns.target(CAMPAIGN, target)
        campaigns.put_target(CAMPAIGN, replace(found, name=f"Chief{self.rng.randrange(10**6)}"))

    def _chief(self, target: str) -> str:
        return str(Campaigns(self.world.stack.table).target(CAMPAIGN, target).name or "")

    def typeset(
        self, cover: PacketCover | None, letters: Sequence[PacketLetter], fonts: object, *paper: object
    ) -> Packet:
        """Typeset plainly, and check that each letter names who was addressed when it was signed."""
        for letter in letters:
            if not any(chief in repr(letter.blocks) for chief in self._addressed[letter.signer_name]):
                self.breach(f"{letter.signer_name} names another chief than when it was signed")
        return typeset_plainly(cover, letters, fonts)

    def _correct(self, target: str) -> None:
        self._save_address(target, f"office{self.rng.randrange(10**6)}@{target}.example")

    def _save_address(self, target: str, email: str) -> None:
        campaigns = Campaigns(self.world.stack.table)
        campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, target), email=email))

    def change_way(self) -> None:
        """Remove the address of an office, so that its letters go by hand; or give one to an office without any."""
        target = self._hand_rng.choice(list(_TARGETS))
        has_address = Campaigns(self.world.stack.table).target(CAMPAIGN, target).email
        email = "" if has_address else f"office{self._hand_rng.randrange(10**6)}@{target}.example"
        self.cast.set_address(email, target)

    def break_mailbox(self) -> None:
        target = Campaigns(self.world.stack.table).target(CAMPAIGN, self.rng.choice(list(_TARGETS)))
        if target.email:
            self.platform.refused_addresses.add(target.email)

    def hold(self) -> None:
        target = self.rng.choice(list(_TARGETS))
        self._stop(target, partial(self.cast.hold, target))

    def pause(self) -> None:
        self._stop("campaign", self.cast.pause)

    def _stop(self, what: str, stop: Callable[[], Answer | None]) -> None:
        starts = self._starts
        answer = stop()
        if answer and answer.status == _DONE and self._starts == starts:
            self._stopped[what] = self.world.clock.now

    def release(self) -> None:
        self._release(self.rng.choice(list(_TARGETS)))

    def _release(self, target: str) -> None:
        self._start(target)
        self.cast.release(target)

    def resume(self) -> None:
        self._start("campaign")
        self.cast.resume()

    def _start(self, what: str) -> None:
        self._starts += 1
        self._stopped.pop(what, None)

    def office_stops(self) -> None:
        """Let the reader of some email press *Stop these emails*, perhaps of one to an older address."""
        if self.emails:
            self._press_stop(self._office_rng.choice(self.emails).sent)

    def _press_stop(self, sent: Sent) -> None:
        lifts, was_theirs = self._lifts, self._gets_the_emails(sent)
        answer = self.cast.stop(sent.link("office"), self._office_rng.choice(["", "Use our form."]))
        is_theirs = was_theirs and self._gets_the_emails(sent)
        if answer and answer.status == 200 and is_theirs and self._lifts == lifts:
            self._stopped_mailboxes.setdefault(sent.to, self.world.clock.now)

    def _gets_the_emails(self, sent: Sent) -> bool:
        """Say whether the mailbox of an earlier email still gets the recipient's emails: others stop nothing."""
        return Campaigns(self.world.stack.table).target(CAMPAIGN, sent.tags["target"]).email == sent.to

    def lift_stop(self) -> None:
        """Lift an office's stop as an organizer, if there is one."""
        self._lift_stop(self._office_rng.choice(list(_TARGETS)))

    def _lift_stop(self, target: str) -> None:
        known = Campaigns(self.world.stack.table).target(CAMPAIGN, target)
        if known.stopped:
            self._lifts += 1
            self._stopped_mailboxes.pop(known.email, None)
        self.cast.lift_stop(target)

    def send_now(self, **values: str) -> None:
        """Press *Send now*, on a page that was perhaps opened hours ago."""
        seen_at = self.world.clock.now - (timedelta() if self.is_calm else self.rng.random() * 3 * _HOUR)
        self.cast.send_now(seen_at, **values)

    def deliver_to_one(self) -> None:
        """Send one office's waiting letters now."""
        self.send_now(target=self.rng.choice(list(_TARGETS)))

    def deliver_to_one_again(self) -> None:
        """Send one office's waiting letters although it had an email within seven days, and say why."""
        target = self.rng.choice(list(_TARGETS))
        # A request that takes long may end on the next day.
        self._again |= {(target, period_of(self.world.clock.now + delay, _ZONE)) for delay in (0 * _HOUR, _HOUR)}
        now = self.world.clock.now
        period, why = period_of(now, _ZONE), "it asked for them"
        self._insist(
            lambda controls: controls.deliver(CAMPAIGN, period, "cli", why, seen_at=now, only=target, again=True)
        )

    def hold_letters(self) -> None:
        """Hold the letters that were signed within some hours."""
        starts = self._starts
        answer = self._screen("hold", _DAY)
        if answer and answer.status == 200 and self._starts == starts:
            for row in self._rows():
                if row.on_hold:
                    self._held.setdefault(row.words.name, self.world.clock.now)

    def release_letters(self) -> None:
        """Release all letters on hold."""
        self._starts += 1
        self._held.clear()
        self._screen("release", 100 * _WEEK)
        # Of letters that somebody held while it ran, it may have released some, too.
        self._starts += 1
        self._held.clear()

    def erase_letters(self) -> None:
        """Remove the letters that were signed within some hours."""
        before = {row.signer: row.words.name for row in self._rows()}
        self._screen("erase", 6 * _HOUR)
        self.erased |= {before[row.signer] for row in self._rows() if row.status == "erased" and before.get(row.signer)}

    def _screen(self, action: str, longest: timedelta) -> Answer | None:
        begins = self.world.clock.now - longest * (1 if self.is_calm else self.rng.random())
        local = begins.astimezone(ZoneInfo(_ZONE))
        values = {"action": action, "signed_from": f"{local:%Y-%m-%dT%H:%M}", "why": "they look made up"}
        return self.cast.organizer("/screening", values)

    def _rows(self) -> list[Signature]:
        return [*Signatures(self.world.stack.table).listed_signatures(CAMPAIGN)]

    def deliver_now(self) -> None:
        """Deliver by hand, as `undersigned deliver` does."""
        self.platform.run_now("run_jobs", lambda: self.world.plan(CAMPAIGN))

    def visit(self) -> None:
        """Look at the deliveries as an organizer does, and decide what waits for a person."""
        for delivery in self._deliveries():
            place = delivery["target"], delivery["period"]
            path = f"/deliveries/{place[1]}/{place[0]}"
            if delivery["way"] == "by hand" and delivery["state"] == "sent":
                self._bring(delivery, path, place)
            elif question := delivery["needs_attention"]:
                if self.is_calm or self.rng.random() < _ANSWERED:
                    self._answer(question, path, place, delivery["revision"])
            elif delivery["state"] == "held" and delivery["letters"] and self._takes_no_email(place[0]):
                self._send_by_hand(path, place)
            elif delivery["state"] in {"open", "held"} and self.is_calm:
                self._repair(place[0])
                self._send(f"{path}/retry", {"why": "the address is correct now"}, place)
            elif delivery["state"] == "complained" and self.rng.random() < _ANSWERED:
                self.questions["talk about a complaint"] += 1
                self._release(place[0])

    def receive(self) -> None:
        """Say, as somebody who has an email of an office, that its letters are there."""
        if there := [each for each in self.emails if each.arrived]:
            sent = self.rng.choice(there[-3:]).sent
            self.cast.receive(sent.tags["period"], self.world.office_path(sent.to, sent.tags["target"]))

    def _answer(self, question: str, path: str, place: tuple[str, str], revision: str) -> None:
        """Read the outbox and ask the office, then decide."""
        self.questions[question] += 1
        self._decided_at[place[0]] = self.world.clock.now
        arrived = any(each.arrived for each in self.emails if each.place == place)
        if not arrived:
            self._repair(place[0])
        if question == "bounced" and arrived:
            # An out-of-office reply came back, and the office says that it has the letters.
            self.questions["close unsent"] += 1
            self.cast.decide(path, "close-unsent", why="the office has them", revision=revision)
            return
        if question == "bounced" and self._hand_rng.random() < _BY_HAND:
            self._send_by_hand(path, place)
            return
        if question == "bounced" and not arrived and self.rng.random() < _ANSWERED:
            values = {"why": "the address is correct now"}
            path = f"{path}/retry"
        else:
            values = {"why": "asked the office", "revision": revision}
            path = f"{path}/settle-as-{'sent' if arrived else 'not-sent'}"
        if arrived:
            self.cast.organizer(path, values)
        else:
            self._send(path, values, place)

    def _takes_no_email(self, target: str) -> bool:
        """Say whether an organizer brings what a mailbox keeps: always without an address, and sometimes with one."""
        is_gone = not Campaigns(self.world.stack.table).target(CAMPAIGN, target).email
        return is_gone or self._hand_rng.random() < _BY_HAND

    def _send_by_hand(self, path: str, place: tuple[str, str]) -> None:
        """Let the letters that a mailbox doesn't take go by hand."""
        self.questions["by hand"] += 1
        self.cast.set_address("", place[0])
        self._send(f"{path}/retry", {"why": "no email"}, place)

    def _bring(self, delivery: dict[str, Any], path: str, place: tuple[str, str]) -> None:
        """Print what is ready, bring it, and record that; or print it again."""
        chance, revision = self._hand_rng.random(), delivery["revision"]
        if not self.is_calm and chance < 0.1:
            self.cast.retry(path, revision=revision)
        if not (self.is_calm or chance < _ANSWERED):
            return
        # Somebody who knows that the office has the letters, from an email or from paper, only records it.
        has_email = any(each.arrived and each.place == place for each in self.emails)
        if not (has_email or place in self.brought):
            letters = self._printed(delivery, path)
            if letters is None:
                return
            self.note(f"  on paper {'/'.join(place)}: {letters}")
            self._check_letters(letters)
            self.brought[place] = new = Brought(place, letters)
            for email in self.emails:
                self._check_brought(new, email)
        self.questions["hand over"] += 1
        hand_over = partial(self.cast.hand_over, path, revision, place[1], "at the front desk")
        answer = hand_over()
        if answer and answer.status == _DONE and chance < _BY_HAND:
            again = hand_over()
            if again and again.status not in {_DONE, _CONFLICT}:
                self.breach(f"{place} is handed over twice: {again.status}")

    def _printed(self, delivery: dict[str, Any], path: str) -> list[str] | None:
        """Return the words of the letters in a delivery's packets; None if one can't be had now."""
        memory, letters = self.world.memory, list[str]()
        assert memory
        for packet in delivery["packets"]:
            browser, number = someone(self.world, "editor"), packet["number"]
            answer = self.platform.tries(lambda: browser.see(f"{path}/packets/{number}"))  # noqa: B023
            if answer is None or answer.status not in {302, 410}:
                return None
            if answer.status == 302:
                pdf = memory.objects.get(answer.headers["location"].removeprefix("https://bucket.example/"))
                if pdf is None:
                    return None
                letters += json.loads(pdf)
        since = self.world.clock.now - datetime.fromisoformat(delivery["sent_at"])
        if not letters and since > PURPOSES["packets"].valid_for:
            # The file was kept for a month, and nobody printed it.
            self.cast.retry(path, revision=delivery["revision"])
            return None
        return letters

    def _send(self, path: str, values: dict[str, str], place: tuple[str, str]) -> None:
        """Send a delivery again. The answer may be that another one of that week has arrived. A person then decides."""
        answer = self.cast.organizer(path, values)
        if answer and answer.status == _CONFLICT and (self.is_calm or self.rng.random() < _SENT_AGAIN):
            self._again.add(place)
            key, why, revision = DeliveryKey(CAMPAIGN, *place), values["why"], values.get("revision")
            if revision:
                self._insist(
                    lambda controls: controls.settle(key, "cli", why, "not sent", revision=revision, again=True)
                )
            else:
                self._insist(lambda controls: controls.retry(key, "cli", why, again=True))

    def _repair(self, target: str) -> None:
        """Repair an office's mailbox, or correct its address."""
        self._decided_at[target] = self.world.clock.now
        address = Campaigns(self.world.stack.table).target(CAMPAIGN, target).email
        if address and address in self.platform.refused_addresses:
            if self.rng.random() < 0.5:
                self.platform.refused_addresses.discard(address)
            else:
                self._correct(target)

    def _deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        following = ""
        while True:
            answer = self.cast.read(f"/deliveries?limit=50{following}")
            if answer is None or answer.status != 200:
                return found
            found += answer.json["deliveries"]
            if not answer.json["next"]:
                return found
            following = f"&cursor={answer.json['next']}"

    # The end

    def come_to_an_end(self) -> None:
        """Run weeks in which everything works, until nothing is left to do. Then check the invariants."""
        self.note("everything works again")
        self.is_calm = True
        faults = self.weather.faults
        calm = Faults(time_passes=True, shards=faults.shards, lag=faults.lag)
        for name, value in vars(calm).items():
            setattr(self.platform.faults, name, value)
        now = self.world.clock.now
        self.at(now + 4 * _DAY, "check the confirmation emails", self._check_confirmations)
        monday = _MONDAY + ((now - _MONDAY) // _WEEK + 1) * _WEEK
        for week in range(_CALM_WEEKS):
            self._calm_week(monday + week * _WEEK)
            if self.broken or not self._has_work_left():
                break
        self.platform.run_until(self.world.clock.now + 2 * _DAY)
        self._collect()
        self._check()
        if self._ends and not self.broken:
            self._let_time_pass()

    def _let_time_pass(self) -> None:
        """Run the reconciliation until no personal data may be kept, and check that none is."""
        end = self.world.clock.now + _PACKETS_FOR
        while self.world.clock.now < end:
            self.platform.run_schedule("run_jobs")
            self.platform.run_until(self.world.clock.now + _DAY)
        self.platform.expire()
        self.platform.run_until(self.world.clock.now + _DAY)
        memory = self.world.memory
        assert memory
        if kept := [name for name in memory.objects if name.startswith("packets/")]:
            self.breach(f"packets are kept although their time is over: {kept}")
        for row in Signatures(self.world.stack.table).listed_signatures(CAMPAIGN):
            if not row.is_empty:
                self.breach(f"{row.words.name} is kept although its time is over: {row.status}")
        self._check()

    def _check_finding(self, record: logging.LogRecord) -> None:
        """Check that the reconciliation reports nothing that isn't so."""
        if not is_true(record, self.world):
            self.breach(f"the reconciliation reports what is not so: {record.getMessage()}")

    def _calm_week(self, monday: datetime) -> None:
        self.resume()
        self.release_letters()
        for target in _TARGETS:
            self._lift_stop(target)
            self._release(target)
            self._repair(target)
        self.plan_week(monday)
        self._promise(monday)
        while self._agenda and not self.broken:
            self.platform.run_until(self._agenda[0][0])
            self._act(*heapq.heappop(self._agenda)[2:])
        self.platform.run_until(monday + 6.5 * _DAY)
        self.platform.expire()

    def _promise(self, monday: datetime) -> None:
        """Note when the letters that wait go out, as their signers are told, and look then whether they wait still."""
        stack, cadence = self.world.stack, self.world.cadence
        # A campaign may stop in the middle of a week, and no schedule runs before that Monday.
        since = max(self.world.clock.now, monday)
        for target in _TARGETS:
            deliveries = list(Deliveries(stack.table).deliveries(CAMPAIGN, target))
            letters = frozenset(Signatures(stack.table).waiting(CAMPAIGN, target))
            # Others wait for a person.
            if self._send_now_only or not letters or any(each.is_unfinished for each in deliveries):
                continue
            told = cadence.next_after(since, not_before=next_day(deliveries)) + 12 * _HOUR
            if told < monday + 6 * _DAY:
                self.at(
                    told, "look whether letters went as promised", partial(self._check_promise, target, letters, told)
                )

    def _check_promise(self, target: str, letters: frozenset[str], told: datetime) -> None:
        if late := letters & {*Signatures(self.world.stack.table).waiting(CAMPAIGN, target)}:
            self.breach(f"{len(late)} letters to {target} wait, although their signers were told {told}")

    def _has_work_left(self) -> bool:
        stack = self.world.stack
        return any(
            Signatures(stack.table).has_waiting(CAMPAIGN, target.id)
            or any(
                delivery.with_word_of(target).is_unfinished or delivery.is_ready_to_print
                for delivery in Deliveries(stack.table).deliveries(CAMPAIGN, target.id)
            )
            for target in Campaigns(stack.table).targets(CAMPAIGN)
        )

    def _check_confirmations(self) -> None:
        """Check that nobody waits for a confirmation email that was given up without an alarm."""
        now = self.world.clock.now
        seen = {getattr(record, "letter", None) for record in self.alarms.seen}
        for person in self.people:
            row = self.world.letter(person.email)
            if not (
                isinstance(row, Form)
                and not row.has_expired(now)
                and person.signed_at
                and now - person.signed_at > 2 * _DAY
            ):
                continue
            days = Counter(at.date() for sent, at in self.accepted if sent.to == person.email)
            is_sent = any(sent.to == person.email and at >= person.signed_at for sent, at in self.accepted)
            # A form that looks like a bot's has a limit of its own.
            asking = max(
                Forms(self.world.stack.table).of_signer(CAMPAIGN, row.signer),
                key=lambda form: form.signed_at,
                default=row,
            )
            has_enough = any(times >= mail_limit(asking.lane).of_campaign for times in days.values())
            # The reconciliation asks again for 14 days. Each of its runs that died has an alarm of its own.
            died = {at.date() for at in self._died_at if person.signed_at <= at <= person.signed_at + PENDING_FOR}
            is_known = is_sent or has_enough or len(died) >= _NEARLY_ALL_RUNS
            if not (is_known or person.email in self.platform.refused or row.signer in seen):
                self.breach(f"{person.words}'s confirmation email was given up")

    def _check_outcomes(self) -> None:
        """Check that no email stays without an outcome, unless an alarm names it.

        A run that died has an alarm of its own. The next one that ends must say it.
        """
        now = self.world.clock.now
        if self._dead_reconciliations < (dead := self.platform.dead_letters.count("run_jobs")):
            self._dead_reconciliations = dead
            self._died_at.append(now)
        seen = {(getattr(each, "target", None), getattr(each, "period", None)) for each in self.alarms.seen}
        targets = {each.id: each for each in Campaigns(self.world.stack.table).targets(CAMPAIGN)}
        latest = {each.place: each.at for each in self.emails}
        for (target, period), at in latest.items():
            delivery = Deliveries(self.world.stack.table).delivery(DeliveryKey(CAMPAIGN, target, period))
            is_open = (
                delivery
                and delivery.way == "email"
                and delivery.state in {"sending", "sent"}
                and not (delivery.last.settled_at or delivery.received_at(targets[target]))
            )
            has_died = any(now - died <= _RUN_WITHIN for died in self._died_at)
            if is_open and now - at > _KNOWN_WITHIN and not has_died and (target, period) not in seen:
                self.breach(f"{target} {period} has no outcome since {at}, and nobody was told")

    def _check(self) -> None:
        self._check_outcomes()
        memory = self.world.memory
        assert memory
        for name, stored in memory.objects.items():
            if name.startswith("packets/") and (left := self.erased.intersection(json.loads(stored))):
                self.breach(f"{name} is stored and has erased letters: {sorted(left)}")
        letters = {each.sent.message_id: "\n".join(each.letters) for each in self.emails}
        for found in breaches(
            self.world,
            bounced=self.platform.bounced,
            again=self._again,
            text_of=lambda sent: letters[sent.message_id],
            on_paper=[(each.place[0], "\n".join(each.letters)) for each in self.brought.values()],
        ):
            self.breach(found)


@dataclass
class Outcome:
    """The result of a campaign of so many weeks. `passed` also counts those after them."""

    seed: int
    weeks: int
    passed: int
    trace: str
    broken: list[str]
    steps: list[str]
    faults: Counter[str]
    questions: Counter[str]
    acts: Counter[str]
    letters: int
    on_paper: int


@contextmanager
def campaign(seed: int, weeks: int) -> Iterator[Simulation]:
    """Make a campaign that has not begun."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fonts, "font_book", lambda: None)
        patch.setattr(Mail, "as_bytes", _kept)
        # Other tests compare each answer with the API's document.
        patch.setattr(worlds, "breach_of", lambda *_: None)
        with worlds.world(patch, bundle_size=2, fast=True) as world:
            run = Simulation(seed, world, weeks)
            patch.setattr(packets, "typeset", run.typeset)
            patch.setattr(Stack, "new_id", run.new_id)

            def seconds() -> float:
                return world.clock.now.timestamp()

            # SES's rate is kept by the machine's clock, which decides nothing here.
            patch.setattr(mail.Spacing.__init__, "__defaults__", (seconds, time.sleep))
            world.restart()
            loggers = {module.logger._logger for module in _modules() if hasattr(module, "logger")}
            for logger in loggers:
                logger.addHandler(run.alarms)
            try:
                yield run
            finally:
                for logger in loggers:
                    logger.removeHandler(run.alarms)


def simulate(seed: int, weeks: int | None = None, show: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Run one campaign."""
    length = weeks or random.Random(seed).randint(*WEEKS)  # noqa: S311
    with campaign(seed, length) as run:
        begins = run.world.clock.now
        run.show = show
        try:
            run.run()
        except (AssertionError, pytest.fail.Exception) as error:
            run.breach(f"{error}")
    return Outcome(
        seed,
        length,
        (run.world.clock.now - begins) // _WEEK,
        run.trace,
        run.broken,
        list(run.steps),
        run.platform.happened,
        run.questions,
        run.acts,
        sum(len(each.letters) for each in run.emails if each.arrived),
        sum(len(each.letters) for each in run.brought.values()),
    )


def _modules() -> list[Any]:
    """Return the modules of the functions."""
    return [module for name, module in sys.modules.items() if name.startswith("functions.")]


def _kept(written: Mail) -> bytes:
    """Keep an email as it is, under a name that stands for its bytes."""
    name = str(id(written)).encode()
    Simulation._mails[name] = written
    return name
