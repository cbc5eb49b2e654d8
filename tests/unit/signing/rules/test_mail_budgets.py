from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from undersigned.signing.rules import mail_budgets
from undersigned.signing.rules.mail_budgets import HourOfMails, Sending

NOW = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def sending(sent: int, bounced: int = 0, complained: int = 0, *, stopped: bool = False) -> Sending:
    """Return a day on which these emails about clean forms were sent, half of them in each of two hours."""
    halves = (
        HourOfMails(
            NOW,
            {"clean": sent // 2 + extra * (sent % 2), "suspicious": 0},
            {"clean": bounced // 2 + extra * (bounced % 2), "suspicious": 0},
            {"clean": complained // 2 + extra * (complained % 2), "suspicious": 0},
        )
        for extra in (0, 1)
    )
    return Sending(stopped=stopped, hours=tuple(halves))


@pytest.mark.parametrize(
    ("sent", "bounced", "complained", "is_braked"),
    [
        (0, 0, 0, False),
        (19, 19, 0, False),
        (20, 20, 0, True),
        (666, 20, 0, True),
        (667, 20, 0, False),
        (10_000, 299, 0, False),
        (10_000, 300, 0, True),
        (100, 0, 2, False),
        (100, 0, 3, True),
        (6_000, 0, 3, True),
        (6_001, 0, 3, False),
        (10_000, 0, 4, False),
        (10_000, 0, 5, True),
    ],
)
def test_the_brake_comes_on_at_three_percent_bounces_and_half_a_thousandth_complaints(
    *, sent: int, bounced: int, complained: int, is_braked: bool
) -> None:
    assert sending(sent, bounced, complained).is_braked("clean") is is_braked
    assert sending(sent, bounced, complained).is_open("clean") is not is_braked
    assert sending(sent, bounced, complained).is_open("suspicious")


def test_a_stop_closes_both_lanes() -> None:
    stopped = sending(10, stopped=True)
    assert not stopped.is_open("clean")
    assert not stopped.is_open("suspicious")


def test_each_rule_names_tests_that_exist() -> None:
    rules = re.split(r"^\d+\. ", mail_budgets.__doc__ or "", flags=re.MULTILINE)[1:]
    tests = "\n".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[3].rglob("test_*.py"))
    named = [re.findall(r"test_\w+", rule) for rule in rules]
    assert len(rules) == 10
    assert all(named), "each rule has a test"
    assert [name for names in named for name in names if f"def {name}(" not in tests] == []
