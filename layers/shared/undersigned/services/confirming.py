"""Confirmation emails: one for each request in a signature row."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from undersigned.domain.mail_budgets import lane_of
from undersigned.domain.mail_limits import CLAIMS_KNOWN_FOR, mail_limit
from undersigned.domain.schedule import cadence_of
from undersigned.domain.signatures import PENDING_FOR, requested_at
from undersigned.domain.words import beside_still, waiting_words, words_id
from undersigned.rendering import mails
from undersigned.services.ports import ChangedError, UncertainError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from undersigned.domain.deliveries import Sender
    from undersigned.domain.schedule import WeeklySchedule
    from undersigned.domain.signatures import ReadRows, Signature
    from undersigned.rendering.mails import Mail
    from undersigned.services.catalog import Catalog
    from undersigned.services.mail_budgets import MailBudgeting, Room
    from undersigned.services.ports import MailClaimStore, MailDomainCheck, Post, SignatureStore
    from undersigned.tokens import Tokens

_LOOKED_AT_AGAIN = timedelta(hours=1)


class Admitted(NamedTuple):
    """The signatures of a batch whose emails may go now, and those that get none."""

    signatures: tuple[Signature, ...]
    refused: tuple[Signature, ...]


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

    def admit(self, asking: Sequence[Signature], *, released: Collection[Signature] = ()) -> Admitted:
        """Take a batch of emails from their budgets, and postpone or refuse the others on their rows.

        `released` are those that a person released from quarantine.
        """
        refused = tuple(signature for signature in asking if self._is_in_vain(signature))
        for signature in refused:
            self.refuse(signature)
        rest = [signature for signature in asking if signature not in refused]
        postponed = self.budgeting.postponed(rest, released=released)
        for number, moment in postponed.items():
            with suppress(ChangedError):  # They are no longer there, or the row is listed among the clean ones.
                self.signatures.postpone_mail(rest[number], moment)
        return Admitted(tuple(each for number, each in enumerate(rest) if number not in postponed), refused)

    def requesting(self, campaign: str, signers: Collection[str]) -> ReadRows:
        """Read the rows whose emails wait, as they are now: a form may be deleted, or followed by another."""
        return self.signatures.read_rows(campaign, list(dict.fromkeys(signers)))

    def words(self, row: Signature) -> tuple[Signature, ...]:
        """Return what a row may request emails for: its own words, and those beside them."""
        return (row, *beside_still(row, self.clock()))

    def ready(self, rows: Sequence[Signature], room: Room) -> tuple[list[Signature], bool]:
        """Return which postponed rows have an email that has room, and whether the stack has room for more.

        Those are looked at again in an hour, if the queue loses them. The others wait until their budgets have room.
        """
        ready: list[Signature] = []
        for row in rows:
            words = waiting_words(row, self.clock())
            if not words:
                self.end_postponement(row, ())
                continue
            until = [room.take(each) for each in words]
            if None in until:
                ready.append(row)
                moment = self.clock() + _LOOKED_AT_AGAIN
            else:
                moment = min(each for each in until if each)
            if moment <= self.clock():
                return ready, False
            with suppress(ChangedError):  # It was confirmed or erased meanwhile.
                self.signatures.postpone_mail(min(words, key=lane_of), moment)  # Clean words before suspicious ones.
        return ready, True

    def _is_in_vain(self, signature: Signature) -> bool:
        return signature.status == "pending" and self.domains.takes_none(signature.email)

    def refuse(self, signature: Signature) -> None:
        """Send no email to an address whose domain takes none. Its letter waits in quarantine, where people see why."""
        with suppress(ChangedError):
            self.signatures.refuse_mail(signature, "no mailbox")

    def put_back(self, signatures: Sequence[Signature]) -> None:
        """Give emails back to their budgets that were not sent."""
        self.budgeting.put_back(signatures)

    def end_postponement(self, row: Signature, done: Collection[Signature]) -> None:
        """List a row no longer if the emails of all its words are done. Then they can be confirmed for 14 days."""
        waiting = [words for words in self.words(row) if not words.has_expired(self.clock())]
        if all(words in done for words in waiting):
            with suppress(ChangedError):  # It was signed again, and is looked at again.
                self.signatures.end_postponement(row, self.clock() + PENDING_FOR if waiting else None)

    def send(self, signature: Signature, *, claims: bool = True) -> bool:
        """Send the email that words request. Return False if it was sent before, or none may be sent any more.

        Without `claims`, nothing is written before it. So the table must just have taken a write: what it can't
        record comes again.

        Raises MailRefusedError if SES refuses it. Any other error says to try again; after an UncertainError the person
        may get the email once more: better than not at all.
        """
        now = self.clock()
        if signature.status == "withdrawn" or signature.is_empty or signature.has_expired(now):
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
        self.post.send(self._mail(signature, now))
        try:
            self.claims.record_sent(person, campaign, request, self.clock(), CLAIMS_KNOWN_FOR)
        except Exception as error:
            message = "the email left, and the table did not take that"
            raise UncertainError(message) from error
        return True

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
