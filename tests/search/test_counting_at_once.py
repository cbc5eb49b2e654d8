"""Counts are exact when many workers count at once: histories that are re-cut, repeated, concurrent and dying."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.search.stored import forget_deletions, is_forgotten, is_of_letter, shard_of
from tests.support.memory import Memory
from tests.support.scale import scale
from tests.support.signatures import adas_form
from undersigned.base.errors import ChangedError
from undersigned.base.rows import Key
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.base.table import Table, Update
from undersigned.campaigns.rows.counters import Counters, counter_key, counter_partitions
from undersigned.counting.rows.marks import Marks
from undersigned.counting.rules.tallies import counters_of, mark_of
from undersigned.counting.tallying import count_changes, forget, try_to_count
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, SignatureStateError, new_mail_request
from undersigned.signing.stream import read_change
from undersigned_cli.local.sources import stream_source

if TYPE_CHECKING:
    from collections.abc import Callable

CAMPAIGN = "trees"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STREAM_SHARDS = 4


def stack_of(client: Any) -> Stack:
    """Return a stack whose only client is DynamoDB's."""
    settings = Settings({"TABLE_NAME": "table", "MAIL_BUDGETS": "10 10000 1000 1000"})
    return Stack(settings, client=lambda _service, **_: client, clock=lambda: NOW, sleep=lambda _seconds: None)


class DiedError(BaseException):
    """A worker's process ended. No `except Exception` sees this."""


@dataclass
class Stream:
    """A shard of the stream: how far its reader is, and how far it must come before all that was begun is finished."""

    position: int = 0
    records: list[Any] = field(default_factory=list)
    is_busy: bool = False
    begun: int = 0


class Crowd:
    """People who sign, confirm, withdraw and vanish, while workers count them, each in its own shard of the stream."""

    def __init__(self, seed: int, *, people: int = 14, faults: float = 0.25) -> None:
        self.rng = random.Random(seed)  # noqa: S311  (a repeatable history)
        # Which shards the workers write is left to chance, too.
        random.seed(seed)
        self.faults = faults
        self.meetings = self.rng.choice((0.1, 0.7)) if faults else 0.0
        self.memory = Memory(lambda: NOW)
        self.table = Table(self.memory.client("dynamodb", None), "table", sleep=lambda _seconds: None)
        self.forms, self.rows = Forms(self.table), Signatures(self.table)
        self.signers = [f"{number:032x}" for number in range(people)]
        self.streams = [Stream() for _ in range(STREAM_SHARDS)]
        self.workers = [self.worker() for _ in self.streams]
        self.collected = 0
        self.depth = 0
        self.deaths = self.conflicts = 0
        self.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), assign={"goal": 500, "show_goal": "always"}))

    def worker(self) -> Stack:
        """Start a worker. Its calls can be refused, interrupted by others, or its last."""
        return stack_of(Faulty(self, self.memory.client("dynamodb", None)))

    # People

    def live(self) -> None:
        """Let a person do something."""
        signer = self.rng.choice(self.signers)
        what = self.rng.choice(("sign", "confirm", "confirm", "withdraw", "vanish"))
        with suppress(SignatureStateError):  # They can't do that now.
            if what == "sign":
                self.sign(signer)
            elif what == "confirm":
                self.confirm(signer, NOW + timedelta(hours=self.rng.randrange(2)))
            elif what == "withdraw":
                self.rows.withdraw(CAMPAIGN, signer, self.now())
            elif self.rng.random() < 0.2:
                self.table.delete(Signature.locate(campaign=CAMPAIGN, signer=signer))
                self.forms.delete_all(CAMPAIGN, signer)

    def now(self) -> datetime:
        """Return a moment that comes once."""
        return NOW + timedelta(microseconds=len(self.memory.records))

    def sign(self, signer: str) -> None:
        """Send a form."""
        self.forms.put(
            adas_form(
                campaign=CAMPAIGN,
                signer=signer,
                form=f"{len(self.memory.records):016x}",
                target=self.rng.choice(("oakton", "elmton")),
                signed_at=self.now(),
                signed_on=date(2026, 11, 30),
                mail_request=new_mail_request(NOW, "00000000"),
                expires_at=NOW + timedelta(days=14),
            )
        )

    def confirm(self, signer: str, at: datetime = NOW) -> None:
        """Confirm the signer's newest form."""
        forms = self.forms.of_signer(CAMPAIGN, signer)
        if forms:
            self.rows.confirm(max(forms, key=lambda form: form.signed_at), at=at, on=NOW.date())

    # Workers

    def collect(self) -> None:
        """Pass new records to their shards. All records of a row are in the same one, in order."""
        new = self.memory.records[self.collected :]
        self.collected += len(new)
        for record in new:
            if is_of_letter(record):
                self.streams[shard_of(record, STREAM_SHARDS)].records.append(record)

    def run_a_worker(self) -> None:
        """Let a worker count a batch of its shard. Sometimes it is an old one again, or begins earlier."""
        self.collect()
        free = [number for number, stream in enumerate(self.streams) if not stream.is_busy]
        if not free:
            return
        number = self.rng.choice(free)
        stream = self.streams[number]
        begin = stream.position
        if self.faults and self.rng.random() < 0.2:
            begin = self.rng.randrange(begin + 1)
        end = min(len(stream.records), max(begin, stream.position) + self.rng.randint(1, 12))
        batch = stream.records[begin:end]
        stream.is_busy, stream.begun = True, max(stream.begun, end)
        try:
            failed = self.count(self.workers[number], batch)
        except DiedError:
            self.deaths += 1
            failed = True
            self.workers[number] = self.worker()
        finally:
            stream.is_busy = False
        if not failed:
            stream.position = max(stream.position, end)

    def count(self, worker: Stack, batch: list[Any]) -> bool:
        """Count a batch as the tally's handler does, and return whether it must come again."""
        return bool(count_changes(worker, filter(stream_source("Tally").wants, batch)).failed)

    def live_and_count(self) -> None:
        """Let people live and workers count for a while, and count what is left."""
        for _ in range(200):
            self.rng.choice((self.live, self.live, self.run_a_worker))()
        self.until_quiet()

    def until_quiet(self) -> None:
        """Count what is left, without further faults."""
        self.faults = 0.0
        self.collect()
        while any(stream.position < len(stream.records) for stream in self.streams):
            self.run_a_worker()
            self.collect()

    # What must be true

    def public(self) -> int:
        return Counters(self.table).total(CAMPAIGN)[0]

    def by_counter(self) -> dict[str, int]:
        return {name: count for name, count in Counters(self.table).counts(CAMPAIGN).items() if count}

    def by_mark(self) -> dict[str, int]:
        """Count by the marks of all rows, also of those that have vanished and that nobody has subtracted yet."""
        rows = [self.rows.signature(CAMPAIGN, signer) for signer in self.signers]
        gone = [
            change.signature
            for record in self.memory.records
            if is_of_letter(record)
            and (change := read_change(record)).is_gone
            and not is_forgotten(self.memory, change.signature)
        ]
        return Counter(name for row in (*rows, *gone) if row for name in counters_of(row.tallied))

    def by_row(self) -> dict[str, int]:
        rows = (self.rows.signature(CAMPAIGN, signer) for signer in self.signers)
        return Counter(name for row in rows if row for name in counters_of(mark_of(row)))


@dataclass
class Faulty:
    """A worker's DynamoDB client. Before and after each call, anything may happen."""

    crowd: Crowd
    client: Any

    def __getattr__(self, name: str) -> Callable[..., Any]:
        make = getattr(self.client, name)

        def call(**request: Any) -> Any:
            crowd = self.crowd
            self._meanwhile()
            fate = crowd.rng.random()
            if fate < crowd.faults * 0.1:
                raise DiedError
            if crowd.faults and name == "transact_write_items" and crowd.rng.random() < crowd.meetings:
                crowd.conflicts += 1
                reasons: Any = [{"Code": "None"} for _ in request["TransactItems"]]
                reasons[crowd.rng.randrange(len(reasons))] = {"Code": "TransactionConflict"}
                canceled = {"Code": "TransactionCanceledException", "Message": "held"}
                refusal: Any = {"Error": canceled, "CancellationReasons": reasons}
                raise ClientError(refusal, "TransactWriteItems")
            answer = make(**request)
            if crowd.rng.random() < crowd.faults * 0.1:
                raise DiedError
            return answer

        return call

    def _meanwhile(self) -> None:
        crowd = self.crowd
        if not crowd.faults or crowd.depth >= STREAM_SHARDS - 1 or crowd.rng.random() > 0.3:
            return
        crowd.depth += 1
        try:
            crowd.rng.choice((crowd.live, crowd.run_a_worker))()
        finally:
            crowd.depth -= 1


@pytest.mark.parametrize("seed", range(scale.histories))
def test_counts_are_exact_in_any_history(seed: int) -> None:
    crowd = Crowd(seed)
    for _ in range(60):
        crowd.rng.choice((crowd.live, crowd.live, crowd.run_a_worker))()
        assert crowd.by_counter() == crowd.by_mark()
        assert crowd.public() == crowd.by_counter().get("TOTAL", 0)
    crowd.until_quiet()
    assert crowd.by_counter() == crowd.by_mark() == crowd.by_row()
    assert crowd.public() == crowd.by_row().get("TOTAL", 0)


def test_these_histories_have_conflicts_and_deaths_and_count_everywhere() -> None:
    """Histories in which nothing goes wrong would prove nothing."""
    crowds = [Crowd(seed) for seed in range(16)]
    for crowd in crowds:
        for _ in range(60):
            crowd.rng.choice((crowd.live, crowd.live, crowd.run_a_worker))()
    assert any(crowd.conflicts for crowd in crowds)
    assert any(crowd.deaths for crowd in crowds)
    assert {row.partition(" ")[0] for crowd in crowds for row in counter_rows(crowd)} == {*counter_partitions(CAMPAIGN)}


def hot(crowd: Crowd, letters: int = 40) -> None:
    """Let people confirm and count all."""
    crowd.signers = [f"{number:032x}" for number in range(letters)]
    for signer in crowd.signers:
        crowd.sign(signer)
        crowd.confirm(signer)
    crowd.until_quiet()


def make_again(crowd: Crowd) -> None:
    """Delete the campaign, and make one with the same id. The workers stay warm."""
    delete(crowd)
    crowd.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), assign={"goal": 500, "show_goal": "always"}))


def delete(crowd: Crowd) -> None:
    """Delete the campaign. The workers stay warm."""
    for signer in crowd.signers:
        crowd.table.delete(Signature.locate(campaign=CAMPAIGN, signer=signer))
    crowd.until_quiet()
    crowd.signers = []
    assert not any(crowd.by_counter().values())
    for partition in counter_partitions(CAMPAIGN):
        for row in list(crowd.table.query(partition)):
            crowd.table.delete(Key(row["pk"], row["sk"]))


def counter_rows(crowd: Crowd) -> list[str]:
    """Return the keys of all rows of counters in the table."""
    return [f"{pk} {sk}" for pk in counter_partitions(CAMPAIGN) for sk in crowd.memory.partitions.get(pk, ())]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_late_record_of_a_deleted_campaign_brings_no_counter_back(is_known: bool) -> None:  # noqa: FBT001
    """Its row went with the campaign: its record comes again, or from a dead-letter queue after a recount."""
    crowd = Crowd(1, faults=0)
    hot(crowd)
    [gone, *_] = [row for signer in crowd.signers if (row := crowd.rows.signature(CAMPAIGN, signer))]
    delete(crowd)
    if not is_known:
        forget_deletions(crowd.memory)
    for worker in (*crowd.workers, crowd.worker()):
        forget(worker, gone)
    assert counter_rows(crowd) == []


def test_a_worker_that_was_about_to_count_when_the_campaign_was_deleted_brings_no_counter_back() -> None:
    crowd = Crowd(1, faults=0)
    hot(crowd)
    signer = f"{99:032x}"
    crowd.sign(signer)
    crowd.confirm(signer)
    row = crowd.rows.signature(CAMPAIGN, signer)
    assert row
    crowd.signers.append(signer)
    delete(crowd)
    for worker in crowd.workers:
        with pytest.raises(ChangedError):
            Marks(worker.table).move_marks(CAMPAIGN, [(row, mark_of(row))], 3)
    assert counter_rows(crowd) == []


@pytest.mark.parametrize("confirms", [True, False])
def test_a_campaign_made_again_begins_with_no_letter(confirms: bool) -> None:  # noqa: FBT001
    crowd = Crowd(1, faults=0)
    hot(crowd)
    make_again(crowd)
    crowd.signers = [f"{number:032x}" for number in range(50, 90)]
    for signer in crowd.signers:
        crowd.sign(signer)
        if confirms:
            crowd.confirm(signer)
    crowd.until_quiet()
    assert crowd.by_counter() == crowd.by_mark() == crowd.by_row()
    assert crowd.public() == (40 if confirms else 0)


def test_a_counter_that_is_wrong_in_its_shards_is_corrected_and_the_public_count_with_it() -> None:
    crowd = Crowd(1, faults=0)
    hot(crowd)
    counts = Counters(crowd.table)
    crowd.table.update(Update(counter_key(CAMPAIGN, "TOTAL", 2), add={"signatures": 5}))
    counts.correct(CAMPAIGN, "TOTAL", wrong=45, right=40)
    assert counts.counts(CAMPAIGN)["TOTAL"] == 40
    assert counts.counts(CAMPAIGN, "TARGET#") == {name: n for name, n in crowd.by_row().items() if "TARGET" in name}


def test_a_target_that_is_wrong_is_corrected_wherever_it_is_counted() -> None:
    crowd = Crowd(1, faults=0)
    hot(crowd)
    before = crowd.by_counter()
    counts = Counters(crowd.table)
    for shard in (0, 3):
        crowd.table.update(Update(counter_key(CAMPAIGN, "TARGET#oakton", shard), add={"signatures": 2}))
    right = before["TARGET#oakton"]
    with pytest.raises(ChangedError):
        counts.correct(CAMPAIGN, "TARGET#oakton", wrong=right + 5, right=right)
    counts.correct(CAMPAIGN, "TARGET#oakton", wrong=right + 4, right=right)
    assert crowd.by_counter() == before


def test_one_bad_row_among_a_hundred_stops_no_other() -> None:
    crowd = Crowd(1, faults=0)
    crowd.signers = [f"{number:032x}" for number in range(100)]
    for signer in crowd.signers:
        crowd.sign(signer)
        crowd.confirm(signer)
    bad = crowd.signers[37]
    crowd.table.update(Update(Signature.locate(campaign=CAMPAIGN, signer=bad), remove=["status"]))
    outcome = try_to_count(crowd.worker(), ((CAMPAIGN, signer) for signer in crowd.signers))
    assert set(outcome.failed) == {(CAMPAIGN, bad)}
    assert len(outcome.moved) == 99
    assert crowd.by_counter()["TOTAL"] == 99


def test_rows_stay_to_be_counted_if_the_table_takes_no_writes() -> None:
    crowd = Crowd(1, faults=0)
    crowd.signers = [f"{number:032x}" for number in range(100)]
    for signer in crowd.signers:
        crowd.sign(signer)
        crowd.confirm(signer)
    tries = []

    class Full:
        def __getattr__(self, name: str) -> Any:
            if name != "transact_write_items":
                return getattr(crowd.memory.client("dynamodb", None), name)
            return self.refuse

        def refuse(self, **_: Any) -> Any:
            tries.append(1)
            answer: Any = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "full"}}
            raise ClientError(answer, "TransactWriteItems")

    outcome = try_to_count(stack_of(Full()), ((CAMPAIGN, signer) for signer in crowd.signers))
    assert len(outcome.failed) == 100
    assert len(tries) < 60


def test_of_two_corrections_at_once_one_is_made() -> None:
    crowd = Crowd(1, faults=0)
    hot(crowd)
    crowd.table.update(Update(counter_key(CAMPAIGN, "TOTAL", 2), add={"signatures": 5}))
    counts, other = Counters(crowd.table), Counters(crowd.table)
    read = counts._rows_of

    def read_before_the_other(campaign: str, counter: str, *, consistent: bool = False) -> Any:
        rows = read(campaign, counter, consistent=consistent)
        other.correct(CAMPAIGN, "TOTAL", wrong=45, right=40)
        return rows

    counts._rows_of = read_before_the_other  # type: ignore[method-assign]
    with pytest.raises(ChangedError):
        counts.correct(CAMPAIGN, "TOTAL", wrong=45, right=40)
    assert crowd.public() == 40
