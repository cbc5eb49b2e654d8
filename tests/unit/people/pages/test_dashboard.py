"""Test the dashboard's chart, and the size of its style sheet and script."""

from __future__ import annotations

import gzip
from datetime import date, timedelta

from tests.support.product_files import PRODUCT
from undersigned.base.assets import asset
from undersigned.organizing.pages.chart import chart

TODAY = date(2026, 11, 30)


def test_a_campaign_without_signatures_has_no_chart() -> None:
    assert chart({}, TODAY) is None


def test_a_day_without_a_signature_has_a_bar_without_height() -> None:
    drawn = chart({"2026-11-26": 4, "2026-11-28": 1}, TODAY)
    assert drawn
    assert [(bar.day.day, bar.count, bar.height) for bar in drawn.bars[-5:]] == [
        (26, 4, 100.0), (27, 0, 0.0), (28, 1, 25.0), (29, 0, 0.0), (30, 0, 0.0),
    ]  # fmt: skip
    assert (drawn.total, drawn.peak.day.day, drawn.by_week) == (5, 26, False)


def test_a_new_campaigns_chart_has_two_weeks() -> None:
    drawn = chart({"2026-11-30": 4}, TODAY)
    assert drawn
    assert (drawn.bars[0].day, len(drawn.bars), drawn.width) == (date(2026, 11, 17), 14, 140)


def test_a_long_campaigns_chart_has_weeks_that_begin_on_monday() -> None:
    days = {(TODAY - timedelta(days=age)).isoformat(): 1 for age in range(57)}
    drawn = chart(days, TODAY)
    assert drawn
    assert drawn.by_week
    assert all(bar.day.weekday() == 0 for bar in drawn.bars)
    assert drawn.total == sum(bar.count for bar in drawn.bars) == 57


def test_a_chart_of_eight_weeks_has_days() -> None:
    drawn = chart({(TODAY - timedelta(days=55)).isoformat(): 1}, TODAY)
    assert drawn
    assert (drawn.by_week, len(drawn.bars)) == (False, 56)


def test_a_signature_dated_tomorrow_by_another_clock_has_a_bar() -> None:
    drawn = chart({"2026-12-01": 2}, TODAY)
    assert drawn
    assert [(bar.day, bar.count) for bar in drawn.bars[-2:]] == [(TODAY, 0), (date(2026, 12, 1), 2)]


def test_the_style_sheet_and_the_scripts_stay_small() -> None:
    style = (PRODUCT / "base" / "sheets" / "dashboard.css").read_bytes()
    assert len(gzip.compress(style)) <= 2200
    for script in ("dashboard.js", "typed.js"):
        assert len(gzip.compress(asset(script).content)) <= 1024, script
