"""What goes wrong meanwhile: Lambda's workers are killed, SES throttles, fails and loses its answers."""

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

    from undersigned_cli.local.running import RunningStack


_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Killer:
    """Kills workers of this stack's functions that are at work; by the folder that they run in, it knows them."""

    def __init__(self, stack: RunningStack, chance: Random, pause: tuple[float, float]) -> None:
        self.killed: Counter[str] = Counter()
        self._folder = (stack.state / "emulator" / "tmp").resolve()
        self._functions = {physical: logical for logical, physical in stack.functions.items()}
        self._emulator = 0
        self._chance = chance
        self._pause = pause
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._kill_now_and_then, daemon=True)

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

    def _kill_now_and_then(self) -> None:
        due = self.spent() + self._chance.uniform(*self._pause)
        while not self._is_over.wait(0.3):
            if self.spent() < due:
                continue
            # Who works just then is hit. A moment at which nobody does passes, or each would die as it begins.
            due = self.spent() + self._chance.uniform(*self._pause)
            if busy := self._busy():
                # The function that was hit least, so that none is spared.
                function = min(sorted(set(busy.values())), key=self.killed.__getitem__)
                self._kill(self._chance.choice([worker for worker, its in busy.items() if its == function]), function)

    def _kill(self, worker: int, function: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
            self.killed[function] += 1

    def spent(self) -> float:
        """Return the processor's seconds that the stack has had: what counts as time on a busy machine, too.

        The emulator's own hold those of the workers that are gone.
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
        """Return the function of each worker process: MiniStack names its folder after the function."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                place = (process / "cwd").readlink().relative_to(self._folder).parts[0]
                name = place.removeprefix("ministack-lambda-").rpartition("-")[0]
                if name in self._functions:
                    found[int(process.name)] = self._functions[name]
        return found


def _stat(process: int) -> list[int]:
    """Return proc_pid_stat(5) from its fourth field on, which is the parent; zeros for a process that is gone."""
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
    """Return how much processor time a process and its children that ended have had, in the kernel's ticks."""
    return sum(_stat(process)[10:14])


class Ses:
    """The local SES, having bad days: some sends are throttled, fail, or get no answer although the mail went."""

    SHARES: ClassVar = {"throttle_share": 0.01, "fail_share": 0.005, "lose_answers_share": 0.01}
    TROUBLES = ("throttle", "failure", "lost answer")

    def __init__(self, stack: RunningStack, seed: int) -> None:
        self._address = f"{stack.environment['AWS_ENDPOINT_URL_SESV2']}/_control"
        self.control(seed=seed, max_send_rate=1000)

    def control(self, **wanted: Any) -> dict[str, Any]:
        with urlopen(Request(self._address, json.dumps(wanted).encode()), timeout=60) as answer:  # noqa: S310
            known: dict[str, Any] = json.loads(answer.read())
        return known

    def get_worse(self) -> None:
        self.control(**self.SHARES)

    def recover(self) -> dict[str, int]:
        """Have good days again; return how many sends met which trouble."""
        met: dict[str, int] = self.control(**dict.fromkeys(self.SHARES, 0))["met"]
        return met
