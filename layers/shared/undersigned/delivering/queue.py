"""The queue of deliveries: messages that ask for one, for a test email, or for its packets again after an erasure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  (read with the message)
from typing import TYPE_CHECKING

from undersigned.base.email_addresses import email_mistake
from undersigned.base.queue import LONGEST_DELAY, SqsQueue, read_json
from undersigned.base.rows import built, plain
from undersigned.delivering.rules.deliveries import DeliveryKey  # noqa: TC001  (read with the message)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.base.stack import Stack


@dataclass(frozen=True, slots=True)
class DeliveryMessage:
    """A message that requests a delivery, a test email of it, or its repacking after an erasure.

    A test email goes to `test_to`; it is None in all other messages. A message that continues earlier ones has in
    `since` when the first of them was handled; in the first one it is None. `again` requests the delivery even if
    another one is less than seven days away. `until` is the moment of the page on which somebody pressed *Send now*.
    """

    key: DeliveryKey
    since: datetime | None = None
    again: bool = False
    until: datetime | None = None
    is_repacking: bool = False
    test_to: str | None = None


@dataclass(frozen=True, slots=True)
class DraftTest:
    """A test email of a campaign's draft, and the address that it goes to."""

    campaign: str
    to: str


def message_body(message: DeliveryMessage | DraftTest) -> str:
    """Return the body of a message."""
    return json.dumps({"draft_test": plain(message)} if isinstance(message, DraftTest) else plain(message))


def read_message(body: str) -> DeliveryMessage | DraftTest:
    """Read a message. Raises ValueError if it is damaged."""
    values = read_json(body)
    try:
        if isinstance(values, dict) and "draft_test" in values:
            test: DraftTest = built(DraftTest, values["draft_test"])
            _check_address(test.to)
            return test
        message: DeliveryMessage = built(DeliveryMessage, values)
    except (LookupError, TypeError) as error:
        text = (
            'a message reads {"key": {"campaign": …, "target": …, "period": "2026-11-30"}}, for a test with '
            '"test_to": "ada@example.org", or {"draft_test": {"campaign": …, "to": …}}'
        )
        raise ValueError(text) from error
    if message.test_to is not None:
        _check_address(message.test_to)
    return message


def _check_address(address: str) -> None:
    if email_mistake(address):
        text = "`test_to` and `to` are one email address each"
        raise ValueError(text)


_AFTER_AN_ERASURE = 60
"""Seconds before a repacking begins. It is queued before the letter is erased, and by then the letter is: an HTTP API
ends a request after 30 seconds (Amazon API Gateway developer guide, "Quotas for configuring and running an HTTP
API")."""


class DeliveryQueue(SqsQueue):
    """The queue of deliveries in SQS."""

    def put(self, deliveries: Iterable[DeliveryKey], *, again: bool = False, until: datetime | None = None) -> None:
        """Queue deliveries; with `again`, also deliveries less than seven days from another one.

        New ones take the letters that were due `until` a moment.
        """
        self.send_all([message_body(DeliveryMessage(key, again=again, until=until)) for key in deliveries])

    def put_again(self, delivery: DeliveryKey, since: datetime, *, after: int = 0) -> None:
        """Queue a delivery that has waited `since` a moment, to continue after so many seconds (SQS: at most 900).

        Receiving the old message again would use up one of its tries; a new message has all of them. Lambda lets a
        function continue itself like this only if its RecursiveLoop is `Allow`.
        """
        self.send(message_body(DeliveryMessage(delivery, since=since)), after)

    def put_test(self, delivery: DeliveryKey, to: str) -> None:
        """Queue a test email of a delivery to an address."""
        self.send(message_body(DeliveryMessage(delivery, test_to=to)))

    def put_draft_test(self, campaign: str, to: str) -> None:
        """Queue a test email of a campaign's draft to an address."""
        self.send(message_body(DraftTest(campaign, to)))

    def put_repacking(self, delivery: DeliveryKey, *, is_being_made: bool = False) -> None:
        """Queue the repacking of a delivery from which letters are being erased. It begins a minute later.

        If a worker may be making the email, it begins when that worker's time is up.
        """
        # Lambda ends a worker after 15 minutes, too ("Lambda quotas", AWS Lambda developer guide).
        after = LONGEST_DELAY if is_being_made else _AFTER_AN_ERASURE
        self.send(message_body(DeliveryMessage(delivery, is_repacking=True)), after)


def delivery_queue(stack: Stack) -> DeliveryQueue:
    """Return the stack's queue of deliveries."""
    return DeliveryQueue(stack.sqs, stack.settings.delivery_queue_url, sleep=stack.sleep)
