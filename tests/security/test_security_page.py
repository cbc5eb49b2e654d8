"""docs/security.md and docs/asvs.md: every threat and requirement names what shows it, and what they name exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.world import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
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


# OWASP ASVS 5.0

REQUIREMENTS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2,
    "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3,
    "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3,
    "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3,
    "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2,
    "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1,
    "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
"""How many requirements of levels 1 and 2 each section of version 5.0.0 has. In each section they come first."""

ROWS = re.findall(r"^\| (\d+\.\d+\.\d[^|]*) \| ([12]) \| ([^|]+) \| (.*) \|$", ASVS, re.MULTILINE)


def requirements_in(text: str) -> list[str]:
    """Return the numbers that a text names, each of `2.1.1 to 2.1.3` among them."""
    found = []
    for first, last in re.findall(r"(\d+\.\d+\.\d+)(?: to (\d+\.\d+\.\d+))?", text):
        section, _, number = first.rpartition(".")
        found += [f"{section}.{one}" for one in range(int(number), int((last or first).rpartition(".")[2]) + 1)]
    return found


def test_every_requirement_has_one_row_or_a_reason() -> None:
    wanted = [f"{section}.{number}" for section, most in REQUIREMENTS.items() for number in range(1, most + 1)]
    does_not_apply = re.findall(r"^Not applicable: ((?:.+\n)+)", ASVS, re.MULTILINE)
    named = [number for text in (*(row[0] for row in ROWS), *does_not_apply) for number in requirements_in(text)]

    assert len(wanted) == 253  # 70 of level 1, 183 of level 2
    assert sorted(named) == sorted(wanted)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].split()[0])
def test_each_result_is_known_and_what_shows_it_exists(row: tuple[str, str, str, str]) -> None:
    _, _, result, shown = row
    named = re.findall(r"`([\w./-]+\.(?:py|md|json|yaml|html|js|lock))(?:::(\w+))?`", shown)

    assert result in {"met", "AWS", "partly", "not"}
    assert [file for file, test in named if not (ROOT / file).is_file() or (test and test not in names_in(file))] == []
    assert shown.count("tests/") == len([file for file, _ in named if file.startswith("tests/")])
