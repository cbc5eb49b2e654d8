"""Emails from the table's stream: one for each change of a row's `mail_request`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.send_confirmations import sending, wired
from undersigned.aws.queue import WaitingMail
from undersigned.aws.stream import failures_from, read_change
from undersigned.domain.rush import RUSH, SLOW_BATCH, longest_batch, may_be_queued
from undersigned.logs import facts_of
from undersigned.services.at_once import each_at_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.aws.stream import SignatureChange
    from undersigned.domain.signatures import Signature
    from undersigned.services.confirming import Admitted

logger = Logger()

type Due = tuple[Mapping[str, Any], Signature]
"""A record, and an email that it asks for."""


def send(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Send the emails that the records request, if their budgets have room. The others are postponed on their rows.

    When SES takes none or is slow, or more people sign than get their email in time, put the rest into the queue. They
    can't wait in the stream, which keeps records for a day.
    """
    failed: list[Mapping[str, Any]] = []
    changes: list[tuple[Mapping[str, Any], SignatureChange]] = []
    for record in records:
        try:
            change = read_change(record)
            # What is no text or number, where a row has one, can't be hashed.
            hash(change)
            changes.append((record, change))
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    try:
        admitted = _admit([change for _, change in changes])
    except Exception as error:  # noqa: BLE001  (the whole batch comes again, and nothing of it was done; it is reported)
        logger.error("a batch failed", extra=facts_of(error))
        return failures_from(records)
    may_go = frozenset(admitted.signatures)
    due = [(record, signature) for record, change in changes for signature in change.asking if signature in may_go]
    age = _age_of_the_oldest(due)
    is_slow = wired.confirmations_of_stream.post.is_slow(len(due), SLOW_BATCH.total_seconds())
    longest = longest_batch(age, len(due), is_slow=is_slow)
    if not longest:
        # Nothing of it is sent here. So the queue takes it even if a failed record brings it again.
        return failures_from(failed + _put_into_queue(due))
    with sending.Outcomes() as outcomes:
        is_recorded = admitted.is_recorded and not may_be_queued(age)
        batch = _Batch(wired.stack.now() + longest, outcomes, is_recorded=is_recorded)
        batch.send(due)
    failed += batch.failed
    # After a failure, the stream brings what is left again. In the queue, too, it could be sent twice at one moment.
    failed += [record for record, _ in batch.left] if failed else _put_into_queue(batch.left)
    return failures_from(failed)


def _admit(changes: Sequence[SignatureChange]) -> Admitted:
    asking = wired.confirmations_of_stream.still_requested_of(
        [signature for change in changes for signature in change.asking]
    )
    confirmed = [
        change.signature for change in changes if (change.before, change.signature.status) == ("pending", "confirmed")
    ]
    released = [change.signature for change in changes if change.is_release]
    return wired.confirmations_of_stream.admit(asking, confirmed, released=released, may_come_again=True)


def _age_of_the_oldest(due: Sequence[Due]) -> timedelta:
    now = wired.stack.now()
    written = (record["dynamodb"].get("ApproximateCreationDateTime", now.timestamp()) for record, _ in due)
    return now - datetime.fromtimestamp(min(map(float, written), default=now.timestamp()), UTC)


@dataclass(slots=True)
class _Batch:
    """A batch's emails. Some are sent at once; those to one person are sent one after the other.

    `is_recorded` says whether the table has just taken a write about them. `left` are those that SES did not take, or
    that came too late; `failed` are the records of the others.
    """

    until: datetime
    outcomes: sending.Outcomes
    is_recorded: bool
    left: list[Due] = field(default_factory=list)
    failed: list[Mapping[str, Any]] = field(default_factory=list)
    ses_takes_email: bool = True
    table_takes_writes: bool = True

    def send(self, due: Sequence[Due]) -> None:
        # An email claims that it is sent before it is. If the table has just taken a write, the first one needn't. In a
        # rush, the others needn't if the table took that one's, too.
        self._send_all(due[:1], claims=not self.is_recorded)
        self._send_at_once(due[1:], claims=len(due) < RUSH or not self.table_takes_writes)

    def _send_at_once(self, due: Sequence[Due], *, claims: bool) -> None:
        most = wired.stack.settings.mails_at_once
        if most == 1 or len(due) <= 1:
            self._send_all(due, claims=claims)
            return
        people: dict[str, list[Due]] = {}
        for record, signature in due:
            people.setdefault(signature.signer, []).append((record, signature))
        for _ in each_at_once(lambda some: self._send_all(some, claims=claims), people.values(), most):
            pass

    def _send_all(self, due: Iterable[Due], *, claims: bool) -> None:
        for record, signature in due:
            try:
                self.ses_takes_email = self.ses_takes_email and wired.stack.now() < self.until
                if not (
                    self.ses_takes_email and self._is_done(signature, claims=claims or not self.table_takes_writes)
                ):
                    self.ses_takes_email = False
                    self.left.append((record, signature))
            except Exception as error:  # noqa: BLE001  (see above)
                logger.error("a record failed", extra=facts_of(error))
                self.table_takes_writes = False
                self.failed.append(record)

    def _is_done(self, signature: Signature, *, claims: bool) -> bool:
        return sending.is_done(signature, self.outcomes, wired.confirmations_of_stream, claims=claims)


def _put_into_queue(left: Sequence[Due]) -> list[Mapping[str, Any]]:
    """Put emails into the queue, and return the records of those that it did not take."""
    mails = {
        WaitingMail(signature.campaign, signature.signer, signature.mail_request, granted=True): record
        for record, signature in left
    }
    try:
        refused = wired.stack.waiting_mails.put_all(list(mails), wired.stack.settings.mails_at_once)
    except Exception as error:  # noqa: BLE001  (an email that was queued twice is sent once; it is reported)
        logger.error("emails were not queued", extra={"emails": len(mails), **facts_of(error)})
        return list(mails.values())
    if refused:
        logger.error("emails were not queued", extra={"emails": len(refused)})
    return [mails[mail] for mail in refused]
