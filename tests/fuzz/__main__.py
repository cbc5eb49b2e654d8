"""`make fuzz`: try malformed inputs on every property of this folder for minutes, guided by the code that they reach.

Each property runs in a process of its own. Atheris (libFuzzer) mutates the bytes from which Hypothesis makes inputs,
and keeps those that reach new lines of our code. Without Atheris, the bytes are random.
"""

from __future__ import annotations

import argparse
import importlib
import mmap
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz import stack
from tests.support import figures, seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
KEPT = ROOT / ".undersigned" / "fuzz"
"""Inputs that reached new code, for the start of the next run, and inputs that broke a property."""

INSTRUMENTED = ("undersigned", "undersigned_cli", "functions", "tomllib", "markdown_it", "csv", "email", "html")
"""The packages whose coverage guides the choice of inputs."""

LONGEST_BYTES = 8_192
SLOWEST = 20
"""Seconds after which an input counts as one that broke its property."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many inputs a property got, and the output if one broke it."""

    name: str
    inputs: int
    failure: str


def properties() -> Iterator[str]:
    """Yield the name of every property, such as `test_tokens.test_…`, without importing its module."""
    for file in sorted(HERE.glob("test_*.py")):
        lines = file.read_text(encoding="utf-8").splitlines()
        is_property = False
        for line in lines:
            is_property |= line.startswith("@tried(")
            if line.startswith("def "):
                if is_property:
                    yield f"{file.stem}.{line.removeprefix('def ').partition('(')[0]}"
                is_property = False


def fuzz(name: str, seconds: int, inputs: int | None, seed: int, counter: Path) -> None:
    """Try so many inputs on one property, or for so many seconds, whichever ends first.

    The first eight bytes of `counter` hold the number of inputs that the property got: not all bytes make one.
    """
    atheris: Any = None
    if seconds and sys.platform == "linux":
        try:
            atheris = importlib.import_module("atheris")
        except ImportError:
            print("Atheris isn't available on this machine: the inputs are random.")
    watched = (
        atheris.instrument_imports(include=list(INSTRUMENTED), enable_loader_override=False)
        if atheris
        else nullcontext()
    )
    module_name, _, function = name.partition(".")
    with watched:
        module = importlib.import_module(f"tests.fuzz.{module_name}")
    run = _counted(getattr(module, function), counter)
    corpus, broken = KEPT / "corpus" / name, KEPT / "broken"
    for folder in (corpus, broken):
        folder.mkdir(parents=True, exist_ok=True)
    with stack.running() if getattr(module, "NEEDS_STACK", False) else nullcontext():
        if atheris is None:
            _run_at_random(run, seconds, inputs, seed)
            return
        options = {
            "max_total_time": seconds, "seed": seed, "timeout": SLOWEST, "max_len": LONGEST_BYTES, "len_control": 20,
            "rss_limit_mb": 3000, "artifact_prefix": f"{broken}/{name}-", "verbosity": 0,
            "runs": -1 if inputs is None else inputs,
        }  # fmt: skip
        atheris.Setup([sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(corpus)], run)
        atheris.Fuzz()


def _counted(prop: Any, counter: Path) -> Callable[[bytes], object]:
    """Return a function that runs a property on bytes and counts the inputs. An input that breaks it is printed."""
    inner = prop.hypothesis.inner_test
    with counter.open("r+b") as file:
        number = mmap.mmap(file.fileno(), 8)

    def count_and_run(*given: object, **named: object) -> None:
        number[:8] = (int.from_bytes(number[:8]) + 1).to_bytes(8)
        try:
            inner(*given, **named)
        except BaseException:
            print(f"broken by {given or ''}{named!r}"[:4_000], file=sys.stderr, flush=True)
            raise

    prop.hypothesis.inner_test = count_and_run
    run: Callable[[bytes], object] = prop.hypothesis.fuzz_one_input
    return run


def _run_at_random(run: Callable[[bytes], object], seconds: int, inputs: int | None, seed: int) -> None:
    random_bytes = random.Random(seed)  # noqa: S311  (inputs, no secrets)
    end = time.monotonic() + seconds
    for _ in count() if inputs is None else range(inputs):
        if time.monotonic() >= end:
            break
        run(random_bytes.randbytes(random_bytes.choice((16, 128, 1024, LONGEST_BYTES))))


def _run(name: str, seconds: int, inputs: int | None, seed: int) -> Outcome:
    with tempfile.NamedTemporaryFile() as counter:
        counter.write(bytes(8))
        counter.flush()
        command = [sys.executable, "-m", "tests.fuzz", "--one", name, "--seed", str(seed)]
        command += ["--seconds", str(seconds), "--counter", counter.name]
        command += [] if inputs is None else ["--inputs", str(inputs)]
        done = subprocess.run(  # noqa: S603  (ourselves)
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
        )
        tried = int.from_bytes(Path(counter.name).read_bytes())
    failure = "" if done.returncode == 0 and tried else (done.stdout + done.stderr)[-12_000:] or "it did not start"
    return Outcome(name, tried, failure)


def main() -> int:
    """Run one property, or all of them in parallel, and keep the figures. Return 1 if an input broke one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="seconds for each property (default: 60)")
    parser.add_argument("--inputs", type=int, help="end after so many byte strings each; not all make an input")
    parser.add_argument("--seed", type=int, default=seeds.seed(2**31), help="the seed of the mutations")
    parser.add_argument("--only", default="", help="run only properties with this in their name")
    parser.add_argument("--figures-of", help="keep the figures for `make figures`, as this test file's")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--counter", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        fuzz(arguments.one, arguments.seconds, arguments.inputs, arguments.seed, arguments.counter)
        return 0
    chosen = [name for name in properties() if arguments.only in name]
    parallel = os.process_cpu_count() or 1
    each = f"{arguments.seconds} s" + (f" or {arguments.inputs:,} inputs" if arguments.inputs is not None else "")
    print(f"seed {arguments.seed}, {len(chosen)} properties, {each} each, {parallel} at a time", flush=True)
    outcomes = []
    with ThreadPoolExecutor(parallel) as pool:
        for outcome in pool.map(lambda name: _run(name, arguments.seconds, arguments.inputs, arguments.seed), chosen):
            outcomes.append(outcome)
            print(f"{outcome.inputs:>10,}  {outcome.name}", flush=True)
            if outcome.failure:
                print(outcome.failure, file=sys.stderr, flush=True)
    tried, broken = sum(outcome.inputs for outcome in outcomes), sum(bool(outcome.failure) for outcome in outcomes)
    found = {"Malformed inputs tried": f"{tried:,}", "Inputs that broke a parser": broken}
    print(*(f"{what}: {figure}" for what, figure in found.items()), sep="\n")
    if arguments.figures_of:
        figures.keep(arguments.figures_of, found)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
