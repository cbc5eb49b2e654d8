"""Test how long a call of DynamoDB waits."""

from __future__ import annotations

from typing import Any

from undersigned.base.settings import Settings
from undersigned.base.stack import Stack


def test_a_call_connects_in_a_second_and_reads_for_three() -> None:
    """A connection that is lost must not use up the time of a page, which is ten seconds."""
    made: list[Any] = []

    def client(_service: str, *, config: Any) -> object:
        made.append(config)
        return object()

    assert Stack(Settings({"TABLE_NAME": "table"}), client=client).table
    [config] = made
    assert (config.connect_timeout, config.read_timeout) == (1, 3)
