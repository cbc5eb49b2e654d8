"""Hours: what became due since an hourly run was last complete, so that none is lost and none counts twice."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.services.ports import HourlyRun, HourlyRunStore

_HOUR = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(kw_only=True, frozen=True, slots=True)
class Hours:
    """Gives each hourly run the time since the last complete one."""

    runs: HourlyRunStore
    clock: Callable[[], datetime]

    @contextmanager
    def since_last(self, run: HourlyRun, scheduled: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the moment until which everything was done, and the one until which this run does it.

        The second is recorded at the end. After an error it isn't, so the next run does all of it again, which must be
        harmless. A run that was missed is caught up by the next one. A run for a time to come, which a person can
        start, does nothing early.
        """
        until = min(scheduled, self.clock() + _CLOCKS_DIFFER)
        after = self.runs.done_until(run)
        if after is None:
            # Recorded at once, so that a stack whose first run fails doesn't lose its hour.
            after = until - _HOUR
            self.runs.record(run, after)
        yield after, until
        self.runs.record(run, until)
