"""Emails to organizers: each occasion of a period is sent once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.base.sending_once import send_once
from undersigned.signing.rows.mail_claims import MailClaim
from undersigned.signing.rules.mail_budgets import MailLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.emails import Mail
    from undersigned.base.stack import Stack

type Occasion = Literal["waiting", "ready", "report"]

type PostOutcome = Literal["sent", "sent before", "nothing to say"]

_LIMIT = MailLimit(3, 3)
"""One email for each occasion of a period."""

_KNOWN_FOR = timedelta(days=60)
"""How long a sent email is remembered: far longer than a failed run is retried, automatically or by hand."""


def tell_organizer(  # noqa: PLR0913  (an occasion of a campaign's period)
    stack: Stack, occasion: Occasion, campaign: str, period: str, write: Callable[[], Mail], *, by: str | None = None
) -> PostOutcome:
    """Email a campaign's organizer, unless they got an email for this occasion and period, or about a later period.

    If several may send it at once, `by` says who this is: only the first one to claim it sends it, in as many tries as
    it takes. Raises the errors of `send_once`.
    """
    day = datetime.fromisoformat(period).replace(tzinfo=UTC)
    claim = MailClaim(
        # A signer's id has no colon, so the two can't be confused.
        person=f"organizer:{campaign}",
        campaign=campaign,
        request=occasion,
        limit=_LIMIT,
        since=day,
        known_for=_KNOWN_FOR,
        on=day,
        by=by,
    )
    return "sent" if send_once(stack, stack.mailbox, claim, write) else "sent before"
