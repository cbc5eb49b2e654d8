"""Schedules: when letters are sent, and the period that a delivery belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.campaigns import Campaign

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

Deliver = Literal["weekly", "monthly"]
"""What the setting `deliver` may be."""

LAST_HOUR = 23

LAST_DAY_OF_MONTH = 31
"""Stands for the last day of each month; so do 29 and 30 in a month that doesn't have them."""

Step = Literal["day", "week", "month"]

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MOST_REPORTS = 31


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """The stack's own schedule: a weekday, a full hour (0 to 23) and an IANA time zone."""

    day: str
    hour: int
    time_zone: str

    @property
    def cadence(self) -> Cadence:
        """Return the cadence of campaigns that set none."""
        return Cadence("week", DAYS.index(self.day), self.hour, self.time_zone)

    @property
    def reconciliations(self) -> Cadence:
        """Return when all campaigns are reconciled."""
        return Cadence("day", 0, RECONCILED_AT, self.time_zone)


RECONCILED_AT = 4
"""The hour of the daily reconciliation, in the stack's time zone."""


@dataclass(frozen=True, slots=True)
class Due:
    """What an hourly run has to plan. With `left_out_on`, only targets for which that day was too soon."""

    period: str
    left_out_on: date | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """The days and the hour on which a campaign's letters go out, or on which all campaigns are reconciled.

    `on` is the weekday (0 is Monday) or the day of the month; each `day` needs none. `hour` is a full hour (0 to 23) in
    an IANA time zone.
    """

    step: Step
    on: int
    hour: int
    time_zone: str

    @property
    def name(self) -> str:
        """Return a text that is another one after each change of the days, the hour or the zone."""
        return f"{self.step} {self.on} {self.hour} {self.time_zone}"

    def moment(self, day: date) -> datetime:
        """Return the moment of a delivery on a day, in the cadence's time zone.

        Of an hour that occurs twice it is the first one. One that is skipped is the time that takes its place: 3:00 for
        2:00 (PEP 495).
        """
        zone = ZoneInfo(self.time_zone)
        # By way of UTC, because Python keeps an hour that doesn't exist.
        return datetime.combine(day, time(self.hour), zone).astimezone(UTC).astimezone(zone)

    def is_on(self, day: date) -> bool:
        """Say whether letters go out on a day."""
        match self.step:
            case "day":
                return True
            case "week":
                return day.weekday() == self.on
            case "month":
                is_last = (day + _ONE_DAY).day == 1
                return day.day == self.on or (is_last and day.day < self.on)

    def next_after(self, now: datetime, *, not_before: date | None = None) -> datetime:
        """Return the first delivery after an aware moment, in the cadence's time zone.

        `not_before` is the first day on which a target can get one: seven days after its last email. If the cadence
        would leave the target out for that, and its next day is more than a week later, the target gets its letters on
        the first day that is possible.
        """
        day = now.astimezone(ZoneInfo(self.time_zone)).date()
        if not_before:
            day = max(day, not_before)
        while self.moment(day) <= now or not (self.is_on(day) or (not_before and self._makes_up(day, not_before))):
            day += _ONE_DAY
        return self.moment(day)

    def last_day(self, now: datetime) -> date:
        """Return the day of the last delivery until an aware moment."""
        return next(day for day in self._days_before(now) if self.is_on(day))

    def due(self, after: datetime, until: datetime) -> tuple[Due, ...]:
        """Return what became due after one moment and until another.

        Of several days that were missed, it is the last: its deliveries take all letters that wait.
        """
        found = []
        last, today = self.last_day(until), next(self._days_before(until))
        if self.moment(last) > after:
            found.append(Due(last.isoformat()))
        if self.step == "month" and last < today < last + _WEEK and self.moment(today) > after:
            found.append(Due(today.isoformat(), left_out_on=last))
        return tuple(found)

    def report_days(self, after: datetime, until: datetime) -> list[date]:
        """Return the days whose reports can be due since a moment: those of the day before, at the same hour.

        After more than a month without a run, they are those of the last month.
        """
        passed = takewhile(lambda day: self.moment(day) > after, islice(self._days_before(until), _MOST_REPORTS))
        return sorted(day - _ONE_DAY for day in passed)

    def reported_between(self, day: date, days: int) -> tuple[datetime, datetime]:
        """Return since which moment, and before which one, an email must have left to be in a day's report.

        A report comes a day after its day, at the same hour, and the one before it so many days earlier. So each email
        is in one report, whatever the day of its delivery.
        """
        return self.moment(day + timedelta(days=1 - days)), self.moment(day + _ONE_DAY)

    def _makes_up(self, day: date, not_before: date) -> bool:
        if self.step != "month":
            return False
        last = next(before for before in _backwards(day) if self.is_on(before))
        return day < last + _WEEK and was_left_out(last, not_before)

    def _days_before(self, now: datetime) -> Iterator[date]:
        """Return the days whose hour is not later than a moment, backwards."""
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        return (day for day in _backwards(today) if self.moment(day) <= now)


def was_left_out(day: date, not_before: date) -> bool:
    """Say whether a day was too soon for a target that can have its next email on `not_before`."""
    return not_before - _WEEK < day < not_before


def _backwards(day: date) -> Iterator[date]:
    while True:
        yield day
        day -= _ONE_DAY


def cadence_of(campaign: Campaign, stack: WeeklySchedule) -> Cadence:
    """Return a campaign's cadence. What its settings don't say is as in the stack's schedule."""
    if not campaign.has_own_cadence:
        return stack.cadence
    hour = stack.hour if campaign.deliver_at is None else campaign.deliver_at
    if campaign.deliver == "monthly":
        day = campaign.deliver_on if isinstance(campaign.deliver_on, int) else 1
        return Cadence("month", day, hour, campaign.time_zone)
    weekday = campaign.deliver_on if isinstance(campaign.deliver_on, str) else stack.day
    return Cadence("week", DAYS.index(weekday), hour, campaign.time_zone)


def period_of(moment: datetime, time_zone: str) -> str:
    """Return the period of a delivery that is scheduled for an aware moment: its local day, as `2026-11-30`.

    A schedule that fires late still passes the time that it was scheduled for, so it can't cause a second email.
    """
    return moment.astimezone(ZoneInfo(time_zone)).date().isoformat()


def day_before(period: str) -> str:
    """Return the period of the day before, even if the clocks changed in between."""
    return (date.fromisoformat(period) - timedelta(days=1)).isoformat()
