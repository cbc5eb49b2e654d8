"""Confirmation emails: one for each request in a signature row."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.domain.mail_limits import CLAIMS_KNOWN_FOR, mail_limit
from undersigned.domain.schedule import cadence_of
from undersigned.domain.signatures import PENDING_FOR, requested_at
from undersigned.domain.words import beside_still, words_id
from undersigned.rendering import mails
from undersigned.services.ports import ChangedError, MailRefusedError, SendingStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from undersigned.domain.deliveries import Sender
    from undersigned.domain.schedule import WeeklySchedule
    from undersigned.domain.signatures import Signature
    from undersigned.rendering.mails import Mail
    from undersigned.services.catalog import Catalog
    from undersigned.services.mail_budgets import MailBudgeting
    from undersigned.services.ports import MailClaimStore, MailDomainCheck, Post, SignatureStore
    from undersigned.tokens import Tokens

type ConfirmationOutcome = Literal["sent", "over the day's limit or sent before", "nothing to say"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The signatures of a batch whose emails may go now, and those that get none. Without `has_room`, no more may.

    `is_recorded` says whether the table has just taken a write about it.
    """

    signatures: tuple[Signature, ...]
    refused: tuple[Signature, ...]
    has_room: bool
    is_recorded: bool


@dataclass(kw_only=True, frozen=True, slots=True)
class Confirmations:
    """Sends the emails that signature rows request."""

    catalog: Catalog
    signatures: SignatureStore
    claims: MailClaimStore
    budgeting: MailBudgeting
    domains: MailDomainCheck
    post: Post
    tokens: Tokens
    sender: Sender
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def admit(
        self,
        asking: Sequence[Signature],
        confirmed: Sequence[Signature] = (),
        *,
        released: Collection[Signature] = (),
        may_come_again: bool = False,
    ) -> Admitted:
        """Take a batch of emails from their budgets, and postpone or refuse the others on their rows.

        `confirmed` are signatures that were just confirmed, `released` those that a person released from quarantine.
        What a batch that `may_come_again` has taken or given back is counted once.
        """
        refused = tuple(signature for signature in asking if self._is_in_vain(signature))
        for signature in refused:
            self.refuse(signature)
        rest = [signature for signature in asking if signature not in refused]
        budgeted = self.budgeting.budgeted(rest, confirmed, released=released, may_come_again=may_come_again)
        until, now = budgeted.until, self.clock()
        for number, moment in until.items():
            # One that has been tried before stays where it is, unless it waits for another day.
            if moment > now or not rest[number].mail_postponed:
                with suppress(ChangedError):  # They are no longer there, or the row is listed among the clean ones.
                    self.signatures.postpone_mail(rest[number], moment)
        for signature in released:
            if signature.mail_postponed and not signature.beside:
                self.end_postponement(signature, is_sent=True)
        return Admitted(
            tuple(signature for number, signature in enumerate(rest) if number not in until),
            refused,
            has_room=all(moment > now for moment in until.values()),
            is_recorded=budgeted.is_recorded,
        )

    def still_requested_of(self, asking: Sequence[Signature]) -> tuple[Signature, ...]:
        """Return those emails of a batch that their rows still request: a form may be deleted by now.

        The email of a row that was damaged since goes, too.
        """
        wanted: set[tuple[str, str]] = set()
        for campaign in {signature.campaign for signature in asking}:
            found = self.signatures.read_rows(campaign, [it.signer for it in asking if it.campaign == campaign])
            wanted |= {(row.signer, words.mail_request) for row in found.rows for words in (row, *row.beside)}
            wanted |= {(it.signer, it.mail_request) for it in asking if it.signer in found.damaged}
        return tuple(signature for signature in asking if (signature.signer, signature.mail_request) in wanted)

    def _is_in_vain(self, signature: Signature) -> bool:
        return signature.status == "pending" and self.domains.takes_none(signature.email)

    def refuse(self, signature: Signature) -> None:
        """Send no email to an address whose domain takes none. Its letter waits in quarantine, where people see why."""
        self.claims.record_refused(signature.signer, signature.mail_request, self.clock(), CLAIMS_KNOWN_FOR)
        with suppress(ChangedError):
            self.signatures.refuse_mail(signature, "no mailbox")

    def put_back(self, signatures: Sequence[Signature]) -> None:
        """Give emails back to their budgets that were not sent."""
        self.budgeting.put_back(signatures)

    def end_postponement(self, row: Signature, *, is_sent: bool) -> None:
        """List a row no longer. If its emails were sent, its words can be confirmed for 14 days from now on."""
        with suppress(ChangedError):  # It was signed again, and is looked at again.
            self.signatures.end_postponement(row, self.clock() + PENDING_FOR if is_sent else None)

    def send(self, signature: Signature, *, claims: bool = True) -> ConfirmationOutcome:
        """Send the email that a row requests, unless it was sent before or the person has reached the day's limit.

        Without `claims`, nothing is written before the email is sent. So it must be known otherwise that the table
        takes writes: an email that can't be recorded comes again.

        Raises ThrottledError, SendingStoppedError or UncertainError if it must be tried again, MailRefusedError if SES
        refuses it. After an UncertainError the person may get the email once more: better than not at all.
        """
        now = self.clock()
        if signature.status == "withdrawn" or signature.is_empty or signature.has_expired(now):
            return "nothing to say"
        person, campaign, request = signature.signer, signature.campaign, signature.mail_request
        since = requested_at(request) or signature.signed_at
        limit = mail_limit(signature)
        may_go = (
            self.claims.claim(person, campaign, request, now, limit=limit, since=since, known_for=CLAIMS_KNOWN_FOR)
            if claims
            else self.claims.may_send(person, campaign, request, now, limit=limit, since=since)
        )
        if not may_go:
            return "over the day's limit or sent before"
        try:
            self.post.send(self._mail(signature, now))
        except SendingStoppedError:
            raise
        except MailRefusedError:
            # So that the reconciliation doesn't ask for it again.
            self.claims.record_refused(person, request, now, CLAIMS_KNOWN_FOR)
            raise
        self.claims.record_sent(person, campaign, request, now, CLAIMS_KNOWN_FOR)
        return "sent"

    def still_requested(self, campaign: str, signer: str, request: str) -> Signature | None:
        """Return the words of an email that had to wait, if their row still requests it, for them or beside them."""
        row = self.signatures.signature(campaign, signer)
        every = (row, *beside_still(row, self.clock())) if row else ()
        return next((words for words in every if words.mail_request == request), None)

    def _mail(self, signature: Signature, now: datetime) -> Mail:
        entry = self.catalog.entry(signature.campaign, signature.target)
        whose = (signature.campaign, signature.signer)
        return mails.confirmation(
            "confirm" if signature.status == "pending" else "sealed" if signature.bundle else "signed",
            self.sender,
            entry.campaign,
            self.catalog.target_as_signed(signature.campaign, entry.target(signature.target), signature.target_version),
            self.catalog.letter(signature.campaign, signature.letter),
            signature,
            confirm_token=self.tokens.for_words(*whose, words_id(signature.signed_at)),
            letter_token=self.tokens.for_signer("letter", *whose),
            disown_token=self.tokens.for_signer("disown", *whose),
            next_delivery=(
                None
                if self.catalog.controls(signature.campaign).paused
                else cadence_of(entry.campaign, self.schedule).next_after(now)
            ),
        )
