"""Test the page about OWASP ASVS against the tests that are marked as showing its requirements."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
TESTED = "\n".join(re.findall(r"^\| .*$", PAGE.split("## Met, and tested")[1].split("\n## ")[0], re.MULTILINE))
IN_WORDS = "\n".join(re.findall(r"^\| (\d[\d., toand]*)", PAGE, re.MULTILINE))
NOT_APPLICABLE = PAGE.split("## Not applicable")[1]

ALL = 253
"""How many requirements levels 1 and 2 of the standard have."""


def groups_in(text: str) -> list[list[str]]:
    """Return the requirements that a text names, those of `6.5.2 to 6.5.4` together."""
    found = re.finditer(r"\b(\d+\.\d+)\.(\d+)(?: to \1\.(\d+))?", text)
    return [[f"{one[1]}.{n}" for n in range(int(one[2]), int(one[3] or one[2]) + 1)] for one in found]


def named_in(text: str) -> list[str]:
    return [requirement for group in groups_in(text) for requirement in group]


def marked() -> set[str]:
    """Return the requirements with which tests are marked."""
    return {
        str(ast.literal_eval(argument))
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.asvs"
        for argument in node.args
    }


def test_each_requirement_that_the_page_calls_tested_has_a_test_with_its_number() -> None:
    shown = marked()
    assert len(groups_in(TESTED)) > 90
    assert [group for group in groups_in(TESTED) if not shown & {*group}] == []


def test_each_number_that_a_test_has_stands_on_the_page() -> None:
    assert sorted(marked() - {*named_in(TESTED), *named_in(IN_WORDS)}) == []


def test_each_requirement_stands_on_the_page_once() -> None:
    named = Counter(named_in(TESTED) + named_in(IN_WORDS) + named_in(NOT_APPLICABLE))
    assert [requirement for requirement, times in named.items() if times > 1] == []
    assert len(named) == ALL


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:md|yaml|lock))`", PAGE))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
