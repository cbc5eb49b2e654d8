"""Least privilege on the real template. It comes last, as its name does: it judges the calls of the tests before it.

So it fails alone. That nothing is granted which is never used, tests/faults/test_every_crash.py shows; some of that is
for troubles which no test makes here, such as a mail that waits for tomorrow's quota.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.calls_of_workers import noted
from tests.permissions_from_template import may

if TYPE_CHECKING:
    from pathlib import Path

    from tests.required_permissions import Need
    from undersigned_cli.local.running import RunningStack


@pytest.fixture(scope="module")
def calls(stack: RunningStack, record: Path) -> list[tuple[str, Need]]:
    """Give what the calls of all workers needed until now, by their function's logical id."""
    logical_ids = {name: logical_id for logical_id, name in stack.functions.items()}
    return [(logical_ids[name], need) for name, need in noted(record)]


def test_every_function_made_calls(stack: RunningStack, calls: list[tuple[str, Need]]) -> None:
    assert {function for function, _ in calls} == stack.functions.keys()


def test_no_function_did_what_its_policy_denies(calls: list[tuple[str, Need]]) -> None:
    assert [(function, need) for function, need in calls if not may(function, need)] == []


def test_every_mail_was_from_the_one_address_that_policies_name(
    stack: RunningStack, calls: list[tuple[str, Need]]
) -> None:
    senders = {need.facts["ses:FromAddress"] for _, need in calls if need.action == "ses:SendEmail"}

    assert senders == {stack.outputs["SenderAddress"]}
