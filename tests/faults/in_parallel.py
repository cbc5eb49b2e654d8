"""Processes that run at the same time on the platform, in virtual time: a pause of one lets the others go on.

The platform runs one thing after the other. Three readers that wait for SES would be too slow so. Here each reader is a
thread. Only one runs at a time: the one that is due next.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.search.platform import Platform, Running


@dataclass
class Processes:
    """Processes around a platform, by its clock."""

    platform: Platform
    failures: list[BaseException] = field(default_factory=list)
    _due: list[tuple[datetime, int, threading.Semaphore]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _paused: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _is_over: bool = False

    def __post_init__(self) -> None:
        """Let the functions' pauses be those of their processes."""
        self.platform.world.sleep = self.sleep

    def begin(self, act: Callable[[], object]) -> None:
        """Begin a process, which ends with `act` or with all others."""
        turn = self._wait_until(self.platform.now)

        def run() -> None:
            turn.acquire()
            try:
                if not self._is_over:
                    act()
            except OverError:
                pass  # All processes end.
            except BaseException as error:  # noqa: BLE001  (it is raised where the processes are run)
                self.failures.append(error)
            finally:
                self._paused.release()

        threading.Thread(target=run, daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """Let the others go on for so many seconds."""
        invocations = self.platform._running
        turn = self._wait_until(self.platform.now + timedelta(seconds=seconds))
        self._paused.release()
        turn.acquire()
        self.platform._running = invocations
        if self._is_over:
            raise OverError

    def run_until(self, is_over: Callable[[], bool]) -> None:
        """Run what is due next until it is over, and then end all processes. Raises the first error of one of them."""
        while self._due:
            self._is_over = self._is_over or is_over() or bool(self.failures)
            at, _, turn = heappop(self._due)
            self.platform.world.clock.now = max(self.platform.now, at)
            own: list[Running] = []
            self.platform._running = own
            turn.release()
            self._paused.acquire()
        for failure in self.failures:
            raise failure

    def _wait_until(self, moment: datetime) -> threading.Semaphore:
        turn = threading.Semaphore(0)
        heappush(self._due, (moment, next(self._numbers), turn))
        return turn


class OverError(BaseException):
    """All processes end. No `except Exception` sees this."""
