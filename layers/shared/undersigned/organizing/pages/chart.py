"""The chart of signatures by day or week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


_FEWEST_BARS, _MOST_DAYS = 14, 56
"""The chart's fewest bars, and the most days that it shows; for a longer campaign it shows weeks."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: the first day that it counts, its count, and its position and height in the picture."""

    day: date
    count: int
    x: int
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Signatures by day, or by week for a long campaign. The picture is `width` wide and 100 high."""

    bars: tuple[Bar, ...]
    by_week: bool
    width: int
    peak: Bar
    total: int


def chart(by_day: Mapping[str, int], today: date) -> Chart | None:
    """Lay out the chart to today, from the first signature or from two weeks ago, whichever is earlier.

    Returns None when nobody has signed.
    """
    counted = {date.fromisoformat(day): count for day, count in by_day.items()}
    if not counted:
        return None
    last = max(today, *counted)
    first = min(*counted, last - timedelta(days=_FEWEST_BARS - 1))
    by_week = (last - first).days >= _MOST_DAYS
    if by_week:
        weeks: dict[date, int] = {}
        for day, count in counted.items():
            monday = _monday(day)
            weeks[monday] = weeks.get(monday, 0) + count
        first, counted = _monday(first), weeks
    step = timedelta(days=7 if by_week else 1)
    days = [first + index * step for index in range((last - first) // step + 1)]
    most = max(counted.values())
    bars = tuple(
        Bar(day, count, 10 * index, round(100 * count / most, 1))
        for index, day in enumerate(days)
        for count in [counted.get(day, 0)]
    )
    return Chart(bars, by_week, 10 * len(bars), max(bars, key=lambda bar: bar.count), sum(counted.values()))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
