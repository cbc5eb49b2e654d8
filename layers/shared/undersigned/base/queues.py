"""The queues: exports to write, emails that wait for SES, and reconciliations."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import batched, chain
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.base.queue import BATCH, LONGEST_DELAY, SqsQueue, read_json
from undersigned.organizing.rules.reconciliations import Reconciliation

if TYPE_CHECKING:
    from collections.abc import Sequence


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
