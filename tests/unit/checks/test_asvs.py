"""Test the table of requirements of OWASP ASVS against the tests that show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from checks.asvs import PAGE, ROOT, AsvsError, marked_in, marks, requirements_in, written

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """| requirement | level | result | how shown, or what is missing | tests |
|---|---|---|---|---|
| 1.2.3 one thing | 1 | met | %s | |
| 6.5.2 to 6.5.4 three | 2 | partly | the rest | `tests/old.py` |
"""


def test_the_table_is_what_the_markers_of_tests_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, marks()) == page, "run: make asvs"


def test_every_file_that_the_table_names_exists() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:md|yaml|lock))`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 50
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_a_row_gets_the_tests_of_each_of_its_requirements() -> None:
    text = written(
        TABLE % "", {"1.2.3": ["tests/a.py"], "6.5.3": ["tests/b.py"], "6.5.4": ["tests/b.py", "tests/c.py"]}
    )
    assert "| 1.2.3 one thing | 1 | met | | `tests/a.py` |" in text
    assert "| 6.5.2 to 6.5.4 three | 2 | partly | the rest | `tests/b.py`, `tests/c.py` |" in text


def test_a_requirement_that_is_met_is_shown_or_explained() -> None:
    with pytest.raises(AsvsError, match=r"1\.2\.3 one thing: no test"):
        written(TABLE % "", {})
    assert "| met | in words | |" in written(TABLE % "in words", {})


def test_a_marker_of_no_row_is_an_error() -> None:
    with pytest.raises(AsvsError, match=r"9\.9\.9"):
        written(TABLE % "in words", {"9.9.9": ["tests/a.py"]})


@pytest.mark.parametrize(
    ("what", "numbers"),
    [
        ("1.1.1 decode once", ("1.1.1",)),
        ("6.5.2 to 6.5.4 randomness", ("6.5.2", "6.5.3", "6.5.4")),
        ("9.2.3 and 9.2.4 audience", ("9.2.3", "9.2.4")),
    ],
)
def test_a_row_names_its_requirements(what: str, numbers: tuple[str, ...]) -> None:
    assert requirements_in(what) == numbers


def test_markers_are_found_with_all_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text('@pytest.mark.asvs("1.2.3", "4.5.6")\n@other\ndef test_it() -> None: ...\n')
    assert [*marked_in(file)] == ["1.2.3", "4.5.6"]
