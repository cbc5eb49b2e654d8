"""Schedules: when letters are sent, and the period that a delivery belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

LAST_HOUR = 23

_ONE_DAY = timedelta(days=1)
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
        return Cadence(DAYS.index(self.day), self.hour, self.time_zone)

    @property
    def operators_email(self) -> Cadence:
        """Return the cadence of the operator's email: a day after the letters."""
        return Cadence((DAYS.index(self.day) + 1) % len(DAYS), self.hour, self.time_zone)

    @property
    def reconciliations(self) -> Cadence:
        """Return the cadence of reconciliations."""
        return Cadence(None, RECONCILED_AT, self.time_zone)


RECONCILED_AT = 4
"""The hour of the daily reconciliation, in the stack's time zone."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """The weekday and the hour at which a campaign's letters go out, or the hour of a daily job.

    `weekday` is 0 for Monday, and None for each day. `hour` is a full hour (0 to 23) in an IANA time zone.
    """

    weekday: int | None
    hour: int
    time_zone: str

    @property
    def daily(self) -> Cadence:
        """Return the cadence of reports: each day, at the same hour."""
        return Cadence(None, self.hour, self.time_zone)

    @property
    def name(self) -> str:
        """Return a text that changes with the days, the hour or the zone."""
        return f"{self.weekday} {self.hour} {self.time_zone}"

    def moment(self, day: date) -> datetime:
        """Return the moment of a delivery on a day, in the cadence's time zone.

        When clocks change: of an hour that comes twice, the first counts; a skipped hour is the next one: 3:00 for 2:00
        (PEP 495).
        """
        zone = ZoneInfo(self.time_zone)
        # By way of UTC, because Python keeps an hour that doesn't exist.
        return datetime.combine(day, time(self.hour), zone).astimezone(UTC).astimezone(zone)

    def is_on(self, day: date) -> bool:
        """Say whether letters go out on a day."""
        return self.weekday in {None, day.weekday()}

    def next_after(self, now: datetime, *, not_before: date | None = None) -> datetime:
        """Return the first delivery after an aware moment, in the cadence's time zone.

        `not_before` is the first day on which a target can get one: seven days after its last email.
        """
        day = now.astimezone(ZoneInfo(self.time_zone)).date()
        if not_before:
            day = max(day, not_before)
        while self.moment(day) <= now or not self.is_on(day):
            day += _ONE_DAY
        return self.moment(day)

    def last_slot(self, now: datetime) -> datetime:
        """Return the last slot that has come by an aware moment, in the cadence's time zone."""
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        days = (today - timedelta(days=ago) for ago in count())
        return next(self.moment(day) for day in days if self.is_on(day) and self.moment(day) <= now)

    def reported_between(self, day: date, days: int) -> tuple[datetime, datetime]:
        """Return the moments between which an email must have left to be in a day's report: from the first, inclusive.

        A report comes a day after its day, at the same hour, and `days` after the report before. So each email is in
        one report, whatever the day of its delivery.
        """
        return self.moment(day + timedelta(days=1 - days)), self.moment(day + _ONE_DAY)


def reported_days(after: datetime, slot: datetime) -> list[date]:
    """Return the days to report on at a daily slot: from the last slot's (`after`) to the day before this slot.

    They are at most the last 31.
    """
    missed = (slot.date() - after.astimezone(slot.tzinfo).date()).days
    return [slot.date() - timedelta(days=ago) for ago in range(min(missed, _MOST_REPORTS), 0, -1)]


def cadence_of(campaign: Campaign, stack: WeeklySchedule) -> Cadence:
    """Return a campaign's cadence. The stack's schedule fills in for missing settings."""
    if not campaign.has_own_cadence:
        return stack.cadence
    hour = stack.hour if campaign.deliver_at is None else campaign.deliver_at
    return Cadence(DAYS.index(campaign.deliver_on or stack.day), hour, campaign.time_zone)


def period_of(moment: datetime, time_zone: str) -> str:
    """Return the period of a delivery that is scheduled for an aware moment: its local day, as `2026-11-30`.

    A schedule that fires late still passes the time that it was scheduled for, so it can't cause a second email.
    """
    return moment.astimezone(ZoneInfo(time_zone)).date().isoformat()


def day_before(period: str) -> str:
    """Return the period of the day before, even if the clocks changed in between."""
    return (date.fromisoformat(period) - timedelta(days=1)).isoformat()
