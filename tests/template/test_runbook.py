"""Check that the runbook has an entry for each alarm, and that its commands name resources of the stack."""

from __future__ import annotations

import re

import pytest

from tests.aws_from_template import ROOT, Template, load_template
from tests.template.reading import ALARM, COMPOSITE, functions, of_type

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def entries(runbook: str) -> dict[str, str]:
    """Return the text under each third-level heading."""
    _, *parts = re.split(r"^### (\w+)$", runbook, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def problems(runbook: str, template: Template) -> list[str]:
    """Describe alarms without an entry, entries without an alarm, and names in commands that the stack lacks."""
    alarms = of_type(template, ALARM).keys() | of_type(template, COMPOSITE).keys()
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


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("### TallyAlarm", "### CountAlarm", "TallyAlarm has no entry"),
        ("### TallyAlarm", "### CountAlarm", "CountAlarm is not an alarm"),
        (
            "**Fix.** By the error's type. If a mapping",
            "If a mapping",
            "ConfirmationsLagAlarm has the parts ['Symptom', 'Check']",
        ),
        ("is TallyLagAlarm on", "is TallySlowAlarm on", "TallyAlarm names TallySlowAlarm"),
        ("put-back DeliveriesFailed", "put-back DeliveriesLost", "there is no DeliveriesLost"),
        ("$(id WaitingMails)", "$(id LateMails)", "there is no LateMails"),
        ("errors Deliver 48h", "errors Delivery 48h", "there is no function Delivery"),
    ],
)
def test_a_wrong_entry_is_found(old: str, new: str, problem: str) -> None:
    assert old in RUNBOOK
    assert problem in problems(RUNBOOK.replace(old, new), load_template())
