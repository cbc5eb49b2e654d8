"""Test the daily reconciliation: what it finds, queues and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting_rows import DUE
from tests.world import ADA, CAMPAIGN, CONTEXT, NOWHERE, client_of
from undersigned.aws.counts import SHARDS, Counts, counter_key
from undersigned.aws.deliveries import bundle_key, delivery_key
from undersigned.aws.dynamodb import Update, to_item
from undersigned.aws.mail_claims import mail_claim_partition
from undersigned.aws.queue import read_reconciliation
from undersigned.aws.signatures import Signatures, hold_shard, signature_key, tray_position
from undersigned.domain.counting.reconciliations import Balance, sums_of
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.signing.signatures import new_mail_request, requested_at, signer_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World
    from undersigned.domain.counting.reconciliations import Page

type Logs = list[dict[str, Any]]

later_passes = pytest.mark.memory
"""Marks a test of a second and a third pass, each of which waits in its queue for 15 minutes. moto waits by the
machine's clock, so it would not give the message to the test. Our own memory gives a delayed message at once."""

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


def counted(world: World) -> dict[str, int]:
    return {name: count for name, count in world.wiring.counts.counts(CAMPAIGN).items() if count}


HELD = hold_shard(CAMPAIGN, signer_id("s" * 64, str(ADA["email"])))
"""Where Ada's letter is while it is on hold."""


def change_row(world: World, email: str = str(ADA["email"]), /, **values: object) -> None:
    """Change attributes of a row, as no function would; None removes one."""
    key = signature_key(CAMPAIGN, signer_id(world.wiring.secret(), email))
    change_item(world, key._asdict(), **values)


def change_item(world: World, key: dict[str, str], **values: object) -> None:
    client, table = client_of("dynamodb"), world.wiring.settings.table_name
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
    return [bool(form.mail_postponed) for form in world.forms()]


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
    [mail] = world.sent
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
    world.sign()
    world.run_stream()
    world.clock.advance(hours=26)
    assert ([run_day(world, reconcile) for _ in range(14)], len(world.sent)) == ([0] * 14, 1)


def test_the_limit_of_a_day_explains_a_missing_email(world: World, reconcile: Any) -> None:
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
    world.wiring.forms.release(form, new_mail_request(world.clock.now, "0123456789abcdef"))
    world.new_records()
    world.clock.advance(hours=25)
    assert ([run_day(world, reconcile) for _ in range(2)], len(world.sent)) == ([1, 0], 2)


def test_a_request_says_when_it_was_made(world: World) -> None:
    request = new_mail_request(world.clock.now, "0123456789abcdef")
    assert request.endswith("-01234567")
    assert requested_at(request) == world.clock.now
    assert requested_at("0123456789abcdef") is None


# Counters


@later_passes
def test_a_deleted_rows_forgotten_record_is_reported_and_can_be_repaired(world: World, reconcile: Any) -> None:
    confirm(world, "ada", "bo")
    every = tuple(sorted(counted(world)))
    key = signature_key(CAMPAIGN, signer_id(world.wiring.secret(), "ada@signers.example"))
    client_of("dynamodb").delete_item(TableName=world.wiring.settings.table_name, Key=to_item(key._asdict()))
    world.new_records()  # the stream forgets the record of the loss

    error, summary = reconcile()

    assert error["message"] == "the counters differ from the rows"
    assert (error["rows_more"], error["rows_fewer"], summary["unexplained"]) == (0, len(every), 1)
    assert world.wiring.counting.recounting.recount(CAMPAIGN).corrected == every
    assert (counted(world), reconcile()[0]["unexplained"]) == (dict.fromkeys(every, 1), 0)


def test_a_recount_corrects_nothing_that_moves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(world, "ada", "bo")
    world.wiring.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), add={"signatures": 1}))
    correct = Counts.correct

    def correct_while_people_sign(counts: Counts, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        confirm(world, "cy")
        correct(counts, campaign, counter, wrong=wrong, right=right)

    monkeypatch.setattr(Counts, "correct", correct_while_people_sign)
    recount = world.wiring.counting.recounting.recount(CAMPAIGN)
    assert (recount.corrected, recount.too_many, counted(world)["TOTAL"]) == ((), 1, 4)

    monkeypatch.undo()
    world.wiring.counting.recounting.recount(CAMPAIGN)
    assert counted(world)["TOTAL"] == 3


def test_a_counter_that_was_never_written_is_corrected(world: World) -> None:
    confirm(world, "ada")
    for shard in range(SHARDS):
        world.wiring.table.delete(counter_key(CAMPAIGN, "PROVIDER#other", shard))
    assert "PROVIDER#other" not in counted(world)

    assert world.wiring.counting.recounting.recount(CAMPAIGN).corrected == ("PROVIDER#other",)
    assert counted(world)["PROVIDER#other"] == 1


def test_people_who_sign_meanwhile_are_no_difference(
    world: World, reconcile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(world, "ada", "bo")
    pages = Signatures.pages

    def read_while_people_sign(signatures: Signatures, campaign: str, after: str = "") -> Iterator[Page]:
        for page in pages(signatures, campaign, after):
            yield page
            world.confirmed(email=f"signer{len(world.sent)}@signers.example")

    monkeypatch.setattr(Signatures, "pages", read_while_people_sign)

    assert reconcile()[-1]["unexplained"] == 0
    assert len(world.sent) > len(("ada", "bo"))


def test_the_rows_may_be_anywhere_between_the_counters_before_and_after() -> None:
    balance = Balance(sums_of([("TOTAL", 5)])).plus(["TOTAL"] * 7)
    assert balance.differences(sums_of([("TOTAL", 7)])) == {}
    assert list(balance.differences(sums_of([("TOTAL", 6)])).values()) == [1]
    assert list(balance.differences(sums_of([("TOTAL", 9)])).values()) == []
    assert list(Balance(sums_of([("TOTAL", 8)])).plus(["TOTAL"] * 7).differences(sums_of([("TOTAL", 9)])).values()) == [
        -1
    ]


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


@later_passes
def test_a_bundle_whose_row_does_not_say_so_is_reported(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    assert reconcile()[0]["unexplained"] == 0
    period = world.period
    change_item(world, bundle_key(DeliveryKey(CAMPAIGN, "evanston", period), 1)._asdict(), signers=["0" * 32])

    error, _ = reconcile()

    assert (error["message"], error["rows_more"], error["rows_fewer"]) == ("the bundles differ from the rows", 1, 1)


def test_an_erased_letter_whose_person_signs_again_is_no_difference(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.week()
    world.wiring.signing.erasing.erase(CAMPAIGN, signer_id(world.wiring.secret(), str(ADA["email"])))
    assert reconcile()[-1]["unexplained"] == 0
    world.clock.advance(days=1)
    world.confirmed()

    assert reconcile()[-1]["unexplained"] == 0


# Deliveries


@pytest.mark.moto
def test_a_delivery_that_lost_its_message_is_queued_again(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.throttles = 1_000
    world.plan()
    world.run_queue()
    client_of("sqs").purge_queue(QueueUrl=world.queues["DeliveryQueue"])
    world.throttles = 0
    world.clock.advance(hours=4)

    [summary] = reconcile()
    world.run_queue()

    assert (summary["deliveries"], len(world.deliveries)) == (1, 1)


@pytest.mark.moto
def test_a_delivery_is_not_queued_while_others_wait_or_the_campaign_is_paused(world: World, reconcile: Any) -> None:
    world.confirmed()
    world.throttles = 1_000
    world.plan()
    world.run_queue()
    world.clock.advance(hours=4)
    world.plan()
    assert reconcile()[0]["deliveries"] == 0

    client_of("sqs").purge_queue(QueueUrl=world.queues["DeliveryQueue"])
    world.wiring.campaigns.pause(CAMPAIGN, paused=True)
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
    state = world.wiring.operating.overviews.target(CAMPAIGN, "evanston")
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
    since = world.clock.now.isoformat()
    change_item(world, delivery_key(key)._asdict(), state="sending", sending_since=since, sent_at=None)
    world.clock.advance(hours=4)

    error, summary = reconcile()
    world.run_queue()

    assert (error["question"], summary["deliveries"], len(world.deliveries)) == ("in doubt", 1, 1)
    delivery = world.wiring.deliveries.delivery(key)
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
    [run] = world.wiring.operating.reconciling(lambda _finding: None).begin()
    run = world.wiring.operating.reconciling(lambda _finding: None).proceed(run, lambda: False)
    world.wiring.reconciliation_queue.put(run)
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
    partition = mail_claim_partition(signer_id(world.wiring.secret(), "ada@signers.example"))
    [claim] = world.wiring.table.query(partition)

    assert int(claim["expires_at"]) == int(world.clock.now.timestamp()) + 16 * 24 * 60 * 60


@late_index
def test_letters_that_an_index_shows_late_in_two_passes_are_no_difference(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.memory
    world.memory.lag = lambda: timedelta(minutes=5)
    for number in range(3):
        world.confirmed(email=f"signer{number}@signers.example")
        if number == 0:
            world.begin_reconciling()
        if number < 2:
            assert world.run_reconciliations() == [{"batchItemFailures": []}]
        world.clock.advance(minutes=20)
    caplog.clear()
    assert world.run_reconciliations() == [{"batchItemFailures": []}]
    [done] = [vars(record) for record in caplog.records if record.getMessage() == "reconciled"]
    assert (done["rows"], done["unexplained"]) == (0, 0)
    assert "the counters differ from the rows" not in caplog.messages


@late_index
def test_a_letter_that_moves_back_in_the_listing_is_read(world: World) -> None:
    """A person withdraws, and confirms an earlier form; the index shows the row where the later one was."""
    assert world.memory
    world.sign(note="First")
    world.run_stream()
    signer = signer_id(world.wiring.secret(), str(ADA["email"]))
    [first] = world.wiring.forms.of_signer(CAMPAIGN, signer)
    world.clock.advance(minutes=1)
    world.confirmed(note="Second")
    change_row(world, status="withdrawn", withdrawn_at=(first.signed_at - timedelta(hours=1)).isoformat())
    world.clock.advance(minutes=10)
    world.memory.lag = lambda: timedelta(minutes=5)
    world.wiring.signatures.confirm(first, at=world.clock.now, on=world.clock.now.date())

    rows = [row for page in world.wiring.signatures.pages(CAMPAIGN) for row in page.rows]

    assert [(row.status, row.note) for row in rows] == [("confirmed", "First")]
    world.clock.advance(minutes=10)
    assert [row for page in world.wiring.signatures.pages(CAMPAIGN) for row in page.rows] == rows
