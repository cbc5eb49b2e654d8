"""The local stack, started once in each process for all its end-to-end tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.local_stack import local_stack_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.running import RunningStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Yield the running stack. The tests of a process share it, so a test must create everything that it expects."""
    with local_stack_process(
        tmp_path_factory.mktemp("stack"),
        # Few enough for a flood to reach soon, and more than all tests send from one address in a minute.
        # Most forms come from programs here, and would share a few emails an hour.
        variables={"FORMS_A_MINUTE": "100", "MAIL_BUDGETS": "10000 2000 100000 100000"},
    ) as running:
        yield running
        assert "does not let" not in (running.state / "logs" / "stack.log").read_text(encoding="utf-8")
