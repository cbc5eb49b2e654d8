"""Measure everything, print it beside its goals, and write it to benchmarks/results/.

`make bench` runs it, `make bench ARGS="calls typesetting"` measures these alone, and `make bench ARGS=--small` measures
little of everything, which shows in a minute that it runs. It fails if a counted figure misses its goal.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import calls, delivery_memory, export_memory, page_weight, typesetting
from benchmarks.goals import findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.goals import Benchmark, Figures, Finding, Size

RESULTS = Path(__file__).parent / "results"
BENCHMARKS: dict[str, Benchmark] = {
    "calls": calls.BENCHMARK,
    "page_weight": page_weight.BENCHMARK,
    "typesetting": typesetting.BENCHMARK,
    "delivery_memory": delivery_memory.BENCHMARK,
    "export_memory": export_memory.BENCHMARK,
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that are named, or all of them; return 1 if a counted figure misses its goal."""
    asked = _asked(arguments)
    size: Size = "small" if asked.small else "full"
    missed = []
    for name, benchmark in BENCHMARKS.items():
        if asked.names and name not in asked.names:
            continue
        with _quiet():
            figures = benchmark.measure(size)
        found = findings(benchmark.goals, figures, size)
        print(benchmark.title, *lines_of(figures, found), sep="\n")
        missed += [f"{name}: {finding}" for finding in found if finding.fails]
        if size == "full":
            write(name, figures)
    for line in missed:
        print(f"bench: missed a goal: {line}", file=sys.stderr)
    return 1 if missed else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, and compare with the goals.")
    parser.add_argument("names", nargs="*", type=_name, metavar="name", help=f"{', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--small", action="store_true", help="measure little of it, and keep benchmarks/results")
    return parser.parse_args(arguments)


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        message = f"there is no benchmark {text!r}; there are {', '.join(BENCHMARKS)}"
        raise argparse.ArgumentTypeError(message)
    return text


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the handlers log off the page."""
    logging.disable(logging.CRITICAL)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield
    logging.disable(logging.NOTSET)


def write(name: str, figures: Figures) -> None:
    """Write what was measured to its file in benchmarks/results/, with when and where."""
    measured = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "figures": figures,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def lines_of(figures: Figures, found: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each row of the figures, and one for each of its goals."""
    for row, figure in figures.items():
        cells = figure if isinstance(figure, dict) else {"": figure}
        yield f"  {row}: " + "; ".join(f"{column} {_cell(cell)}".strip() for column, cell in cells.items())
        yield from (f"      {_goal(finding)}" for finding in found if finding.row == row)


def _cell(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {count:g}" for name, count in figure.items())
    return f"{figure:,}"


def _goal(finding: Finding) -> str:
    """Say whether a goal is met. What is timed depends on the machine."""
    missed = "missed, but this is timed" if finding.is_timed else "MISSED"
    return " ".join(filter(None, ("met:" if finding.is_met else f"{missed}:", finding.column, finding.limit)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
