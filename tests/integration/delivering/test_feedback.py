"""SES's events come in two ways, through one queue, and count once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.events.models import EventPattern, EventPatternParser

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions
from tests.support.world import CAMPAIGN, CONTEXT, NotRecordedError, load_event
from undersigned.base.queue import SqsQueue
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.feedback import read_feedback_message, read_mail_event
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned_cli.local.template import names, properties_of, resolve

if TYPE_CHECKING:
    from tests.support.world import World

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
BOUNCE = load_event("record_feedback_bounce")


@pytest.fixture
def sent(world: World) -> World:
    world.confirmed()
    world.week()
    return world


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seconds: list[int] = []
    monkeypatch.setattr(SqsQueue, "hide", lambda _queue, _receipt, wait: seconds.append(wait))
    return seconds


def state(world: World) -> str:
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    return delivery.state


def test_an_event_that_comes_in_both_ways_counts_once(sent: World) -> None:
    for case in ("send", "bounce"):
        sent.feedback(case, sent.deliveries[0], way="topic")
        sent.feedback(case, sent.deliveries[0], way="rule")
    assert state(sent) == "bounced"
    assert sorted(event.kind for event in Deliveries(sent.stack.table).mail_events(KEY)) == ["bounce", "send"]


def test_a_bounce_that_comes_in_both_ways_raises_one_alarm(sent: World, caplog: pytest.LogCaptureFixture) -> None:
    for way in ("topic", "rule"):
        sent.feedback("bounce", sent.deliveries[0], way=way)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["mail event"]


def test_a_bounce_raises_an_alarm_although_it_could_not_be_recorded_at_first(
    sent: World, hidden: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    sent.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    with pytest.raises(NotRecordedError):
        sent.feedback("bounce", sent.deliveries[0])
    sent.watch = None
    caplog.clear()
    sent.feedback("bounce", sent.deliveries[0])
    assert (hidden, [record.message for record in caplog.records if record.levelname == "ERROR"]) == (
        [300],
        ["mail event"],
    )


def test_a_late_complaint_about_an_earlier_attempt_raises_an_alarm(
    sent: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It changes nothing of the delivery, but it holds the target."""
    sent.feedback("bounce", sent.deliveries[0])
    Decisions(sent.stack).retry(KEY, "cli", "corrected")
    sent.run_queue()
    caplog.clear()
    sent.feedback("complaint", sent.deliveries[0])
    assert [record.levelname for record in caplog.records if record.message == "mail event"] == ["ERROR"]


def test_an_out_of_office_reply_after_the_delivery_needs_no_decision(
    sent: World, caplog: pytest.LogCaptureFixture
) -> None:
    """SES reports the reply as a bounce, of the type Transient and the subtype General."""
    sent.feedback("delivery", sent.deliveries[0])
    caplog.clear()
    sent.feedback("out_of_office", sent.deliveries[0])
    assert [record.levelname for record in caplog.records if record.message == "mail event"] == ["INFO"]


def test_a_bounce_that_passes_needs_a_decision_if_nothing_was_delivered(
    sent: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It looks the same as an out-of-office reply: SES tried for hours in vain."""
    sent.feedback("out_of_office", sent.deliveries[0])
    assert [record.levelname for record in caplog.records if record.message == "mail event"] == ["ERROR"]


@pytest.mark.parametrize("way", ["rule", "topic"])
def test_an_email_that_a_reader_marked_as_no_spam_holds_no_letters(
    sent: World, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sent.feedback("delivery", sent.deliveries[0])
    caplog.clear()
    sent.feedback("no_spam", sent.deliveries[0], way=way)
    assert state(sent) == "delivered"
    assert Campaigns(sent.stack.table).target(CAMPAIGN, "evanston").held_by() is None
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("case", "is_passed_on"),
    [("bounce", True), ("complaint", True), ("complaint_without_type", True), ("no_spam", False), ("delivery", False)],
)
def test_the_brake_hears_of_confirmation_emails_that_did_harm_only(*, case: str, is_passed_on: bool) -> None:
    event = load_event(f"record_feedback_{case.removesuffix('_without_type')}")
    event["detail"]["mail"]["tags"] |= {
        "ses:configuration-set": ["MailConfiguration"],
        "kind": ["confirmation"],
        "lane": ["clean"],
    }
    if case == "complaint_without_type":
        del event["detail"]["complaint"]["complaintFeedbackType"]
    said = resolve(properties_of("ConfirmationFeedbackRule", resolved=False)["EventPattern"], names())
    pattern = EventPatternParser(json.dumps(said)).parse()
    assert EventPattern(None, pattern).matches_event(event) is is_passed_on


@pytest.mark.parametrize("way", ["rule", "topic"])
def test_an_event_that_is_lost_in_one_way_comes_in_the_other(sent: World, way: Any) -> None:
    sent.feedback("bounce", sent.deliveries[0], way=way)
    assert state(sent) == "bounced"


def test_a_damaged_event_is_retried_with_growing_pauses_and_the_others_are_recorded(
    sent: World, hidden: list[int]
) -> None:
    batch = load_event("record_feedback_messages")
    about_it = {name: [value] for name, value in sent.deliveries[0].tags.items()}
    for record in batch["Records"]:
        event = json.loads(record["body"])
        event.get("detail", event)["mail"].setdefault("tags", {}).update(about_it)
        record["body"] = json.dumps(event)
    batch["Records"][1]["body"] = "{}"
    for received in ("1", "2", "9"):
        batch["Records"][1]["attributes"]["ApproximateReceiveCount"] = received
        answer = sent.handlers["record_feedback"](batch, CONTEXT)
        assert answer == {"batchItemFailures": [{"itemIdentifier": batch["Records"][1]["messageId"]}]}
    assert hidden == [300, 600, 42_300]
    assert {event.kind for event in Deliveries(sent.stack.table).mail_events(KEY)} == {"bounce", "delivery"}


def test_an_event_waits_in_the_queue_while_the_table_fails(sent: World, hidden: list[int]) -> None:
    sent.watch = Refusing({"dynamodb:GetItem": "InternalServerError"}, status=500)
    with pytest.raises(NotRecordedError):
        sent.feedback("bounce", sent.deliveries[0])
    sent.watch = None
    sent.feedback("bounce", sent.deliveries[0])
    assert (hidden, state(sent)) == ([300], "bounced")


@pytest.mark.parametrize(
    "message",
    [
        BOUNCE,
        BOUNCE["detail"],
        {"Type": "Notification", "Message": json.dumps(BOUNCE["detail"])},
    ],
    ids=["EventBridge", "SNS, raw", "SNS"],
)
def test_an_event_is_read_in_each_form(message: object) -> None:
    assert read_feedback_message(json.dumps(message)) == read_mail_event(BOUNCE)


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"Message": 1}', '{"Message": "no JSON"}', "[" * 100_000])
def test_a_message_that_is_no_event_is_damaged(body: str) -> None:
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        read_feedback_message(body)
