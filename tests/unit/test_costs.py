"""Check that the tables of docs/costs.md add up, and that docs/scale.md has the figures of the last benchmark."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "costs.md").read_text("utf-8")
SCALE = (ROOT / "docs" / "scale.md").read_text("utf-8")


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


def test_the_figures_of_capacity_are_those_of_the_last_benchmark() -> None:
    figures = json.loads((ROOT / "benchmarks" / "results" / "calls.json").read_text("utf-8"))["figures"]
    rush, dollars = figures["a signer in a rush"], figures["dollars of a million signers"]
    seconds = [f"{one:.1f}" if 10 < one < 11 else f"{one:,.0f}" for one in figures["signers a second"].values()]
    counted = [
        f"{rush['requests']}",
        f"{rush['write units']:.1f}",
        f"{rush['seconds until the public count has the letter']}",
    ]

    assert [one for one in (*seconds, *counted) if f"| {one} |" not in SCALE] == []
    assert [one for one in (dollars["in all"], dollars["in a month"]) if f" {one:.2f}" not in PAGE] == []
