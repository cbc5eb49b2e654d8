"""Test when letters go out: each cadence, over years and in time zones with odd clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.workshop.trees import FILES
from undersigned.campaigns.rules.cadence import DAYS, Cadence, WeeklySchedule, cadence_of, reported_days
from undersigned.workshop.campaigns import compile_campaign

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign

CHICAGO = "America/Chicago"
STACK = WeeklySchedule("MON", 9, CHICAGO)
CAMPAIGN = compile_campaign(FILES).campaign
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)

ZONES = (
    CHICAGO,
    "UTC",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Santiago",
    "Africa/Casablanca",
)
cadences = st.builds(Cadence, st.none() | st.integers(0, 6), st.integers(0, 23), st.sampled_from(ZONES))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_cadence(on: str | None = None, at: int | None = None) -> Campaign:
    return replace(CAMPAIGN, deliver_on=on, deliver_at=at, time_zone="Europe/Berlin")


def test_a_campaign_without_a_cadence_has_the_day_hour_and_time_zone_of_the_stack() -> None:
    assert cadence_of(with_cadence(), STACK) == STACK.cadence == Cadence(0, 9, CHICAGO)


@pytest.mark.parametrize(
    ("campaign", "cadence"),
    [
        (with_cadence(at=18), Cadence(0, 18, "Europe/Berlin")),
        (with_cadence(at=0), Cadence(0, 0, "Europe/Berlin")),
        (with_cadence(on="SUN"), Cadence(6, 9, "Europe/Berlin")),
        (with_cadence("SUN", 7), Cadence(6, 7, "Europe/Berlin")),
    ],
)
def test_what_a_campaign_leaves_out_is_as_in_the_stack(campaign: Campaign, cadence: Cadence) -> None:
    assert cadence_of(campaign, STACK) == cadence


@pytest.mark.parametrize(
    ("zone", "day", "hour", "moment"),
    [
        # Clocks go from two to three: there is no half past two.
        (CHICAGO, date(2026, 3, 8), 2, "2026-03-08T08:00"),
        # From two to one: one o'clock is twice, and the first one counts.
        (CHICAGO, date(2026, 11, 1), 1, "2026-11-01T06:00"),
        # A day that begins at one.
        ("America/Santiago", date(2026, 9, 6), 0, "2026-09-06T04:00"),
        # Half an hour is skipped.
        ("Australia/Lord_Howe", date(2026, 10, 4), 2, "2026-10-03T15:30"),
    ],
)
def test_an_hour_that_is_skipped_or_twice_is_one_moment(zone: str, day: date, hour: int, moment: str) -> None:
    cadence = Cadence(None, hour, zone)

    assert cadence.moment(day).astimezone(UTC) == utc(moment)
    assert cadence.next_after(utc(moment) - timedelta(minutes=1)).date() == day
    assert cadence.next_after(utc(moment)).date() == day + timedelta(days=1)
    assert cadence.last_slot(utc(moment)).astimezone(UTC) == utc(moment)
    assert cadence.last_slot(utc(moment) - timedelta(minutes=1)).date() == day - timedelta(days=1)


@given(cadences, moments)
def test_the_next_delivery_is_on_a_day_of_the_cadence_and_never_far(cadence: Cadence, now: datetime) -> None:
    following = cadence.next_after(now)

    assert cadence.is_on(following.date())
    # A skipped or repeated hour, and the time that takes its place.
    longest = timedelta(days=1) if cadence.weekday is None else WEEK
    assert timedelta(0) < following.astimezone(UTC) - now <= longest + 2 * HOUR
    assert cadence.last_slot(following) == following
    before = cadence.last_slot(now).date()
    assert before < following.date()
    assert not any(cadence.is_on(before + timedelta(days=more)) for more in range(1, (following.date() - before).days))


@settings(max_examples=40)
@given(cadences, moments, st.lists(st.integers(1, 80), min_size=1, max_size=12))
def test_missed_late_and_repeated_hours_lose_no_day_and_repeat_none(
    cadence: Cadence, begin: datetime, gaps: list[int]
) -> None:
    """Hourly runs with gaps: each finds the last slot that came since the one before."""
    until, done = begin, cadence.last_slot(begin)
    for gap in gaps:
        came, moment = [done], cadence.next_after(until)
        until += gap * HOUR
        while moment <= until:
            came.append(moment)
            moment = cadence.next_after(moment)
        done = cadence.last_slot(until)
        assert done == came[-1]


@given(cadences, moments, st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_each_period_is_reported_a_day_later_and_once(cadence: Cadence, begin: datetime, gaps: list[int]) -> None:
    until = begin
    first = done = cadence.daily.last_slot(begin)
    reported: list[date] = []
    for gap in gaps:
        until += gap * HOUR
        slot = cadence.daily.last_slot(until)
        reported += reported_days(done, slot)
        done = slot
    assert reported == [first.date() + timedelta(days=number) for number in range((done.date() - first.date()).days)]
    assert reported_days(done, done) == []


def test_after_more_than_a_month_the_reports_are_of_the_last_month() -> None:
    daily = STACK.cadence.daily
    reported = reported_days(daily.moment(date(2026, 9, 1)), daily.moment(date(2026, 12, 1)))
    assert (reported[0], reported[-1], len(reported)) == (date(2026, 10, 31), date(2026, 11, 30), 31)


@given(cadences, moments, st.integers(1, 7), st.integers(0, 300))
def test_each_email_is_in_one_report(cadence: Cadence, moment: datetime, days: int, minutes: int) -> None:
    left, day = moment + minutes * timedelta(minutes=1), moment.date()
    reports = [day + number * timedelta(days=days) for number in range(-3, 4)]
    found = [cadence.reported_between(report, days) for report in reports]
    assert sum(since <= left < until for since, until in found) == 1


@settings(max_examples=60)
@given(cadences, moments, st.integers(0, 40))
def test_a_target_that_a_day_leaves_out_gets_its_letters_as_its_signers_are_told(
    cadence: Cadence, now: datetime, days_ago: int
) -> None:
    """Letters wait after an email that went so many days ago, and hourly runs do what the pages say."""
    last = now.astimezone(ZoneInfo(cadence.time_zone)).date() - timedelta(days=days_ago)
    free = last + WEEK
    told = cadence.next_after(now, not_before=free)
    assert told > now
    assert told.date() >= free
    planned, until = cadence.last_slot(now), now
    while planned.date() < free or planned <= now:
        assert until < told, "the letters were not planned when their signers were told"
        until += 12 * HOUR
        planned = cadence.last_slot(until)
    assert planned == told


def test_a_slot_that_is_too_soon_leaves_the_letters_to_the_next_one() -> None:
    # An email by hand went on Saturday, November 28, so Tuesday, December 1, is too soon.
    tuesdays = Cadence(1, 9, CHICAGO)
    following = tuesdays.next_after(utc("2026-11-28T18:00"), not_before=date(2026, 12, 5))
    assert following.date() == date(2026, 12, 8)


def test_days_are_named_as_in_the_settings() -> None:
    assert [cadence_of(with_cadence(on=day), STACK).weekday for day in DAYS] == list(range(7))
