"""The queues: deliveries to be made, exports to be written, confirmation mails that wait for SES."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, override

from undersigned.domain.deliveries import DeliveryKey
from undersigned.services import ports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class DeliveryMessage:
    """What a message of the deliveries' queue asks for: a delivery, or its mail to the organizer for a test."""

    key: DeliveryKey
    is_test: bool = False


def message_body(key: DeliveryKey, *, is_test: bool = False) -> str:
    """Write a queue message."""
    message: dict[str, object] = {"campaign": key.campaign, "target": key.target, "period": key.period}
    return json.dumps(message | ({"test": True} if is_test else {}))


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except RecursionError as error:
        message = "a message is no nest of brackets"
        raise ValueError(message) from error


def read_message(body: str) -> DeliveryMessage:
    """Read a queue message; raises ValueError when it is damaged."""
    message = _json(body)
    if not isinstance(message, dict) or not all(
        isinstance(message.get(name), str) for name in ("campaign", "target", "period")
    ):
        error = 'a delivery message reads {"campaign": …, "target": …, "period": "2026-11-30"}'
        raise ValueError(error)
    key = DeliveryKey(message["campaign"], message["target"], message["period"])
    return DeliveryMessage(key, is_test=message.get("test") is True)


_FIRST_PAUSE = 300
_LONGEST_PAUSE = 43_200 - 900
"""SQS hides a message for 12 hours at most, counted from its receipt; a function may have worked for 900 seconds."""


def seconds_until_next_try(received: int) -> int:
    """Return how long a message that failed is hidden: five minutes, doubled with each try, 12 hours at most."""
    return int(min(_FIRST_PAUSE * 2 ** (received - 1), _LONGEST_PAUSE))


UNTIL_SES_IS_ASKED_AGAIN = 900
"""Seconds; SQS delays a new message by no more, and SES asks for up to ten minutes when a quota is used up.

Source: "Errors related to the sending quotas for your Amazon SES account", SES developer guide."""


def export_message(campaign: str, export_id: str) -> str:
    """Write a message of the exports' queue."""
    return json.dumps({"campaign": campaign, "export": export_id})


def read_export_message(body: str) -> tuple[str, str]:
    """Return campaign and id of an export from a message; raises ValueError when it is damaged."""
    match _json(body):
        case {"campaign": str(campaign), "export": str(export_id)}:
            return campaign, export_id
        case _:
            error = 'an export message reads {"campaign": …, "export": …}'
            raise ValueError(error)


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that a signature row asked for: whose, and the request's id as the row had it."""

    campaign: str
    signer: str
    request: str


def waiting_message(mail: WaitingMail) -> str:
    """Write a message of the waiting mails' queue."""
    return json.dumps(asdict(mail))


def read_waiting_message(body: str) -> WaitingMail:
    """Read a message of the waiting mails' queue; raises ValueError when it is damaged."""
    match _json(body):
        case {"campaign": str(campaign), "signer": str(signer), "request": str(request)}:
            return WaitingMail(campaign, signer, request)
        case _:
            error = 'a waiting mail reads {"campaign": …, "signer": …, "request": …}'
            raise ValueError(error)


class _SqsQueue:
    """A queue in SQS."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Keep the client and the queue's address."""
        self._client = client
        self._url = url

    def _send(self, body: str, after: int = 0) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=after)

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Let a message that was received come again only after so many seconds (SQS: at most 12 hours)."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


class Queue(_SqsQueue, ports.DeliveryQueue):
    """Deliveries in SQS."""

    @override
    def put(self, deliveries: Iterable[DeliveryKey]) -> None:
        for key in deliveries:
            self._send(message_body(key))

    def put_again(self, delivery: DeliveryKey, *, after: int = 0) -> None:
        """Queue a delivery that is to go on later, after so many seconds (SQS: at most 900).

        A message that comes again counts as failed; a new one begins with all its tries.
        """
        self._send(message_body(delivery), after)

    @override
    def put_test(self, delivery: DeliveryKey) -> None:
        self._send(message_body(delivery, is_test=True))


class ExportQueue(_SqsQueue, ports.ExportQueue):
    """Exports in SQS."""

    @override
    def put(self, campaign: str, export_id: str) -> None:
        self._send(export_message(campaign, export_id))


class WaitingMails(_SqsQueue):
    """Confirmation mails in SQS that wait until SES takes mails."""

    def put(self, mail: WaitingMail, *, after: int = 0) -> None:
        """Let a mail wait for so many seconds (SQS: at most 900) until SES is asked again."""
        self._send(waiting_message(mail), after)
