"""Test plans: the days of two deliveries to a target are seven days apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.deliveries import delivery_of
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.controls import Controls
from undersigned.delivering.rules.deliveries import Attempt, Delivery, DeliveryKey
from undersigned.delivering.rules.plans import Week, next_day, plan_lines, take_week, too_soon, week_taken

if TYPE_CHECKING:
    from undersigned.delivering.rules.states import DeliveryState

WEEK = timedelta(days=7)
NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
TARGET = Target("evanston", "Police Chief", "Avery Sample", "Police", "Evanston", "chief@evanston.example", ())


CAMPAIGN: Any = SimpleNamespace(id="any")


def delivery(period: str, state: DeliveryState = "sent", **of_attempt: Any) -> Delivery:
    key = DeliveryKey("any", "evanston", period)
    return delivery_of(key, state, opened_at=NOW, letters=of_attempt.pop("letters", 3), last=Attempt(**of_attempt))


def outcomes(deliveries: list[Delivery], period: str, waiting: int = 1, **options: Any) -> list[tuple[str, str]]:
    target = replace(TARGET, free_from=next_day(deliveries))
    controls = options.pop("controls", Controls())
    lines = plan_lines(CAMPAIGN, controls, target, deliveries, waiting, period=period, **options)
    return [(line.key.period, line.outcome) for line in lines]


@pytest.mark.parametrize(
    ("state", "values", "occupies"),
    [
        ("open", {}, True),
        ("sending", {"since": NOW}, True),
        ("in_doubt", {"since": NOW}, True),
        ("sent", {}, True),
        ("delivered", {}, True),
        ("complained", {}, True),
        ("bounced", {"since": NOW}, True),
        ("bounced", {"since": NOW, "permanent": True}, False),
        ("held", {"since": NOW}, True),
        ("held", {"since": NOW, "permanent": True}, False),
        ("held", {}, False),
        ("empty", {}, False),
    ],
)
def test_only_a_delivery_that_surely_did_not_arrive_does_not_count(
    state: DeliveryState, values: dict[str, Any], *, occupies: bool
) -> None:
    made = delivery("2026-11-24", state, **values)
    assert made.occupies_week == occupies
    assert next_day([made]) == (date(2026, 12, 1) if occupies else None)


def test_a_new_delivery_is_at_least_seven_days_later_than_the_last() -> None:
    free = date(2026, 12, 7)
    for day in (date(2026, 11, 2), date(2026, 11, 30), date(2026, 12, 6)):
        found = too_soon(day, free)
        assert found
        assert (found.last, found.next_day) == (date(2026, 11, 30), free)
    assert too_soon(free, free) is None
    assert too_soon(date(2026, 11, 2), None) is None


def test_an_older_delivery_that_bounced_goes_if_no_other_one_is_close() -> None:
    bounced = delivery("2026-11-23", "bounced", permanent=True)

    def goes_on_after(*days: str) -> bool:
        return week_taken(bounced, [*(delivery(day, "sent") for day in days), bounced]) is None

    assert goes_on_after("2026-11-30")
    assert not goes_on_after("2026-11-29")
    assert not goes_on_after("2026-11-17")
    assert goes_on_after("2026-11-16")
    assert goes_on_after(), "that was itself"
    assert not goes_on_after("2026-12-04", "2026-11-27"), "one before the last is close"


def test_one_without_sealed_letters_goes_after_a_hold_if_no_other_one_is_close() -> None:
    """Planning it and opening it ask the same: else it waits although its week is free."""
    held = delivery("2026-11-30", "held", letters=0)
    assert outcomes([delivery("2026-12-07"), held], "2026-11-30") == [("2026-11-30", "goes")]
    assert outcomes([delivery("2026-12-06"), held], "2026-11-30") == [("2026-11-30", "too soon")]


def test_a_delivery_takes_seven_days_and_gives_none_back() -> None:
    monday = date(2026, 11, 30)
    assert take_week(None, monday) == Week(None, monday + WEEK)
    assert take_week(monday, monday) == Week(monday, monday + WEEK)
    later = monday + 2 * WEEK
    assert take_week(later, monday) == Week(later, later)


def test_a_plan_says_what_happens_to_the_letters_of_a_target() -> None:
    monday = "2026-11-30"
    assert outcomes([], monday) == [(monday, "goes")]
    assert outcomes([], monday, waiting=0) == []
    assert outcomes([], monday, controls=Controls(paused=True)) == [(monday, "paused")]
    assert outcomes([delivery("2026-11-26")], monday) == [(monday, "too soon")]
    assert outcomes([delivery("2026-11-26")], monday, again=True) == [(monday, "goes")]
    assert outcomes([delivery("2026-11-23")], monday) == [(monday, "goes")]


def test_a_day_never_has_a_second_delivery_to_a_target() -> None:
    assert outcomes([delivery("2026-11-30")], "2026-11-30", again=True) == [("2026-11-30", "too soon")]


@pytest.mark.parametrize(("again", "next_day"), [(False, date(2026, 12, 7)), (True, date(2026, 12, 1))])
def test_a_day_that_has_its_delivery_says_when_the_next_one_can_go(again: bool, next_day: date) -> None:  # noqa: FBT001
    made = [delivery("2026-11-30")]
    target = replace(TARGET, free_from=date(2026, 12, 7))
    [line] = plan_lines(CAMPAIGN, Controls(), target, made, 1, period="2026-11-30", again=again)
    assert line.too_soon
    assert (line.too_soon.next_day, line.too_soon.again_from) == (next_day, date(2026, 12, 1))


def test_a_delivery_whose_email_may_have_left_does_not_go() -> None:
    sending = delivery("2026-11-23", "sending", since=NOW)
    assert outcomes([sending], "2026-11-26", waiting=0) == [("2026-11-23", "in doubt")]


def test_a_delivery_that_goes_on_comes_first_and_keeps_the_others_away() -> None:
    assert outcomes([delivery("2026-11-26", "open")], "2026-11-30") == [
        ("2026-11-26", "goes"),
        ("2026-11-30", "too soon"),
    ]
    # It was held before it was sent, and is released now.
    assert outcomes([delivery("2026-11-26", "held")], "2026-11-30") == [
        ("2026-11-26", "goes"),
        ("2026-11-30", "too soon"),
    ]


def test_a_delivery_that_waits_for_a_person_does_not_go_by_itself() -> None:
    in_doubt = delivery("2026-11-23", "in_doubt", since=NOW)
    bounced = delivery("2026-11-23", "bounced", permanent=True)
    assert outcomes([in_doubt], "2026-11-30") == [("2026-11-23", "in doubt"), ("2026-11-30", "goes")]
    assert outcomes([in_doubt], "2026-11-26") == [("2026-11-23", "in doubt"), ("2026-11-26", "too soon")]
    assert outcomes([bounced], "2026-11-26") == [("2026-11-23", "bounced"), ("2026-11-26", "goes")]


def test_an_email_in_doubt_that_its_office_has_is_in_no_plan() -> None:
    made = delivery("2026-11-24", "in_doubt", since=NOW)
    said = replace(TARGET, received={"2026-11-24": NOW})
    lines = [[*plan_lines(CAMPAIGN, Controls(), to, [made], 0, period="2026-12-01")] for to in (TARGET, said)]
    assert [[line.outcome for line in found] for found in lines] == [["in doubt"], []]
