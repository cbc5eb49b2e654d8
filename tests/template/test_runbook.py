"""The runbook has an entry for each alarm, and its commands name what there is."""

from __future__ import annotations

import re

import pytest

from tests.aws_from_template import ROOT, Template, load_template
from tests.template.reading import ALARM, functions, of_type

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def entries(runbook: str) -> dict[str, str]:
    """Return what stands under each heading of the third level."""
    _, *parts = re.split(r"^### (\w+)$", runbook, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def problems(runbook: str, template: Template) -> list[str]:
    """Say which alarm has no entry, which entry no alarm, and what in the commands is not in the stack."""
    alarms, written = of_type(template, ALARM).keys(), entries(runbook)
    found = [f"{name} has no entry" for name in sorted(alarms - written.keys())]
    found += [f"{name} is no alarm" for name in sorted(written.keys() - alarms)]
    for name, entry in written.items():
        told = re.findall(r"^\*\*(\w+)\.\*\*", entry, flags=re.MULTILINE)
        if told != ["Symptom", "Check", "Fix"]:
            found.append(f"{name} tells {told}")
        found += [f"{name} names {alarm}" for alarm in re.findall(r"\b\w+Alarm\b", entry) if alarm not in alarms]
    named = re.findall(r"\$\(id (\w+)\)|\b(?:size|peek|redrive) (\w+)", runbook)
    found += [f"there is no {one or other}" for one, other in named if (one or other) not in template["Resources"]]
    called = re.findall(r"\b(?:errors|run) ([A-Z]\w+)", runbook)
    return found + [f"there is no function {name}" for name in called if name not in functions(template)]


def test_each_alarm_has_its_entry_and_each_entry_its_alarm() -> None:
    assert problems(RUNBOOK, load_template()) == []


@pytest.mark.parametrize(
    ("there", "instead", "found"),
    [
        ("### TallyAlarm", "### CountAlarm", "TallyAlarm has no entry"),
        ("### TallyAlarm", "### CountAlarm", "CountAlarm is no alarm"),
        (
            "**Fix.** By the error's type. If a mapping",
            "If a mapping",
            "ConfirmationsLagAlarm tells ['Symptom', 'Check']",
        ),
        ("is TallyLagAlarm on", "is TallySlowAlarm on", "TallyAlarm names TallySlowAlarm"),
        ("redrive DeliveriesFailed", "redrive DeliveriesLost", "there is no DeliveriesLost"),
        ("$(id WaitingMails)", "$(id LateMails)", "there is no LateMails"),
        ("errors Deliver 48h", "errors Delivery 48h", "there is no function Delivery"),
    ],
)
def test_an_entry_that_is_wrong_is_found(there: str, instead: str, found: str) -> None:
    assert there in RUNBOOK
    assert found in problems(RUNBOOK.replace(there, instead), load_template())
