"""The weekly schedule: when letters are sent, and the period that a delivery belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """A weekday, a full hour (0 to 23) and an IANA time zone."""

    day: str
    hour: int
    time_zone: str

    def next_after(self, now: datetime, *, not_before: date | None = None) -> datetime:
        """Return the first delivery after an aware moment, in the schedule's time zone, and not before a day."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        days_ahead = (DAYS.index(self.day) - local.weekday()) % 7
        # Adds days to the local time: 9:00 stays 9:00 when daylight saving time begins or ends.
        candidate = (local + timedelta(days=days_ahead)).replace(hour=self.hour, minute=0, second=0, microsecond=0)
        while candidate <= local or (not_before and candidate.date() < not_before):
            candidate += timedelta(days=7)
        return candidate

    def last_period(self, now: datetime) -> str:
        """Return the period of the last weekly delivery before an aware moment."""
        return (self.next_after(now).date() - timedelta(days=7)).isoformat()


def period_of(moment: datetime, time_zone: str) -> str:
    """Return the period of a delivery that is scheduled for an aware moment: its local day, as `2026-11-30`.

    A schedule that fires late still passes the time that it was scheduled for, so it can't cause a second email.
    """
    return moment.astimezone(ZoneInfo(time_zone)).date().isoformat()


def day_before(period: str) -> str:
    """Return the period of the day before, even if the clocks changed in between."""
    return (date.fromisoformat(period) - timedelta(days=1)).isoformat()
