"""Goals: what a benchmark's figures must be, as data beside the benchmark.

What is counted (calls, units, bytes, memory) hardly depends on the machine, so a missed goal fails `make bench`. What
is timed does, so it is only printed beside its goal.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Size = Literal["full", "small"]
"""How much is measured: `small` takes seconds, and shows that everything still runs and is still counted alike."""

type Figures = dict[str, Any]
"""What was measured: a number in each row, or in each column of a row. The parts of a cell are added up."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a goal for one figure."""

    row: str
    column: str
    value: float
    limit: str
    is_met: bool
    is_timed: bool

    @property
    def fails(self) -> bool:
        """Say whether the goal fails the command."""
        return not (self.is_met or self.is_timed)

    def __str__(self) -> str:
        name = f"{self.row.strip()}, {self.column}" if self.column else self.row.strip()
        return f"{name.replace('_', ' ')}: {self.value:,g}, and the goal is {self.limit}"


@dataclass(frozen=True, slots=True)
class Limit:
    """In each row whose name fits (a pattern such as `sign*`), a column, or the sum of several, keeps a limit."""

    rows: str
    columns: tuple[str, ...] = ("",)
    at_most: float = inf
    at_least: float = -inf
    timed: bool = False
    only: Size | None = None

    def findings(self, figures: Figures) -> Iterator[Finding]:
        """Compare the figures with the goal; yield nothing if it fits none of them."""
        column = " + ".join(self.columns)
        limit = f"≤ {self.at_most:,g}" if self.at_most < inf else f"≥ {self.at_least:,g}"
        for row, value in _sums(figures, self.rows, self.columns):
            is_met = self.at_least <= value <= self.at_most
            yield Finding(row, column, value, limit, is_met, self.timed)


@dataclass(frozen=True, slots=True)
class Flat:
    """Memory hardly grows with size: of the figures that fit, in MB, the last is close to the first.

    `spare` is what an allocator takes more or less from one run to the next.
    """

    rows: str
    columns: str
    factor: float = 1.15
    spare: float = 16
    only: Size | None = None

    def findings(self, figures: Figures) -> Iterator[Finding]:
        """Compare the figures with the goal; yield nothing if it fits fewer than two of them."""
        found = [
            (row, column, value)
            for row, column, value in _numbers(figures)
            if fnmatchcase(row, self.rows) and fnmatchcase(column, self.columns)
        ]
        if len(found) > 1:
            first, (row, column, last) = found[0][2], found[-1]
            most = self.factor * first + self.spare
            limit = f"≤ {most:,.0f} ({self.factor:g} × {first:,g} + {self.spare:g})"
            yield Finding(row, column, last, limit, last <= most, is_timed=False)


type Goal = Limit | Flat


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is measured, and the goals of its figures."""

    title: str
    goals: tuple[Goal, ...]
    measure: Callable[[Size], Figures]


class NoFigureError(Exception):
    """A goal fits no figure, so nothing is compared with it."""


def findings(goals: Iterable[Goal], figures: Figures, size: Size) -> list[Finding]:
    """Compare figures with their goals; raises NoFigureError."""
    found = []
    for goal in goals:
        if goal.only in {None, size}:
            some = list(goal.findings(figures))
            if not some:
                message = f"no figure fits {goal}"
                raise NoFigureError(message)
            found += some
    return found


def _sums(figures: Figures, rows: str, columns: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Yield each row that fits and has all the columns, with their sum."""
    by_row: dict[str, dict[str, float]] = {}
    for row, column, value in _numbers(figures):
        if fnmatchcase(row, rows):
            by_row.setdefault(row, {})[column] = value
    for row, values in by_row.items():
        if all(column in values for column in columns):
            yield row, sum(values[column] for column in columns)


def _numbers(figures: Figures) -> Iterator[tuple[str, str, float]]:
    for row, cells in figures.items():
        for column, cell in (cells if isinstance(cells, dict) else {"": cells}).items():
            if isinstance(cell, dict):
                yield row, column, sum(cell.values())
            elif isinstance(cell, (int, float)):
                yield row, column, cell
