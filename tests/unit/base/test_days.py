from __future__ import annotations

from datetime import date

import pytest

from undersigned.base.days import day_in


def test_a_day_is_read() -> None:
    assert day_in("2026-11-30") == date(2026, 11, 30)


@pytest.mark.parametrize(
    "text", ["", "20261130", "2026-W48-1", "2026-11-31", "2026-13-01", "0000-01-01", "２０２６-11-30", "2026-11-30\n"]
)
def test_any_other_text_is_no_day(text: str) -> None:
    assert day_in(text) is None
