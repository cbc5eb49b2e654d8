"""The model of AWS misbehaves as it says."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.search import platform as platforms
from tests.search.interleavings import typeset_plainly
from tests.search.platform import CrashError, Fate, Faults, Outage, Platform
from tests.search.scenarios import EVANSTON, MONDAY, Acts, Person
from tests.search.stored import row_of
from tests.support import world as worlds
from tests.support.world import CAMPAIGN
from undersigned.delivering.printing import packets
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

    type Make = Callable[..., Platform]

ADA, BO = Person("Ada", EVANSTON), Person("Bo", EVANSTON)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Yield a stack without moto, with plain packets."""
    monkeypatch.setattr(packets, "typeset", typeset_plainly)
    with worlds.world(monkeypatch, fast=True) as made:
        yield made


@pytest.fixture
def make(world: World) -> Make:
    """Return a maker of platforms with these faults. Time passes in them."""

    def made(**faults: Any) -> Platform:
        return Platform(world, random.Random(1), faults=Faults(time_passes=True, **faults))  # noqa: S311

    return made


def state_of_delivery(world: World) -> str | None:
    delivery = Deliveries(world.stack.table).delivery(DeliveryKey(CAMPAIGN, "evanston", f"{MONDAY:%Y-%m-%d}"))
    return delivery.state if delivery else None


def outage(world: World, what: str, hours: float) -> Outage:
    return Outage(what, world.clock.now, world.clock.now + hours * HOUR)


def test_a_function_that_sends_messages_to_itself_is_stopped_after_16(
    make: Make, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "_allows_loops", lambda _function: False)
    platform = make()
    world.confirmed()
    world.throttles = 10_000
    world.plan()
    begun = world.clock.now
    platform.settle()
    assert platform.dead_letters == ["deliver"]
    assert timedelta(hours=3) < world.clock.now - begun < timedelta(hours=6), "a quarter of an hour for each"


def test_an_outage_answers_no_function_and_ends(make: Make, world: World) -> None:
    platform = make(outages=[outage(world, "dynamodb", 2)])
    acts, begun = Acts(platform), world.clock.now
    with pytest.raises(AssertionError, match="a person tried 3 times"):
        acts.sign(ADA)
    assert world.clock.now > begun, "trying takes time"
    platform.run_until(begun + 2 * HOUR)
    acts.sign(ADA)


@pytest.mark.parametrize(
    ("fault", "error", "seconds"),
    [("ses_lost_answers", ClientError, 0), ("silent_emails", ClientError, 0), ("ses_hangs", ReadTimeoutError, 60)],
)
def test_ses_accepts_an_email_and_its_answer_is_lost(
    make: Make, world: World, fault: str, error: type[Exception], seconds: int
) -> None:
    platform = make()
    acts = Acts(platform)
    acts.sign_and_confirm(ADA)
    setattr(platform.faults, fault, 1)
    platform.rng = Never()
    begun = world.clock.now
    with pytest.raises(error):
        platform.after("Deliver", "sesv2:SendEmail")
    assert (world.clock.now - begun).total_seconds() == seconds


class Never(random.Random):
    """Always chooses what is possible at all."""

    def random(self) -> float:
        return 0.0


def test_an_event_that_is_lost_never_comes(make: Make, world: World) -> None:
    platform = make(lost_events={"delivery": 1})
    acts = Acts(platform)
    acts.sign_and_confirm(ADA)
    acts.week(MONDAY)
    assert state_of_delivery(world) == "sent"


def test_an_out_of_office_reply_comes_although_the_email_arrived(make: Make, world: World) -> None:
    platform = make()
    platform.fate_of = lambda sent: Fate(("send", "out_of_office")) if sent.tags["kind"] == "delivery" else None
    acts = Acts(platform)
    acts.sign_and_confirm(ADA)
    acts.week(MONDAY)
    assert (state_of_delivery(world), platform.bounced) == ("bounced", set())


def test_a_disabled_reader_forgets_what_is_older_than_a_day(make: Make, world: World) -> None:
    platform = make(disabled=[outage(world, "send_confirmations", 25)])
    acts = Acts(platform)
    acts.sign(ADA)
    platform.run_until(world.clock.now + 2 * HOUR)
    acts.sign(BO)
    platform.run_until(world.clock.now + 25 * HOUR)
    assert [sent.to for sent in world.sent] == [BO.email]


def test_records_of_one_row_stay_in_order_in_several_shards(make: Make, world: World) -> None:
    platform = make(shards=4)
    read: list[tuple[str, str]] = []
    count = world.handlers["tally"]

    def tally(event: Any, context: Any) -> Any:
        read.extend((row_of(each), each["dynamodb"]["SequenceNumber"]) for each in event["Records"])
        return count(event, context)

    world.handlers["tally"] = tally
    people = [Person(f"Person{number}", EVANSTON) for number in range(8)]
    Acts(platform).sign_and_confirm(*people)
    assert sorted(number for _, number in read) != [number for _, number in read], "shards are read in any order"
    for row in {row for row, _ in read}:
        numbers = [number for its, number in read if its == row]
        assert numbers == sorted(numbers)


def test_a_conflict_refuses_a_write(make: Make) -> None:
    platform = make(conflicts=1)
    with pytest.raises(ClientError, match="TransactionConflictException"):
        platform.before("Deliver", "dynamodb:UpdateItem", {})
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        platform.before("Deliver", "dynamodb:TransactWriteItems", {})


def test_a_crash_ends_an_invocation_at_a_call(make: Make) -> None:
    with pytest.raises(CrashError):
        make(crashes=1).before("Deliver", "dynamodb:Query", {})


def test_an_invocation_without_time_left_is_told_so(make: Make) -> None:
    platform = make(short_runs=1)
    left: list[int] = []
    platform._invoke("deliver", lambda: left.append(platform.context().get_remaining_time_in_millis()))
    assert left == [0]


def test_an_invocation_is_ended_when_its_time_is_over(make: Make) -> None:
    platform = make()

    def run() -> None:
        platform.sleep(901)
        platform.before("Deliver", "dynamodb:Query", {})

    _, error = platform._invoke("deliver", run)
    assert isinstance(error, CrashError)


def test_what_is_due_runs_while_an_invocation_waits(make: Make, world: World) -> None:
    platform = make()
    Acts(platform).sign(ADA)
    platform._invoke("deliver", lambda: platform.sleep(60))
    assert [sent.to for sent in world.sent] == [ADA.email]


def test_an_interruption_runs_something_else_in_the_middle_of_an_invocation(make: Make) -> None:
    platform = make(preemptions=1)
    ran: list[datetime] = []

    def interrupt() -> bool:
        ran.append(platform.now)
        return True

    platform.interrupt = interrupt
    for _ in range(20):
        platform._invoke("deliver", lambda: platform.before("Deliver", "dynamodb:Query", {}))
    assert ran


def test_an_outage_begins_after_an_email(make: Make, world: World) -> None:
    platform = make(outages_after_emails=1)
    platform.after("Deliver", "sesv2:SendEmail")
    with pytest.raises(ClientError, match="InternalServerError"):
        platform.before("Deliver", "dynamodb:UpdateItem", {})


def test_a_message_comes_twice(make: Make, world: World) -> None:
    platform = make()
    acts = Acts(platform)
    acts.sign_and_confirm(ADA)
    platform.faults.repeats = 0.9
    acts.week(MONDAY)
    assert platform.happened["a message received twice"]
    assert len(world.deliveries) == 1


def test_an_email_to_a_suppressed_address_is_accepted_and_bounces(make: Make, world: World) -> None:
    platform = make()
    world.suppressed[ADA.email] = "BOUNCE"
    Acts(platform).sign(ADA)
    platform.settle()
    assert [sent.message_id for sent in world.sent] == sorted(platform.bounced)
    assert platform.happened["an email to a suppressed address"] == 1


def test_an_error_of_ses_takes_no_email(make: Make, world: World) -> None:
    platform = make(ses_errors=1)
    with pytest.raises(ClientError, match="InternalServiceErrorException"):
        platform.before("Deliver", "sesv2:SendEmail", {"Destination": {"ToAddresses": [ADA.email]}})
    assert not world.sent


def test_an_email_without_an_answer_and_without_events_is_only_in_the_outbox(make: Make, world: World) -> None:
    platform = make()
    acts = Acts(platform)
    acts.sign_and_confirm(ADA)
    platform.faults.silent_emails = 1
    acts.week(MONDAY)
    assert (len(world.deliveries), len(platform.dead_letters)) == (1, 0)
    assert platform.happened["an answer of SES lost, and all events"] == 1
