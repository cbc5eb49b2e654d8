"""Confirmation emails: one for each request in a signature row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.domain.signatures import PENDING_FOR, requested_at
from undersigned.rendering import mails
from undersigned.services.ports import MailRefusedError, SendingStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.deliveries import Sender
    from undersigned.domain.schedule import WeeklySchedule
    from undersigned.domain.signatures import Signature
    from undersigned.rendering.mails import Mail
    from undersigned.services.catalog import Catalog
    from undersigned.services.ports import MailClaimStore, Post, SignatureStore
    from undersigned.tokens import Tokens

type ConfirmationOutcome = Literal["sent", "over the day's limit or sent before", "nothing to say"]


MAILS_A_DAY = 3
"""How many confirmation emails one address gets in a day (UTC), so that nobody is flooded with them."""

MAILS_OF_QUARANTINE = 1
"""How many of them forms that look like a bot's may cause."""

CLAIMS_KNOWN_FOR = PENDING_FOR + timedelta(days=2)
"""How long a sent email is known: for as long as its row may request it, and two days for a late message."""


def most_mails(signature: Signature) -> int:
    """Return how many emails a day the person may get who signed."""
    return MAILS_OF_QUARANTINE if signature.quarantine else MAILS_A_DAY


@dataclass(kw_only=True, frozen=True, slots=True)
class Confirmations:
    """Sends the emails that signature rows request."""

    catalog: Catalog
    signatures: SignatureStore
    claims: MailClaimStore
    post: Post
    tokens: Tokens
    sender: Sender
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def send(self, signature: Signature) -> ConfirmationOutcome:
        """Send the email that a row requests, unless it was sent before or the person has reached the day's limit.

        Raises ThrottledError, SendingStoppedError or UncertainError if it must be tried again, MailRefusedError if SES
        refuses it. After an UncertainError the person may get the email once more: better than not at all.
        """
        now = self.clock()
        if signature.status in {"withdrawn", "erased"} or signature.has_expired(now):
            return "nothing to say"
        person, request = signature.signer, signature.mail_request
        # A request of a version before 0.3 has no moment. The stream repeats its record for a day.
        since = requested_at(request) or now - timedelta(days=1)
        if not self.claims.claim(
            person, request, now, most=most_mails(signature), since=since, known_for=CLAIMS_KNOWN_FOR
        ):
            return "over the day's limit or sent before"
        try:
            self.post.send(self._mail(signature, now))
        except SendingStoppedError:
            raise
        except MailRefusedError:
            # So that the reconciliation doesn't ask for it again.
            self.claims.record_refused(person, request, now)
            raise
        self.claims.record_sent(person, request, now)
        return "sent"

    def send_late(self, campaign: str, signer: str, request: str) -> ConfirmationOutcome:
        """Send an email that had to wait, if its row still requests it. A newer request has its own email.

        Raises the errors of `send`.
        """
        signature = self.signatures.signature(campaign, signer)
        if signature is None or signature.mail_request != request:
            return "nothing to say"
        return self.send(signature)

    def _mail(self, signature: Signature, now: datetime) -> Mail:
        entry = self.catalog.entry(signature.campaign, signature.target)
        whose = (signature.campaign, signature.signer)
        return mails.confirmation(
            "confirm" if signature.status == "pending" else "sealed" if signature.bundle else "signed",
            self.sender,
            entry.campaign,
            self.catalog.target_as_signed(entry.target(signature.target), signature),
            self.catalog.letter(signature.campaign, signature.letter),
            signature,
            confirm_token=self.tokens.for_signer("confirm", *whose),
            letter_token=self.tokens.for_signer("letter", *whose),
            next_delivery=self.schedule.next_after(now),
        )
