"""Test the page about OWASP ASVS against the tests that are marked as showing its requirements."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
EXCEPTIONS = "\n".join(re.findall(r"^\| (\d[\d., toand]*)", PAGE, re.MULTILINE))
NOT_APPLICABLE = PAGE.split("## Not applicable")[1]

ALL = 253
"""How many requirements levels 1 and 2 of the standard have."""


def named_in(text: str) -> list[str]:
    found = re.finditer(r"\b(\d+\.\d+)\.(\d+)(?: to \1\.(\d+))?", text)
    return [f"{one[1]}.{n}" for one in found for n in range(int(one[2]), int(one[3] or one[2]) + 1)]


def marked() -> set[str]:
    """Return the requirements with which tests are marked."""
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    return {
        str(ast.literal_eval(argument))
        for text in texts
        if "mark.asvs" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.asvs"
        for argument in node.args
    }


def test_a_requirement_that_the_page_does_not_name_is_shown_by_a_test() -> None:
    named = Counter(named_in(EXCEPTIONS) + named_in(NOT_APPLICABLE))
    assert [requirement for requirement, times in named.items() if times > 1] == []
    assert marked() & {*named_in(NOT_APPLICABLE)} == set()
    assert len(marked() | {*named}) == ALL


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:md|yaml|lock))`", PAGE))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
