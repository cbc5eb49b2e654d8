"""Confirmation emails of a rush: several at once, at a pace that is found, and none lost if SES throttles."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.faults.memory import Memory
from tests.world import ADA, CAMPAIGN, CONTEXT, world
from undersigned.aws.dynamodb import Key, Table
from undersigned.aws.mail import Spacing
from undersigned.aws.mail_budgets import MailBudgets
from undersigned.domain.mail_budgets import Budget
from undersigned.domain.rush import DRAWN_OF, RUSH, is_drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.world import World

PEOPLE = 30
HOUR = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def rush(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack to which people have come at once, each from a network of their own."""
    with world(monkeypatch, fast=True) as made:
        for number in range(PEOPLE):
            values = {**ADA, "form": made.form(), "email": f"signer{number}@gmail.com"}
            path = f"/campaigns/{CAMPAIGN}/signatures"
            assert made.post(path, values, source=f"198.{number}.1.7").status == 200
        yield made


def sent_to(made: World) -> Counter[str]:
    return Counter(sent.to for sent in made.sent)


def run(made: World, records: list[Any]) -> list[Any]:
    failed: list[Any] = made.handlers["send_confirmations"]({"Records": records}, CONTEXT)["batchItemFailures"]
    return failed


class Refusing:
    """Refuses calls as told."""

    def __init__(self, refuses: Callable[[str], str | None]) -> None:
        self.refuses = refuses
        self.calls: Counter[str] = Counter()

    def before(self, _function: str, operation: str, _params: Any) -> None:
        self.calls[operation] += 1
        if code := self.refuses(operation):
            answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, operation)

    def after(self, _function: str, _operation: str) -> None:
        """Do nothing."""

    def retries(self, _function: str, _operation: str) -> bool:
        return False


def test_a_full_batch_takes_little_more_than_one_write_an_email(rush: World) -> None:
    rush.watch = watch = Refusing(lambda _operation: None)
    assert run(rush, rush.new_records()) == []
    assert sent_to(rush) == {f"signer{number}@gmail.com": 1 for number in range(PEOPLE)}
    assert watch.calls["dynamodb:BatchGetItem"] == 2, "what the rows still request, and which networks have room"
    drawn = watch.calls["dynamodb:UpdateItem"] - PEOPLE - 2
    assert 0 <= drawn <= PEOPLE // 4, (
        "one write for each email, one for the hour, one of what it counted, and those drawn"
    )


def test_a_repeated_batch_sends_nothing_again(rush: World) -> None:
    records = rush.new_records()
    for _ in range(3):
        assert run(rush, records) == []
    assert set(sent_to(rush).values()) == {1}


def test_if_ses_throttles_the_rest_of_a_batch_goes_into_the_queue_ten_in_a_call(rush: World) -> None:
    rush.watch = watch = Refusing(
        lambda operation: "TooManyRequestsException" if (operation, len(rush.sent)) == ("sesv2:SendEmail", 5) else None
    )
    assert run(rush, rush.new_records()) == []
    assert (len(rush.sent), watch.calls["sqs:SendMessageBatch"], watch.calls["sesv2:SendEmail"]) == (5, 3, 6)
    rush.watch = None
    rush.run_waiting_mails()
    assert set(sent_to(rush).values()) == {1}
    assert len(rush.sent) == PEOPLE


def test_if_the_table_takes_no_writes_no_email_goes_that_cannot_be_recorded(rush: World) -> None:
    records = rush.new_records()

    def full(operation: str) -> str | None:
        return "ProvisionedThroughputExceededException" if operation == "dynamodb:UpdateItem" and rush.sent else None

    rush.watch = Refusing(full)
    failed = run(rush, records)
    assert failed
    assert len(rush.sent) == 1, "the others are claimed first, which fails"
    rush.watch = None
    assert run(rush, records) == []
    assert sorted(sent_to(rush).values()) == [1] * (PEOPLE - 1) + [2]


def test_a_slow_batch_that_has_waited_goes_into_the_queue(rush: World, monkeypatch: pytest.MonkeyPatch) -> None:
    records = rush.new_records()
    rush.clock.advance(seconds=21)
    assert run(rush, records[:1]) == []
    rush.sent.clear()
    records = records[1:]
    monkeypatch.setattr(Spacing, "is_slow", lambda _pace, calls, seconds: calls * 0.5 > seconds)
    rush.watch = watch = Refusing(lambda _operation: None)
    assert run(rush, records) == []
    assert (len(rush.sent), watch.calls["sqs:SendMessageBatch"]) == (0, 3)
    rush.watch = None
    rush.run_waiting_mails()
    assert len(rush.sent) == PEOPLE - 1


def test_a_rush_that_has_waited_goes_into_the_queue_however_fast_ses_is(rush: World) -> None:
    """Batches that are not slow can come faster than they are sent, too."""
    records = rush.new_records()
    rush.clock.advance(seconds=40)
    rush.watch = watch = Refusing(lambda _operation: None)
    assert run(rush, records) == []
    assert (len(rush.sent), watch.calls["sqs:SendMessageBatch"]) == (0, 3)
    rush.watch = None
    rush.run_waiting_mails()
    assert set(sent_to(rush).values()) == {1}
    assert len(rush.sent) == taken(rush) == PEOPLE


@pytest.mark.parametrize(("seconds", "emails"), [(39, PEOPLE), (3_600, RUSH - 1)])
def test_a_batch_that_has_waited_is_sent_if_ses_is_fast(rush: World, seconds: int, emails: int) -> None:
    records = rush.new_records()[:emails]
    rush.clock.advance(seconds=seconds)
    assert run(rush, records) == []
    assert len(rush.sent) == emails


def test_a_batch_ends_when_its_emails_are_too_old_and_the_queue_gets_the_rest(rush: World) -> None:
    records = rush.new_records()
    rush.clock.advance(seconds=35)

    class TakesASecond(Refusing):
        def after(self, _function: str, operation: str) -> None:
            rush.clock.advance(seconds=operation == "sesv2:SendEmail")

    rush.watch = watch = TakesASecond(lambda _operation: None)
    assert run(rush, records) == []
    assert 5 <= len(rush.sent) < 10
    assert watch.calls["sqs:SendMessageBatch"] == 3
    rush.watch = None
    rush.run_waiting_mails()
    assert sent_to(rush) == {f"signer{number}@gmail.com": 1 for number in range(PEOPLE)}


def test_a_damaged_record_keeps_no_rush_that_has_waited_out_of_the_queue(rush: World) -> None:
    records = rush.new_records()
    records[0]["dynamodb"]["NewImage"]["status"] = {"M": {}}
    rush.clock.advance(seconds=45)
    assert run(rush, records) == [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
    # It comes again, with fewer than a rush after it. Their emails are in the queue, too.
    run(rush, records[: RUSH - 1])
    assert len(rush.sent) == RUSH - 2
    rush.run_waiting_mails()
    assert sent_to(rush) == dict.fromkeys(sent_to(rush), 1)
    assert len(rush.sent) == PEOPLE - 1


def test_records_that_do_not_say_when_they_were_written_have_not_waited(rush: World) -> None:
    """The time is optional in a record ("StreamRecord", DynamoDB API reference)."""
    records = rush.new_records()
    rush.clock.advance(hours=1)
    for record in records:
        del record["dynamodb"]["ApproximateCreationDateTime"]
    assert run(rush, records) == []
    assert len(rush.sent) == PEOPLE


def test_a_few_emails_are_sent_however_long_they_have_waited(rush: World) -> None:
    records = rush.new_records()[: RUSH - 1]
    rush.clock.advance(hours=5)
    assert run(rush, records) == []
    assert len(rush.sent) == RUSH - 1


def test_several_emails_are_sent_at_once_and_a_persons_one_after_the_other(
    rush: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.send_confirmations import sending, wired  # noqa: PLC0415  (the world has just wired it)

    monkeypatch.setattr(wired.stack.settings, "mails_at_once", 4)
    busy: Counter[str] = Counter()
    most, lock = [0], threading.Lock()

    def is_done(signature: Any, *_: Any, **__: Any) -> bool:
        with lock:
            busy[signature.signer] += 1
            most[0] = max(most[0], busy.total())
            assert busy[signature.signer] == 1
        time.sleep(0.002)
        with lock:
            busy[signature.signer] -= 1
        return True

    monkeypatch.setattr(sending, "is_done", is_done)
    records = rush.new_records()
    assert run(rush, [*records, *records]) == []
    assert most[0] == 4


# Budgets


def test_a_network_with_an_email_in_each_batch_keeps_to_its_budget_on_average() -> None:
    memory = Memory(lambda: HOUR)
    table = Table(memory.client("dynamodb", None), "table", sleep=lambda _seconds: None)
    budgets = MailBudgets(table)
    allowed = []
    for network in range(40):
        budget = Budget("network", f"{network:016x}", HOUR.replace(hour=0), 200)
        sent = 0
        for number in range(600):
            if budgets.without_room([budget]):
                break
            if is_drawn(f"{network}-{number}"):
                budgets.take(budget, DRAWN_OF)
            sent += 1
        allowed.append(sent)
    assert 180 <= sum(allowed) / len(allowed) <= 220
    assert max(allowed) < 400


def test_a_large_hour_has_shards_and_is_never_exceeded() -> None:
    memory = Memory(lambda: HOUR)
    table = Table(memory.client("dynamodb", None), "table", sleep=lambda _seconds: None)
    budgets = MailBudgets(table, random.Random(1))  # noqa: S311  (repeatable)
    budget = Budget("unconfirmed", "", HOUR, 36_000)
    granted = [budgets.take(budget, 100) for _ in range(400)]
    assert sum(granted) == 36_000
    assert set(granted[:300]) == {100}
    rows = memory.partitions["MAILS#stack"]
    assert len(rows) == 16
    budgets.give_back(budget, confirmed=50)
    assert sum(budgets.take(budget, 100) for _ in range(3)) == 50
    assert sum(hour.sent["clean"] for hour in budgets.sending(HOUR).hours) == 36_050


def test_a_small_hour_is_one_row() -> None:
    memory = Memory(lambda: HOUR)
    budgets = MailBudgets(Table(memory.client("dynamodb", None), "table"))
    assert budgets.take(Budget("unconfirmed", "", HOUR, 2_000), 5) == 5
    assert table_keys(memory) == [Key("MAILS#stack", "HOUR#2026-11-24T18")]


def table_keys(memory: Memory) -> list[Key]:
    return [Key(item["pk"]["S"], item["sk"]["S"]) for item in memory.items()]


# A batch that comes again


def budgets(made: World) -> dict[Key, dict[str, Any]]:
    """Return what is taken from each budget."""
    assert made.memory is not None
    rows = {Key(item["pk"]["S"], item["sk"]["S"]): dict(item) for item in made.memory.items()}
    return {key: row for key, row in rows.items() if key.pk.startswith("MAILS#") and "counted" not in row}


def taken(made: World) -> int:
    """Return how many emails are taken from the stack's budgets."""
    return sum(int(row["unconfirmed"]["N"]) for row in budgets(made).values() if "unconfirmed" in row)


def cuts(records: list[Any]) -> list[list[Any]]:
    """Return a batch as Lambda gives it again: whole, in halves, and from a record on that failed, with new ones."""
    half = len(records) // 2
    return [records, records[:half], records[half:], records[3:], records[:1]]


@pytest.mark.parametrize("emails", [1, 4, PEOPLE])
def test_a_repeated_batch_takes_nothing_from_the_budgets_again(rush: World, emails: int) -> None:
    records = rush.new_records()[:emails]
    assert run(rush, records) == []
    before = budgets(rush)
    assert taken(rush) == emails
    for some in cuts(records):
        if some:
            assert run(rush, some) == []
    assert budgets(rush) == before
    assert len(rush.sent) == emails


@pytest.mark.parametrize("emails", [4, PEOPLE])
@pytest.mark.parametrize("dies_after", [0, 1, 3])
def test_a_batch_whose_process_died_takes_nothing_again(rush: World, emails: int, dies_after: int) -> None:
    records = rush.new_records()[:emails]

    class DiedError(BaseException):
        """No `except Exception` sees this."""

    def die(operation: str) -> str | None:
        if operation == "sesv2:SendEmail" and len(rush.sent) == dies_after:
            raise DiedError
        return None

    rush.watch = Refusing(die)
    with pytest.raises(DiedError):
        run(rush, records)
    rush.watch = None
    rush.restart("send_confirmations")
    before = budgets(rush)
    assert taken(rush) == emails
    for some in cuts(records)[1:]:
        assert run(rush, some) == []
    assert budgets(rush) == before
    assert sent_to(rush) == {f"signer{number}@gmail.com": 1 for number in range(emails)}


@pytest.mark.parametrize("emails", [1, 4, PEOPLE])
def test_repeated_confirmations_give_back_once(rush: World, emails: int) -> None:
    assert run(rush, rush.new_records()) == []
    rush.new_records()
    for mail in list(rush.sent[:emails]):
        rush.post(mail.link("confirm"))
    records = rush.new_records()
    assert run(rush, records) == []
    before = budgets(rush)
    assert taken(rush) == PEOPLE - emails
    for some in cuts(records):
        if some:
            assert run(rush, some) == []
    assert budgets(rush) == before


@pytest.mark.parametrize("emails", [4, PEOPLE])
def test_a_repeated_batch_sends_nothing_that_was_over_a_budget(rush: World, emails: int) -> None:
    rush.variables["MAIL_BUDGETS"] = "10 3 200 200"
    rush.restart("send_confirmations")
    records = rush.new_records()[:emails]
    for some in cuts(records):
        assert run(rush, some) == []
    assert (len(rush.sent), taken(rush)) == (3, 3)


def test_a_batch_that_finds_a_budget_throttled_keeps_nothing_of_the_others(rush: World) -> None:
    records = rush.new_records()[:4]
    throttled = ["dynamodb:UpdateItem"]

    def throttle(operation: str) -> str | None:
        # The networks' budgets come first, and the hour's last.
        last = operation == "dynamodb:UpdateItem" and len(budgets(rush)) == len(records) and throttled
        return "ThrottlingException" if last and throttled.pop() else None

    rush.watch = Refusing(throttle)
    assert len(run(rush, records)) == len(records)
    rush.watch = None
    assert run(rush, records) == []
    assert taken(rush) == len(records)
    assert {row["network"]["N"] for row in budgets(rush).values() if "network" in row} == {"1"}


class LosesARecord:
    """Refuses the second row of what budgets have counted, before it is written or when only its answer is lost."""

    def __init__(self, *, is_written: bool) -> None:
        self.is_written = is_written
        self.rows = 0

    def before(self, _function: str, _operation: str, params: Any) -> None:
        pk = params.get("Key", {}).get("pk", {}).get("S", "")
        self.rows += pk.startswith("MAILS#counted#")
        self._refuse(not self.is_written)

    def after(self, _function: str, _operation: str) -> None:
        self._refuse(self.is_written)

    def retries(self, _function: str, _operation: str) -> bool:
        return False

    def _refuse(self, is_now: bool) -> None:  # noqa: FBT001
        if is_now and self.rows == 2:
            self.rows = 3
            answer: Any = {"Error": {"Code": "InternalServerError", "Message": ""}}
            raise ClientError(answer, "UpdateItem")


@pytest.mark.parametrize("is_written", [False, True])
def test_a_batch_that_is_recorded_in_part_is_counted_when_it_comes_again(rush: World, is_written: bool) -> None:  # noqa: FBT001
    """Emails of several seconds have a row for each two of them, which says that the budgets have counted them."""
    rush.new_records()
    for number in range(4):
        rush.clock.advance(seconds=3)
        rush.sign(email=f"late{number}@signers.example")
    records = rush.new_records()
    rush.watch = LosesARecord(is_written=is_written)
    assert len(run(rush, records)) == len(records)
    rush.watch = None
    assert taken(rush) == 0
    assert run(rush, records) == []
    assert (len(rush.sent), taken(rush)) == (4, 4)


# The pace


def test_processes_that_share_a_rate_find_their_parts() -> None:
    """Four processes think that the account's 20 emails a second are theirs alone."""
    now, taken, throttled = [0.0], Counter[int](), 0
    tokens = 20.0
    paces = [Spacing(lambda: 20.0, clock=lambda: now[0], sleep=lambda _seconds: None) for _ in range(4)]
    due = [0.0] * 4
    while now[0] < 240:
        now[0] += 0.01
        tokens = min(20.0, tokens + 0.2)
        for number, pace in enumerate(paces):
            if due[number] > now[0]:
                continue
            due[number] = now[0] + pace.interval()
            if tokens >= 1:
                tokens -= 1
                taken[number] += now[0] > 60
                pace.speed_up()
            else:
                throttled += now[0] > 60
                pace.slow_down()
    assert 0.7 * 20 * 180 < taken.total() <= 20 * 181
    assert throttled < 0.1 * taken.total()
    assert max(taken.values()) < 4 * min(taken.values())


def test_a_pace_never_exceeds_the_accounts_rate_and_recovers_within_half_a_minute() -> None:
    now = [100.0]
    pace = Spacing(lambda: 4.0, clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    pace.wait()
    for _ in range(10):
        now[0] += 2
        pace.slow_down()
    assert pace.interval() == 5.0
    began = now[0]
    while pace.interval() > 0.26:
        pace.wait()
        pace.speed_up()
    assert now[0] - began < 60
    for _ in range(1_000):
        pace.speed_up()
    assert pace.interval() == 0.25


def test_throttles_of_several_threads_within_a_second_count_once() -> None:
    pace = Spacing(lambda: 4.0, clock=lambda: 100.0)
    for _ in range(4):
        pace.slow_down()
    assert pace.interval() == 0.5


def test_the_threads_of_a_process_share_one_pace() -> None:
    starts: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            starts.append(seconds)

    pace = Spacing(lambda: 10.0, clock=lambda: 0.0, sleep=sleep)
    threads = [threading.Thread(target=pace.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(start, 6) for start in starts) == [round(number / 10, 6) for number in range(1, 8)]
