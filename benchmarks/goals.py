"""Goals: the limits of figures, as data beside the benchmark that measures them."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import Any

type Figures = dict[str, dict[str, Any]]
"""The measured rows, each with its figures by column."""


class NoFigureError(Exception):
    """A goal fits no figure, so nothing is compared with it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit for each figure whose row and column fit, such as `one visit *`.

    Counts hardly depend on the machine, so a missed goal fails `make bench`. Times do depend on it.
    """

    row: str
    column: str = "*"
    at_most: float = inf
    at_least: float = -inf
    timed: bool = False

    def worst(self, figures: Figures) -> float:
        """Return the figure that is nearest to the limit, or farthest beyond it. Raises NoFigureError."""
        found = [
            cell
            for row, cells in figures.items()
            if fnmatchcase(row, self.row)
            for column, cell in cells.items()
            if fnmatchcase(column, self.column)
        ]
        if not found:
            message = f"no figure fits {self}"
            raise NoFigureError(message)
        return float(max(found) if self.at_most < inf else min(found))

    def is_met(self, figures: Figures) -> bool:
        """Say whether all figures that fit keep the limit."""
        return self.at_least <= self.worst(figures) <= self.at_most

    def __str__(self) -> str:
        limit = f"≤ {self.at_most:,g}" if self.at_most < inf else f"≥ {self.at_least:,g}"
        return f"{self.row}, {self.column} {limit}"
