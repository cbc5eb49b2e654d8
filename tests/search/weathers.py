"""Weathers: how badly AWS behaves while a scenario is played and crashes are tried.

In each of them the stream has several shards, the indexes are late, Lambda stops chains of invocations, and SES drops
emails to suppressed addresses. `calm` adds nothing at random, and time passes only from one thing that is due to the
next. In the others, time passes in each wait, and what is due then runs in the middle of an invocation.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.search.platform import Faults, Outage

if TYPE_CHECKING:
    from collections.abc import Callable

_ALWAYS: dict[str, Any] = {"shards": 3, "lag": timedelta(minutes=2)}
_BEGINS = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""When every scenario begins."""

_MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def _bad(**faults: Any) -> Callable[[], Faults]:
    return lambda: Faults(time_passes=True, **{**_ALWAYS, **faults})


def _outages() -> Faults:
    return Faults(
        time_passes=True,
        outages_after_emails=0.3,
        outages=[
            Outage("sesv2", _MONDAY, _MONDAY + 2 * _HOUR),
            # As long as the stream's readers try again.
            Outage("sqs", _BEGINS, _BEGINS + _HOUR / 6),
            *(Outage(what, _MONDAY, _MONDAY + _HOUR / 10) for what in ("s3", "dynamodb")),
        ],
        **_ALWAYS,
    )


def _dead_mappings() -> Faults:
    return Faults(
        time_passes=True,
        disabled=[
            Outage("send_confirmations", _BEGINS, _BEGINS + 20 * _HOUR),
            Outage("tally", _BEGINS + _HOUR, _BEGINS + 22 * _HOUR),
            Outage("deliver", _MONDAY, _MONDAY + 30 * _HOUR),
            Outage("record_feedback", _MONDAY, _MONDAY + 20 * _HOUR),
        ],
        **_ALWAYS,
    )


WEATHERS: dict[str, Callable[[], Faults]] = {
    "calm": lambda: Faults(**_ALWAYS),
    "ses fails": _bad(ses_errors=0.15, ses_lost_answers=0.1, ses_hangs=0.15),
    "ses is silent": _bad(
        silent_emails=0.3,
        lost_events={"send": 0.3, "delivery": 1.0, "bounce": 0.3, "complaint": 0.3, "out_of_office": 0.3},
    ),
    "calls fail": _bad(lost_answers=0.03, conflicts=0.03, throttles=0.02),
    "functions die": _bad(crashes=0.01, short_runs=0.2, repeats=0.1, preemptions=0.03),
    "outages": _outages,
    "dead mappings": _dead_mappings,
}

BAD_WEATHERS = [name for name in WEATHERS if name != "calm"]
