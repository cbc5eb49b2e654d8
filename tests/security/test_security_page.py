"""docs/security.md: every threat names a test, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.world import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
THREATS = dict(re.findall(r"^### (.+)\n((?:(?!^##).*\n)*)", PAGE.partition("\n## Threats\n")[2], re.MULTILINE))


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


@pytest.mark.parametrize("threat", THREATS)
def test_each_threat_names_tests_that_exist(threat: str) -> None:
    named = NAMED.findall(THREATS[threat])
    assert named, "no test is named for this threat"
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_the_page_names_every_file_of_this_folder() -> None:
    files = {f"tests/security/{file.name}" for file in (ROOT / "tests" / "security").glob("test_*.py")}
    assert files - {file for file, _ in NAMED.findall(PAGE)} == {"tests/security/test_security_page.py"}


def test_every_test_on_the_page_is_looked_up() -> None:
    assert len(THREATS) >= 21
    assert PAGE.count("tests/") == len(NAMED.findall(PAGE))
