"""Emails to organizers: each occasion of a period is sent once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.domain.errors import UndersignedError
from undersigned.domain.signing.mail_limits import MailLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from undersigned.aws.mail import Mailbox
    from undersigned.aws.mail_claims import MailClaims
    from undersigned.rendering.mails import Mail

type Occasion = Literal["waiting", "ready", "report"]

type PostOutcome = Literal["sent", "sent before", "nothing to say"]

_LIMIT = MailLimit(3, 3)
"""One email for each occasion of a period."""

_KNOWN_FOR = timedelta(days=60)
"""How long a sent email is remembered: far longer than a failed run is retried, automatically or by hand."""


class NotToldError(UndersignedError):
    """Some organizers could not be emailed. The next try doesn't email the others again."""


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


def tell_each(
    periods: Iterable[tuple[str, str]],
    tell: Callable[[str, str], PostOutcome],
    report: Callable[[str, str, PostOutcome | Exception], None],
) -> None:
    """Email the organizers of some campaigns, each with a period. An error for one doesn't stop the others.

    Passes each outcome or error to `report`. Raises NotToldError at the end if any organizer could not be emailed.
    """
    missed: dict[str, None] = {}
    for campaign, period in periods:
        try:
            outcome = tell(campaign, period)
        except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
            missed[campaign] = None
            report(campaign, period, error)
        else:
            report(campaign, period, outcome)
    if missed:
        message = f"the organizers of {', '.join(missed)} could not be emailed; the next try emails only them"
        raise NotToldError(message)
