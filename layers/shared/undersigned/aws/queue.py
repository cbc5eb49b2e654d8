"""The delivery queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_sqs import SQSClient


def message_body(key: DeliveryKey) -> str:
    """Write a queue message."""
    return json.dumps({"campaign": key.campaign, "target": key.target, "period": key.period})


def read_message(body: str) -> DeliveryKey:
    """Read a queue message; raises ValueError when it is damaged."""
    message = json.loads(body)
    if not isinstance(message, dict) or not all(
        isinstance(message.get(name), str) for name in ("campaign", "target", "period")
    ):
        error = 'a delivery message reads {"campaign": …, "target": …, "period": "2026-11-30"}'
        raise ValueError(error)
    return DeliveryKey(message["campaign"], message["target"], message["period"])


_FIRST_PAUSE = 300
_LONGEST_PAUSE = 43_200 - 900
"""SQS hides a message for 12 hours at most, counted from its receipt; a function may have worked for 900 seconds."""


def seconds_until_next_try(received: int) -> int:
    """Return how long a message that failed is hidden: five minutes, doubled with each try, 12 hours at most."""
    return int(min(_FIRST_PAUSE * 2 ** (received - 1), _LONGEST_PAUSE))


class Queue:
    """Deliveries in SQS."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Keep the client and the queue's address."""
        self._client = client
        self._url = url

    def put(self, deliveries: Iterable[DeliveryKey]) -> None:
        """Queue deliveries, one message each."""
        for key in deliveries:
            self._client.send_message(QueueUrl=self._url, MessageBody=message_body(key))

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Let a message that was received come again only after so many seconds (SQS: at most 12 hours)."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )
