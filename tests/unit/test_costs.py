"""Check that the tables of docs/costs.md add up."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "costs.md").read_text("utf-8")


def columns(table: str) -> list[list[str]]:
    """Return a table's columns, each without its heading and its last row."""
    rows = [[cell.strip().strip("*") for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]]
    return [list(column) for column in zip(*rows, strict=True)]


def test_each_table_with_a_sum_adds_up() -> None:
    tables = [table for table in re.findall(r"(?:^\|.*\|\n)+", PAGE, flags=re.MULTILINE) if "**in all**" in table]
    summed = [
        (sum(Decimal(cell) for cell in parts if cell), Decimal(whole))
        for table in tables
        for *parts, whole in columns(table)
        if re.fullmatch(r"[\d.]+", whole)
    ]

    assert len(summed) == 6
    assert [(found, whole) for found, whole in summed if found != whole] == []


def test_the_bills_at_the_top_are_those_of_the_tables() -> None:
    top, below = PAGE.split("## The idle bill")

    assert all(figure in below for figure in re.findall(r"\d+\.\d\d", top))
