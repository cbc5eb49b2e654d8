"""The faults of the soak: Lambda workers are killed; SES throttles, fails and loses answers."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from random import Random

    from tests.running import RunningStack


_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Killer:
    """Kills busy workers of this stack's functions, which it finds by the folder in which they run."""

    def __init__(self, stack: RunningStack, rng: Random, pause: tuple[float, float]) -> None:
        self.killed: Counter[str] = Counter()
        self._folder = (stack.state / "emulator" / "tmp").resolve()
        self._functions = {physical: logical for logical, physical in stack.functions.items()}
        self._emulator = 0
        self._rng = rng
        self._pause = pause
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._kill_repeatedly, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def kill(self, function: str) -> int:
        """Kill all workers of a function; return how many there were."""
        found = [worker for worker, its in self._workers().items() if its == function]
        for worker in found:
            self._kill(worker, function)
        return len(found)

    def _kill_repeatedly(self) -> None:
        due = self.cpu_seconds() + self._rng.uniform(*self._pause)
        while not self._is_over.wait(0.3):
            if is_due := self.cpu_seconds() >= due:
                due = self.cpu_seconds() + self._rng.uniform(*self._pause)
            # Kill a worker only if it is busy now. Waiting for a busy one would kill each worker as it starts. The
            # first one of each function waits for no pause, because some are seldom busy.
            if busy := {worker: its for worker, its in self._busy().items() if is_due or not self.killed[its]}:
                # The function with the fewest kills, so that none is left out.
                function = min(sorted(set(busy.values())), key=self.killed.__getitem__)
                self._kill(self._rng.choice([worker for worker, its in busy.items() if its == function]), function)

    def _kill(self, worker: int, function: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
            self.killed[function] += 1

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the stack, a measure of time on a busy machine, too.

        The emulator's own include those of ended workers.
        """
        workers = self._workers()
        self._emulator = next(map(_parent, workers), self._emulator)
        return sum(map(_ticks, (self._emulator, *workers))) / _TICKS_A_SECOND

    def _busy(self) -> dict[int, str]:
        workers = self._workers()
        before = {worker: _ticks(worker) for worker in workers}
        time.sleep(0.05)
        return {worker: function for worker, function in workers.items() if _ticks(worker) > before[worker]}

    def _workers(self) -> dict[int, str]:
        """Return the function of each worker process. MiniStack names a worker's folder after its function."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                folder = (process / "cwd").readlink().relative_to(self._folder).parts[0]
                name = folder.removeprefix("ministack-lambda-").rpartition("-")[0]
                if name in self._functions:
                    found[int(process.name)] = self._functions[name]
        return found


def _stat(process: int) -> list[int]:
    """Return the fields of proc_pid_stat(5) from the fourth (the parent) on; zeros for a process that has ended."""
    try:
        return [
            int(field)
            for field in Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1:]
        ]
    except OSError:
        return [0] * 20


def _parent(process: int) -> int:
    return _stat(process)[0]


def _ticks(process: int) -> int:
    """Return the CPU time of a process and its ended children, in the kernel's clock ticks."""
    return sum(_stat(process)[10:14])


class Ses:
    """The local SES with faults: some sends are throttled, fail, or get no answer although the email was sent."""

    SHARES: ClassVar = {"throttle": 0.01, "failure": 0.005, "lost answer": 0.01}

    def __init__(self, stack: RunningStack, seed: int) -> None:
        self._key_header = stack.key_header
        self._address = f"{stack.environment['AWS_ENDPOINT_URL_SESV2']}/_control"
        self.control(seed=seed, max_send_rate=1000)

    def control(self, **wanted: Any) -> dict[str, Any]:
        asked = Request(self._address, json.dumps(wanted).encode(), self._key_header)  # noqa: S310
        with urlopen(asked, timeout=60) as answer:  # noqa: S310
            known: dict[str, Any] = json.loads(answer.read())
        return known

    def start_faults(self) -> None:
        self.control(shares=self.SHARES)

    def stop_faults(self) -> dict[str, int]:
        """Stop the faults. Return how many sends met each of them."""
        met: dict[str, int] = self.control(shares={})["met"]
        return met
