"""The queues: deliveries to make, exports to write, emails that wait for SES, SES's events, and reconciliations."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import batched, chain
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.base.email_addresses import email_mistake
from undersigned.base.queue import BATCH, LONGEST_DELAY, SqsQueue, read_json
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.rules.reconciliations import Reconciliation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def message_body(
    key: DeliveryKey,
    *,
    test_to: str | None = None,
    since: datetime | None = None,
    again: bool = False,
    until: datetime | None = None,
) -> str:
    """Return the body of a delivery message."""
    message: dict[str, object] = {"campaign": key.campaign, "target": key.target, "period": key.period}
    message |= {"test_to": test_to} if test_to else {}
    message |= {"again": True} if again else {}
    message |= {"until": until.isoformat()} if until else {}
    return json.dumps(message | ({"since": since.isoformat()} if since else {}))


def repacking_message(key: DeliveryKey) -> str:
    """Return the body of a message that requests a repacking."""
    return json.dumps({"repack": asdict(key)})


@dataclass(frozen=True, slots=True)
class DraftTest:
    """A test email of a campaign's draft, and the address that it goes to."""

    campaign: str
    to: str


def draft_test_message(test: DraftTest) -> str:
    """Return the body of a message that requests a test email of a draft."""
    return json.dumps({"draft_test": asdict(test)})


def read_message(body: str) -> DeliveryMessage | DraftTest:
    """Read a message of the delivery queue. Raises ValueError if it is damaged."""
    message = read_json(body)
    is_repacking = False
    if isinstance(message, dict) and "draft_test" in message:
        return _read_draft_test(message["draft_test"])
    if isinstance(message, dict) and "repack" in message:
        is_repacking, message = True, message["repack"]
    if not isinstance(message, dict) or not all(
        isinstance(message.get(name), str) for name in ("campaign", "target", "period")
    ):
        error = 'a delivery message reads {"campaign": …, "target": …, "period": "2026-11-30"}'
        raise ValueError(error)
    key = DeliveryKey(message["campaign"], message["target"], message["period"])
    return DeliveryMessage(
        key,
        since=_read_moment(message.get("since")),
        again=message.get("again") is True,
        until=_read_moment(message.get("until")),
        is_repacking=is_repacking,
        test_to=_read_address(message.get("test_to")),
    )


def _read_draft_test(message: object) -> DraftTest:
    match message:
        case {"campaign": str(campaign), "to": str(to)} if not email_mistake(to):
            return DraftTest(campaign, to)
        case _:
            error = 'a test of a draft reads {"draft_test": {"campaign": …, "to": …}}'
            raise ValueError(error)


def _read_address(written: object) -> str | None:
    if written is None:
        return None
    if not isinstance(written, str) or email_mistake(written):
        error = "a delivery message has an email address as its `test_to`"
        raise ValueError(error)
    return written


def _read_moment(written: object) -> datetime | None:
    if written is None:
        return None
    moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    if moment is None or moment.tzinfo is None:
        error = "a delivery message has its moments with a time zone, such as 2026-11-30T15:00:00+00:00"
        raise ValueError(error)
    return moment


_AFTER_AN_ERASURE = 60
"""Seconds before a repacking begins. It is queued before the letter is erased, and by then the letter is: an HTTP API
ends a request after 30 seconds (Amazon API Gateway developer guide, "Quotas for configuring and running an HTTP
API")."""

UNTIL_SES_IS_ASKED_AGAIN = LONGEST_DELAY
"""Seconds before SES is tried again. When a quota is used up, SES recommends waiting for up to ten minutes.

Source: "Errors related to the sending quotas for your Amazon SES account", SES developer guide."""

LONGEST_WAIT = timedelta(days=14)
"""How long new messages continue a delivery that SES doesn't take: as long as SQS would keep a message. Without a
bound, each plan would begin one more chain of messages that goes on for ever."""


def export_message(campaign: str, export_id: str) -> str:
    """Return the body of an export message."""
    return json.dumps({"campaign": campaign, "export": export_id})


def read_export_message(body: str) -> tuple[str, str]:
    """Read the campaign and the id of an export from a message. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"campaign": str(campaign), "export": str(export_id)}:
            return campaign, export_id
        case _:
            error = 'an export message reads {"campaign": …, "export": …}'
            raise ValueError(error)


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """The confirmation email of a form, which is waiting."""

    campaign: str
    signer: str
    form: str


def waiting_message(mail: WaitingMail) -> str:
    """Return the body of a waiting email's message."""
    return json.dumps(asdict(mail))


def read_waiting_message(body: str) -> WaitingMail:
    """Read a waiting email's message. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"campaign": str(campaign), "signer": str(signer), "form": str(form)}:
            return WaitingMail(campaign, signer, form)
        case _:
            error = 'a waiting email reads {"campaign": …, "signer": …, "form": …}'
            raise ValueError(error)


class Queue(SqsQueue):
    """The queue of deliveries in SQS."""

    def put(self, deliveries: Iterable[DeliveryKey], *, again: bool = False, until: datetime | None = None) -> None:
        """Queue deliveries; with `again`, those that are less than seven days from another one, too.

        New ones take the letters that were due `until` a moment.
        """
        self.send_all([message_body(key, again=again, until=until) for key in deliveries])

    def put_again(self, delivery: DeliveryKey, since: datetime, *, after: int = 0) -> None:
        """Queue a delivery that has waited `since` a moment, to continue after so many seconds (SQS: at most 900).

        Receiving the old message again would use up one of its tries; a new message has all of them. Lambda lets a
        function continue itself like this only if its RecursiveLoop is `Allow`.
        """
        self.send(message_body(delivery, since=since), after)

    def put_test(self, delivery: DeliveryKey, to: str) -> None:
        """Queue a test email of a delivery to an address."""
        self.send(message_body(delivery, test_to=to))

    def put_draft_test(self, campaign: str, to: str) -> None:
        """Queue a test email of a campaign's draft to an address."""
        self.send(draft_test_message(DraftTest(campaign, to)))

    def put_repacking(self, delivery: DeliveryKey, *, is_being_made: bool = False) -> None:
        """Queue the repacking of a delivery from which letters are being erased. It begins a minute later.

        If a worker may be making the email, it begins when that worker's time is up.
        """
        # Lambda ends a worker after 15 minutes, too ("Lambda quotas", AWS Lambda developer guide).
        self.send(repacking_message(delivery), LONGEST_DELAY if is_being_made else _AFTER_AN_ERASURE)


class ExportQueue(SqsQueue):
    """The queue of exports in SQS."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
        self.send(export_message(campaign, export_id))


class WaitingMails(SqsQueue):
    """The queue of confirmation emails in SQS."""

    def put_all(self, mails: Sequence[WaitingMail], at_once: int = 1) -> list[WaitingMail]:
        """Queue emails, ten in a call (SQS takes no more), so many calls at once. Return those that were not taken."""
        if len(mails) == 1:
            self.put(mails[0])
            return []

        def not_taken(some: Sequence[WaitingMail]) -> list[WaitingMail]:
            return [some[number] for number in self.send_batch([waiting_message(mail) for mail in some])]

        return [*chain.from_iterable(each_at_once(not_taken, batched(mails, BATCH, strict=False), at_once))]

    def put(self, mail: WaitingMail) -> None:
        """Queue an email."""
        self.send(waiting_message(mail))


class DeadMails(SqsQueue):
    """The dead letters of the queue of confirmation emails in SQS."""

    def put(self, body: str) -> None:
        """Give up a message, which a person can put back."""
        self.send(body)


def reconciliation_message(run: Reconciliation) -> str:
    """Return the body of a reconciliation's message. It has sums and a position in the listing, no personal data."""
    return json.dumps(run.as_values())


def read_reconciliation(body: str) -> Reconciliation:
    """Read a reconciliation from a message. Raises ValueError if it is damaged."""
    message = read_json(body)
    try:
        return Reconciliation.of_values(message)
    except (AttributeError, KeyError, TypeError) as error:
        text = 'a reconciliation reads {"campaign": …, "may_queue": …, …}, as Reconciliation.as_values writes it'
        raise ValueError(text) from error


class ReconciliationQueue(SqsQueue):
    """The queue of reconciliations in SQS."""

    def put(self, run: Reconciliation) -> None:
        """Queue a reconciliation. Its rows are read 15 minutes after the counters."""
        # Rows are found through an index, which can be minutes late, and letters that it lacks may be counted already.
        self.send(reconciliation_message(run), LONGEST_DELAY if run.begins_rows else 0)


class FeedbackQueue(SqsQueue):
    """The queue of SES's events in SQS. Only other services write to it."""
