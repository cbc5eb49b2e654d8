"""Crash before and after every AWS call, and check that nothing is lost, doubled or miscounted.

A scenario runs once. At each AWS call of a function, the process forks. The child crashes there, does what AWS does
after a crash, and checks the invariants. The parent goes on to the next call. So every call is reached, without a list.

    python -m tests.search.every_crash [--sample SHARE] [--twice] [--pairs SHARE] [--all] [--to-the-end] [--other-code]
        [--weather NAME …] [--seed SEED] [SCENARIO …]

A process keeps no state, so two crashes that follow the same writes leave the same state. One of them is tried, or each
with `--all`: one crash after each write, and one before the first call of each function. With `--sample`, only this
share of them is tried, chosen by the seed, and the first crash of each function. A child stops as soon as nothing is
pending and the state is the same as in the run without a crash. With `--to-the-end`, it goes on.

With `--weather`, AWS misbehaves meanwhile, and another version of the code goes on after the crash. In the end
everything works again, and the schedules run as always. `--weather all` tries one after the other, `bad` all but the
calm one, and `any` a bad one for each scenario, chosen by the seed.

With `--other-code`, another version of the code goes on after the crash, as after a deploy: with larger packets and
bundles, and with links instead of attachments. Then the same with smaller ones, as after a deploy that is rolled back.
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
import sys
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, cycle, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, override

import pytest

from tests.search.invariants import breaches, handed_over, letters_text, state_of, stored_text, words_of
from tests.search.platform import CrashError, Platform
from tests.search.stored import deliveries_in, rows_of
from tests.search.weathers import BAD_WEATHERS, WEATHERS
from tests.support import figures, seeds
from tests.support.product_files import ADAPTERS, product_files
from tests.support.world import PICTURES, Watch
from undersigned_cli.local import permissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from tests.support.world import World
    from undersigned.delivering.printing.packets import Packet

Kind = Literal["before", "after", "twice"]
"""`before`: the call has no effect. `after`: the call takes effect, and the process ends before the answer arrives.
`twice`: only the answer is lost, and botocore repeats the call."""

_READS = ("Get", "BatchGet", "Query", "Scan", "List", "Head")

_NEVER_TWICE = ("dynamodb:TransactWriteItems", "sesv2:SendEmail")
"""botocore sends a token with a transaction, so DynamoDB answers a repeated one like the first. Our SES client never
repeats a call."""


@dataclass(frozen=True)
class Code:
    """Settings that a deploy can change. The limits are so low that few letters make several bundles and packets."""

    packet_size: int = 2
    bundle_size: int = 2
    attaches: bool = True

    def deploy(self, world: World, attached: int) -> None:
        """Start all functions anew, with this code."""
        world.limit(packet_size=self.packet_size, attached=attached if self.attaches else 0)
        world.variables["BUNDLE_SIZE"] = str(self.bundle_size)
        world.restart()


OLD = Code()
NEW = Code(packet_size=3, bundle_size=3, attaches=False)

_MOST_CALLS_BETWEEN = 40
"""The second crash of a pair comes at most this many calls after the first."""

_MOST_VISITS = 24
"""How often a person comes back in bad weather, an hour later each time."""

FILES_OF_ADAPTERS = {str(file) for file in product_files(*ADAPTERS)}


@dataclass
class Report:
    """The results of the runs. The counters are per function."""

    calls: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    early: int = 0
    weathers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    crashed: set[str] = field(default_factory=set)

    def as_json(self) -> str:
        """Return the report as JSON, for another process."""
        return json.dumps(
            {name: sorted(value) if isinstance(value, set) else value for name, value in vars(self).items()}
        )

    def figures(self) -> dict[str, object]:
        """Return the figures for docs/reliability.md."""
        if "calm" not in self.weathers:
            return {
                "Crashes tried in bad weather": f"{self.tried.total():,}",
                "Crashes in bad weather after which nothing was lost, doubled or miscounted": (
                    f"{self.survived.total():,}"
                ),
            }
        return {
            "AWS calls in the crash scenarios": f"{self.calls.total():,}",
            "Crashes tried": f"{self.tried.total():,}",
            "Crashes after which nothing was lost, doubled or miscounted": f"{self.survived.total():,}",
            "Pairs of crashes among them": f"{self.pairs:,}",
        }

    def table(self) -> str:
        """Return the report as a table: function, calls, crashes, survived, and the skipped calls."""
        lines = [f"{'function':22}{'calls':>7}{'crashes':>9}{'survived':>10}{'skipped':>9}"]
        lines += [
            f"{name:22}{self.calls[name]:>7}{self.tried[name]:>9}{self.survived[name]:>10}{self.skipped[name]:>9}"
            for name in sorted(self.calls)
        ]
        sums = (sum(counter.values()) for counter in (self.calls, self.tried, self.survived, self.skipped))
        lines.append("{:22}{:>7}{:>9}{:>10}{:>9}".format("total", *sums))
        lines.append(f"{self.pairs} crashes were pairs; {self.early} runs ended early, in the state without a crash")
        lines += [f"{times} crashes in this weather: {weather}" for weather, times in self.weathers.items()]
        return "\n".join([*lines, *self.failures])


@dataclass(kw_only=True, frozen=True)
class Thoroughness:
    """How thorough to be.

    The share of the crashes to try, and of pairs; whether to crash again where the state is the same, to lose only
    answers, and to run to the end; the code before and after a crash; the weather, and the seed of its faults.
    """

    sample: float
    all_states: bool
    twice: bool
    to_the_end: bool
    pairs: float
    versions: tuple[Code, Code] = (OLD, OLD)
    weather: str = "calm"
    seed: str = ""

    @property
    def is_calm(self) -> bool:
        return self.weather == "calm"


@dataclass
class Child:
    """A child process: the pipe through which it reports, and where it crashes."""

    pipe: int
    point: str
    function: str


class Forking(Watch):
    """Watches a scenario and forks at each call. The child crashes there, and perhaps once more."""

    def __init__(self, scenario: str, report: Report, rng: random.Random, thoroughness: Thoroughness) -> None:
        self._scenario = scenario
        self._report = report
        self._rng = rng
        self._sample = thoroughness.sample
        self._all_states = thoroughness.all_states
        self._twice = thoroughness.twice
        self._pairs = thoroughness.pairs
        self._weather = thoroughness.weather
        self._children: dict[int, Child] = {}
        self._calls = 0
        self._is_new_state = True
        self.is_over = False
        # In a child:
        self.pipe: int | None = None
        self.point = ""
        self._until_second: int | None = None
        self.crashed_twice = False
        self.when_crashing: Callable[[], None] = lambda: None

    # Called by the platform

    @override
    def before(self, function: str, operation: str, _params: Mapping[str, Any]) -> None:
        """Crash before a call."""
        if self.pipe is not None:
            self._crash_again(function)
            return
        if self.is_over:
            return
        self._calls += 1
        self._report.calls[function] += 1
        self._report.reached |= _adapters_on_the_stack()
        self._is_new_state = function not in self._report.begun
        self._report.begun.add(function)
        if self._forks("before", function, operation):
            self._crash(function)

    @override
    def after(self, function: str, operation: str) -> None:
        """Crash after a call."""
        if self.pipe is not None or self.is_over:
            return
        self._is_new_state = _writes(operation)
        if self._forks("after", function, operation):
            self._crash(function)

    @override
    def retries(self, function: str, operation: str) -> bool:
        """Lose the answer to a write, but not the process."""
        if (
            self.pipe is not None
            or self.is_over
            or not self._twice
            or operation in _NEVER_TWICE
            or not _writes(operation)
        ):
            return False
        self._is_new_state = True
        return self._forks("twice", function, operation)

    # Processes

    def _forks(self, kind: Kind, function: str, operation: str) -> bool:
        """Fork unless the state is known, and return whether this is the child."""
        if not (self._is_new_state or self._all_states) or not self._is_in_sample(function):
            self._report.skipped[function] += 1
            return False
        point = f"{self._scenario}, {self._weather}, call {self._calls}: {function} {kind} {operation}"
        if self._fork(point, function, None):
            return True
        if kind != "twice" and self._rng.random() < self._pairs:
            return self._fork(f"{point}, and again", function, self._rng.randint(1, _MOST_CALLS_BETWEEN))
        return False

    def _is_in_sample(self, function: str) -> bool:
        is_first = function not in self._report.crashed
        self._report.crashed.add(function)
        return is_first or self._rng.random() < self._sample

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
            self._crash(function)

    def _crash(self, function: str) -> NoReturn:
        self.when_crashing()
        raise CrashError(function)

    def _reap(self) -> None:
        """Wait for a child and add its result to the report."""
        pid, _ = os.wait()
        child = self._children.pop(pid)
        with os.fdopen(child.pipe) as pipe:
            result = pipe.read()
        found: dict[str, Any] = json.loads(result) if result else {"failures": ["its process died"]}
        self._report.tried[child.function] += 1
        self._report.weathers[self._weather] += 1
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
    """Return the adapter methods on the call stack."""
    found = set()
    frame: FrameType | None = sys._getframe(1)
    while frame:
        if frame.f_code.co_filename in FILES_OF_ADAPTERS:
            found.add(frame.f_code.co_qualname.partition(".<locals>")[0])
        frame = frame.f_back
    return found


def adapters() -> set[str]:
    """Return the adapters' public methods that call AWS."""
    return {
        f"{kind.name}.{method.name}"
        for file in product_files(*ADAPTERS)
        for kind in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(kind, ast.ClassDef)
        and any(attribute in ast.dump(kind) for attribute in ("'_client'", "'_table'"))
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
    }


# Typesetting

type Memo = dict[str, Packet]


@contextmanager
def _quick_typesetting(memo: Memo, patch: pytest.MonkeyPatch, *, real: bool) -> Iterator[None]:
    """Typeset equal letters only once: typesetting takes most of a run's time, and equal input gives equal bytes.

    If packets need not be `real`, write the letters' text only.
    """
    from undersigned.base import fonts  # noqa: PLC0415
    from undersigned.delivering.printing import packets  # noqa: PLC0415
    from undersigned.workshop.printing import share_pictures  # noqa: PLC0415

    typeset, font_book = packets.typeset, fonts.font_book

    def plain(_cover: Any, letters: Sequence[Any], *_: object) -> Packet:
        pdf = "\n".join(map(repr, letters)).encode()
        return packets.Packet(pdf, {}, accessible=True)

    def memoized(cover: Any, letters: Sequence[Any], _fonts: object, paper_size: Any) -> Packet:
        given = repr((cover, letters, paper_size))
        if given not in memo:
            memo[given] = typeset(cover, letters, font_book(), paper_size)
        return memo[given]

    patch.setattr(packets, "typeset", memoized if real else plain)
    # Threads don't survive a fork, so the typesetter must not start in a process that forks.
    patch.setattr(fonts, "font_book", lambda: None)
    patch.setattr(share_pictures, "share_pictures", lambda _campaign: PICTURES)
    yield


@dataclass(frozen=True)
class Baseline:
    """A run without a crash: its typeset packets, and the state each time that nothing was pending."""

    memo: Memo
    states: list[str]


def _run_without_crash(scenario: str, thoroughness: Thoroughness) -> Baseline:
    """Run a scenario once without a crash, in a process of its own."""
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.close(readable)
        baseline = Baseline({}, [])
        try:
            with pytest.MonkeyPatch.context() as patch:
                failures = _run(scenario, None, baseline, patch, thoroughness)
            with os.fdopen(writable, "wb") as pipe:
                pickle.dump(failures or baseline, pipe)
        except BaseException:  # noqa: BLE001  (this process ends here, and its parent sees that nothing was written)
            traceback.print_exc()
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        result = pipe.read()
    os.wait()
    made: Baseline | list[str] = pickle.loads(result) if result else ["see above"]  # noqa: S301  (our own process's)
    if not isinstance(made, Baseline):
        sys.exit("\n".join([f"{scenario}, {thoroughness.weather}, fails even without a crash:", *made]))
    return made


# Runs


def _run(
    scenario: str,
    watch: Forking | None,
    baseline: Baseline,
    patch: pytest.MonkeyPatch,
    thoroughness: Thoroughness,
) -> list[str]:
    """Run a scenario to its end and return what is wrong. Without a watch, record the states in `baseline`."""
    from tests.search.scenarios import SCENARIOS, everything_works_again  # noqa: PLC0415
    from tests.support.world import world as in_memory  # noqa: PLC0415

    played = SCENARIOS[scenario]
    with (
        _quick_typesetting(baseline.memo, patch, real=thoroughness.is_calm),
        in_memory(patch, fast=True) as world,
    ):
        rng = random.Random(f"{thoroughness.seed} {scenario} {thoroughness.weather}")  # noqa: S311
        platform = Platform(world, rng, watch, faults=WEATHERS[thoroughness.weather]())
        platform.visits = 1 if thoroughness.is_calm else _MOST_VISITS
        platform.keep_targets(played.targets)
        codes = cycle(thoroughness.versions)
        # So low that few rows, or a few PDFs, make an upload in parts.
        world.limit(upload_part=64, packets_on_page=played.on_page)
        next(codes).deploy(world, played.attached)
        if watch:
            watch.when_crashing = lambda: next(codes).deploy(world, played.attached)
        quiet_times = count()

        def compare() -> None:
            number = next(quiet_times)
            if watch is None:
                baseline.states.append(state_of(platform))
            elif (
                watch.pipe is not None
                and not thoroughness.to_the_end
                # An operator who tries once more waits once more.
                and [state_of(platform)] == baseline.states[number : number + 1]
            ):
                _report_and_exit(watch, _leaks_and_dead_letters(platform), early=True)

        platform.when_quiet = compare
        try:
            arrivals = played.play(platform)
            if not thoroughness.is_calm:
                if watch:
                    watch.is_over = True
                everything_works_again(platform)
                # The reconciliation or an operator repairs everything that dies in bad weather.
                platform.dead_letters.clear()
            found = _failures(platform, arrivals)
        except Exception:  # noqa: BLE001  (any error of a run is a failure to report)
            found = [traceback.format_exc()]
        if watch and watch.pipe is not None:
            _report_and_exit(watch, found)
        return found


def _failures(platform: Platform, arrivals: Mapping[Any, int]) -> list[str]:
    from tests.search.scenarios import is_cleared, was_erased  # noqa: PLC0415

    world = platform.world
    arrived = [letters_text(mail, world) for mail in world.deliveries if mail.message_id not in platform.bounced]
    arrived += [text for _, text in handed_over(world, deliveries_in(list(rows_of(world))))]
    times = {person: sum(text.count(person.address) for text in arrived) for person in arrivals}
    stored = stored_text(world)
    erased = {person for person in arrivals if was_erased(platform, person)}
    gone = erased | {person for person in arrivals if is_cleared(platform, person)}
    return [
        *breaches(world, bounced=platform.bounced),
        *(
            f"{person.name}'s letter arrived {times[person]} times, not {due}"
            for person, due in arrivals.items()
            # The letters that an email links to can be erased or cleared later.
            if times[person] != due and not (person in gone and times[person] < due)
        ),
        *(f"{person.name}'s letter is gone, and is still stored" for person in gone if person.address in stored),
        *_leaks_and_dead_letters(platform),
    ]


def _leaks_and_dead_letters(platform: Platform) -> list[str]:
    """List dead letters, and personal data in the logs: every signer's addresses have this domain and this street."""
    logs = sys.stdout.getvalue() if isinstance(sys.stdout, io.StringIO) else ""
    return [
        *(f"{function} made a dead letter" for function in platform.dead_letters),
        *(f"the logs contain {word!r}" for word in ("@signers.example", " Place") if word in logs),
    ]


def _report_and_exit(watch: Forking, failures: list[str], *, early: bool = False) -> None:
    """Report to the parent, and end this process."""
    assert watch.pipe is not None
    result = {
        "failures": failures,
        "early": early,
        "pair": watch.crashed_twice,
        "used": sorted(permissions.used),
    }
    with os.fdopen(watch.pipe, "w") as pipe:
        json.dump(result, pipe)
    os._exit(0)


def crash_everywhere(scenario: str, report: Report, thoroughness: Thoroughness) -> None:
    """Run a scenario, crash at each of its calls, and add the results to the report."""
    baseline = Baseline({}, [])
    if thoroughness.is_calm:
        baseline = _run_without_crash(scenario, thoroughness)
        for packet in baseline.memo.values():
            words_of(packet.pdf)
    if thoroughness.is_calm or not report.begun:
        # Load now what is loaded at its first use, so that no child has to.
        with pytest.MonkeyPatch.context() as patch:
            _run(scenario, None, Baseline(baseline.memo, []), patch, thoroughness)
    # Keep the garbage collector away from what exists now: scanning it would copy it in each child.
    gc.collect()
    gc.freeze()
    watch = Forking(scenario, report, random.Random(thoroughness.seed), thoroughness)  # noqa: S311
    with pytest.MonkeyPatch.context() as patch:
        found = _run(scenario, watch, baseline, patch, thoroughness)
    watch.reap_all()
    report.failures += [f"{scenario}, {thoroughness.weather}, between crashes: {failure}" for failure in found]
    report.used |= permissions.used


def main() -> None:
    """Read the command line, crash everywhere and print the table. Exit with 1 if something is wrong."""
    parser = argparse.ArgumentParser(description="Crash at every AWS call of a scenario")
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--sample", type=float, default=1.0, help="share of the crashes to try")
    parser.add_argument("--all", action="store_true", help="crash even where the state is the same")
    parser.add_argument("--twice", action="store_true", help="also lose answers without the process")
    parser.add_argument("--to-the-end", action="store_true", help="go on from the state without a crash")
    parser.add_argument("--other-code", action="store_true", help="go on with another version of the code")
    parser.add_argument("--weather", nargs="+", choices=[*WEATHERS, "all", "bad", "any"], default=["calm"])
    parser.add_argument("--pairs", type=float, default=0.02, help="share of crashes that a second one follows")
    parser.add_argument("--seed", default=str(seeds.seed()))
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    parser.add_argument("--figures-of", help="keep the figures for `make figures`, as this test file's")
    arguments = parser.parse_args()
    # The functions' loggers keep the stdout that they find when they are loaded.
    printed, sys.stdout = sys.stdout, io.StringIO()
    from tests.search.scenarios import SCENARIOS  # noqa: PLC0415

    report = Report()
    thoroughness = Thoroughness(
        sample=arguments.sample,
        all_states=arguments.all,
        twice=arguments.twice,
        to_the_end=arguments.to_the_end,
        pairs=arguments.pairs,
        seed=arguments.seed,
    )
    groups = {"all": list(WEATHERS), "bad": BAD_WEATHERS}
    weathers = groups.get(arguments.weather[0], arguments.weather)
    rng = random.Random(arguments.seed)  # noqa: S311
    scenarios = arguments.scenarios or SCENARIOS
    for named, scenario in product(weathers, scenarios):
        weather = rng.choice(BAD_WEATHERS) if named == "any" else named
        is_calm = weather == "calm"
        several: tuple[tuple[Code, Code], ...] = ((OLD, OLD) if is_calm else (OLD, NEW),)
        if arguments.other_code:
            several = (OLD, NEW), (NEW, OLD)
        for versions in several:
            how = replace(thoroughness, versions=versions, weather=weather)
            crash_everywhere(scenario, report, how if is_calm else replace(how, to_the_end=True))
    sys.stdout = printed
    print(f"seed {arguments.seed}", report.table(), sep="\n")  # noqa: T201
    if arguments.json:
        arguments.json.write_text(report.as_json(), encoding="utf-8")
    if arguments.figures_of:
        figures.keep(arguments.figures_of, report.figures())
    sys.exit(bool(report.failures))


if __name__ == "__main__":
    main()
