"""Check that the runbook has an entry for each alarm, and that its commands name resources of the stack."""

from __future__ import annotations

import re

from tests.template.reading import ALARM, functions, of_type
from undersigned_cli.local.template import ROOT, Template, load_template

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def entries(runbook: str) -> dict[str, str]:
    """Return the text under each third-level heading."""
    _, *parts = re.split(r"^### (\w+)$", runbook, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def problems(runbook: str, template: Template) -> list[str]:
    """Describe alarms without an entry, entries without an alarm, and names in commands that the stack lacks."""
    alarms = of_type(template, ALARM).keys()
    written = entries(runbook)
    found = [f"{name} has no entry" for name in sorted(alarms - written.keys())]
    found += [f"{name} is not an alarm" for name in sorted(written.keys() - alarms)]
    for name, entry in written.items():
        parts = re.findall(r"^\*\*(\w+)\.\*\*", entry, flags=re.MULTILINE)
        if parts != ["Symptom", "Check", "Fix"]:
            found.append(f"{name} has the parts {parts}")
        found += [f"{name} names {alarm}" for alarm in re.findall(r"\b\w+Alarm\b", entry) if alarm not in alarms]
    named = re.findall(r"\$\(id (\w+)\)|\b(?:size|peek|put-back|lines) ([A-Z]\w+)", runbook)
    found += [f"there is no {one or other}" for one, other in named if (one or other) not in template["Resources"]]
    called = re.findall(r"\b(?:errors|run) ([A-Z]\w+)", runbook)
    return found + [f"there is no function {name}" for name in called if name not in functions(template)]


def test_each_alarm_has_an_entry_and_each_entry_has_an_alarm() -> None:
    assert problems(RUNBOOK, load_template()) == []
