"""Confirmation emails: one for each form."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.errors import ChangedError, MailRefusedError, SendingStoppedError, UncertainError
from undersigned.signing import emails
from undersigned.signing.rules.mail_limits import CLAIMS_KNOWN_FOR, mail_limit
from undersigned.signing.rules.signatures import PENDING_FOR, requested_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from undersigned.base.emails import Mail, Sender
    from undersigned.base.links import Links
    from undersigned.base.mail_domains import MailDomains
    from undersigned.base.mailbox import Mailbox
    from undersigned.campaigns.catalog import Catalog
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.signing.mail_budgets import MailBudgeting, Room
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.mail_claims import MailClaims
    from undersigned.signing.rules.forms import FormName, ReadForms
    from undersigned.signing.rules.signatures import Signature

_LOOKED_AT_AGAIN = timedelta(days=1)
"""When a queued form is queued again, if the queue lost it. While SES takes nothing, each one adds a message."""

_TRIED_ONCE_MORE = timedelta(days=1)
"""When an email that SES refused is tried once more."""


class Admitted(NamedTuple):
    """The forms of a batch whose emails may go now, and those that get none."""

    signatures: tuple[Signature, ...]
    refused: tuple[Signature, ...]


@dataclass(kw_only=True, frozen=True, slots=True)
class Confirmations:
    """Sends the emails of forms.

    To somebody who has signed, a form's email is about that letter. Both are a signature here: the form, or the letter
    with the form's id and request.
    """

    catalog: Catalog
    forms: Forms
    claims: MailClaims
    budgeting: MailBudgeting
    domains: MailDomains
    post: Mailbox
    links: Links
    sender: Sender
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def admit(self, asking: Sequence[Signature]) -> Admitted:
        """Take a batch of emails from their budgets, and postpone or refuse the others on their forms."""
        refused = tuple(signature for signature in asking if self._is_in_vain(signature))
        for signature in refused:
            self.refuse(signature)
        rest = [signature for signature in asking if signature not in refused]
        postponed = self.budgeting.postponed(rest)
        for number, moment in postponed.items():
            with suppress(ChangedError):  # It is no longer there.
                self.forms.postpone_mail(rest[number], moment)
        return Admitted(tuple(each for number, each in enumerate(rest) if number not in postponed), refused)

    def read(self, names: Sequence[FormName]) -> ReadForms:
        """Read the forms whose emails wait, as they are now, each with its signer's letter."""
        return self.forms.read(names)

    def about(self, form: Signature, row: Signature | None) -> Signature | None:
        """Return the form or letter that the email of a form is about; None if it gets no email.

        A form that was sent before its signer's letter was erased or withdrawn, or to an address whose person said
        that they didn't sign, is deleted.
        """
        if row and row.status == "confirmed":
            # The same form may be sent again after its letter's links have ended.
            became = (row.form, row.signed_at) == (form.form, form.signed_at)
            about = replace(row, form=form.form, mail_request=form.mail_request, mail_postponed=form.mail_postponed)
            return None if became or row.is_empty else about
        if not form.can_follow(row):
            self.forms.delete(form.campaign, form.signer, form.form)
            return None
        if row and row.erased_at and not (form.quarantine or form.is_released):
            with suppress(ChangedError):
                self.forms.put_in_quarantine(form, "erased before")
            return replace(form, quarantine="erased before")
        return form

    def ready(self, forms: Sequence[Signature], room: Room) -> tuple[list[Signature], bool]:
        """Return which postponed forms have room for their email, and whether the stack has room for more.

        The others wait until their budgets have room.
        """
        ready: list[Signature] = []
        for form in forms:
            moment = room.take(form)
            if moment is None:
                ready.append(form)
            elif moment <= self.clock():
                return ready, False
            else:
                with suppress(ChangedError):  # It was erased meanwhile.
                    self.forms.postpone_mail(form, moment)
        return ready, True

    def note_queued(self, forms: Iterable[Signature]) -> None:
        """Look at postponed forms whose emails are queued no sooner than in a day, if the queue loses them."""
        for form in forms:
            with suppress(ChangedError):  # The worker was faster.
                self.forms.postpone_further(form, self.clock() + _LOOKED_AT_AGAIN)

    def _is_in_vain(self, signature: Signature) -> bool:
        return signature.status == "pending" and self.domains.takes_none(signature.email)

    def refuse(self, signature: Signature) -> None:
        """Send no email to an address whose domain takes none. Its form waits in quarantine, where people see why."""
        with suppress(ChangedError):
            self.forms.put_in_quarantine(signature, "no mailbox")

    def put_back(self, signatures: Sequence[Signature]) -> None:
        """Give unsent emails back to their budgets."""
        self.budgeting.put_back(signatures)

    def end_postponement(self, form: Signature) -> None:
        """Unlist a form whose email is done. It can be confirmed for 14 days from now on."""
        with suppress(ChangedError):  # It was erased meanwhile.
            self.forms.end_postponement(form, self.clock() + PENDING_FOR)

    def send(self, signature: Signature, *, claims: bool = True) -> bool:
        """Send the email that a form requests. Return False if it was sent before, or none may be sent any more.

        Without `claims`, nothing is written before it. So the table must just have taken a write: an email that it
        can't record comes again.

        Raises MailRefusedError if SES refuses it. Any other error says to try again; after an UncertainError the person
        may get the email once more: better than not at all.
        """
        now = self.clock()
        if signature.has_expired(now):
            return False
        person, campaign, request = signature.signer, signature.campaign, signature.mail_request
        since, limit = requested_at(request) or signature.signed_at, mail_limit(signature)
        may_go = (
            self.claims.claim(person, campaign, request, now, limit=limit, since=since, known_for=CLAIMS_KNOWN_FOR)
            if claims
            else self.claims.may_send(person, campaign, request, now, limit=limit, since=since)
        )
        if not may_go:
            return False
        try:
            self.post.send(self._mail(signature, now))
        except SendingStoppedError:
            raise
        except MailRefusedError:
            if signature.mail_postponed:
                # The reconciliation must not ask for it again.
                self.claims.record_sent(person, campaign, request, self.clock(), CLAIMS_KNOWN_FOR)
            else:
                # It may be the first of many that SES refuses for another cause than their addresses.
                with suppress(ChangedError):
                    self.forms.postpone_mail(signature, now + _TRIED_ONCE_MORE)
            raise
        try:
            self.claims.record_sent(person, campaign, request, self.clock(), CLAIMS_KNOWN_FOR)
        except Exception as error:
            message = "the email left, and the table did not take that"
            raise UncertainError(message) from error
        return True

    def _mail(self, signature: Signature, now: datetime) -> Mail:
        entry = self.catalog.entry(signature.campaign, signature.target)
        whose = (signature.campaign, signature.signer)
        return emails.confirmation(
            "confirm" if signature.status == "pending" else "sealed" if signature.bundle else "signed",
            self.sender,
            entry.campaign,
            entry.target(signature.target).as_signed(signature.addressee),
            self.catalog.letter(signature.campaign, signature.letter),
            signature,
            confirm_token=self.links.sign("confirm", *whose, signature.form),
            letter_token=self.links.sign("letter", *whose),
            disown_token=self.links.sign("disown", *whose),
            next_delivery=entry.next_delivery(self.schedule, now),
        )
