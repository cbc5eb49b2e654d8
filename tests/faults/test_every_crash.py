"""Every crash point of every scenario, what they reach of the code, and what they use of the functions' permissions."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.every_crash import adapters
from tests.permissions_from_template import granted
from tests.world import FUNCTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

OF_THE_COMMAND_LINE = {
    "Table.audit",
    "Table.api_keys",
    "Table.listed_signatures",
    "Table.put_api_key",
    "Table.put_campaign",
    "Table.put_letter",
    "Table.put_target",
    "Table.remove_api_key",
}
"""What no function calls."""

MAKES_NO_CALL = {"Bucket.link", "ExportFiles.link"}
"""An address is signed without AWS."""

UNUSED: set[str] = set()
"""What a function may do and none of the scenarios needs."""


@dataclass(frozen=True)
class Run:
    """How the crashes went: what was printed, and the report."""

    printed: str
    report: Mapping[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Crash everywhere, in a process without threads, for it forks."""
    report = tmp_path_factory.mktemp("crashes") / "report.json"
    # A seed of its own makes a pair that failed come again.
    command = [sys.executable, "-m", "tests.faults.every_crash", "--json", str(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert report.exists(), done.stderr
    return Run(done.stdout, json.loads(report.read_text(encoding="utf-8")))


def test_no_letter_is_lost_doubled_or_miscounted_by_a_crash_at_any_call(run: Run) -> None:
    assert run.report["failures"] == [], run.printed
    assert run.report["survived"] == run.report["tried"]


def test_every_function_crashes_at_some_call(run: Run) -> None:
    assert run.report["tried"].keys() == set(FUNCTIONS.values())


def test_every_call_that_an_adapter_can_make_is_reached(run: Run) -> None:
    assert adapters() - set(run.report["reached"]) == OF_THE_COMMAND_LINE | MAKES_NO_CALL


def test_nothing_is_granted_that_is_never_used(run: Run) -> None:
    """The other way round, that nothing needed is denied, holds wherever a function makes a call: see world.py."""
    assert granted() - set(run.report["used"]) == UNUSED
