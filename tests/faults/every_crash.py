"""Crash at every AWS call, before it and after it, and see that nothing is lost, doubled or miscounted.

A scenario runs once. At each call that a function makes the process forks: the child crashes there, lets AWS do what it
does then, and checks what must hold; the parent goes on to the next call. So each call is found and reached by itself.

    python -m tests.faults.every_crash [--twice] [--pairs SHARE] [--all] [--to-the-end] [--seed SEED] [SCENARIO …]

A process keeps nothing, so two crashes with the same writes behind them leave the same. Of these one is tried, or with
`--all` each: after every write of an invocation; and before its first one, as if it came later, once a function. When
nothing is left to come and all is as it was there without a crash, a child stops, or with `--to-the-end` goes on.
"""

from __future__ import annotations

import argparse
import ast
import gc
import io
import json
import os
import pickle
import random
import secrets
import sys
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests import figures, permissions_from_template
from tests.faults.invariants import breaches, letters_text, state_of, words_of
from tests.faults.platform import CrashError, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from undersigned.rendering.packets import Packet

Kind = Literal["before", "after", "twice"]
"""`before` a call, it has no effect; `after` it, the answer is lost with the process; `twice`: only the answer is lost,
and botocore makes the call again."""

_READS = ("Get", "BatchGet", "Query", "List", "Head")

_NEVER_TWICE = ("dynamodb:TransactWriteItems", "sesv2:SendEmail")
"""botocore gives a transaction a token, by which DynamoDB answers the second one like the first; our client of SES
makes no call again."""

_LATEST_SECOND = 40
"""The calls after a crash among which the second one of a pair falls."""

ADAPTERS = Path(__file__).parents[2] / "layers" / "shared" / "undersigned" / "aws"


@dataclass
class Report:
    """What came of the runs; the counters are by function."""

    calls: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    alike: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    early: int = 0
    failures: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)

    def as_json(self) -> str:
        """Write the report for another process."""
        return json.dumps(
            {name: sorted(value) if isinstance(value, set) else value for name, value in vars(self).items()}
        )

    def figures(self) -> dict[str, object]:
        """Return what docs/reliability.md says of the runs."""
        return {
            "AWS calls in the scenarios of crashes": f"{self.calls.total():,}",
            "Crashes tried": f"{self.tried.total():,}",
            "Of them survived, with nothing lost, doubled or miscounted": f"{self.survived.total():,}",
            "Of them pairs of crashes": f"{self.pairs:,}",
        }

    def table(self) -> str:
        """Lay the report out: function, calls, crash points, survived."""
        lines = [f"{'function':22}{'calls':>7}{'crashes':>9}{'survived':>10}{'alike, not tried':>18}"]
        lines += [
            f"{name:22}{self.calls[name]:>7}{self.tried[name]:>9}{self.survived[name]:>10}{self.alike[name]:>18}"
            for name in sorted(self.calls)
        ]
        sums = (sum(counter.values()) for counter in (self.calls, self.tried, self.survived, self.alike))
        lines.append("{:22}{:>7}{:>9}{:>10}{:>18}".format("in all", *sums))
        lines.append(f"among them {self.pairs} pairs; {self.early} times all was soon as it is without a crash")
        return "\n".join([*lines, *self.failures])


@dataclass(frozen=True)
class Thoroughness:
    """Whether to crash at states that are alike, lose answers alone, and run to the end; the share of pairs."""

    at_all: bool
    twice: bool
    to_the_end: bool
    pairs: float


@dataclass
class Child:
    """A process that crashes at a point, and where it reports."""

    pipe: int
    point: str
    function: str


class Forking:
    """Watches a scenario and forks at each call; a child crashes there, and perhaps once more."""

    def __init__(self, scenario: str, report: Report, rng: random.Random, thoroughness: Thoroughness) -> None:
        self._scenario = scenario
        self._report = report
        self._rng = rng
        self._at_all = thoroughness.at_all
        self._twice = thoroughness.twice
        self._pairs = thoroughness.pairs
        self._children: dict[int, Child] = {}
        self._calls = 0
        self._is_new_state = True
        # In a child:
        self.pipe: int | None = None
        self.point = ""
        self._until_second: int | None = None
        self.crashed_twice = False

    # What the platform tells

    def before(self, function: str, operation: str, _params: Mapping[str, Any]) -> None:
        """Crash before a call."""
        if self.pipe is not None:
            self._crash_again(function)
            return
        self._calls += 1
        self._report.calls[function] += 1
        self._report.reached |= _adapters_on_the_stack()
        self._is_new_state = function not in self._report.begun
        self._report.begun.add(function)
        if self._forks("before", function, operation):
            raise CrashError(function)

    def after(self, function: str, operation: str) -> None:
        """Crash after a call."""
        if self.pipe is not None:
            return
        self._is_new_state = _writes(operation)
        if self._forks("after", function, operation):
            raise CrashError(function)

    def retries(self, function: str, operation: str) -> bool:
        """Lose the answer to a call that writes, but not the process."""
        if self.pipe is not None or not self._twice or operation in _NEVER_TWICE or not _writes(operation):
            return False
        self._is_new_state = True
        return self._forks("twice", function, operation)

    # Processes

    def _forks(self, kind: Kind, function: str, operation: str) -> bool:
        """Fork, and say whether this is the child."""
        if not (self._is_new_state or self._at_all):
            self._report.alike[function] += 1
            return False
        point = f"{self._scenario}, call {self._calls}: {function} {kind} {operation}"
        if self._fork(point, function, None):
            return True
        if kind != "twice" and self._rng.random() < self._pairs:
            return self._fork(f"{point}, and again", function, self._rng.randint(1, _LATEST_SECOND))
        return False

    def _fork(self, point: str, function: str, until_second: int | None) -> bool:
        while len(self._children) >= (os.cpu_count() or 1):
            self._reap()
        readable, writable = os.pipe()
        if pid := os.fork():
            os.close(writable)
            self._children[pid] = Child(readable, point, function)
            return False
        os.close(readable)
        self.pipe, self.point, self._until_second = writable, point, until_second
        return True

    def _crash_again(self, function: str) -> None:
        if self._until_second is None:
            return
        self._until_second -= 1
        if self._until_second <= 0:
            self._until_second, self.crashed_twice = None, True
            raise CrashError(function)

    def _reap(self) -> None:
        """Wait for a child, and add what it says to the report."""
        pid, _ = os.wait()
        child = self._children.pop(pid)
        with os.fdopen(child.pipe) as pipe:
            said = pipe.read()
        found: dict[str, Any] = json.loads(said) if said else {"failures": ["its process died"]}
        self._report.tried[child.function] += 1
        self._report.survived[child.function] += not found["failures"]
        self._report.failures += [f"{child.point}: {failure}" for failure in found["failures"]]
        self._report.pairs += found.get("pair", False)
        self._report.early += found.get("early", False)
        self._report.used |= set(found.get("used", ()))

    def reap_all(self) -> None:
        """Wait for every child."""
        while self._children:
            self._reap()


def _writes(operation: str) -> bool:
    return not operation.partition(":")[2].startswith(_READS)


def _adapters_on_the_stack() -> set[str]:
    """Return which of the adapters' methods are making a call."""
    found = set()
    frame: FrameType | None = sys._getframe(1)
    while frame:
        if Path(frame.f_code.co_filename).parent == ADAPTERS:
            found.add(frame.f_code.co_qualname.partition(".<locals>")[0])
        frame = frame.f_back
    return found


def adapters() -> set[str]:
    """Return the adapters' public methods, those that make calls to AWS."""
    return {
        f"{kind.name}.{method.name}"
        for file in ADAPTERS.glob("*.py")
        for kind in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(kind, ast.ClassDef) and any("_client" in ast.dump(node) for node in kind.body)
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
    }


# Typesetting

type Memo = dict[str, Packet]


@contextmanager
def _typesetting_once(memo: Memo, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Typeset equal letters once in all: it takes most of a run's time, and equal input gives equal bytes."""
    from undersigned import wiring  # noqa: PLC0415
    from undersigned.rendering import packets  # noqa: PLC0415

    typeset, fonts = packets.typeset, wiring.font_book

    def remembered(cover: Any, letters: Sequence[Any], _fonts: object) -> Packet:
        asked = repr((cover, letters))
        if asked not in memo:
            memo[asked] = typeset(cover, letters, fonts())
        return memo[asked]

    patch.setattr(packets, "typeset", remembered)
    # The typesetter's threads would not outlive a fork, so it must not begin in a process that forks.
    patch.setattr(wiring, "font_book", lambda: None)
    yield


@dataclass(frozen=True)
class Calm:
    """A scenario without any crash: what it typeset, and how all stood each time that nothing was left to come."""

    memo: Memo
    states: list[str]


def _without_crash(scenario: str) -> Calm:
    """Run a scenario once in a process of its own."""
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.close(readable)
        calm = Calm({}, [])
        try:
            with pytest.MonkeyPatch.context() as patch:
                failures = _run(scenario, None, calm, patch, random.Random(0), to_the_end=True)  # noqa: S311
            with os.fdopen(writable, "wb") as pipe:
                pickle.dump(failures or calm, pipe)
        except BaseException:  # noqa: BLE001  (this process ends here, and its parent sees that it said nothing)
            traceback.print_exc()
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        said = pipe.read()
    os.wait()
    made: Calm | list[str] = pickle.loads(said) if said else ["see above"]  # noqa: S301  (of our own process)
    if not isinstance(made, Calm):
        sys.exit("\n".join([f"{scenario} does not get through without any crash:", *made]))
    return made


# Runs


def _run(
    scenario: str, watch: Forking | None, calm: Calm, patch: pytest.MonkeyPatch, rng: random.Random, *, to_the_end: bool
) -> list[str]:
    """Run a scenario to its end and return what does not hold; without a watch, note in `calm` how it goes."""
    from tests.faults.scenarios import SCENARIOS  # noqa: PLC0415
    from tests.world import world as in_memory  # noqa: PLC0415
    from undersigned.aws import export_files  # noqa: PLC0415
    from undersigned.services import packing  # noqa: PLC0415

    played = SCENARIOS[scenario]
    # So few letters make two bundles, two packets, and a file that goes in parts all the same.
    patch.setattr(export_files, "_PART", 64)
    patch.setattr(packing, "PACKET_SIZE", 2)
    patch.setattr(packing, "ATTACHMENT_LIMIT", played.attachment_limit)
    with _typesetting_once(calm.memo, patch), in_memory(patch, bundle_size=2, publishes_events=True) as world:
        platform = Platform(world, rng, watch)
        platform.keep_targets(played.targets)
        places = count()

        def compare() -> None:
            place = next(places)
            if watch is None:
                calm.states.append(state_of(platform))
            elif watch.pipe is not None and not to_the_end and state_of(platform) == calm.states[place]:
                _say(watch, _said_and_given_up(platform), early=True)

        platform.when_quiet = compare
        try:
            fates = played.play(platform)
            found = _what_does_not_hold(platform, fates)
        except Exception:  # noqa: BLE001  (whatever stops a run is what is wrong with it)
            found = [traceback.format_exc()]
        if watch and watch.pipe is not None:
            _say(watch, found)
        return found


def _what_does_not_hold(platform: Platform, fates: Mapping[Any, int]) -> list[str]:
    arrived = [letters_text(mail) for mail in platform.world.deliveries if mail.message_id not in platform.returned]
    times = {person: sum(text.count(person.address) for text in arrived) for person in fates}
    return [
        *breaches(platform.world, returned=platform.returned),
        *(
            f"{person.name}'s letter arrived {times[person]} times, not {due}"
            for person, due in fates.items()
            if times[person] != due
        ),
        *_said_and_given_up(platform),
    ]


def _said_and_given_up(platform: Platform) -> list[str]:
    """List what was given up, and what is personal in the logs: everybody's address has this domain or this street."""
    logs = sys.stdout.getvalue() if isinstance(sys.stdout, io.StringIO) else ""
    return [
        *(f"given up: {function}" for function in platform.dead_letters),
        *(f"the logs say {word!r}" for word in ("@signers.example", " Place") if word in logs),
    ]


def _say(watch: Forking, failures: list[str], *, early: bool = False) -> None:
    """Report to the parent, and end this process."""
    assert watch.pipe is not None
    said = {
        "failures": failures,
        "early": early,
        "pair": watch.crashed_twice,
        "used": sorted(permissions_from_template.used),
    }
    with os.fdopen(watch.pipe, "w") as pipe:
        json.dump(said, pipe)
    os._exit(0)


def crash_everywhere(scenario: str, report: Report, thoroughness: Thoroughness, seed: str) -> None:
    """Run a scenario, crash at each of its calls, and add what came of it to the report."""
    calm = _without_crash(scenario)
    for packet in calm.memo.values():
        words_of(packet.pdf)
    # Load now what a process loads at its first use, so that no child has to.
    with pytest.MonkeyPatch.context() as patch:
        _run(scenario, None, Calm(calm.memo, []), patch, random.Random(0), to_the_end=True)  # noqa: S311
    # What is there now is no garbage; to look through it would copy it in each child.
    gc.collect()
    gc.freeze()
    watch = Forking(scenario, report, random.Random(seed), thoroughness)  # noqa: S311
    with pytest.MonkeyPatch.context() as patch:
        found = _run(scenario, watch, calm, patch, random.Random(0), to_the_end=thoroughness.to_the_end)  # noqa: S311
    watch.reap_all()
    report.failures += [f"{scenario}, between crashes: {failure}" for failure in found]
    report.used |= permissions_from_template.used


def main() -> None:
    """Read the command line, crash everywhere, print the table; exits with 1 when something did not hold."""
    parser = argparse.ArgumentParser(description="Crash at every AWS call of a scenario")
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--all", action="store_true", help="crash at states that are alike, too")
    parser.add_argument("--twice", action="store_true", help="lose answers without the process, too")
    parser.add_argument("--to-the-end", action="store_true", help="go on when all is as without a crash, too")
    parser.add_argument("--pairs", type=float, default=0.02, help="the share of crashes that another one follows")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--json", type=Path, help="write the report to a file, too")
    parser.add_argument("--figures-of", help="write the figures into docs/reliability.md, as this command's")
    asked = parser.parse_args()
    # The functions' loggers write to what stdout is when they are loaded.
    printed, sys.stdout = sys.stdout, io.StringIO()
    from tests.faults.scenarios import SCENARIOS  # noqa: PLC0415

    report = Report()
    thoroughness = Thoroughness(asked.all, asked.twice, asked.to_the_end, asked.pairs)
    for scenario in asked.scenarios or SCENARIOS:
        crash_everywhere(scenario, report, thoroughness, asked.seed)
    sys.stdout = printed
    print(f"seed {asked.seed}", report.table(), sep="\n")  # noqa: T201
    if asked.json:
        asked.json.write_text(report.as_json(), encoding="utf-8")
    if asked.figures_of:
        figures.write(asked.figures_of, report.figures())
    sys.exit(bool(report.failures))


if __name__ == "__main__":
    main()
