"""Outages of any length, around the weekly hour and the report's, and around both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.search.platform import Faults, Outage, Platform

if TYPE_CHECKING:
    from tests.support.world import Sent, World

HOUR = timedelta(hours=1)
WITHIN = 2 * HOUR
"""How long after the end of an outage each letter has left."""

MONDAYS = ["2026-11-30", "2026-03-09", "2026-11-02"]
"""One in winter, and those after the clocks were set forward and back in Chicago."""

OUTAGES = [
    *product(MONDAYS[:1], (timedelta(minutes=5), 5 * HOUR, timedelta(days=5))),
    *(pytest.param(*each, marks=pytest.mark.slow) for each in product(MONDAYS[1:], (timedelta(minutes=5), 5 * HOUR))),
]
"""Each with its Monday. After days, it makes no difference that the clocks were set."""


def nine_on(day: str) -> datetime:
    """Return nine o'clock of a day in Chicago."""
    local = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=ZoneInfo("America/Chicago"))
    return local.astimezone(UTC)


def day_after(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


class Hours:
    """A stack whose hourly schedule fires, with Lambda's retries, while DynamoDB may be out."""

    def __init__(self, world: World, begins: datetime) -> None:
        self.world = world
        world.clock.now = begins
        # One shard and no faults but outages: what is tried is the schedule.
        self.platform = Platform(world, Random(1), faults=Faults(time_passes=True))  # noqa: S311
        self.platform.keep_targets({"evanston", "wilmette"})
        self.left_at: dict[str, datetime] = {}
        self.platform.on_accepted = self._left

    def _left(self, sent: Sent) -> None:
        self.left_at[sent.message_id] = self.world.clock.now

    def is_out(self, begins: datetime, lasts: timedelta) -> None:
        self.platform.faults.outages.append(Outage("dynamodb", begins, begins + lasts))

    def run_until(self, moment: datetime) -> None:
        """Fire the schedule each hour, a minute after the full one."""
        while (fires := self._next_hour()) <= moment:
            self.platform.run_until(fires)
            self.platform.run_schedule("run_jobs")
        self.platform.run_until(moment)

    def _next_hour(self) -> datetime:
        full = self.world.clock.now.replace(minute=0, second=0, microsecond=0)
        return next(
            at for at in (full + timedelta(minutes=1), full + HOUR + timedelta(minutes=1)) if at > self.world.clock.now
        )

    def sent(self, kind: str) -> list[Sent]:
        return self.world.mails(kind)

    def periods(self) -> list[str]:
        return [sent.tags["period"] for sent in self.sent("delivery")]


@pytest.mark.parametrize(("monday", "lasts"), OUTAGES)
def test_each_letter_goes_once_within_two_hours_of_an_outage(world: World, monday: str, lasts: timedelta) -> None:
    nine = nine_on(monday)
    hours = Hours(world, nine - timedelta(days=3))
    hours.run_until(nine - timedelta(days=2))
    for postal_code in ("60201", "60091"):
        world.confirmed(email=f"a{postal_code}@signers.example", postal_code=postal_code)
    hours.is_out(nine - timedelta(minutes=1), lasts)
    hours.run_until(nine + timedelta(days=9))

    first = hours.sent("delivery")
    assert {(sent.tags["target"], sent.tags["period"]) for sent in first} == {
        ("evanston", monday),
        ("wilmette", monday),
    }
    assert len(first) == 2
    assert all(hours.left_at[sent.message_id] <= nine + lasts + WITHIN for sent in first)


@pytest.mark.parametrize(("monday", "lasts"), OUTAGES)
def test_each_report_comes_once_although_its_hour_was_out(world: World, monday: str, lasts: timedelta) -> None:
    nine, tuesday = nine_on(monday), nine_on(day_after(monday))
    hours = Hours(world, nine - timedelta(days=3))
    world.confirmed()
    hours.is_out(tuesday - timedelta(minutes=1), lasts)
    hours.run_until(nine + timedelta(days=8))

    [report] = hours.sent("report")
    assert report.tags["period"] == monday
    assert tuesday <= hours.left_at[report.message_id] <= tuesday + lasts + WITHIN
