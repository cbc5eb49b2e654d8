"""Check that the tests and alarms that docs/reliability.md names exist."""

from __future__ import annotations

import re

from tests.aws_from_template import ROOT, load_template
from tests.template.reading import ALARM, of_type

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def missing(page: str) -> list[str]:
    """Return the tests and alarms that the page names but that don't exist."""
    tests = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)\(", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    existing = tests | of_type(load_template(), ALARM).keys()
    return [name for name in re.findall(r"`(test_\w+|\w+Alarm)`", page) if name not in existing]


def test_every_test_and_alarm_that_the_page_names_exists() -> None:
    assert missing(PAGE) == []


def test_a_name_that_does_not_exist_is_found() -> None:
    assert missing("`test_what_nobody_wrote`, `SilentAlarm` and `DeliverAlarm`") == [
        "test_what_nobody_wrote",
        "SilentAlarm",
    ]


def test_every_fault_names_a_test() -> None:
    tables = PAGE.partition("## Faults")[2].partition("### Planted bugs")[0]
    faults = [line for line in tables.splitlines() if line.startswith("| ") and "| test |" not in line]
    assert len(faults) > 25
    assert [line for line in faults if "`test_" not in line.rsplit("|", 2)[1]] == []
