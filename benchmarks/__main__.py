"""Measure everything, print it beside its goals, and write it to benchmarks/results/.

`make bench` runs it, `make bench ARGS="calls init_time"` measures these alone, and `make bench ARGS=--small` measures
little of everything, which shows in a minute or two that it runs. It fails if a counted figure misses its goal.
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

from rich.console import Console
from rich.table import Table

from benchmarks import (
    calls,
    delivery_memory,
    export_memory,
    init_time,
    page_weight,
    planning,
    recipients,
    typesetting,
)
from benchmarks.goals import findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.goals import Benchmark, Figures, Finding, Size

RESULTS = Path(__file__).parent / "results"
BENCHMARKS: dict[str, Benchmark] = {
    "calls": calls.BENCHMARK,
    "page_weight": page_weight.BENCHMARK,
    "init_time": init_time.BENCHMARK,
    "planning": planning.BENCHMARK,
    "recipients": recipients.BENCHMARK,
    "typesetting": typesetting.BENCHMARK,
    "delivery_memory": delivery_memory.BENCHMARK,
    "export_memory": export_memory.BENCHMARK,
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that are named, or all of them; return 1 if a counted figure misses its goal."""
    asked = _asked(arguments)
    size: Size = "small" if asked.small else "full"
    console = Console(width=None if sys.stdout.isatty() else 120)
    missed = []
    for name, benchmark in BENCHMARKS.items():
        if asked.names and name not in asked.names:
            continue
        with _quiet():
            figures = benchmark.measure(size)
        found = findings(benchmark.goals, figures, size)
        console.print(table_of(benchmark.title, figures, found))
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


def table_of(title: str, figures: Figures, found: Sequence[Finding]) -> Table:
    """Return a table with a line for each row of the figures, and its goals at the end."""
    table = Table(title=title, title_justify="left")
    rows = {name: figure if isinstance(figure, dict) else {"": figure} for name, figure in figures.items()}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    is_wide = len(columns) > 6
    table.add_column("")
    for column in [""] if is_wide else columns:
        table.add_column(column.replace("_", " "), justify="left" if is_wide else "right")
    if found:
        table.add_column("goal")
    for name, row in rows.items():
        cells = [row.get("", row)] if is_wide else [row.get(column) for column in columns]
        goals = "\n".join(_goal(finding) for finding in found if finding.row == name)
        table.add_row(name.replace("_", " "), *map(_cell, cells), *([goals] if found else []))
    return table


def _cell(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {count:g}" for name, count in figure.items())
    return f"{figure:,}" if isinstance(figure, (int, float)) else str(figure if figure is not None else "")


def _goal(finding: Finding) -> str:
    text = f"{finding.column.replace('_', ' ')} {finding.limit}".strip()
    if finding.is_met:
        return text
    if finding.is_timed:
        return f"[yellow]{text}: missed, but this is timed[/]"
    return f"[bold red]{text}: MISSED[/]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
