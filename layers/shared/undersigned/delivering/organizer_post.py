"""Emails to organizers: each occasion of a period is sent once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.signing.rules.mail_budgets import MailLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.emails import Mail
    from undersigned.base.mailbox import Mailbox
    from undersigned.signing.rows.mail_claims import MailClaims

type Occasion = Literal["waiting", "ready", "report"]

type PostOutcome = Literal["sent", "sent before", "nothing to say"]

_LIMIT = MailLimit(3, 3)
"""One email for each occasion of a period."""

_KNOWN_FOR = timedelta(days=60)
"""How long a sent email is remembered: far longer than a failed run is retried, automatically or by hand."""


@dataclass(kw_only=True, frozen=True, slots=True)
class OrganizerPost:
    """Emails organizers through any crash, in the same steps as confirmations: claim, send, record."""

    claims: MailClaims
    post: Mailbox

    def send_once(
        self, occasion: Occasion, campaign: str, period: str, mail: Callable[[], Mail], *, by: str | None = None
    ) -> PostOutcome:
        """Send an email, unless the campaign's organizer got one for this occasion and period.

        An email about a later period counts, too. If several may send it at once, `by` says who this is: only the
        first one to claim it sends it, in as many tries as it takes.

        Raises SendingThrottledError or SendingStoppedError if it must be tried again, MailRefusedError if SES refuses
        it.
        """
        # A signer's id has no colon, so the two can't be confused.
        person, day = f"organizer:{campaign}", datetime.fromisoformat(period).replace(tzinfo=UTC)
        if not self.claims.claim(person, campaign, occasion, day, limit=_LIMIT, since=day, known_for=_KNOWN_FOR, by=by):
            return "sent before"
        self.post.send(mail())
        self.claims.record_sent(person, campaign, occasion, day, _KNOWN_FOR)
        return "sent"
