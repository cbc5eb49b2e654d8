from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from undersigned.aws.queue import DeliveryMessage, message_body, read_export_message, read_message, read_waiting_message
from undersigned.domain.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = DeliveryKey("trees", "oakton", "2026-11-30")


@pytest.mark.parametrize("is_test", [False, True])
def test_a_message_names_its_delivery_and_says_if_it_is_a_test(*, is_test: bool) -> None:
    assert read_message(message_body(KEY, is_test=is_test)) == DeliveryMessage(KEY, is_test=is_test)


@pytest.mark.parametrize("test", ["true", 1, None])
def test_a_message_is_a_test_only_if_test_is_true(test: object) -> None:
    assert read_message(json.dumps({**json.loads(message_body(KEY)), "test": test})) == DeliveryMessage(KEY)


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"campaign": "trees", "target": "oakton"}', '{"campaign": 1}', "[" * 100_000]
)
@pytest.mark.parametrize("read", [read_message, read_export_message, read_waiting_message])
def test_a_damaged_message_is_refused(read: Callable[[str], object], body: str) -> None:
    with pytest.raises(ValueError):
        read(body)
