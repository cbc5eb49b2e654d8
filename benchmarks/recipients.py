"""CPU time to read 10,000 recipients: what a spreadsheet saved, good, with a mistake in each row, and sharing codes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.goals import Benchmark, Limit
from undersigned.authoring.column_choice import guess, rows_in, taken
from undersigned.authoring.targets import MOST_NOTES, read_targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.goals import Figures, Size

ROWS = 10_000
SHARED_BY = 50
HEADING = "title;name;department;town;email;postal codes"

GOALS = (
    Limit("*", ("cpu_s",), at_most=5, timed=True),
    Limit("good", ("recipients",), at_least=ROWS),
    Limit("good", ("mistakes",), at_most=0),
    Limit("a mistake in each row", ("mistakes",), at_least=ROWS),
    Limit("codes that 50 share", ("notes",), at_least=MOST_NOTES, at_most=MOST_NOTES),
)

TABLES: dict[str, Callable[[int], str]] = {
    "good": lambda row: f"Mayor;Name {row};Hall;Town {row};m{row}@t.example;{10_000 + row}",
    "a mistake in each row": lambda row: f"Mayor;Name {row};Hall;Town {row};nobody;{10_000 + row}",
    "codes that 50 share": lambda row: f"Mayor;Name {row};Hall;Town {row};m{row}@t.example;{10_000 + row // SHARED_BY}",
}


def measure(_size: Size) -> Figures:
    """Return the CPU seconds for each table, from its bytes to its recipients, and what was found."""
    figures: Figures = {}
    for name, row in TABLES.items():
        content = "\r\n".join([HEADING, *map(row, range(ROWS))]).encode("utf-16")
        begun = time.process_time()
        rows = rows_in(content, "")
        read = read_targets(taken(rows, guess(rows)).with_ids().text(), ())
        figures[name] = {
            "cpu_s": round(time.process_time() - begun, 2),
            "recipients": len(read.targets),
            "mistakes": len(read.mistakes),
            "notes": len(read.notes),
        }
    return figures


BENCHMARK = Benchmark("Reading 10,000 recipients", GOALS, measure)
