from __future__ import annotations

from undersigned.aws.mail import Spacing


def test_calls_are_spaced_by_the_rate_which_is_read_once() -> None:
    now, calls, starts = [100.0], [], []

    def rate() -> float:
        calls.append("rate")
        return 4.0

    def sleep(seconds: float) -> None:
        now[0] += seconds

    spacing = Spacing(rate, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        spacing.wait()
        starts.append(now[0])
    assert starts == [100.0, 100.25, 100.5, 100.75]
    now[0] += 10
    spacing.wait()
    assert now[0] == 110.75
    assert calls == ["rate"]
