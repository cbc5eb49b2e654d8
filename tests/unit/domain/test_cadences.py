"""Test when letters go out: each cadence, over years and in time zones with odd clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.authoring.trees import FILES
from undersigned.authoring.campaigns import compile_campaign
from undersigned.domain.schedule import DAYS, Cadence, Deliver, Due, Step, WeeklySchedule, cadence_of

if TYPE_CHECKING:
    from undersigned.domain.campaigns import Campaign

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
cadences = st.builds(
    Cadence,
    st.sampled_from(("day", "week")),
    st.integers(0, 6),
    st.integers(0, 23),
    st.sampled_from(ZONES),
) | st.builds(Cadence, st.just("month"), st.integers(1, 31), st.integers(0, 23), st.sampled_from(ZONES))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

LONGEST: dict[Step, timedelta] = {
    "day": timedelta(days=1),
    "week": WEEK,
    "month": timedelta(days=31),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_cadence(deliver: Deliver = "weekly", on: str | int | None = None, at: int | None = None) -> Campaign:
    return replace(CAMPAIGN, deliver=deliver, deliver_on=on, deliver_at=at, time_zone="Europe/Berlin")


def days_from(campaign: Campaign, now: str, number: int = 4) -> list[str]:
    cadence, moment, found = cadence_of(campaign, STACK), utc(now), []
    for _ in range(number):
        moment = cadence.next_after(moment)
        found.append(f"{moment:%a %Y-%m-%d %H:%M}")
    return found


def test_a_campaign_without_a_cadence_has_the_day_hour_and_time_zone_of_the_stack() -> None:
    assert cadence_of(with_cadence(), STACK) == STACK.cadence == Cadence("week", 0, 9, CHICAGO)


@pytest.mark.parametrize(
    ("campaign", "cadence"),
    [
        (with_cadence(at=18), Cadence("week", 0, 18, "Europe/Berlin")),
        (with_cadence(at=0), Cadence("week", 0, 0, "Europe/Berlin")),
        (with_cadence(on="SUN"), Cadence("week", 6, 9, "Europe/Berlin")),
        (with_cadence("monthly"), Cadence("month", 1, 9, "Europe/Berlin")),
        (with_cadence("monthly", 31, 7), Cadence("month", 31, 7, "Europe/Berlin")),
    ],
)
def test_what_a_campaign_leaves_out_is_as_in_the_stack(campaign: Campaign, cadence: Cadence) -> None:
    assert cadence_of(campaign, STACK) == cadence


def test_the_31st_is_the_last_day_of_each_month() -> None:
    assert days_from(with_cadence("monthly", 31, 9), "2027-12-30T12:00", 5) == [
        "Fri 2027-12-31 09:00",
        "Mon 2028-01-31 09:00",
        "Tue 2028-02-29 09:00",
        "Fri 2028-03-31 09:00",
        "Sun 2028-04-30 09:00",
    ]
    assert days_from(with_cadence("monthly", 30, 9), "2027-02-01T12:00", 2)[0] == "Sun 2027-02-28 09:00"


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
    cadence = Cadence("day", 0, hour, zone)

    assert cadence.moment(day).astimezone(UTC) == utc(moment)
    assert cadence.next_after(utc(moment) - timedelta(minutes=1)).date() == day
    assert cadence.next_after(utc(moment)).date() == day + timedelta(days=1)
    assert cadence.due(utc(moment) - HOUR, utc(moment)) == (Due(day.isoformat()),)


@given(cadences, moments)
def test_the_next_delivery_is_on_a_day_of_the_cadence_and_never_far(cadence: Cadence, now: datetime) -> None:
    following = cadence.next_after(now)

    assert cadence.is_on(following.date())
    # A skipped or repeated hour, and the time that takes its place.
    assert timedelta(0) < following.astimezone(UTC) - now <= LONGEST[cadence.step] + 2 * HOUR
    assert cadence.last_day(following) == following.date()
    before = cadence.last_day(now)
    assert before < following.date()
    assert not any(cadence.is_on(before + timedelta(days=more)) for more in range(1, (following.date() - before).days))


@settings(max_examples=40)
@given(cadences, moments, st.lists(st.integers(1, 80), min_size=1, max_size=12))
def test_missed_late_and_repeated_hours_lose_no_day_and_repeat_none(
    cadence: Cadence, begin: datetime, gaps: list[int]
) -> None:
    """Hourly runs with gaps: each finds the last day that became due since the one before."""
    until, found = begin, []
    for gap in gaps:
        after, until = until, until + gap * HOUR
        periods = [due.period for due in cadence.due(after, until) if due.left_out_on is None]
        became_due, moment = [], cadence.next_after(after)
        while moment <= until:
            became_due.append(moment.date().isoformat())
            moment = cadence.next_after(moment)
        assert periods == became_due[-1:]
        assert cadence.due(until, until) == ()
        found += periods
    assert found == sorted(set(found))


@given(cadences, moments, st.integers(1, 200))
def test_each_period_is_reported_a_day_later_and_once(cadence: Cadence, begin: datetime, hours: int) -> None:
    middle, end = begin + hours // 2 * HOUR, begin + hours * HOUR
    parts = [*cadence.report_days(begin, middle), *cadence.report_days(middle, end)]
    assert parts == cadence.report_days(begin, end) == sorted(set(parts))
    for due in cadence.due(begin, end):
        day = date.fromisoformat(due.period)
        reported = cadence.moment(day + timedelta(days=1))
        assert day in cadence.report_days(reported - HOUR, reported)
        assert day not in cadence.report_days(begin, reported - HOUR)


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
    after, until = now, now + 12 * HOUR
    while not (
        planned := [
            due.period
            for due in cadence.due(after, until)
            if date.fromisoformat(due.period) >= free
            and (due.left_out_on is None or free - WEEK < due.left_out_on < free)
        ]
    ):
        assert until < told, "the letters were not planned when their signers were told"
        after, until = until, until + 12 * HOUR
    assert planned == [told.date().isoformat()]


def test_a_monthly_delivery_that_is_too_soon_is_made_up_and_a_weekly_one_is_not() -> None:
    monthly = Cadence("month", 1, 9, CHICAGO)

    # An email by hand went on November 28, so December 1 is too soon, and December 5 is not.
    assert monthly.next_after(utc("2026-11-28T18:00"), not_before=date(2026, 12, 5)).date() == date(2026, 12, 5)
    assert monthly.due(utc("2026-12-05T14:00"), utc("2026-12-05T15:00")) == (
        Due("2026-12-05", left_out_on=date(2026, 12, 1)),
    )
    assert monthly.due(utc("2026-12-08T14:00"), utc("2026-12-08T15:00")) == ()
    weekly = replace(monthly, step="week", on=0)
    assert weekly.next_after(utc("2026-11-26T18:00"), not_before=date(2026, 12, 3)).date() == date(2026, 12, 7)
    assert weekly.due(utc("2026-12-03T14:00"), utc("2026-12-03T15:00")) == ()


def test_days_are_named_as_in_the_settings() -> None:
    assert [cadence_of(with_cadence(on=day), STACK).on for day in DAYS] == list(range(7))
