"""The queue's confirmation emails: only this sends them, whoever queued them.

While SES or the table is out, their messages hide for a quarter of an hour at most, and come again until it is back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from functions.send_confirmations.outcomes import Outcomes
from undersigned.aws.queue import read_waiting_message, seconds_hidden
from undersigned.logs import facts_of
from undersigned.services.at_once import each_at_once
from undersigned.services.ports import MailRefusedError, SendingStoppedError, ThrottledError, UncertainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.domain.signatures import Signature

logger = Logger()

PAUSE_OF_FAILURE = 10.0
"""Seconds that a batch waits whose messages come again. So 100 processes hide some 90,000 messages at once in a
long outage; SQS hides 120,000."""

type Record = Mapping[str, Any]
type Asked = tuple[Record, Signature]
"""A message, and the words whose email it asks for."""


def send(records: Sequence[Record]) -> dict[str, Any]:
    """Send waiting emails; SQS delivers the messages named in the answer again when they are due."""
    batch = _Batch()
    try:
        batch.send(batch.read(records))
    except Exception as error:  # noqa: BLE001  (the whole batch comes again; it is reported)
        logger.error("a batch failed", extra=facts_of(error))
        batch.failed = list(records)
    if batch.failed:
        wired.stack.pause(PAUSE_OF_FAILURE)
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

    `rows` are the rows of the messages. `done` are the words whose emails were sent, or never will be. `failed` are
    messages that come again, and `unsent` words whose emails were certainly not sent. Nothing is sent any more once it
    `is_stopped`.
    """

    rows: list[Signature] = field(default_factory=list)
    released: list[Signature] = field(default_factory=list)
    done: list[Signature] = field(default_factory=list)
    failed: list[Record] = field(default_factory=list)
    unsent: list[Signature] = field(default_factory=list)
    is_stopped: bool = False
    has_failed: bool = False
    claims: bool = True

    def read(self, records: Sequence[Record]) -> list[Asked]:
        """Return the words that still request the messages' emails. What can't be read fails alone."""
        messages = []
        for record in records:
            try:
                messages.append((record, read_waiting_message(record["body"])))
            except ValueError as error:
                self._note_failure(record, error)
        asked: list[Asked] = []
        for campaign in dict.fromkeys(mail.campaign for _, mail in messages):
            of_campaign = [(record, mail) for record, mail in messages if mail.campaign == campaign]
            found = wired.confirmations.requesting(campaign, [mail.signer for _, mail in of_campaign])
            self.rows += found.rows
            words_of = {row.signer: wired.confirmations.words(row) for row in found.rows}
            for record, mail in of_campaign:
                if mail.signer in found.damaged:
                    logger.error("a row is damaged", extra={"campaign": campaign, "letter": mail.signer})
                    self.failed.append(record)
                words = [each for each in words_of.get(mail.signer, ()) if mail.request in {"", each.mail_request}]
                self.released += words if mail.is_released else ()
                asked += [(record, each) for each in words if each not in {known for _, known in asked}]
        return asked

    def send(self, asked: Sequence[Asked]) -> None:
        """Send what the budgets admit; the rest waits on its row, or comes again."""
        admitted = wired.confirmations.admit([words for _, words in asked], released=self.released)
        self.done += admitted.refused
        # An email claims that it is sent before it is, unless the table has just taken a write.
        self.claims = not admitted.is_recorded
        people: dict[str, list[Asked]] = {}
        for record, words in asked:
            if words in admitted.signatures:
                people.setdefault(words.signer, []).append((record, words))
        with Outcomes(wired.stack.now) as outcomes:
            work = each_at_once(
                lambda some: self._send_to_one(some, outcomes), people.values(), wired.stack.settings.mails_at_once
            )
            for _ in work:
                pass
        wired.confirmations.put_back([words for words in self.unsent if words not in self.released])
        for row in self.rows:
            if row.mail_postponed:
                wired.confirmations.end_postponement(row, self.done)

    def _send_to_one(self, some: Iterable[Asked], outcomes: Outcomes) -> None:
        for record, words in some:
            if self.is_stopped:
                self.failed.append(record)
                self.unsent.append(words)
                continue
            mail = None
            try:
                if mail := wired.confirmations.prepare(words, claims=self.claims):
                    wired.confirmations.send(words, mail)
                outcomes.add(words, "sent" if mail else "not sent")
            except (ThrottledError, SendingStoppedError, UncertainError) as error:
                # The account is over its quota or paused, or SES is down. A person may have to act, so it is an error,
                # which an alarm counts.
                about = {"campaign": words.campaign, **facts_of(error), "reason": str(error)}
                logger.error("emails must wait", extra=about)
                # One email that SES refuses each time, or can't answer, must not stop those that come with it.
                self.is_stopped = self.has_failed or isinstance(error, ThrottledError)
                self.has_failed = True
                self.failed.append(record)
                if not isinstance(error, UncertainError):
                    self.unsent.append(words)
                continue
            except MailRefusedError as error:
                # Trying again doesn't help, and the signer can sign with another address.
                logger.warning("SES refused an email", extra={"campaign": words.campaign, "reason": str(error)})
            except Exception as error:  # noqa: BLE001  (one bad email must not stop the others; it is reported)
                self._note_failure(record, error)
                if not mail:
                    self.unsent.append(words)
                continue
            self.done.append(words)

    def _note_failure(self, record: Record, error: Exception) -> None:
        received = record["attributes"]["ApproximateReceiveCount"]
        logger.error("a waiting email failed", extra={**facts_of(error), "received": int(received)})
        self.failed.append(record)
        # Perhaps the table takes no writes any more.
        self.claims = True
