"""A queue in SQS: send messages, alone or ten in a call, and hide messages until their next try."""

from __future__ import annotations

import json
import time
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.base.failures import translating

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

LONGEST_DELAY = 900
"""The most seconds by which SQS delays a new message."""


def read_json(body: str) -> object:
    """Read a message's JSON. Raises ValueError if it is damaged, or nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError as error:
        message = "a message has no deeply nested brackets"
        raise ValueError(message) from error


_FIRST_PAUSE = 300
_LONGEST_PAUSE = 43_200 - 900
"""SQS hides a message for at most 12 hours after its receipt; a function may have run for 900 seconds of them."""


def seconds_until_next_try(received: int) -> int:
    """Return how long to hide a failed message: five minutes, doubled with each try, almost 12 hours at most."""
    return int(min(_FIRST_PAUSE * 2 ** (received - 1), _LONGEST_PAUSE))


def seconds_hidden(received: int) -> int:
    """Return how long to hide a confirmation email's message: half a minute, doubled with each try, 15 minutes at most.

    With a thousand tries, it outlasts ten days of an outage.
    """
    return int(min(30 * 2 ** min(received - 1, 10), LONGEST_DELAY))


_NUMBERS: list[QueueAttributeNameType] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
]


BATCH = 10
"""The most messages that SQS takes in a call (Amazon SQS API reference, SendMessageBatch)."""

_PAUSES = (0.1, 0.4, 1.6)
"""Seconds before messages that SQS did not take from a batch are sent again."""


class NotQueuedError(UndersignedError):
    """SQS did not take some messages of a batch."""

    def __init__(self, messages: int) -> None:
        """Keep how many it did not take."""
        super().__init__(f"SQS did not take {messages} messages")


class SqsQueue:
    """A queue in SQS."""

    def __init__(self, client: SQSClient, url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Keep the client, the queue's URL and a way to wait."""
        self._client = translating(client)
        self._url = url
        self._sleep = sleep

    def send(self, body: str, after: int = 0) -> None:
        """Send a message, to be received after a number of seconds (at most `LONGEST_DELAY`)."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=after)

    def send_all(self, bodies: Sequence[str]) -> None:
        """Send messages, ten in a call. Sends again what SQS did not take, after growing pauses.

        Raises NotQueuedError.
        """
        if len(bodies) == 1:
            self.send(bodies[0])
            return
        for some in batched(bodies, BATCH, strict=False):
            left = [some[number] for number in self.send_batch(some)]
            for pause in _PAUSES:
                if not left:
                    break
                self._sleep(pause)
                left = [left[number] for number in self.send_batch(left)]
            if left:
                raise NotQueuedError(len(left))

    def send_batch(self, bodies: Sequence[str]) -> list[int]:
        """Send up to ten messages in one call, and return the positions of those that SQS did not take."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)
        ]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return [int(entry["Id"]) for entry in answer.get("Failed", [])]

    def is_empty(self) -> bool:
        """Say whether no message waits, is delayed, or is being worked on. SQS may be a minute behind."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=_NUMBERS)
        return not any(int(answer["Attributes"][name]) for name in _NUMBERS)

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Hide a received message for a number of seconds (SQS: at most 12 hours). Then it is delivered again."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )
