"""Measure everything, print it with its goals, and write it to benchmarks/results/.

`make bench` runs it, `make bench ARGS=calls` measures this alone, and `make bench ARGS=--small` typesets little and
writes nothing. It fails if a counted figure misses its goal.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import calls, page_weight, typesetting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.goals import Figures

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = {module.__name__.rpartition(".")[2]: module for module in (calls, page_weight, typesetting)}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that are named, or all of them; return 1 if a counted figure misses its goal."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, and compare with the goals.")
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="default: all")
    parser.add_argument("--small", action="store_true", help="typeset little, and keep benchmarks/results")
    asked = parser.parse_args(arguments)
    fails = False
    for name in [asked.name] if asked.name else BENCHMARKS:
        benchmark = BENCHMARKS[name]
        # The handlers' logs are kept off the page.
        logging.disable(logging.CRITICAL)
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            figures = benchmark.measure(small=asked.small)
        print((benchmark.__doc__ or name).partition("\n")[0])
        for row, cells in figures.items():
            print(f"  {row}: {_text(cells)}")
        for goal in benchmark.GOALS:
            is_met = goal.is_met(figures)
            verdict = "met" if is_met else "missed, but this is timed" if goal.timed else "MISSED"
            print(f"    {verdict}: {goal} ({goal.worst(figures):,g})")
            fails |= not (is_met or goal.timed)
        if not asked.small:
            _write(name, figures)
    return int(fails)


def _text(cells: dict[str, Any]) -> str:
    return "; ".join(
        f"{column} ({_text(cell)})" if isinstance(cell, dict) else f"{column} {cell:,}"
        for column, cell in cells.items()
    )


def _write(name: str, figures: Figures) -> None:
    measured = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "figures": figures,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
