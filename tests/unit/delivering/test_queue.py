from __future__ import annotations

from datetime import UTC, datetime

import pytest

from undersigned.delivering.queue import DeliveryMessage, DraftTest, message_body, read_message
from undersigned.delivering.rules.deliveries import DeliveryKey

KEY = DeliveryKey("trees", "oakton", "2026-11-30")
AT = datetime(2026, 11, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "message",
    [
        DeliveryMessage(KEY),
        DeliveryMessage(KEY, since=AT),
        DeliveryMessage(KEY, again=True, until=AT),
        DeliveryMessage(KEY, is_repacking=True),
        DeliveryMessage(KEY, test_to="ada@office.example"),
        DraftTest("trees", "ada@office.example"),
    ],
)
def test_a_message_is_read_as_it_was_written(message: DeliveryMessage | DraftTest) -> None:
    assert read_message(message_body(message)) == message


@pytest.mark.parametrize("damaged", ["7", '"ada@office.example, bo@office.example"', '""'])
@pytest.mark.parametrize(
    "message", [DeliveryMessage(KEY, test_to="ada@office.example"), DraftTest("trees", "ada@office.example")]
)
def test_a_test_goes_to_one_address(message: DeliveryMessage | DraftTest, damaged: str) -> None:
    body = message_body(message)
    with pytest.raises(ValueError, match="to"):
        read_message(body.replace('"ada@office.example"', damaged))


def test_a_moment_without_a_zone_is_refused() -> None:
    body = message_body(DeliveryMessage(KEY, since=AT))
    with pytest.raises(ValueError, match="zone"):
        read_message(body.replace("+00:00", ""))
