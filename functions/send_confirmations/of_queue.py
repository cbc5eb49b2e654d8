"""The queue's confirmation emails: only this sends them, whoever queued them.

While SES or the table is out, their messages hide for a quarter of an hour at most, and come again until it is back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from functions.send_confirmations.outcomes import Outcomes
from undersigned.base.at_once import each_at_once
from undersigned.base.errors import MailRefusedError, SendingStoppedError, SendingThrottledError, UncertainError
from undersigned.base.logs import facts_of
from undersigned.base.queue import seconds_hidden
from undersigned.base.queues import read_waiting_message
from undersigned.signing.mail_budgets import is_counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.signing.rules.forms import FormName
    from undersigned.signing.rules.signatures import Signature

logger = Logger()

PAUSE_OF_FAILURE = 10.0
"""Seconds that a batch waits whose messages come again. So 100 processes hide some 90,000 messages at once in a
long outage; SQS hides 120,000."""

_MOST_FAILURES = 2
"""After so many, the rest of a batch comes again untried. One email that fails each time stops none of the others."""

type Record = Mapping[str, Any]
type Asked = tuple[Record, Signature]
"""A message, and what the email that it asks for is about."""


def send(records: Sequence[Record]) -> dict[str, Any]:
    """Send waiting emails; SQS delivers the messages named in the answer again when they are due."""
    batch = _Batch()
    try:
        batch.send(batch.read(records))
    except Exception as error:  # noqa: BLE001  (the whole batch comes again; it is reported)
        logger.error("a batch failed", extra=facts_of(error))
        batch.failed = list(records)
    if batch.failed:
        wired.stack.sleep(PAUSE_OF_FAILURE)
    failed = {record["messageId"]: record for record in batch.failed}
    for record in failed.values():
        _hide(record)
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def _hide(record: Record) -> None:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        wired.stack.waiting_mails.hide(record["receiptHandle"], seconds_hidden(received))
    except Exception as error:  # noqa: BLE001  (it then stays hidden for the queue's time-out)
        logger.warning("a message was not hidden", extra=facts_of(error))


@dataclass(slots=True)
class _Batch:
    """A batch of messages. Emails go several at once, those to one person one after the other.

    `done` are those whose emails were sent, or never will be, and `unsent` those whose emails were certainly not sent.
    `failed` are messages that come again.
    """

    done: list[Signature] = field(default_factory=list)
    unsent: list[Signature] = field(default_factory=list)
    failed: list[Record] = field(default_factory=list)
    failures: int = 0

    def read(self, records: Sequence[Record]) -> list[Asked]:
        """Return what the messages' emails are about. An unreadable message is a dead letter at once."""
        messages: dict[FormName, Record] = {}
        for record in records:
            try:
                mail = read_waiting_message(record["body"])
                messages[mail.campaign, mail.signer, mail.form] = record
            except ValueError as error:
                logger.error("a message is damaged", extra=facts_of(error))
                wired.stack.dead_mails.put(record["body"])
        found = wired.confirmations.read(list(messages))
        for campaign, signer, form in found.damaged:
            wired.stack.dead_mails.put(messages[campaign, signer, form]["body"])
        asked: list[Asked] = []
        for sent, row in found.found:
            if about := wired.confirmations.about(sent, row):
                asked.append((messages[sent.campaign, sent.signer, sent.form], about))
            else:
                self.done.append(sent)
        return asked

    def send(self, asked: Sequence[Asked]) -> None:
        """Send what the budgets admit; the rest waits on its form, or comes again."""
        admitted = wired.confirmations.admit([about for _, about in asked])
        self.done += admitted.refused
        people: dict[str, list[Asked]] = {}
        for record, about in asked:
            if about in admitted.signatures:
                people.setdefault(about.signer, []).append((record, about))
        with Outcomes(wired.stack.clock) as outcomes:
            work = each_at_once(
                lambda some: self._send_to_one(some, outcomes), people.values(), wired.stack.settings.mails_at_once
            )
            for _ in work:
                pass
        wired.confirmations.put_back(self.unsent)
        for form in self.done:
            if form.mail_postponed:
                wired.confirmations.end_postponement(form)

    def _send_to_one(self, some: Iterable[Asked], outcomes: Outcomes) -> None:
        for record, about in some:
            # The budgets were just written for a counted email, so the table takes writes.
            claims = not is_counted(about)
            outcome = "waits" if self.failures >= _MOST_FAILURES else self._send(about, claims=claims)
            outcomes.add(about, outcome)
            if outcome in {"waits", "perhaps sent"}:
                self.failed.append(record)
            else:
                self.done.append(about)
            if outcome in {"waits", "not sent"}:
                self.unsent.append(about)

    def _send(self, signature: Signature, *, claims: bool) -> str:
        """Send an email, and return what became of it."""
        about = {"campaign": signature.campaign}
        try:
            return "sent" if wired.confirmations.send(signature, claims=claims) else "not sent"
        except (SendingThrottledError, SendingStoppedError, UncertainError) as error:
            # The account is over its quota or paused, or SES is down. A person may have to act, so it is an error,
            # which an alarm counts.
            logger.error("emails must wait", extra={**about, **facts_of(error), "reason": str(error)})
            self.failures += _MOST_FAILURES if isinstance(error, SendingThrottledError) else 1
            return "perhaps sent" if isinstance(error, UncertainError) else "waits"
        except MailRefusedError as error:
            # Trying again doesn't help, and the signer can sign with another address.
            logger.warning("SES refused an email", extra={**about, "reason": str(error)})
            return "refused"
        except Exception as error:  # noqa: BLE001  (one bad email must not stop the others; it is reported)
            logger.error("a waiting email failed", extra={**about, **facts_of(error)})
            self.failures += 1
            return "waits"
