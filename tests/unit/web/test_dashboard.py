"""The dashboard's chart, and its style sheet and script, which stay small."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path

from undersigned.web import dashboard
from undersigned.web.assets import asset
from undersigned.web.dashboard import chart

TODAY = date(2026, 11, 30)


def test_nobody_has_signed_so_there_is_no_chart() -> None:
    assert chart({}, TODAY) is None


def test_a_day_without_a_signature_has_a_bar_without_height() -> None:
    made = chart({"2026-11-26": 4, "2026-11-28": 1}, TODAY)
    assert made
    assert [(bar.day.day, bar.count, bar.height) for bar in made.bars[-5:]] == [
        (26, 4, 100.0), (27, 0, 0.0), (28, 1, 25.0), (29, 0, 0.0), (30, 0, 0.0),
    ]  # fmt: skip
    assert (made.total, made.peak.day.day, made.by_week) == (5, 26, False)


def test_a_young_campaign_has_two_weeks_so_that_no_bar_is_a_wall() -> None:
    made = chart({"2026-11-30": 4}, TODAY)
    assert made
    assert (made.bars[0].day, len(made.bars), made.width) == (date(2026, 11, 17), 14, 140)


def test_a_long_campaign_is_shown_by_weeks_that_begin_on_monday() -> None:
    days = {(TODAY - timedelta(days=age)).isoformat(): 1 for age in range(57)}
    made = chart(days, TODAY)
    assert made
    assert made.by_week
    assert all(bar.day.weekday() == 0 for bar in made.bars)
    assert made.total == sum(bar.count for bar in made.bars) == 57


def test_eight_weeks_are_shown_by_days() -> None:
    made = chart({(TODAY - timedelta(days=55)).isoformat(): 1}, TODAY)
    assert made
    assert (made.by_week, len(made.bars)) == (False, 56)


def test_a_signature_dated_after_today_by_another_clock_has_its_bar() -> None:
    made = chart({"2026-12-01": 2}, TODAY)
    assert made
    assert [(bar.day, bar.count) for bar in made.bars[-2:]] == [(TODAY, 0), (date(2026, 12, 1), 2)]


def test_what_every_page_brings_along_stays_small() -> None:
    style = (Path(dashboard.__file__).parent / "templates" / "dashboard.css").read_bytes()
    assert len(gzip.compress(style)) <= 2048
    assert len(gzip.compress(asset("dashboard.js").content)) <= 1024
