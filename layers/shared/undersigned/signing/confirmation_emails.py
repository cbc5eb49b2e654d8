"""Confirmation emails, one for each form, and reminders: a stream or a schedule queues them, the queue alone sends.

An email over a budget waits on its form, and a schedule queues it when there is room. While SES or the table is out,
messages hide for a quarter of an hour at most, and come again until it is back.

To somebody who has signed, a form's email is about that letter.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Literal

from aws_lambda_powertools import Logger

from undersigned.base.at_once import each_at_once
from undersigned.base.errors import (
    ChangedError,
    MailRefusedError,
    SendingStoppedError,
    SendingThrottledError,
    UncertainError,
)
from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit, emit_all
from undersigned.base.queue import seconds_hidden
from undersigned.base.sending_once import send_once
from undersigned.campaigns.catalog import catalog_of, next_delivery
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.signing import emails
from undersigned.signing.queue import dead_mails, read_waiting_message, waiting_mails
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_budgets import MailBudgets, Room, may_leave, put_back, take
from undersigned.signing.rows.mail_claims import claim_of
from undersigned.signing.rules.forms import FormMail, FormName, current_of
from undersigned.signing.rules.mail_budgets import LANES, SHARE_OF_QUOTA
from undersigned.signing.rules.signatures import PENDING_FOR, requested_at
from undersigned.signing.stream import failures_from, read_form_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.emails import Mail
    from undersigned.base.stack import Stack
    from undersigned.signing.rules.forms import Form, Queue
    from undersigned.signing.rules.signatures import Signature
    from undersigned.signing.stream import FormChange

logger = Logger()

type Record = Mapping[str, Any]


def queue_requested(stack: Stack, records: Sequence[Record]) -> dict[str, Any]:
    """Queue the emails that the stream's records request. A record comes again, for a day, if the queue is out."""
    asked: dict[FormName, Record] = {}
    forms: list[FormChange] = []
    for record in records:
        try:
            if change := read_form_change(record):
                asked[change.name] = record
                forms.append(change)
        except Exception as error:  # noqa: BLE001  (it must not hold up those behind it; it is reported)
            logger.error("a record is damaged", extra=facts_of(error))
    new = [form for form in forms if form.is_new]
    # A batch that comes again counts again.
    emit_all([("Signed", len(new)), ("Suspicious", sum(form.is_suspicious for form in new))])
    try:
        refused = waiting_mails(stack).put_all(list(asked), stack.settings.mails_at_once)
    except Exception as error:  # noqa: BLE001  (an email that was queued twice is sent once; it is reported)
        logger.error("emails were not queued", extra={"emails": len(asked), **facts_of(error)})
        return failures_from(list(asked.values()))
    if refused:
        logger.error("emails were not queued", extra={"emails": len(refused)})
    return failures_from([asked[form] for form in refused])


_LONGEST = timedelta(minutes=4)
"""How long a run looks. The next one begins five minutes after it, and goes on."""

_QUEUED_AT_ONCE = 50

_MOST_COUNTED = 1000
"""How many postponed emails of a campaign and a lane are counted. More than that need no exact number."""

_LOOKED_AT_AGAIN = timedelta(days=1)
"""When a queued form is queued again, if the queue lost it. While SES takes nothing, each one adds a message."""


def queue_postponed(stack: Stack) -> None:
    """Queue postponed emails, people's before suspicious ones, as long as there is time and room for more."""
    until, mailbox = stack.clock() + _LONGEST, stack.confirmation_mailbox
    with suppress(SendingThrottledError, SendingStoppedError):
        # This process may have sent none of the day's emails.
        mailbox.get_ready()
    if not mailbox.has_quota(SHARE_OF_QUOTA):
        logger.warning("the daily quota is short")
        MailBudgets(stack.table).note_short_of_quota(stack.clock())
    sending = may_leave(stack)
    for lane in LANES:
        if sending.is_braked(lane):
            logger.warning("the brake is on", extra={"lane": lane})
        if sending.is_open(lane) and mailbox.has_quota(SHARE_OF_QUOTA):
            _queue_some(stack, lane, until)
    if sending.is_open("clean") and mailbox.has_quota(SHARE_OF_QUOTA):
        _queue_some(stack, "reminder", until)
    counted = [(campaign, lane) for campaign in Campaigns(stack.table).campaign_ids() for lane in LANES]
    waiting = (Forms(stack.table).how_many_postponed(campaign, lane, _MOST_COUNTED) for campaign, lane in counted)
    emit("ConfirmationsWaiting", sum(waiting))


def _queue_some(stack: Stack, queue: Queue, until: datetime) -> None:
    forms, room = Forms(stack.table), Room(stack)
    postponed = forms.postponed_mails(Campaigns(stack.table).campaign_ids(), queue, stack.clock())
    for some in batched(postponed, _QUEUED_AT_ONCE, strict=False):
        ready, has_room = _with_room(stack, some, room)
        refused = waiting_mails(stack).put_all(list(ready)) if ready else []
        if refused:
            logger.warning("emails were not queued", extra={"emails": len(refused)})
        for form in (form for name, form in ready.items() if name not in refused):
            with suppress(ChangedError):  # The worker was faster.
                forms.postpone_further(form, stack.clock() + _LOOKED_AT_AGAIN)
        if not has_room or stack.clock() >= until:
            return


def _with_room(stack: Stack, forms: Iterable[Form], room: Room) -> tuple[dict[FormName, Form], bool]:
    """Return the forms whose emails have room, and whether the stack has room for more. The others wait longer."""
    ready: dict[FormName, Form] = {}
    for form in forms:
        next_try = room.plan(FormMail(form))
        if next_try is None:
            ready[FormName.of(form)] = form
        elif next_try <= stack.clock():
            return ready, False
        else:
            with suppress(ChangedError):  # It was erased meanwhile.
                Forms(stack.table).postpone_mail(FormMail(form), next_try)
    return ready, True


# From the queue to SES

PAUSE_OF_FAILURE = 10.0
"""Seconds that a batch waits whose messages come again. So 100 processes hide some 90,000 messages at once in a
long outage; SQS hides 120,000."""

_MOST_FAILURES = 2
"""After so many failures, the rest of a batch comes again untried. A single email that fails each time stops no
other."""

_TRIED_ONCE_MORE = timedelta(days=1)
"""When an email that SES refused is tried once more."""

type Outcome = Literal["none", "postponed", "sent", "not sent", "refused", "waits", "perhaps sent"]
"""What became of a waiting email.

`none`: its form gets none. `postponed`: it has no room in a budget. `not sent`: it was sent before, or the person had
enough. `refused`: by SES, for good. `waits`: it surely was not sent, and comes again, as one does that was `perhaps
sent`.
"""


@dataclass(slots=True)
class _Waiting:
    """An email that waits: its message, and what became of it, and when."""

    record: Record
    mail: FormMail
    outcome: Outcome
    at: datetime | None = None

    @property
    def comes_again(self) -> bool:
        return self.outcome in {"waits", "perhaps sent"}

    def delay(self, now: datetime) -> float:
        """Return how many seconds after its form it was sent, or waits; 0 if a budget made it late on purpose."""
        form = self.mail.form
        asked_at = requested_at(form.mail_request)
        is_late = self.outcome == "waits" or (self.outcome == "sent" and not form.postponed_until)
        return ((self.at or now) - asked_at).total_seconds() if asked_at and is_late else 0


def send_queued(stack: Stack, records: Sequence[Record]) -> dict[str, Any]:
    """Send waiting emails; SQS delivers the messages named in the answer again when they are due."""
    try:
        waiting = _read(stack, records)
        _send_all(stack, waiting)
        failed = [email.record for email in waiting if email.comes_again]
    except Exception as error:  # noqa: BLE001  (the whole batch comes again; it is reported)
        logger.error("a batch failed", extra=facts_of(error))
        failed = list(records)
    if failed:
        stack.sleep(PAUSE_OF_FAILURE)
    for record in failed:
        try:
            received = int(record["attributes"]["ApproximateReceiveCount"])
            waiting_mails(stack).hide(record["receiptHandle"], seconds_hidden(received))
        except Exception as error:  # noqa: BLE001  (it then stays hidden for the queue's time-out)
            logger.warning("a message was not hidden", extra=facts_of(error))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _read(stack: Stack, records: Sequence[Record]) -> list[_Waiting]:
    """Return the messages' emails, as their forms and letters are now. An unreadable one is a dead letter at once."""
    messages: dict[FormName, Record] = {}
    for record in records:
        try:
            messages[read_waiting_message(record["body"])] = record
        except ValueError as error:
            logger.error("a message is damaged", extra=facts_of(error))
            dead_mails(stack).send(record["body"])
    read = Forms(stack.table).read(list(messages))
    for name in read.damaged:
        dead_mails(stack).send(messages[name]["body"])
    waiting = []
    for form, row in read.found:
        mail = _mail_of(stack, form, row)
        waiting.append(_Waiting(messages[FormName.of(form)], mail or FormMail(form), "waits" if mail else "none"))
    return waiting


def _mail_of(stack: Stack, form: Form, row: Signature | None) -> FormMail | None:
    """Return the email of a form; None if it gets none.

    A form is deleted if it was sent before its signer's letter was erased or withdrawn, or if the person with its
    address said that they didn't sign. A form whose address has a domain that takes no email waits in quarantine, where
    people see why.
    """
    forms = Forms(stack.table)
    if row and row.status == "confirmed":
        # The same form may be sent again after its letter's links have ended.
        became = (row.form, row.signed_at) == (form.form, form.signed_at)
        return None if became or row.is_empty or form.is_reminder else FormMail(form, row)
    if not form.can_follow(row):
        forms.delete(form.campaign, form.signer, form.form)
        return None
    if row and row.erased_at and not (form.quarantine or form.is_released):
        with suppress(ChangedError):
            forms.put_in_quarantine(form, "erased before")
        form = replace(form, quarantine="erased before")
    if stack.mail_domains.takes_none(form.words.email):
        with suppress(ChangedError):
            forms.put_in_quarantine(form, "no mailbox")
        return None
    return FormMail(form)


def _send_all(stack: Stack, waiting: Sequence[_Waiting]) -> None:
    """Send what the budgets admit, several emails at once, and those to one person one after the other."""
    forms = Forms(stack.table)
    asking = [email for email in waiting if email.outcome != "none"]
    people: dict[str, list[_Waiting]] = {}
    for email, next_try in zip(asking, take(stack, [email.mail for email in asking]), strict=True):
        if next_try is None:
            people.setdefault(email.mail.form.signer, []).append(email)
            continue
        email.outcome = "postponed"
        with suppress(ChangedError):  # It is no longer there.
            forms.postpone_mail(email.mail, next_try)
    sending = _Sending(stack)
    for _ in each_at_once(sending.send_to_one, people.values(), stack.settings.mails_at_once):
        pass
    _report(stack, [email for some in people.values() for email in some])
    put_back(stack, [email.mail for email in asking if email.outcome in {"waits", "not sent"}])
    for email in waiting:
        if email.mail.form.postponed_until and not (email.comes_again or email.outcome == "postponed"):
            # After its first email, it can be confirmed for 14 days from now on.
            expires_at = None if email.mail.form.is_reminder else stack.clock() + PENDING_FOR
            with suppress(ChangedError):  # It was erased meanwhile.
                forms.end_postponement(email.mail.form, expires_at)


@dataclass(slots=True)
class _Sending:
    """The sending of a batch, which ends with its second failure."""

    stack: Stack
    failures: int = 0

    def send_to_one(self, some: Iterable[_Waiting]) -> None:
        """Send a person's emails, and keep the outcome of each."""
        for email in some:
            if self.failures < _MOST_FAILURES:
                email.outcome, email.at = self._send(email.mail), self.stack.clock()

    def _send(self, mail: FormMail) -> Outcome:
        about = {"campaign": mail.form.campaign}
        try:
            return "sent" if send(self.stack, mail) else "not sent"
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


def _report(stack: Stack, tried: Sequence[_Waiting]) -> None:
    """Log the outcomes of emails in a line for each campaign: a line for each email would tell nothing more."""
    for campaign in dict.fromkeys(email.mail.form.campaign for email in tried):
        outcomes = Counter(email.outcome for email in tried if email.mail.form.campaign == campaign)
        logger.info("confirmation emails", extra={"campaign": campaign, "outcomes": dict(outcomes)})
    emit("ConfirmationDelay", *(email.delay(stack.clock()) for email in tried))


def send(stack: Stack, mail: FormMail) -> bool:
    """Send the email that a form requests. Return False if it was sent before, or none may be sent any more.

    Raises MailRefusedError if SES refuses it. Any other error says to try again; after an UncertainError the person
    may get the email once more: better than not at all.
    """
    if mail.form.has_expired(stack.clock()) or (mail.form.is_reminder and not _may_remind(stack, mail.form)):
        return False
    claim = claim_of(mail)
    try:
        return send_once(stack, stack.confirmation_mailbox, claim, lambda: _written(stack, mail))
    except SendingStoppedError:
        raise
    except MailRefusedError:
        if mail.form.postponed_until:
            # The reconciliation must not ask for it again.
            claim.note_sent(stack)
        else:
            # It may be the first of many that SES refuses for another cause than their addresses.
            with suppress(ChangedError):
                Forms(stack.table).postpone_mail(mail, stack.clock() + _TRIED_ONCE_MORE)
        raise


def _may_remind(stack: Stack, form: Form) -> bool:
    """Say whether a form that waits is its signer's newest clean one, and its campaign reminds people."""
    newest = current_of(Forms(stack.table).of_signer(form.campaign, form.signer), None, stack.clock())
    reminds = catalog_of(stack).entry(form.campaign).campaign.remind_signers
    return reminds and not form.quarantine and newest is not None and newest.form == form.form


def _written(stack: Stack, mail: FormMail) -> Mail:
    catalog, about = catalog_of(stack), mail.about
    entry, whose = catalog.entry(about.campaign, about.target), (about.campaign, about.signer)
    target = entry.target(about.target)
    return emails.confirmation(
        mail,
        stack.settings.sender,
        entry.campaign,
        target.as_signed(about.addressee),
        catalog.letter(about.campaign, about.letter),
        confirm_token=stack.links.sign("confirm", *whose, mail.form.form),
        letter_token=stack.links.sign("letter", *whose),
        disown_token=stack.links.sign("disown", *whose),
        confirm_until=mail.form.expires_at,
        next_delivery=next_delivery(stack, entry, not_before=target.free_from),
    )
