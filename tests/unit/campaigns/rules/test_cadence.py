from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.campaigns.rules.cadence import DAYS, WeeklySchedule, day_before, period_of

CHICAGO = "America/Chicago"
MONDAYS_AT_NINE = WeeklySchedule("MON", 9, CHICAGO).cadence


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-25T12:00", "2026-11-30T15:00"),
        ("2026-11-30T14:59", "2026-11-30T15:00"),
        ("2026-11-30T15:00", "2026-12-07T15:00"),
        ("2026-11-30T15:01", "2026-12-07T15:00"),
        # Sunday evening in Chicago, Monday in UTC.
        ("2026-11-30T02:00", "2026-11-30T15:00"),
        # Monday evening in Chicago, Tuesday in UTC.
        ("2026-12-01T02:00", "2026-12-07T15:00"),
    ],
)
def test_the_next_delivery_is_the_next_monday_at_nine(now: str, then: str) -> None:
    assert MONDAYS_AT_NINE.next_after(utc(now)) == utc(then)


def test_nine_oclock_stays_nine_oclock_when_daylight_saving_begins() -> None:
    # On March 8, 2026, clocks change from two to three.
    following = MONDAYS_AT_NINE.next_after(utc("2026-03-02T15:00"))

    assert following == utc("2026-03-09T14:00")
    assert following.hour == 9


def test_nine_oclock_stays_nine_oclock_when_daylight_saving_ends() -> None:
    # On November 1, 2026, clocks change from two to one.
    following = MONDAYS_AT_NINE.next_after(utc("2026-10-26T14:00"))

    assert following == utc("2026-11-02T15:00")
    assert following.hour == 9


def test_an_hour_that_occurs_twice_has_one_delivery() -> None:
    sundays_at_one = WeeklySchedule("SUN", 1, CHICAGO).cadence

    # In UTC, because Python never compares a time in the repeated hour as equal to one in another zone.
    assert sundays_at_one.next_after(utc("2026-11-01T05:59")).astimezone(UTC) == utc("2026-11-01T06:00")
    # A quarter past one, the second time.
    assert sundays_at_one.next_after(utc("2026-11-01T07:15")) == utc("2026-11-08T07:00")


@given(
    st.sampled_from(DAYS),
    st.integers(4, 23),
    st.sampled_from([CHICAGO, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_delivery_is_within_a_week_on_its_day_and_hour(day: str, hour: int, zone: str, now: datetime) -> None:
    following = WeeklySchedule(day, hour, zone).cadence.next_after(now)

    assert (DAYS[following.weekday()], following.hour, following.minute) == (day, hour, 0)
    # A week in which daylight saving ends has one hour more.
    assert timedelta(0) < following.astimezone(UTC) - now <= timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("moment", "period"),
    [
        ("2026-11-30T15:00", "2026-11-30"),
        # Still Monday in Chicago.
        ("2026-12-01T05:59", "2026-11-30"),
        ("2026-12-01T06:00", "2026-12-01"),
    ],
)
def test_a_period_is_the_local_day(moment: str, period: str) -> None:
    assert period_of(utc(moment), CHICAGO) == period


def test_a_schedule_that_fires_late_has_the_scheduled_period() -> None:
    # A schedule that fires late still passes the scheduled time.
    scheduled = MONDAYS_AT_NINE.next_after(utc("2026-11-25T12:00"))
    on_time, late = scheduled.astimezone(UTC), scheduled.astimezone(ZoneInfo("Asia/Tokyo"))

    assert period_of(on_time, CHICAGO) == period_of(late, CHICAGO) == "2026-11-30"


@pytest.mark.parametrize(
    ("period", "before"), [("2026-12-01", "2026-11-30"), ("2026-03-09", "2026-03-08"), ("2027-01-01", "2026-12-31")]
)
def test_the_day_before_is_a_calendar_day(period: str, before: str) -> None:
    assert day_before(period) == before
