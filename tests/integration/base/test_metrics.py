"""Test the business metrics: each step of a letter's way is counted once, and nothing in a metric is personal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.support.emitted import is_counted, lines_of_metrics, metrics_in
from tests.support.packets import links_of_office
from tests.support.world import ADA, CAMPAIGN, CONTEXT
from undersigned.base.metrics import UNITS, MetricName, emit, emit_all
from undersigned.base.table import Update
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import counter_key
from undersigned_cli.local.template import STACK

if TYPE_CHECKING:
    from tests.support.world import World

MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
"""The weekly hour after the world's first day."""


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that returns the metrics since its last call."""
    return lambda: metrics_in(capsys.readouterr().out)


def test_each_step_of_a_letters_way_is_counted(world: World, emitted: Any) -> None:
    world.confirmed()
    world.confirmed(email="bert@signers.example")
    assert emitted() == {"Signed": [1, 1], "Confirmed": [1, 1]}

    world.clock.now = MONDAY
    world.week()
    world.feedback("send", world.deliveries[-1])
    world.feedback("delivery", world.deliveries[-1])
    assert emitted() == {"LettersSent": [2], "LettersDelivered": [2]}


@pytest.mark.parametrize("event", ["bounce", "complaint"])
def test_letters_that_come_back_are_counted(world: World, emitted: Any, event: str) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.week()
    emitted()
    world.feedback(event, world.deliveries[-1])

    assert emitted() == {"LettersBounced": [1]}


def test_an_event_that_comes_both_ways_counts_once(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.week()
    emitted()
    for way in ("rule", "topic", "rule"):
        world.feedback("send", world.deliveries[-1], way=way)

    assert emitted() == {"LettersSent": [1]}


def test_a_late_event_that_changes_nothing_is_not_counted(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.week()
    world.feedback("delivery", world.deliveries[-1])
    emitted()
    world.feedback("send", world.deliveries[-1])

    assert emitted() == {}


def test_a_suspicious_form_is_counted_as_signed_and_suspicious(world: World, emitted: Any) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()

    assert emitted() == {"Signed": [1], "Suspicious": [1]}


def test_the_delay_of_an_email_is_measured_from_the_form(world: World, emitted: Any) -> None:
    world.sign()
    world.clock.advance(seconds=90)
    world.run_stream()

    assert emitted()["ConfirmationDelay"] == [90]


def test_the_emails_of_a_batch_are_one_line_of_the_log_and_one_of_metrics(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        world.sign(email=f"signer{number}@signers.example")
    world.clock.advance(seconds=90)
    capsys.readouterr()
    caplog.clear()
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    [line] = lines_of_metrics(capsys.readouterr().out)
    assert line["Signed"] == [5]
    world.run_waiting_mails()

    [line] = lines_of_metrics(capsys.readouterr().out)
    assert line["ConfirmationDelay"] == [90] * 5
    [told] = [record for record in caplog.records if record.getMessage() == "confirmation emails"]
    assert (told.campaign, told.outcomes) == (CAMPAIGN, {"sent": 5})  # type: ignore[attr-defined]


def test_an_email_that_a_budget_postpones_is_waiting_and_not_late(world: World, emitted: Any) -> None:
    for number in range(11):
        world.sign(email=f"bot{number}@signers.example", topic="cheap pills")
    world.clock.advance(seconds=1)
    world.run_stream()
    found = emitted()
    assert len(found["ConfirmationDelay"]) == 10
    world.run_postponed()
    assert emitted() == {"ConfirmationsWaiting": [1]}

    world.clock.advance(hours=1)
    world.run_postponed()
    emitted()
    world.run_postponed()
    assert emitted() == {}


def test_an_email_that_ses_does_not_take_is_late_although_it_was_postponed(world: World, emitted: Any) -> None:
    world.sign()
    world.new_records()
    world.clock.advance(hours=25)
    world.reconcile()
    emitted()
    world.throttles = 1_000
    world.run_postponed()
    assert emitted()["ConfirmationDelay"] == [25 * 3600]


def test_the_oldest_letter_in_a_tray_is_measured(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.advance(hours=10)
    emitted()
    world.reconcile()

    assert emitted() == {"OldestUnsealedLetter": [36_000]}


def test_letters_are_overdue_a_day_after_the_run_that_should_have_sent_them(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.clock.advance(hours=23)
    emitted()
    world.reconcile()
    assert "LettersOverdue" not in emitted()

    world.clock.advance(hours=2)
    world.reconcile()
    assert emitted()["LettersOverdue"] == [1]


def test_letters_that_somebody_keeps_back_are_not_overdue(world: World, emitted: Any) -> None:
    world.confirmed()
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    world.clock.now = MONDAY
    world.clock.advance(days=2)
    world.reconcile()
    assert "LettersOverdue" not in emitted()

    Campaigns(world.stack.table).pause(CAMPAIGN, paused=False)
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "we talk to them")
    world.reconcile()
    assert "LettersOverdue" not in emitted()


def test_letters_are_not_overdue_while_it_is_too_soon_for_their_target(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.advance(days=2)
    world.week()  # by hand, on a Thursday
    world.feedback("delivery", world.deliveries[-1])
    world.confirmed(email="bert@signers.example")
    world.clock.now = MONDAY
    world.week()
    world.clock.advance(hours=25)
    emitted()
    world.reconcile()
    assert "LettersOverdue" not in emitted()

    world.clock.advance(days=7)
    world.reconcile()
    assert emitted()["LettersOverdue"] == [1]


def test_letters_of_a_delivery_that_is_not_sent_are_overdue(world: World, emitted: Any) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.refusal = "SendingPausedException"
    world.week()
    world.clock.advance(hours=25)
    emitted()
    world.reconcile()

    assert emitted() == {"LettersOverdue": [1]}


@pytest.mark.parametrize("says", ["SES", "its office"])
def test_the_oldest_email_without_an_outcome_is_measured(world: World, emitted: Any, says: str) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.week()
    world.clock.advance(hours=5)
    emitted()
    world.reconcile()
    assert emitted() == {"OldestWithoutOutcome": [18_000]}

    if says == "SES":
        world.feedback("delivery", world.deliveries[-1])
    else:
        assert world.post(f"{links_of_office(world)[0]}/received", {"period": world.period}).status == 303
    emitted()
    world.reconcile()
    assert emitted() == {}


def test_rows_minus_counters_is_what_the_reconciliation_cannot_explain(world: World, emitted: Any) -> None:
    world.confirmed()
    world.stack.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), add={"signatures": 3}))
    emitted()
    world.reconcile()
    assert "RowsMinusCounters" not in emitted(), "only what differs two days in a row is reported"
    world.reconcile()
    assert emitted()["RowsMinusCounters"] == [3]


def test_no_metric_says_who_or_which_campaign(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    world.week()
    world.feedback("send", world.deliveries[-1])
    world.reconcile()
    lines = lines_of_metrics(capsys.readouterr().out)

    assert lines
    for line in lines:
        [directive] = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["service"]]
        assert directive["Namespace"] == "Undersigned"
        assert line.pop("service") == STACK
        names = {metric["Name"] for metric in directive["Metrics"]}
        assert line.keys() - {"_aws"} == names
        assert all(isinstance(value, float) for name in names for value in line[name])
    assert str(ADA["name"]) not in str(lines)


def test_zeros_cost_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    emit("Signed", 0)
    emit_all([("Signed", 0), ("Confirmed", 0)])

    assert capsys.readouterr().out == ""


def test_each_metric_has_a_unit() -> None:
    assert UNITS.keys() == set(get_args(MetricName))


@pytest.mark.parametrize(
    ("pattern", "counted"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.message = "delivery" }', False),
        ('{ ($.level = "ERROR") && ($.message != "delivery") }', True),
        ('{ ($.level = "ERROR") && ($.message = "delivery") }', False),
        ('{ $.lane != "clean" }', False),
        ("{ $.lane NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
    ],
)
def test_a_filter_of_a_log_counts_as_cloudwatch_does(pattern: str, *, counted: bool) -> None:
    assert is_counted(pattern, '{"level": "ERROR", "message": "mail event"}') is counted
    assert not is_counted(pattern, "START RequestId: 1")


def test_a_pattern_that_cannot_be_read_is_no_match_by_chance() -> None:
    with pytest.raises(AssertionError, match="this reads no"):
        is_counted('{ $.level = "ERROR" || $.level = "WARNING" }', "{}")
