"""`make fuzz`: let every property of this folder meet malformed inputs for minutes, led by the code that they reach.

Each property runs in a process of its own. Atheris (libFuzzer) changes the bytes that Hypothesis makes its inputs from,
and keeps those that come to new lines of our code; where there is no Atheris, the bytes are random.
"""

from __future__ import annotations

import argparse
import importlib
import mmap
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import figures
from tests.fuzz import stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
KEPT = ROOT / ".undersigned" / "fuzz"
"""Inputs that reached something, for the next run to begin with, and those that broke something."""

FUZZED = ("undersigned", "undersigned_cli", "functions", "tomllib", "markdown_it", "csv", "email", "html")
"""Whose lines lead the way to new inputs."""

LONGEST_BYTES = 8_192
SLOWEST = 20
"""Seconds that one input may take before it counts as one that broke a parser."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many inputs a property met, and what it said if one broke it."""

    name: str
    inputs: int
    complaint: str


def properties() -> Iterator[str]:
    """Name every property as `test_tokens.test_…`, without importing what it looks at."""
    for file in sorted(HERE.glob("test_*.py")):
        lines = file.read_text(encoding="utf-8").splitlines()
        is_property = False
        for line in lines:
            is_property |= line.startswith("@tried(")
            if line.startswith("def "):
                if is_property:
                    yield f"{file.stem}.{line.removeprefix('def ').partition('(')[0]}"
                is_property = False


def fuzz(name: str, seconds: int, seed: int, counter: Path) -> None:
    """Let one property meet inputs for so long; the counter's first eight bytes say how many it has met."""
    atheris: Any = None
    if seconds and sys.platform == "linux":
        try:
            atheris = importlib.import_module("atheris")
        except ImportError:
            print("There is no Atheris for this machine: the inputs are random.")
    watched = (
        atheris.instrument_imports(include=list(FUZZED), enable_loader_override=False) if atheris else nullcontext()
    )
    module_name, _, function = name.partition(".")
    with watched:
        module = importlib.import_module(f"tests.fuzz.{module_name}")
    taken = _counted(getattr(module, function), counter)
    corpus, broken = KEPT / "corpus" / name, KEPT / "broken"
    for folder in (corpus, broken):
        folder.mkdir(parents=True, exist_ok=True)
    with stack.standing() if getattr(module, "NEEDS_STACK", False) else nullcontext():
        if atheris is None:
            _at_random(taken, seconds, seed)
            return
        options = {
            "max_total_time": seconds, "seed": seed, "timeout": SLOWEST, "max_len": LONGEST_BYTES, "len_control": 20,
            "rss_limit_mb": 3000, "artifact_prefix": f"{broken}/{name}-", "verbosity": 0,
        }  # fmt: skip
        atheris.Setup([sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(corpus)], taken)
        atheris.Fuzz()


def _counted(prop: Any, counter: Path) -> Callable[[bytes], object]:
    """Return what makes a property's input of bytes and tries it; an input that breaks it is told as Python has it."""
    inner = prop.hypothesis.inner_test
    with counter.open("r+b") as file:
        count = mmap.mmap(file.fileno(), 8)

    def tell(*given: object, **named: object) -> None:
        count[:8] = (int.from_bytes(count[:8]) + 1).to_bytes(8)
        try:
            inner(*given, **named)
        except BaseException:
            print(f"broken by {given or ''}{named!r}"[:4_000], file=sys.stderr, flush=True)
            raise

    prop.hypothesis.inner_test = tell
    take: Callable[[bytes], object] = prop.hypothesis.fuzz_one_input
    return take


def _at_random(take: Callable[[bytes], object], seconds: int, seed: int) -> None:
    random_bytes = random.Random(seed)  # noqa: S311  (inputs, no secrets)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        take(random_bytes.randbytes(random_bytes.choice((16, 128, 1024, LONGEST_BYTES))))


def _run(name: str, seconds: int, seed: int) -> Outcome:
    with tempfile.NamedTemporaryFile() as counter:
        counter.write(bytes(8))
        counter.flush()
        command = [sys.executable, "-m", "tests.fuzz", "--one", name, "--seed", str(seed)]
        command += ["--seconds", str(seconds), "--counter", counter.name]
        done = subprocess.run(  # noqa: S603  (ourselves)
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
        )
        inputs = int.from_bytes(Path(counter.name).read_bytes())
    complaint = "" if done.returncode == 0 and inputs else (done.stdout + done.stderr)[-12_000:] or "it did not begin"
    return Outcome(name, inputs, complaint)


def main() -> int:
    """Run one property, or all of them side by side, and write the figures; 1 when an input broke one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long each property is tried (default: 60)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31) + 1, help="what changes begin with")
    parser.add_argument("--only", default="", help="properties with this in their name")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--counter", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        fuzz(asked.one, asked.seconds, asked.seed, asked.counter)
        return 0
    chosen = [name for name in properties() if asked.only in name]
    side_by_side = os.process_cpu_count() or 1
    print(f"seed {asked.seed}, {len(chosen)} properties, {asked.seconds} s each, {side_by_side} at a time", flush=True)
    outcomes = []
    with ThreadPoolExecutor(side_by_side) as pool:
        for outcome in pool.map(lambda name: _run(name, asked.seconds, asked.seed), chosen):
            outcomes.append(outcome)
            print(f"{outcome.inputs:>10,}  {outcome.name}", flush=True)
            if outcome.complaint:
                print(outcome.complaint, file=sys.stderr, flush=True)
    tried, broken = sum(outcome.inputs for outcome in outcomes), sum(bool(outcome.complaint) for outcome in outcomes)
    found = {"Malformed inputs tried": f"{tried:,}", "Inputs that broke a parser": broken}
    print(*(f"{what}: {figure}" for what, figure in found.items()), sep="\n")
    if not asked.only:
        figures.write("make fuzz", found)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
