"""Test the daily reconciliation: what it finds, queues and reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting_rows import DUE
from tests.support.world import ADA, CAMPAIGN, CONTEXT, NOWHERE, client_of
from undersigned.base.errors import ChangedError
from undersigned.base.queue import LONGEST_DELAY
from undersigned.base.table import Update, to_item
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import SHARDS, Counters, counter_key
from undersigned.delivering.rows.deliveries import Deliveries, delivery_key
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.overviews import Overview
from undersigned.organizing.queues import ReconciliationQueue, read_reconciliation, reconciliation_queue
from undersigned.organizing.reconciling import begin, proceed
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_claims import mail_claim_partition
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import (
    Signature,
    new_mail_request,
    requested_at,
    signer_id,
    tray_position,
    tray_shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.signing.rows.signatures import SignaturePage

type Logs = list[dict[str, Any]]

late_index = pytest.mark.memory
"""Marks a test of an index that shows changes late. moto's never does."""


@pytest.fixture
def reconcile(world: World, caplog: pytest.LogCaptureFixture) -> Any:
    """Return a function that runs a day's reconciliation and what it queues, and returns what it logged."""

    def run() -> Logs:
        caplog.clear()
        world.reconcile()
        lines = [vars(record) | {"message": record.getMessage()} for record in caplog.records]
        return [line for line in lines if line["message"] == "reconciled" or line["levelname"] == "ERROR"]

    return run


def lose_messages(world: World) -> None:
    for message in world.receive(queue := world.queues["DeliveryQueue"]):
        client_of("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def counted(world: World) -> dict[str, int]:
    return {name: count for name, count in world.counts().items() if count}


HELD = tray_shard(CAMPAIGN, signer_id("s" * 64, str(ADA["email"])), "HELD")
"""Where Ada's letter is while it is on hold."""


def change_row(world: World, email: str = str(ADA["email"]), /, **values: object) -> None:
    """Change attributes of a row, as no function would; None removes one."""
    key = Signature.locate(campaign=CAMPAIGN, signer=signer_id(world.stack.secret(), email))
    change_item(world, key._asdict(), **values)


def change_item(world: World, key: dict[str, str], **values: object) -> None:
    client, table = client_of("dynamodb"), world.stack.settings.table_name
    item = client.get_item(TableName=table, Key=to_item(key))["Item"]
    kept = {name: value for name, value in item.items() if name not in values}
    client.put_item(TableName=table, Item=kept | to_item(values))
    world.new_records()


def sign(world: World, *names: str) -> list[str]:
    addresses = [f"{name}@signers.example" for name in names]
    for address in addresses:
        assert world.sign(email=address).status == 200
    return addresses


def confirm_uncounted(world: World, *names: str) -> None:
    """Sign and confirm, and count nothing: the stream forgets the records of the letters."""
    sign(world, *names)
    world.run_stream()
    for mail in world.sent[-len(names) :]:
        assert world.press(mail.link("confirm")).status == 200
    world.new_records()


def confirm(world: World, *names: str) -> None:
    for name in names:
        world.confirmed(email=f"{name}@signers.example")


# Emails that the stream has forgotten


def test_dropped_records_lose_no_count(world: World, reconcile: Any) -> None:
    confirm_uncounted(world, "ada", "bo", "cy")
    world.clock.advance(hours=26)

    [summary] = reconcile()

    assert counted(world)["TOTAL"] == 3
    assert (summary["rows"], summary["marks"], summary["unexplained"]) == (3, 3, 0)


def forgotten(world: World, *, hours: int = 25, **form: str) -> None:
    """Sign, and let the stream forget the form."""
    assert world.sign(**form).status == 200
    world.new_records()
    world.clock.advance(hours=hours)


def postponed(world: World) -> list[bool]:
    return [bool(form.postponed_until) for form in world.forms()]


def run_day(world: World, reconcile: Any) -> int:
    """Reconcile, send what is postponed, and return how many emails were asked for."""
    [summary] = reconcile()
    assert summary["unexplained"] == 0
    world.run_postponed()
    world.clock.advance(days=1)
    return int(summary["emails"])


def test_a_forgotten_form_gets_one_email_and_can_be_confirmed_for_14_days_from_it(world: World, reconcile: Any) -> None:
    forgotten(world, hours=13 * 24)
    assert [run_day(world, reconcile) for _ in range(5)] == [1, 0, 0, 0, 0]
    [mail, reminder] = world.sent
    assert str(reminder.mail["Subject"]).startswith("Reminder")
    assert world.press(mail.link("confirm")).status == 200
    letter = world.letter(str(ADA["email"]))
    assert letter
    assert letter.status == "confirmed"


def test_a_form_that_the_stream_may_still_bring_is_not_asked_for(world: World, reconcile: Any) -> None:
    forgotten(world, hours=24)
    assert (reconcile()[0]["emails"], postponed(world)) == (0, [False])
    world.clock.advance(hours=1)
    assert (reconcile()[0]["emails"], postponed(world)) == (1, [True])
    # It waits already.
    assert reconcile()[0]["emails"] == 0


def test_an_email_that_was_sent_is_not_asked_for_again(world: World, reconcile: Any) -> None:
    world.change(remind_signers=False)
    world.sign()
    world.run_stream()
    world.clock.advance(hours=26)
    assert ([run_day(world, reconcile) for _ in range(14)], len(world.sent)) == ([0] * 14, 1)


def test_the_limit_of_a_day_explains_a_missing_email(world: World, reconcile: Any) -> None:
    world.change(remind_signers=False)
    for _ in range(4):
        world.sign()
        world.run_stream()
        world.clock.advance(minutes=2)
    world.clock.advance(hours=26)
    assert ([run_day(world, reconcile) for _ in range(3)], len(world.sent)) == ([0] * 3, 3)


def test_a_forgotten_bots_forms_cause_one_email(world: World, reconcile: Any) -> None:
    for _ in range(3):
        forgotten(world, hours=0, topic="cheap pills")
        world.clock.advance(minutes=2)
    world.clock.advance(hours=25)
    assert ([run_day(world, reconcile) for _ in range(3)], len(world.sent)) == ([3, 0, 0], 1)


@pytest.mark.parametrize("refusal", ["BadRequestException", ""], ids=["SES refuses it", "its domain takes none"])
def test_an_email_in_vain_is_asked_for_once(world: World, reconcile: Any, refusal: str) -> None:
    world.refusal = refusal
    forgotten(world, email="ada@signers.example" if refusal else f"ada@{NOWHERE}")
    assert ([run_day(world, reconcile) for _ in range(3)], world.sent) == ([1, 0, 0], [])


def test_a_form_that_cannot_be_confirmed_is_not_asked_for(world: World, reconcile: Any) -> None:
    forgotten(world, hours=14 * 24)
    assert (reconcile()[0]["emails"], postponed(world)) == (0, [False])


def test_a_release_that_the_stream_has_forgotten_is_asked_for(world: World, reconcile: Any) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    world.clock.advance(days=3)
    [form] = world.forms()
    Forms(world.stack.table).release(form, new_mail_request(world.clock.now, "0123456789abcdef"))
    world.new_records()
    world.clock.advance(hours=25)
    assert ([run_day(world, reconcile) for _ in range(2)], len(world.sent)) == ([1, 0], 2)


def test_a_request_says_when_it_was_made(world: World) -> None:
    request = new_mail_request(world.clock.now, "0123456789abcdef")
    assert request.endswith("-01234567")
    assert requested_at(request) == world.clock.now
    assert requested_at("0123456789abcdef") is None


# Counters


def lose_row(world: World, email: str) -> None:
    """Delete a row, of which the stream forgets the record."""
    key = Signature.locate(campaign=CAMPAIGN, signer=signer_id(world.stack.secret(), email))
    client_of("dynamodb").delete_item(TableName=world.stack.settings.table_name, Key=to_item(key._asdict()))
    world.new_records()


def test_a_deleted_rows_forgotten_record_is_reported_and_corrected_on_the_second_day(
    world: World, reconcile: Any
) -> None:
    confirm(world, "ada", "bo")
    every = counted(world)
    lose_row(world, "ada@signers.example")

    [first] = reconcile()
    assert (first["differing"] > 0, first["unexplained"], counted(world)) == (True, 0, every)
    error, summary = reconcile()
    assert error["message"] == "the counters differ from the rows"
    assert (error["rows_more"], error["rows_fewer"]) == (0, len(every))
    assert (summary["corrected"], summary["unexplained"], summary["differing"]) == (len(every), 1, 0)
    assert counted(world) == dict.fromkeys(every, 1)
    [last] = reconcile()
    assert (last["corrected"], last["unexplained"], last["differing"]) == (0, 0, 0)


@pytest.mark.parametrize("counter", ["TOTAL", "TARGET#evanston"])
def test_a_counter_that_lost_its_rows_is_corrected(world: World, reconcile: Any, counter: str) -> None:
    confirm(world, "ada", "bo")
    every = counted(world)
    for shard in range(SHARDS):
        world.stack.table.update(Update(counter_key(CAMPAIGN, counter, shard), remove=["signatures"]))
    reconcile()
    assert [line.get("corrected") for line in reconcile()] == [None, 1]
    assert counted(world) == every


def test_a_counter_is_not_corrected_while_a_row_is_damaged(world: World, reconcile: Any) -> None:
    """What counts the damaged letter is in its mark, which can't be read."""
    confirm(world, "ada", "bo")
    every = counted(world)
    change_row(world, "ada@signers.example", version=None)
    for _ in range(2):
        assert reconcile()[-1]["corrected"] == 0
    assert counted(world) == every
    change_row(world, "ada@signers.example", version=2)
    assert [line["differing"] for line in (*reconcile(), *reconcile())] == [0, 0]


def test_a_counter_of_which_a_row_is_damaged_is_left_to_the_operator(world: World, reconcile: Any) -> None:
    confirm(world, "ada", "bo")
    shard = next(n for n in range(SHARDS) if world.stack.table.get(counter_key(CAMPAIGN, "DAY#2026-11-24", n)))
    world.stack.table.update(Update(counter_key(CAMPAIGN, "DAY#2026-11-24", shard), assign={"signatures": "two"}))
    reconcile()
    *errors, summary = reconcile()
    assert {line["message"] for line in errors} == {"a row is damaged", "the counters differ from the rows"}
    assert summary["corrected"] == 0


def test_what_moves_meanwhile_is_not_corrected(world: World, reconcile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(world, "ada", "bo")
    world.stack.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), add={"signatures": 1}))
    correct = Counters.correct

    def correct_while_people_sign(counters: Counters, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        confirm(world, "cy")
        correct(counters, campaign, counter, wrong=wrong, right=right)

    reconcile()
    with monkeypatch.context() as while_people_sign:
        while_people_sign.setattr(Counters, "correct", correct_while_people_sign)
        assert reconcile()[-1]["corrected"] == 0
    assert counted(world)["TOTAL"] == 4
    assert (reconcile()[-1]["corrected"], counted(world)["TOTAL"]) == (1, 3)


def test_people_who_sign_withdraw_and_are_erased_meanwhile_are_no_difference(
    world: World, reconcile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letter that comes is read, and those that leave were, so the rows are more than there ever were at once."""
    confirm(world, *"abcdefgh")
    pages = Signatures.pages

    def read_in_a_rush(signatures: Signatures, campaign: str, after: str = "") -> Iterator[SignaturePage]:
        world.confirmed(email=f"signer{len(world.sent)}@signers.example")
        read = [*pages(signatures, campaign, after)]
        yield from read
        gone, erased, *_ = (row for page in read for row in page.rows if row.in_tray)
        signatures.withdraw(campaign, gone.signer, world.clock.now)
        signatures.erase(erased, world.clock.now)
        world.run_stream()

    monkeypatch.setattr(Signatures, "pages", read_in_a_rush)
    for _ in range(3):
        [summary] = reconcile()
        assert (summary["differing"], summary["unexplained"]) == (0, 0)


def test_letters_that_are_sealed_and_erased_meanwhile_are_no_difference(
    world: World, reconcile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(world, "ada", "bo")
    world.week()
    world.feedback("delivery", world.deliveries[-1])
    world.clock.advance(days=7)
    confirm(world, "cy", "di")
    pages = Signatures.pages

    def read_while_letters_are_sealed(
        signatures: Signatures, campaign: str, after: str = ""
    ) -> Iterator[SignaturePage]:
        if not after:
            world.week()
        yield from pages(signatures, campaign, after)
        world.erase(signer_id(world.stack.secret(), "ada@signers.example"))

    with monkeypatch.context() as while_letters_are_sealed:
        while_letters_are_sealed.setattr(Signatures, "pages", read_while_letters_are_sealed)
        [summary] = reconcile()
        assert (summary["differing"], summary["unexplained"]) == (0, 0)
    assert reconcile()[-1]["differing"] == 0


# Trays and bundles


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"due": None, "due_at": None}, "a confirmed letter is in no tray and in no bundle"),
        ({"due_at": tray_position("wilmette", DUE, "0" * 32)}, "a confirmed letter is in no tray and in no bundle"),
        ({"bundle": "2026-11-23#0001"}, "a letter is in a tray and in a bundle"),
        ({"status": "withdrawn"}, "a letter that is not confirmed is in a tray"),
        ({"status": "withdrawn", "due": HELD}, "a letter that is not confirmed is in a tray"),
        ({"bundle": "2026-11-23#0001", "due": HELD}, "a letter is in a tray and in a bundle"),
        ({"version": None}, "a row is damaged"),
    ],
)
def test_a_letter_in_the_wrong_place_is_reported(
    world: World, reconcile: Any, change: dict[str, Any], finding: str
) -> None:
    world.confirmed()
    change_row(world, **change)

    errors = [line for line in reconcile() if line["levelname"] == "ERROR"]

    assert finding in [line["message"] for line in errors]
    assert "ada" not in str([(line["message"], line.get("letter")) for line in errors]).lower()


@pytest.mark.parametrize("due_at", [None, "no position", tray_position("wilmette", DUE, "0" * 32)])
def test_a_letter_in_no_place_comes_back_into_its_tray_and_goes_once(
    world: World, reconcile: Any, due_at: str | None
) -> None:
    world.confirmed()
    change_row(world, due_at=due_at, **({} if due_at else {"due": None}))
    error, summary = reconcile()
    assert (error["message"], summary["returned"]) == ("a confirmed letter is in no tray and in no bundle", 1)
    assert [line["message"] for line in reconcile()] == ["reconciled"]
    world.week()
    assert len(world.deliveries) == 1


@pytest.mark.parametrize("damaged", [False, True])
def test_a_letter_that_a_bundle_has_or_may_have_is_not_put_back(world: World, reconcile: Any, *, damaged: bool) -> None:
    world.confirmed()
    world.week()
    change_row(world, bundle=None)
    if damaged:
        key = Bundle.locate(campaign=CAMPAIGN, target="evanston", period=world.period, number=1)
        change_item(world, key._asdict(), signers=None)
    *_, summary = reconcile()
    assert summary["returned"] == 0
    world.clock.advance(days=7)
    world.week()
    assert len(world.deliveries) == 1


def test_a_letter_is_put_back_only_if_it_is_still_in_no_place(world: World) -> None:
    world.confirmed()
    world.week()
    [sealed] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    with pytest.raises(ChangedError):
        Signatures(world.stack.table).put_back(sealed, world.clock.now)
    world.confirmed(email="bo@signers.example")
    [waiting] = [row for row in Signatures(world.stack.table).listed_signatures(CAMPAIGN) if row.in_tray]
    with pytest.raises(ChangedError):
        Signatures(world.stack.table).put_back(waiting, world.clock.now)
    Signatures(world.stack.table).hold(waiting)
    with pytest.raises(ChangedError):
        Signatures(world.stack.table).put_back(waiting, world.clock.now)


def test_a_bundle_without_its_delivery_is_reported(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    world.stack.table.delete(delivery_key(DeliveryKey(CAMPAIGN, "evanston", world.period)))
    reconcile()
    error, _ = reconcile()
    assert (error["message"], error["rows_more"], error["rows_fewer"]) == ("the bundles differ from the rows", 1, 0)


def test_a_bundle_whose_row_does_not_say_so_is_reported(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    assert reconcile()[0]["unexplained"] == 0
    key = Bundle.locate(campaign=CAMPAIGN, target="evanston", period=world.period, number=1)
    change_item(world, key._asdict(), signers=["0" * 32])

    assert [reconcile()[-1]["differing"] for _ in range(2)] == [2, 0]
    error, _ = reconcile()

    assert (error["message"], error["rows_more"], error["rows_fewer"]) == ("the bundles differ from the rows", 1, 1)


def test_an_erased_letter_whose_person_signs_again_is_no_difference(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    world.erase(signer_id(world.stack.secret(), str(ADA["email"])))
    assert reconcile()[-1]["unexplained"] == 0
    world.clock.advance(days=1)
    world.confirmed()

    assert reconcile()[-1]["unexplained"] == 0


# Deliveries


def test_a_delivery_that_lost_its_message_is_queued_again(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.throttles = 1_000
    world.plan()
    world.run_queue()
    lose_messages(world)
    world.throttles = 0
    world.clock.advance(hours=4)

    [summary] = reconcile()
    world.run_queue()

    assert (summary["deliveries"], len(world.deliveries)) == (1, 1)


def test_a_delivery_is_not_queued_while_others_wait_or_the_campaign_is_paused(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.throttles = 1_000
    world.plan()
    world.run_queue()
    world.clock.advance(hours=4)
    world.plan()
    assert reconcile()[0]["deliveries"] == 0

    lose_messages(world)
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    assert reconcile()[0]["deliveries"] == 0


def test_a_delivery_without_an_outcome_for_72_hours_is_reported(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(hours=71)
    assert reconcile()[-1]["unexplained"] == 0
    world.clock.advance(hours=2)

    error, _ = reconcile()

    assert (error["message"], error["target"], error["question"]) == (
        "a delivery waits for a decision",
        "evanston",
        "no outcome",
    )


def test_a_delivery_without_an_outcome_raises_one_alarm(world: World, reconcile: Any) -> None:
    """It stays on the dashboard. Every day another alarm would teach people to ignore them."""
    world.confirmed()
    world.week()
    world.clock.advance(hours=19)  # The reconciliation runs in the night.
    found = [reconcile()[-1]["unexplained"]]
    for _ in range(13):
        world.clock.advance(days=1)
        found.append(reconcile()[-1]["unexplained"])
    assert found == [0, 0, 0, 1] + [0] * 10
    state = Overview(world.stack, CAMPAIGN).target("evanston")
    assert [question for _, question in state.questions] == ["no outcome"]


def test_a_question_is_reported_by_the_next_run_that_ends(world: World, reconcile: Any) -> None:
    """The runs of some nights died, or did not begin."""
    world.confirmed()
    world.week()
    world.clock.advance(days=6)

    assert [reconcile()[-1]["unexplained"] for _ in range(3)] == [1, 0, 0]


def test_a_delivery_that_bounced_raised_its_alarm_then(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert [reconcile()[-1]["unexplained"] for _ in range(2)] == [0, 0]


def test_a_delivery_in_doubt_whose_message_is_lost_is_reported_and_not_sent_again(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    key = DeliveryKey(CAMPAIGN, "evanston", world.period)
    sent = Deliveries(world.stack.table).delivery(key)
    assert sent
    # As it was just after the email had left. No event leads back to that, so the row is written anew.
    world.rewrite(replace(sent, state="sending", last=replace(sent.last, since=world.clock.now, sent_at=None)))
    world.clock.advance(hours=4)

    error, summary = reconcile()
    world.run_queue()

    assert (error["question"], summary["deliveries"], len(world.deliveries)) == ("in doubt", 1, 1)
    delivery = Deliveries(world.stack.table).delivery(key)
    assert delivery
    assert delivery.state == "in_doubt"
    assert reconcile()[-1]["deliveries"] == 0


# Steps


def test_a_campaign_that_takes_longer_than_one_run_continues_in_a_new_message(
    world: World, monkeypatch: pytest.MonkeyPatch, reconcile: Any
) -> None:
    confirm_uncounted(world, *(f"signer{number}" for number in range(12)))
    world.clock.advance(hours=26)
    monkeypatch.setattr(CONTEXT, "get_remaining_time_in_millis", lambda: 0)

    [summary] = reconcile()

    assert (summary["rows"], summary["marks"]) == (12, 12)


def test_a_message_is_small_and_has_no_personal_data(world: World) -> None:
    world.confirmed(note="My own words")
    [run] = begin(world.stack)
    run = proceed(world.stack, run, lambda _finding: None, lambda: False)
    reconciliation_queue(world.stack).put(run)
    [message] = client_of("sqs").receive_message(QueueUrl=world.queues["ReconciliationQueue"])["Messages"]

    assert read_reconciliation(message["Body"]) == run
    assert len(message["Body"]) < 10_000
    assert not any(str(value) in message["Body"] for value in (*ADA.values(), "My own words") if value != "IL")


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"campaign": "a"}', "[" * 100_000])
def test_a_damaged_message_is_an_error(body: str) -> None:
    with pytest.raises(ValueError, match=r"reads|Expecting|nested"):
        read_reconciliation(body)


def messages(queue_url: str) -> int:
    answer = client_of("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_one_campaign_can_be_reconciled(world: World) -> None:
    world.begin_reconciling(CAMPAIGN)

    assert messages(world.queues["ReconciliationQueue"]) == 1


def test_mail_claims_are_known_for_as_long_as_an_email_may_be_asked_for(world: World) -> None:
    sign(world, "ada")
    world.run_stream()
    partition = mail_claim_partition(signer_id(world.stack.secret(), "ada@signers.example"))
    [claim] = world.stack.table.query(partition)

    assert int(claim["expires_at"]) == int(world.clock.now.timestamp()) + 16 * 24 * 60 * 60


@late_index
def test_letters_that_an_index_shows_late_are_no_difference(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert world.memory
    world.memory.lag = lambda: timedelta(minutes=5)
    for number in range(2):
        world.confirmed(email=f"signer{number}@signers.example")
        world.begin_reconciling()
        assert world.run_reconciliations() == [{"batchItemFailures": []}]
        world.clock.advance(seconds=LONGEST_DELAY)
        caplog.clear()
        assert world.run_reconciliations() == [{"batchItemFailures": []}]
        [done] = [vars(record) for record in caplog.records if record.getMessage() == "reconciled"]
        assert (done["rows"], done["differing"], done["unexplained"]) == (number + 1, 0, 0)
        world.clock.advance(days=1)


def test_rows_are_read_a_quarter_of_an_hour_after_the_counters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[int] = []
    send = ReconciliationQueue.send

    def noted(queue: ReconciliationQueue, body: str, after: int = 0) -> None:
        delays.append(after)
        send(queue, body, after)

    monkeypatch.setattr(ReconciliationQueue, "send", noted)
    monkeypatch.setattr(CONTEXT, "get_remaining_time_in_millis", lambda: 0)
    confirm(world, "ada", "bo")
    world.reconcile()
    assert delays == [0, 0, 0, LONGEST_DELAY, *[0] * len(delays[4:])]


@late_index
def test_a_letter_that_moves_back_in_the_listing_is_read(world: World) -> None:
    """A person withdraws, and confirms an earlier form; the index shows the row where the later one was."""
    assert world.memory
    world.sign(note="First")
    world.run_stream()
    signer = signer_id(world.stack.secret(), str(ADA["email"]))
    [first] = Forms(world.stack.table).of_signer(CAMPAIGN, signer)
    world.clock.advance(minutes=1)
    world.confirmed(note="Second")
    change_row(world, status="withdrawn", withdrawn_at=(first.signed_at - timedelta(hours=1)).isoformat())
    world.clock.advance(minutes=10)
    world.memory.lag = lambda: timedelta(minutes=5)
    Signatures(world.stack.table).confirm(first, at=world.clock.now, on=world.clock.now.date())

    rows = [row for page in Signatures(world.stack.table).pages(CAMPAIGN) for row in page.rows]

    assert [(row.status, row.words.note) for row in rows] == [("confirmed", "First")]
    world.clock.advance(minutes=10)
    assert [row for page in Signatures(world.stack.table).pages(CAMPAIGN) for row in page.rows] == rows
