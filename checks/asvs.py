"""Write the column of tests in docs/asvs.md: the files with tests that are marked as showing a requirement.

A test shows one with `@pytest.mark.asvs("6.2.1")`. A row can be of several requirements; a marker names any of them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "asvs.md"

_ROW = re.compile(
    r"\| (?P<what>\d+\.\d+\.\d+ .*?) \| (?P<level>[12]) \| (?P<result>\w+) \| (?P<note>.*?) ?\|(?P<tests>[^|\n]*)\|"
)
_NUMBERS = re.compile(r"(\d+\.\d+)\.(\d+)(?: to \1\.(\d+))?")


class AsvsError(Exception):
    """A test is marked with a requirement that the page doesn't have, or a row says that it is met and not how."""


def requirements_in(what: str) -> tuple[str, ...]:
    """Return the numbers of the requirements that a row begins with, such as `6.5.2 to 6.5.4`."""
    beginning = re.match(r"[\d.]+(?:(?: to | and |, )[\d.]+)*", what)
    found = _NUMBERS.finditer(beginning[0]) if beginning else ()
    return tuple(
        f"{section[1]}.{number}"
        for section in found
        for number in range(int(section[2]), int(section[3] or section[2]) + 1)
    )


def marked_in(file: Path) -> Iterator[str]:
    """Return the requirements with which tests of a file are marked."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.asvs":
                    yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def marks() -> dict[str, list[str]]:
    """Return the files of tests by the requirement that they show."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for requirement in dict.fromkeys(marked_in(file)):
            found[requirement].append(file.relative_to(ROOT).as_posix())
    return dict(found)


def written(page: str, shown_by: Mapping[str, Iterable[str]]) -> str:
    """Return the page with the files of tests in each row. Raises AsvsError."""
    known: set[str] = set()

    def with_tests(row: re.Match[str]) -> str:
        requirements = requirements_in(row["what"])
        known.update(requirements)
        files = dict.fromkeys(file for requirement in requirements for file in shown_by.get(requirement, ()))
        if row["result"] == "met" and not files and not row["note"].strip():
            message = f"{row['what']}: no test is marked with it, and no words say how it is met"
            raise AsvsError(message)
        tests = ", ".join(f"`{file}`" for file in files)
        return f"| {row['what']} | {row['level']} | {row['result']} | {row['note']} | {tests} |".replace("|  |", "| |")

    text = _ROW.sub(with_tests, page)
    if unknown := sorted(shown_by.keys() - known):
        message = f"tests are marked with requirements that the page doesn't have: {', '.join(unknown)}"
        raise AsvsError(message)
    return text


def main() -> None:
    """Write the page; with `--check`, fail if it is out of date."""
    before = PAGE.read_text(encoding="utf-8")
    after = written(before, marks())
    if "--check" in sys.argv[1:]:
        sys.exit(0 if before == after else f"{PAGE.relative_to(ROOT)} is out of date")
    PAGE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
