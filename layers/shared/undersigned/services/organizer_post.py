"""Mails to organizers: each about one thing of a period, and sent once."""

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
"""How long it is known that a mail was sent: far longer than any failed run is tried again, by itself or by hand."""


class NotToldError(UndersignedError):
    """Some organizers got no mail; whoever got theirs is not mailed again by the next try."""


@dataclass(kw_only=True, frozen=True, slots=True)
class OrganizerPost:
    """Mails organizers, through any crash, as confirmations are mailed: claimed, sent, written down."""

    claims: MailClaimStore
    post: Post

    def send_once(self, occasion: Occasion, campaign: str, period: str, mail: Callable[[], Mail]) -> PostOutcome:
        """Send a mail unless the campaign's organizer got the one of this occasion and period.

        Raises ThrottledError or SendingStoppedError when it must be tried again, MailRefusedError when SES won't take
        it.
        """
        # No signer's id has a colon.
        recipient, day = f"organizer:{campaign}", datetime.fromisoformat(period).replace(tzinfo=UTC)
        if not self.claims.claim(recipient, occasion, day, most=_OCCASIONS, known_for=_KNOWN_FOR):
            return "sent before"
        self.post.send(mail())
        self.claims.record_sent(recipient, occasion, day)
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
        except Exception as error:  # noqa: BLE001  (one campaign never stops its neighbours; it is reported)
            missed.append(campaign)
            report(campaign, error)
        else:
            report(campaign, outcome)
    if missed:
        message = f"the organizers of {', '.join(missed)} were not told; the next try tells them alone"
        raise NotToldError(message)
