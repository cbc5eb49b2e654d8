from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.delivering.queue import read_message
from undersigned.organizing.queues import read_export_message

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        '{"campaign": "trees", "target": "oakton"}',
        '{"campaign": 1}',
        '{"key": []}',
        '{"draft_test": []}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("read", [read_message, read_export_message])
def test_a_damaged_message_is_refused(read: Callable[[str], object], body: str) -> None:
    with pytest.raises(ValueError):
        read(body)
