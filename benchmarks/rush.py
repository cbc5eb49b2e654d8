"""A rush, simulated event by event: what queues at the stream's readers, and what they meet in the table and in SES.

Time is simulated and chance has a fixed seed, so the same inputs give the same figures. What the product decides is
imported from it: its shards, its pauses, its pace, its batches. What AWS takes for a call is assumed, in `LATENCY`.
"""

from __future__ import annotations

import heapq
from bisect import bisect
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, exp, inf
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from undersigned.aws.counts import _PAUSES, SHARDS
from undersigned.aws.dynamodb import BATCH_GET
from undersigned.aws.mail import PATIENCE, USUAL_RATE, RateNotToldError, Spacing, pauses
from undersigned.aws.queue import UNTIL_SES_IS_ASKED_AGAIN
from undersigned.domain.rush import COUNTED_LATER, SLOW_BATCH, longest_batch
from undersigned.services.ports import ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    type Process = Generator[float]
    """Yields the seconds until it goes on."""

SEED = 13

LATENCY: dict[str, float] = {
    "GetItem": 0.004,
    "UpdateItem": 0.005,
    "PutItem": 0.005,
    "Query": 0.005,
    "Scan": 0.200,
    "BatchGetItem": 0.008,
    "TransactWriteItems": 0.012,
    "SendEmail": 0.080,
    "SendMessage": 0.008,
    "SendMessageBatch": 0.010,
    "GetAccount": 0.050,
    "GetSecretValue": 0.015,
    "PutObject": 0.060,
    "GetObject": 0.030,
    "UploadPart": 0.060,
    "run": 0.008,
}
"""Assumed seconds of each call from Lambda in the same region, and of starting a run. AWS promises none of them."""

A_WRITE_MORE = 0.0002
"""Assumed seconds that each further item adds to a transaction."""

CANCELED = 0.003
"""Assumed seconds after which a transaction is canceled that meets another one."""


class Simulation:
    """Runs processes in simulated time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, Process]] = []
        self._started = 0

    def start(self, process: Process, *, after: float = 0.0) -> None:
        """Let a process begin after so many seconds."""
        self._started += 1
        heapq.heappush(self._waiting, (self.now + after, self._started, process))

    def run_until(self, end: float) -> None:
        """Run what happens until a moment."""
        while self._waiting and self._waiting[0][0] <= end:
            self.now, _, process = heapq.heappop(self._waiting)
            pause = next(process, None)
            if pause is not None:
                self.start(process, after=pause)
        self.now = end


@dataclass
class Allowance:
    """A limit of some rate a second. What one second allows can be used at once."""

    rate: float
    left: float = -1.0
    since: float = 0.0

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take some, if there is as much; else take none."""
        burst = max(self.rate, 1.0)
        known = burst if self.left < 0 else self.left
        self.left, self.since = min(burst, known + (now - self.since) * self.rate), now
        if self.left < amount:
            return False
        self.left -= amount
        return True


class Cut(NamedTuple):
    """A transaction of the tally: how many letters and rows of counters it changes."""

    letters: int
    counters: int
    counters_units: int
    """The write units of those rows, as if they were changed without a transaction."""

    @property
    def writes(self) -> int:
        """Return how many rows it changes."""
        return self.letters + self.counters

    @property
    def units(self) -> int:
        """Return its write units, as if there was no transaction. A letter's row takes one."""
        return self.letters + self.counters_units


@dataclass
class Counters:
    """A campaign's counters in the table: one partition for each shard."""

    units_a_second: float
    busy_until: dict[int, float] = field(default_factory=dict)
    allowances: dict[int, Allowance] = field(default_factory=dict)
    transactions: int = 0
    conflicts: int = 0
    throttled: int = 0
    units: float = 0.0

    def begin(self, now: float, shard: int, cut: Cut) -> float | None:
        """Begin a transaction; return its seconds, or None if it is canceled.

        Two transactions on the same shard change the same counters, such as the total: the later one is canceled. We
        found no page that says what a canceled one costs. We count half of its units: those of preparing it.
        """
        self.transactions += 1
        if self.busy_until.get(shard, 0.0) > now:
            self.conflicts += 1
            self.units += cut.units
            return None
        allowance = self.allowances.setdefault(shard, Allowance(self.units_a_second))
        if not allowance.take(now, 2 * cut.counters_units):
            self.throttled += 1
            self.units += cut.units
            return None
        seconds = LATENCY["TransactWriteItems"] + A_WRITE_MORE * cut.writes
        self.busy_until[shard] = now + seconds
        self.units += 2 * cut.units
        return seconds


@dataclass(frozen=True, slots=True)
class Tally:
    """How the tally reads the stream, and what a row's mark adds to a transaction."""

    shards: int
    """Shards of the stream: as many as the table has partitions."""

    at_once: int
    batch_size: int
    window: float
    records_a_letter: float
    """How many of a letter's records it gets. Two of them change a mark: the form's and the confirmation's."""

    record_seconds: float
    cut: Callable[[int], Sequence[Cut]]
    """Takes the number of letters in a batch, and returns its transactions."""

    units_a_second: float = 1_000.0


@dataclass
class Counted:
    """What became of the counts in a run."""

    counters: Counters
    signed: float = 0.0
    lags: list[tuple[float, float]] = field(default_factory=list)
    """When a batch was in the public count, and the age of its oldest record by then."""

    left: float = 0.0
    """The age of the oldest record that waits at the end."""

    def lag(self, share: float, since: float = 0.0) -> float:
        """Return the lag that this share of the batches keeps."""
        lags = sorted(lag for at, lag in self.lags if at >= since)
        return max(self.left, lags[ceil(share * len(lags)) - 1]) if lags else inf


@dataclass
class _Reader:
    """A shard of the stream for one reader: how many records of each kind came in each tick, and how many there are."""

    records: deque[tuple[float, list[int]]] = field(default_factory=deque)
    length: int = 0


TICK = 0.1


def count_rush(tally: Tally, rate: float, seconds: float) -> Counted:
    """Sign and confirm at this rate, in one campaign, for so many seconds; return what became of the counts."""
    clock, chance = Simulation(), Random(SEED)  # noqa: S311  (a simulation)
    found = Counted(Counters(tally.units_a_second), signed=rate * seconds)
    lanes = tally.shards * tally.at_once
    readers = [_Reader() for _ in range(lanes)]
    others = max(0.0, tally.records_a_letter - 2)

    def people() -> Process:
        letters = poisson(chance, rate * TICK / lanes)
        rest = poisson(chance, others * rate * TICK / lanes)
        while True:
            for reader in readers:
                counts = [letters(), letters(), rest()]
                if amount := sum(counts):
                    reader.records.append((clock.now, counts))
                    reader.length += amount
            yield TICK

    clock.start(people())
    for reader in readers:
        clock.start(_tally(clock, chance, tally, reader, found), after=chance.random())
    clock.run_until(seconds)
    found.left = max((clock.now - reader.records[0][0] for reader in readers if reader.records), default=0.0)
    return found


def _tally(clock: Simulation, chance: Random, tally: Tally, reader: _Reader, found: Counted) -> Process:
    """Read batches as Lambda gives them, and count them as the tally does."""
    shard = 0
    while True:
        while not reader.records:
            yield TICK
        first = clock.now
        while reader.length < tally.batch_size and clock.now < first + tally.window:
            yield TICK
        born, (new, confirmed, others) = _batch(reader, tally.batch_size)
        yield LATENCY["run"] + (new + confirmed + others) * tally.record_seconds
        due = confirmed + (new if new < COUNTED_LATER else 0)
        for read in range(0, due, BATCH_GET):
            yield LATENCY["BatchGetItem"]
            for cut in tally.cut(min(due - read, BATCH_GET)):
                shard = yield from _move_marks(clock, chance, found.counters, shard, cut)
        if shard:
            # The sum of all shards, for the public count.
            yield 2 * LATENCY["BatchGetItem"] + LATENCY["UpdateItem"]
            found.counters.units += 1
        if confirmed:
            found.lags.append((clock.now, clock.now - born))


def _batch(reader: _Reader, most: int) -> tuple[float, list[int]]:
    born, taken = reader.records[0][0], [0, 0, 0]
    while reader.records and sum(taken) < most:
        _, counts = reader.records.popleft()
        taken = [one + other for one, other in zip(taken, counts, strict=True)]
    reader.length -= sum(taken)
    return born, taken


def _move_marks(
    clock: Simulation, chance: Random, table: Counters, shard: int, cut: Cut
) -> Generator[float, None, int]:
    """Try a transaction until it succeeds, and return the worker's shard. If all tries fail, they begin again."""
    pauses = iter(_PAUSES)
    while True:
        taken = table.begin(clock.now, shard, cut)
        if taken is not None:
            yield taken
            return shard
        yield CANCELED
        pause = next(pauses, None)
        if pause is None:
            pauses = iter(_PAUSES)
            pause = _PAUSES[0]
        shard = chance.randint(1, SHARDS)
        yield pause * chance.uniform(0.5, 1)


def poisson(chance: Random, expected: float) -> Callable[[], int]:
    """Return a function that says how many of rare and independent things happened, if so many are expected."""
    shares, share, number = [], exp(-expected), 0
    total = share
    while total < 1 - 1e-12 and number < expected + 100:
        shares.append(total)
        number += 1
        share *= expected / number
        total += share
    return lambda: bisect(shares, chance.random())


def sustained(holds: Callable[[float], bool], low: float, high: float, steps: int = 7) -> float:
    """Return the highest rate between two that holds, by halving; `low` if none does."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


@dataclass(frozen=True, slots=True)
class Mailing:
    """How the confirmation emails' reader works; one shard of the stream stands for all, and gets its share of SES."""

    shards: int
    processes: int
    at_once: int
    batch_size: int
    records_a_letter: float
    record_seconds: float
    batch_seconds: float
    """What the calls take that a batch makes once: those about its budgets."""

    budget_seconds: float
    """What each email adds to them."""

    email_seconds: float
    """What the calls of one email take, without waiting for SES's pace."""

    cpu_seconds: float
    """What its writing takes; a process writes one at a time."""

    queue_at_once: float
    """How many of the queue's emails are sent at once, each by a run of its own."""


@dataclass
class Mailed:
    """What became of the emails in a run: seconds from the form to SES, and those that wait."""

    delays: list[float] = field(default_factory=list)
    by_queue: int = 0
    signed: int = 0
    waiting_at_end: int = 0
    """How many wait in all shards when people stop. The other figures are those of one shard."""

    behind: float = 0.0
    """The greatest age of the oldest record that the stream's reader had left."""

    @property
    def waiting(self) -> int:
        """Return how many emails are not sent at the end of the simulation."""
        return self.signed - len(self.delays)

    def delay(self, share: float) -> float:
        """Return the delay that this share of the emails keeps; those that wait have none."""
        delays = sorted(self.delays)
        number = ceil(share * self.signed) - 1
        return delays[number] if number < len(delays) else inf


def mail_rush(  # noqa: PLR0913  (what a rush is)
    mailing: Mailing,
    rate: float,
    ses: float,
    seconds: float,
    *,
    knows_rate: bool = False,
    ramp: float = 60.0,
    after: float = 0.0,
) -> Mailed:
    """Sign up for so many seconds at a rate that is reached within `ramp`, while SES takes `ses` emails a second.

    Each process asks SES for the account's rate before its first email, as the product does, unless it `knows_rate`.
    For `after` seconds nobody signs up, and what waits goes on.
    """
    clock, chance, found = Simulation(), Random(SEED), Mailed()  # noqa: S311  (a simulation)
    share = 1 / mailing.shards
    allowance, questions = Allowance(ses * share), Allowance(share)
    lanes: list[deque[float]] = [deque() for _ in range(mailing.processes)]
    queue: list[tuple[float, float]] = []

    expected = rate * share * TICK / mailing.processes
    full = poisson(chance, expected)

    def people() -> Process:
        while clock.now < seconds:
            some = full if clock.now >= ramp else poisson(chance, clock.now / ramp * expected)
            for lane in lanes:
                amount = some()
                lane.extend([clock.now] * amount)
                found.signed += amount
            behind = max((clock.now - lane[0] for lane in lanes if lane), default=0.0)
            found.behind = max(found.behind, behind)
            yield TICK

    def rate_of_account() -> float:
        if not knows_rate and not questions.take(clock.now):
            message = "SES takes one question a second"
            raise RateNotToldError(message)
        return ses

    clock.start(people())
    for lane in lanes:
        process = _Process(clock, mailing, lane, queue, allowance, _Pace(rate_of_account, clock), found)
        clock.start(process.run(until=seconds), after=chance.random())
    workers = ceil(mailing.queue_at_once / mailing.shards)
    for _ in range(workers):
        clock.start(_work_through_queue(clock, mailing, queue, allowance, found, workers))
    clock.run_until(seconds)
    found.waiting_at_end = mailing.shards * found.waiting
    while clock.now < seconds + after and found.waiting:
        clock.run_until(clock.now + 60)
    return found


class _Pace(Spacing):
    """The product's own pace, which says how long it waits instead of waiting."""

    def __init__(self, rate: Callable[[], float], clock: Simulation) -> None:
        self.waits = 0.0
        super().__init__(rate, clock=lambda: clock.now, sleep=self._note, assumed_rate=USUAL_RATE)

    def _note(self, seconds: float) -> None:
        self.waits = seconds


@dataclass
class _Process:
    """A process that sends emails, and what it meets."""

    clock: Simulation
    mailing: Mailing
    lane: deque[float]
    queue: list[tuple[float, float]]
    ses: Allowance
    pace: _Pace
    found: Mailed

    def run(self, until: float) -> Process:
        """Read batches until nothing more comes; what SES doesn't take, or what is late, goes into the queue."""
        mailing = self.mailing
        most = max(1, round(mailing.batch_size / mailing.records_a_letter))
        while self.lane or self.clock.now < until:
            if not self.lane:
                yield TICK / 2
                continue
            mails = [self.lane.popleft() for _ in range(min(most, len(self.lane)))]
            each = mailing.records_a_letter * mailing.record_seconds + mailing.budget_seconds
            yield LATENCY["run"] + mailing.batch_seconds + len(mails) * each
            is_slow = self.pace.is_slow(len(mails), SLOW_BATCH.total_seconds())
            age = timedelta(seconds=self.clock.now - mails[0])
            longest = longest_batch(age, len(mails), is_slow=is_slow).total_seconds()
            sent = yield from self._send(mails, self.clock.now + longest)
            for born in mails[sent:]:
                heapq.heappush(self.queue, (self.clock.now, born))
            yield ceil((len(mails) - sent) / 10 / mailing.at_once) * LATENCY["SendMessageBatch"]

    def _send(self, mails: Sequence[float], end: float) -> Generator[float, None, int]:
        """Send emails until SES doesn't take one, or it is too late; return how many are sent."""
        mailing = self.mailing
        one = mailing.email_seconds + mailing.cpu_seconds
        # Several are on their way at once, so the process waits for its share of one only.
        least = max(mailing.cpu_seconds, one / min(mailing.at_once, len(mails)))
        for number, born in enumerate(mails):
            self.pace.waits = 0.0
            try:
                if self.clock.now >= end:
                    return number
                self.pace.wait()
            except ThrottledError:
                return number
            yield max(self.pace.waits, least)
            if not self.ses.take(self.clock.now):
                self.pace.slow_down()
                return number
            self.pace.speed_up()
            self.found.delays.append(self.clock.now - born + one)
        return len(mails)


def _work_through_queue(  # noqa: PLR0913, PLR0917  (a worker and what it meets)
    clock: Simulation,
    mailing: Mailing,
    queue: list[tuple[float, float]],
    ses: Allowance,
    found: Mailed,
    workers: int,
) -> Process:
    """Send the queue's emails, one for each run. A shard has its share of the runs, so a worker may be slower."""
    slower = workers * mailing.shards / mailing.queue_at_once
    one = LATENCY["run"] + 2 * LATENCY["UpdateItem"] + mailing.email_seconds + mailing.cpu_seconds
    while True:
        if not queue or queue[0][0] > clock.now:
            yield TICK
            continue
        _, born = heapq.heappop(queue)
        yield one * slower
        is_sent = ses.take(clock.now)
        for pause in pauses(PATIENCE):
            if is_sent:
                break
            yield pause * slower
            is_sent = ses.take(clock.now)
        if is_sent:
            found.delays.append(clock.now - born)
            found.by_queue += 1
        else:
            heapq.heappush(queue, (clock.now + UNTIL_SES_IS_ASKED_AGAIN, born))
