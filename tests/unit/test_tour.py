"""Check that each function that docs/tour.md names is in the file that it links to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
STEPS = re.findall(r"\[`([\w.]+)`\]\(([\w./]+\.py)\)", (DOCS / "tour.md").read_text("utf-8"))


def names_in(file: Path) -> set[str]:
    """Return the names of a module's functions and classes, and of their methods as `Class.method`."""
    names = set()
    for defined in ast.parse(file.read_text("utf-8")).body:
        if isinstance(defined, ast.FunctionDef | ast.ClassDef):
            names.add(defined.name)
            parts = defined.body if isinstance(defined, ast.ClassDef) else ()
            names |= {f"{defined.name}.{part.name}" for part in parts if isinstance(part, ast.FunctionDef)}
    return names


def test_each_step_of_the_tour_exists() -> None:
    assert len(STEPS) > 20
    assert [(name, file) for name, file in STEPS if name not in names_in(DOCS / file)] == []


def test_the_tour_names_no_function_without_its_file() -> None:
    linked = {name for name, _ in STEPS}
    classes = {name.partition(".")[0] for name in linked}
    named = set(re.findall(r"(?<!\[)`(\w+\.\w+)`", (DOCS / "tour.md").read_text("utf-8")))

    assert {name for name in named if name.partition(".")[0] in classes} <= linked
