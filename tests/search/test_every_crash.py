"""Crashes of every scenario, the adapter methods that they reach, and the permissions that they use."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.search.every_crash import adapters
from tests.support.scale import scale
from tests.support.world import FUNCTIONS, ROOT
from undersigned_cli.local.permissions import granted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.slow

COMMAND_LINE_ONLY = {
    "Campaigns.audit",
    "MailBudgets.start",
    "MailBudgets.stop",
    "Secret.replace",
}
"""Adapter methods that no function calls."""

MAKES_NO_CALL = {"CdnProof.is_in", "Signatures.row_name", "Signatures.trays", "Table.merged"}
"""No request comes through a CDN, and trays and several partitions are read by iterators."""

UNUSED = {
    "OrganizerApi ReadSecrets: CdnProof",
    "PublicApi ReadSecret: CdnProof",
    "Tally RecordRowsThatAreGone: Table.Arn",
    "Tally RecordRowsThatAreGone: dynamodb:LeadingKeys GONE#*",
    "Tally RecordRowsThatAreGone: dynamodb:PutItem",
}
"""Permissions that no scenario uses: for requests through a CDN (test_lockout.py), and for letters whose rows are lost
(test_counting.py)."""

_READS_A_QUEUE = (
    "Deliver ReadTheQueueAndWaitForAnEventOrGoOnLater",
    "ExportSignatures ReadTheQueueAndTryAgainSoon",
    "RecordFeedback ReadTheQueueAndTryAgainSoon",
    "RunJobs ReadTheQueueAndContinueLater",
    "SendConfirmations ReadMailsAndTryThemAgain",
)
"""Statements with which Lambda also reads a queue for a function (tests/template/permission_rules.py)."""

_READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
UNUSED |= {f"{statement}: {action}" for statement in _READS_A_QUEUE for action in _READING}
UNUSED |= {part for part in granted() if " ReadTheStream: " in part or part.startswith("Tally KeepWhatFailed: ")}


@dataclass(frozen=True)
class Run:
    """The result of the crashes: what was printed, and the report."""

    printed: str
    report: Mapping[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Crash at a share of the calls."""
    return crash_everywhere(tmp_path_factory.mktemp("crashes") / "report.json", *scale.crashes, *figures())


def crash_everywhere(report: Path, *options: str) -> Run:
    """Crash in a process of its own: it forks, so it must have no threads."""
    # It prints its seed, which repeats a run that failed.
    command = [sys.executable, "-m", "tests.search.every_crash", "--json", str(report), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert report.exists(), done.stderr
    return Run(done.stdout, json.loads(report.read_text(encoding="utf-8")))


def figures() -> tuple[str, ...]:
    """Return the options that keep the figures of a long run."""
    return ("--figures-of", __file__) if scale.is_long else ()


@pytest.mark.asvs("2.3.3")
def test_no_letter_is_lost_doubled_or_miscounted_by_a_crash_at_any_call(run: Run) -> None:
    assert run.report["failures"] == [], run.printed
    assert run.report["survived"] == run.report["tried"]


def test_another_version_of_the_code_goes_on_after_a_crash_at_any_call(tmp_path: Path) -> None:
    found = crash_everywhere(tmp_path / "report.json", "--other-code", *scale.other_code)
    assert found.report["failures"] == [], found.printed
    assert found.report["survived"] == found.report["tried"]


@pytest.mark.nightly
def test_no_letter_is_lost_doubled_or_miscounted_by_a_crash_in_bad_weather(tmp_path: Path) -> None:
    found = crash_everywhere(tmp_path / "report.json", *scale.weather, *figures(), "--weather", "bad")
    assert found.report["failures"] == [], found.printed
    assert found.report["survived"] == found.report["tried"]


def test_every_function_crashes_at_some_call(run: Run) -> None:
    assert run.report["tried"].keys() == set(FUNCTIONS.values())


def test_every_adapter_method_is_reached(run: Run) -> None:
    assert adapters() - set(run.report["reached"]) == COMMAND_LINE_ONLY | MAKES_NO_CALL


@pytest.mark.asvs("13.2.2")
def test_every_permission_is_used(run: Run) -> None:
    """world.py checks at every call that no permission is missing."""
    assert granted() - set(run.report["used"]) == UNUSED
