"""Emails to organizers: each occasion of a period is sent once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from undersigned.rendering.mails import Mail
    from undersigned.services.ports import MailClaimStore, Post

type Occasion = Literal["approval", "report"]

type PostOutcome = Literal["sent", "sent before", "nothing to say"]

_OCCASIONS = 2

_KNOWN_FOR = timedelta(days=60)
"""How long a sent email is remembered: far longer than a failed run is retried, automatically or by hand."""


class NotToldError(UndersignedError):
    """Some organizers could not be emailed. The next try doesn't email the others again."""


@dataclass(kw_only=True, frozen=True, slots=True)
class OrganizerPost:
    """Emails organizers through any crash, in the same steps as confirmations: claim, send, record."""

    claims: MailClaimStore
    post: Post

    def send_once(self, occasion: Occasion, campaign: str, period: str, mail: Callable[[], Mail]) -> PostOutcome:
        """Send an email, unless the campaign's organizer got one for this occasion and period.

        Raises ThrottledError or SendingStoppedError if it must be tried again, MailRefusedError if SES refuses it.
        """
        # A signer's id has no colon, so the two can't be confused.
        person, day = f"organizer:{campaign}", datetime.fromisoformat(period).replace(tzinfo=UTC)
        since = day - timedelta(days=1)
        if not self.claims.claim(person, occasion, day, most=_OCCASIONS, since=since, known_for=_KNOWN_FOR):
            return "sent before"
        self.post.send(mail())
        self.claims.record_sent(person, occasion, day)
        return "sent"


def tell_each(
    campaigns: Iterable[str],
    tell: Callable[[str], PostOutcome],
    report: Callable[[str, PostOutcome | Exception], None],
) -> None:
    """Email the organizers of some campaigns. An error for one campaign doesn't stop the others.

    Passes each outcome or error to `report`. Raises NotToldError at the end if any organizer could not be emailed.
    """
    missed = []
    for campaign in campaigns:
        try:
            outcome = tell(campaign)
        except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
            missed.append(campaign)
            report(campaign, error)
        else:
            report(campaign, outcome)
    if missed:
        message = f"the organizers of {', '.join(missed)} could not be emailed; the next try emails only them"
        raise NotToldError(message)
