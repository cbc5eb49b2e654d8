"""Writes the tables of docs/scale.md from the figures of `scale`; a test compares them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.goals import findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.goals import Figures, Goal

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"

_TABLE = re.compile(r"<!-- table: (?P<name>[^>]+) -->\n.*?<!-- end of table -->", re.DOTALL)


class NoTableError(Exception):
    """The page and the figures don't have the same tables."""


def written(text: str, figures: Figures, goals: Sequence[Goal]) -> str:
    """Return the page with its tables made anew. Raises NoTableError if one is missing in the page or the figures."""
    tables = {"goals": _goals(figures, goals)} | {name: _rows(rows) for name, rows in figures["tables"].items()}
    named = [found["name"] for found in _TABLE.finditer(text)]
    if sorted(named) != sorted(tables):
        message = f"the page has {sorted(named)}, and the figures are {sorted(tables)}"
        raise NoTableError(message)
    return _TABLE.sub(
        lambda found: f"<!-- table: {found['name']} -->\n{tables[found['name']]}\n<!-- end of table -->", text
    )


def publish(figures: Figures, goals: Sequence[Goal], page: Path = PAGE) -> None:
    """Write the tables into the page."""
    page.write_text(written(page.read_text(encoding="utf-8"), figures, goals), encoding="utf-8")


def _goals(figures: Figures, goals: Sequence[Goal]) -> str:
    lines = ["| figure | now | goal | |", "|---|---|---|---|"]
    lines += [
        f"| {finding.row.replace('_', ' ')} | {_cell(figures[finding.row])} | {finding.limit} "
        f"| {'met' if finding.is_met else '**missed**'} |"
        for finding in findings(goals, figures, "full")
    ]
    return "\n".join(lines)


def _rows(rows: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    lines += [
        f"| {name} | {' | '.join(_cell(row.get(column, '')) for column in columns)} |" for name, row in rows.items()
    ]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "not within the simulation"
        case str() if value.startswith("https://"):
            return f"[page]({value})"
        case float() if abs(value) >= 100:
            return f"{value:,.0f}"
        case float() | int():
            return f"{value:,}"
        case _:
            return str(value)
