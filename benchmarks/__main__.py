"""Measure everything, print it as tables and write it to benchmarks/results/.

Run by `make bench`; `make bench ARGS="calls init_time"` measures just these.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = {
    "calls": "AWS calls and DynamoDB units, counted",
    "handler_cpu": "CPU of public_api's handler, AWS stubbed (at most 4 ms to sign, 3 ms to confirm)",
    "page_weight": "Bytes of one visit, compressed (at most 14,336; 8,192 of them style and scripts; embed.js 2,048)",
    "init_time": "Init under Lambda's runtime client (public_api at most 1.4 of one client)",
    "typesetting": "Typesetting on one core (at least 300 letters a second, under 400 MB)",
    "delivery_memory": "Peak memory of a delivery (flat from 1,000 to 20,000 letters)",
    "export_memory": "Peak memory of an export (50,000 rows under 256 MB)",
}


def main(wanted: list[str]) -> None:
    """Run the benchmarks that are named, or all of them."""
    RESULTS.mkdir(exist_ok=True)
    console = Console()
    for name in wanted or BENCHMARKS:
        with Path(os.devnull).open("w") as quiet, redirect_stdout(quiet):
            logging.disable(logging.CRITICAL)
            figures = import_module(f"benchmarks.{name}").measure()
        measured = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "figures": figures,
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        console.print(_table(BENCHMARKS[name], figures))


def _table(title: str, figures: dict[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    rows = {name: figure if isinstance(figure, dict) else {"": figure} for name, figure in figures.items()}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    table.add_column("")
    if len(columns) > 6:
        table.add_column("")
        for name, row in rows.items():
            table.add_row(name.replace("_", " "), _cell(row.get("", row)))
        return table
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        table.add_row(name.replace("_", " "), *(_cell(row.get(column)) for column in columns))
    return table


def _cell(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {count:g}" for name, count in figure.items())
    return f"{figure:,}" if isinstance(figure, (int, float)) else str(figure if figure is not None else "")


if __name__ == "__main__":
    main(sys.argv[1:])
