"""Confirmation emails of a rush: several at once, at a pace that is found, and none lost if SES throttles."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.faults.refusals import refusal
from tests.search.stored import rows_of, taken_in, without_form
from tests.support.memory import Memory
from tests.support.world import ADA, CAMPAIGN, CONTEXT, Watch, client_of, world
from undersigned.base.mailbox import Spacing
from undersigned.base.table import Table
from undersigned.signing import confirmation_emails
from undersigned.signing.confirmation_emails import PAUSE_OF_FAILURE
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rules.mail_budgets import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.world import World

PEOPLE = 30
A_BATCH = 100
"""The most records that the stream passes at once."""

HOUR = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def rush(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack to which people have come at once, each from a network of their own."""
    with world(monkeypatch, fast=True) as made:
        sign(made, range(PEOPLE))
        yield made


def sign(made: World, numbers: Iterable[int]) -> None:
    for number in numbers:
        values = {**ADA, "form": made.form(), "email": f"signer{number}@gmail.com"}
        path = f"/campaigns/{CAMPAIGN}/signatures"
        assert made.post(path, values, source=f"198.{number}.1.7").status == 200


def sent_to(made: World) -> Counter[str]:
    return Counter(sent.to for sent in made.sent)


def queue(made: World, records: list[Any]) -> None:
    """Let the stream put the emails of a batch into the queue."""
    assert made.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def run(made: World, records: list[Any]) -> list[Any]:
    """Send the emails of a batch, and return the messages that come again."""
    queue(made, records)
    return [failure for answer in made.run_waiting_mails() for failure in answer["batchItemFailures"]]


class Refusing(Watch):
    """Refuses calls as told."""

    def __init__(self, refuses: Callable[[str], str | None]) -> None:
        self.refuses = refuses
        self.calls: Counter[str] = Counter()

    @override
    def before(self, _function: str, operation: str, _params: Any) -> None:
        self.calls[operation] += 1
        if code := self.refuses(operation):
            raise refusal(operation, code)


def test_the_stream_makes_no_call_but_to_the_queue(rush: World) -> None:
    rush.watch = watch = Refusing(lambda _operation: None)
    queue(rush, rush.new_records())
    assert watch.calls == {"sqs:SendMessageBatch": PEOPLE // 10}


def test_a_full_batch_takes_little_more_than_two_writes_an_email(rush: World) -> None:
    rush.watch = watch = Refusing(lambda _operation: None)
    assert run(rush, rush.new_records()) == []
    assert sent_to(rush) == {f"signer{number}@gmail.com": 1 for number in range(PEOPLE)}
    batches = PEOPLE // 10
    assert watch.calls["dynamodb:BatchGetItem"] == batches, "what the rows still request"
    assert watch.calls["dynamodb:UpdateItem"] == 2 * PEOPLE + batches, "the email, its network, and the hour"


def test_a_repeated_batch_sends_nothing_again(rush: World) -> None:
    records = rush.new_records()
    for _ in range(3):
        assert run(rush, records) == []
    assert set(sent_to(rush).values()) == {1}


def test_if_ses_stops_in_a_batch_its_rest_waits_and_stays_in_no_budget(rush: World) -> None:
    pauses: list[float] = []
    rush.sleep = pauses.append
    records = rush.new_records()[:10]
    rush.watch = Refusing(
        lambda operation: "SendingPausedException" if operation == "sesv2:SendEmail" and len(rush.sent) >= 5 else None
    )
    assert len(run(rush, records)) == taken(rush) == 5
    assert max(pauses) == PAUSE_OF_FAILURE, "a process hides ten messages in this time at most"
    rush.watch = None
    rush.run_waiting_mails()
    assert set(sent_to(rush).values()) == {1}
    assert len(rush.sent) == taken(rush) == 10


def test_a_damaged_message_is_a_dead_letter_at_once_and_stops_none_of_its_batch(rush: World) -> None:
    client_of("sqs").send_message(QueueUrl=rush.queues["WaitingMails"], MessageBody="{")
    assert run(rush, rush.new_records()) == []
    assert len(rush.sent) == PEOPLE
    assert [dead["Body"] for dead in rush.receive(rush.stack.settings.dead_mails_url)] == ["{"]


@pytest.mark.parametrize(
    ("what", "sent", "dead", "error"),
    [
        ("record", A_BATCH - 1, 0, "a record is damaged"),
        ("form", A_BATCH - 1, 1, "a row is damaged"),
        ("message", A_BATCH, 1, "a message is damaged"),
    ],
)
def test_one_that_is_damaged_in_a_batch_of_a_hundred_delays_nobody(
    rush: World, caplog: pytest.LogCaptureFixture, *, what: str, sent: int, dead: int, error: str
) -> None:
    """A damaged form's message is a dead letter until a person puts it back. No form is known of a damaged record."""
    sign(rush, range(PEOPLE, A_BATCH))
    records = rush.new_records()
    [reader] = [each for each in rush.readers if each.function == "SendConfirmations"]
    assert len(records) == reader.batch_size == A_BATCH
    if what == "record":
        records[50] = without_form(records[50])
    if what == "form":
        item = records[50]["dynamodb"]["NewImage"] | {"signed_at": {"S": "yesterday"}}
        client_of("dynamodb").put_item(TableName=rush.stack.settings.table_name, Item=item)
    if what == "message":
        client_of("sqs").send_message(QueueUrl=rush.queues["WaitingMails"], MessageBody="{")
    assert run(rush, records) == []
    assert len(sent_to(rush)) == len(rush.sent) == sent
    assert len(rush.receive(rush.stack.settings.dead_mails_url)) == dead
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [error]


def test_if_the_table_takes_no_writes_any_more_a_process_repeats_two_emails_at_most(rush: World) -> None:
    records = rush.new_records()[:10]

    def full(operation: str) -> str | None:
        return "ProvisionedThroughputExceededException" if operation == "dynamodb:UpdateItem" and rush.sent else None

    rush.watch = Refusing(full)
    for _ in range(3):
        assert run(rush, records)
        assert len(rush.sent) == 2, "afterwards the budgets fail first"
    rush.watch = None
    rush.run_waiting_mails()
    assert sorted(sent_to(rush).values()) == [1] * 8 + [2] * 2


def test_several_emails_are_sent_at_once_and_a_persons_one_after_the_other(
    rush: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rush.variables["MAILS_AT_ONCE"] = "4"
    rush.restart("send_confirmations")
    busy: Counter[str] = Counter()
    most, changed = [0], threading.Condition()

    def send(_stack: Any, mail: Any) -> bool:
        with changed:
            busy[mail.form.signer] += 1
            assert busy[mail.form.signer] == 1
            most[0] = max(most[0], busy.total())
            changed.notify_all()
            changed.wait_for(lambda: most[0] == 4, timeout=10)
            busy[mail.form.signer] -= 1
        return True

    monkeypatch.setattr(confirmation_emails, "send", send)
    # Two forms of each person, one behind the other.
    rush.clock.advance(hours=1)
    sign(rush, range(PEOPLE))
    assert run(rush, sorted(rush.new_records(), key=lambda record: str(record["dynamodb"]["Keys"]))) == []
    assert most[0] == 4


# Budgets


def test_an_hour_is_never_exceeded_and_confirmations_give_it_room() -> None:
    budgets = MailBudgets(Table(Memory(lambda: HOUR).client("dynamodb", None), "table"))
    budget = Budget("unconfirmed", "", HOUR, 250)
    assert [budgets.take(budget, 100) for _ in range(4)] == [100, 100, 50, 0]
    budgets.give_back(budget, confirmed=50)
    assert [budgets.take(budget, 40) for _ in range(2)] == [40, 10]
    assert sum(hour.sent["clean"] for hour in budgets.sending(HOUR).hours) == 300


# Emails taken from a budget and given back


def budgets(made: World, kind: str = "network") -> list[int]:
    """Return how many emails are taken from each budget of a kind."""
    return [taken[kind] for taken in taken_in(rows_of(made)) if kind in taken]


def taken(made: World) -> int:
    """Return how many emails are taken from the stack's budgets."""
    return sum(budgets(made, "unconfirmed"))


def tally(made: World, records: list[Any]) -> None:
    assert made.handlers["tally"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}


@pytest.mark.parametrize("emails", [1, 4, PEOPLE])
def test_repeated_confirmations_give_back_once(rush: World, emails: int) -> None:
    rush.variables["MAIL_BUDGETS"] = "10 100 10 10"
    rush.restart("tally")
    assert run(rush, rush.new_records()) == []
    rush.new_records()
    for mail in list(rush.sent[:emails]):
        rush.post(mail.link("confirm"))
    records = rush.new_records()
    for some in (records, records[: emails // 2], records[emails // 2 :]):
        tally(rush, some)
    assert taken(rush) == PEOPLE - emails
    assert sorted(budgets(rush)) == [0] * emails + [1] * (PEOPLE - emails)


def test_confirmations_write_to_no_budget_that_is_nearly_untouched(rush: World) -> None:
    assert run(rush, rush.new_records()) == []
    for mail in list(rush.sent):
        rush.post(mail.link("confirm"))
    tally(rush, rush.new_records())
    assert taken(rush) == PEOPLE


@pytest.mark.parametrize("emails", [4, PEOPLE])
def test_a_batch_that_comes_again_makes_its_budgets_stricter_and_sends_nothing_more(rush: World, emails: int) -> None:
    rush.variables["MAIL_BUDGETS"] = "10 3 200 200"
    rush.restart("send_confirmations")
    records = rush.new_records()[:emails]
    for some in (records, records[: emails // 2], records):
        assert run(rush, some) == []
    assert len(rush.sent) == 3


def test_an_email_that_one_budget_postpones_is_taken_from_no_other(rush: World) -> None:
    rush.variables["MAIL_BUDGETS"] = "10 3 200 200"
    rush.restart("send_confirmations")
    assert run(rush, rush.new_records()) == []
    assert len(rush.sent) == taken(rush) == 3
    assert sum(budgets(rush)) == 3


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
    rush.run_waiting_mails()
    assert taken(rush) == len(rush.sent) == len(records)
    assert {*budgets(rush)} == {1}


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
