"""The emails to people: codes to sign in with, and invitations. No budget and no brake delays them.

An email to sign in with is tried until its code is too old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Literal

from aws_lambda_powertools import Logger

from undersigned.base.errors import MailRefusedError, SendingStoppedError
from undersigned.base.logs import facts_of
from undersigned.base.sending_once import Claim, send_once
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.people import emails
from undersigned.people.directory import find_person
from undersigned.people.queue import people_mails, read_person_mail
from undersigned.people.rows.people import People
from undersigned.people.rows.sign_ins import SignIns
from undersigned.people.rules.people import MOST_MAILS_AN_HOUR
from undersigned.people.signing_in import code_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from undersigned.base.emails import Mail
    from undersigned.base.stack import Stack
    from undersigned.people.queue import PersonMail
    from undersigned.people.rows.sign_ins import SignInCount

type PeoplePostOutcome = Literal["sent", "nobody", "too late", "too many"]

logger = Logger()

_COUNTED_FOR = timedelta(hours=2)

_SOON = 20
"""Seconds until the next try of an email. Somebody is waiting for it."""


def send_each(
    stack: Stack, records: Sequence[Mapping[str, Any]], senders: Mapping[PersonMail, Callable[..., str]]
) -> dict[str, Any]:
    """Send the emails that messages ask for, each kind by its sender.

    SQS delivers the messages named in the answer again when they are due. An email that SES refuses is not tried again.
    """
    failed = []
    for record in records:
        try:
            kind, ids = read_person_mail(record["body"])
            try:
                outcome = senders[kind](stack, *ids)
            except SendingStoppedError:
                raise
            except MailRefusedError as error:
                logger.warning("SES refused an email", extra={"kind": kind, "reason": str(error)})
            else:
                logger.info("email to a person", extra={"kind": kind, "outcome": outcome})
        except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
            received = int(record["attributes"]["ApproximateReceiveCount"])
            logger.error("a waiting email failed", extra={**facts_of(error), "received": received})
            people_mails(stack).hide(record["receiptHandle"], _SOON)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def send_sign_in(stack: Stack, request: str) -> PeoplePostOutcome:
    """Send the email of a sign-in request, if somebody who can sign in has the address.

    Raises the errors of `Mailbox.send`. A second email about the same request has the same code.
    """
    found = SignIns(stack.table).request(request)
    if found is None or not found.is_open(stack.clock()):
        return "too late"
    person = find_person(stack, found.person)
    if person is None:
        return "nobody"

    def write() -> Mail:
        return emails.sign_in(stack.settings.sender, person.email, found.language, code_for(stack, found))

    return _send(stack, person.id, "MAILS", write)


def send_invitation(stack: Stack, campaign: str, person: str) -> PeoplePostOutcome:
    """Send the invitation of a campaign's person, unless they were removed. Raises the errors of `Mailbox.send`."""
    member = People(stack.table).member(campaign, person)
    if member is None:
        return "nobody"
    # The people of a campaign that was never published write its draft.
    settings = Campaigns(stack.table).published(campaign)
    return _send(stack, person, "INVITATIONS", lambda: emails.invitation(stack.settings.sender, settings, member))


def _send(stack: Stack, person: str, count: SignInCount, write: Callable[[], Mail]) -> Literal["sent", "too many"]:
    hour = stack.clock().astimezone(UTC).isoformat(timespec="hours")
    was_sent = send_once(stack, stack.people_mailbox, _HoursClaim(person, count, hour), write)
    return "sent" if was_sent else "too many"


@dataclass(frozen=True, slots=True)
class _HoursClaim(Claim):
    """One of the emails that a person may get in an hour. An email that SES didn't take doesn't count."""

    person: str
    count: SignInCount
    hour: str

    def take(self, stack: Stack) -> bool:
        """Count it before it is sent, so that messages at the same moment don't pass the limit together."""
        expires_at = stack.clock() + _COUNTED_FOR
        return (
            SignIns(stack.table).count(self.person, self.count, self.hour, expires_at=expires_at) <= MOST_MAILS_AN_HOUR
        )

    def note_failed(self, stack: Stack, error: Exception) -> None:  # noqa: ARG002  (any error)
        """Take it out of the count: in an outage of SES, retries would use up the hour, and the email would be lost."""
        SignIns(stack.table).give_back(self.person, self.count, self.hour)
