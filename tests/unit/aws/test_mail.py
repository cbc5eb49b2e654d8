"""SES's pace is kept."""

from __future__ import annotations

from undersigned.aws.mail import Pace


def test_calls_are_kept_apart_by_the_rate_which_is_asked_once() -> None:
    now, asked, begun = [100.0], [], []

    def rate() -> float:
        asked.append("rate")
        return 4.0

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(rate, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pace.wait()
        begun.append(now[0])
    assert begun == [100.0, 100.25, 100.5, 100.75]
    now[0] += 10
    pace.wait()
    assert now[0] == 110.75
    assert asked == ["rate"]
