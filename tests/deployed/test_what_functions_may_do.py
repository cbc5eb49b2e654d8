"""Least privilege on the real template.

This file runs last, because its name sorts last: it checks the calls of the tests before it, so it fails when it runs
alone. tests/faults/test_every_crash.py checks that every permission is used: some are only used in faults that no test
causes here, such as an email that waits for tomorrow's quota.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deployed.worker_calls import recorded
from undersigned_cli.local.permissions import may

if TYPE_CHECKING:
    from pathlib import Path

    from tests.running import RunningStack
    from undersigned_cli.local.needs import Need


@pytest.fixture(scope="module")
def calls(stack: RunningStack, record: Path) -> list[tuple[str, Need]]:
    """Return what the calls of all workers have needed, with the logical ids of their functions."""
    logical_ids = {name: logical_id for logical_id, name in stack.functions.items()}
    return [(logical_ids[name], need) for name, need in recorded(record)]


def test_every_function_made_calls(stack: RunningStack, calls: list[tuple[str, Need]]) -> None:
    assert {function for function, _ in calls} == stack.functions.keys()


def test_every_call_is_allowed_by_the_functions_policy(calls: list[tuple[str, Need]]) -> None:
    assert [(function, need) for function, need in calls if not may(function, need)] == []


def test_every_email_has_the_sender_that_the_policies_name(stack: RunningStack, calls: list[tuple[str, Need]]) -> None:
    senders = {need.facts["ses:FromAddress"] for _, need in calls if need.action == "ses:SendEmail"}

    assert senders == {stack.outputs["SenderAddress"]}
