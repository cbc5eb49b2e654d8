"""The email that asks an organizer about the address that an office asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.domain.errors import MailRefusedError, SendingStoppedError, SendingThrottledError
from undersigned.rendering import office_mails

if TYPE_CHECKING:
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.offices import OfficeRows
    from undersigned.domain.delivering.deliveries import Sender

type AskedPostOutcome = Literal["sent", "sent before", "decided before"]


@dataclass(kw_only=True, frozen=True, slots=True)
class AskedPost:
    """Sends the email about a request, once at most: it is noted on the office's row before it is sent."""

    campaigns: Campaigns
    office_rows: OfficeRows
    post: Mailbox
    sender: Sender

    def send(self, campaign: str, target: str) -> AskedPostOutcome:
        """Tell the organizer what an office asked for last. Raises the errors of `Mailbox.send`, NotFoundError."""
        settings, known, _ = self.campaigns.of_target(campaign, target)
        if known.asked is None:
            return "decided before"
        if not self.office_rows.note_told(campaign, target, known.asked.email):
            return "sent before"
        try:
            self.post.send(office_mails.asked(self.sender, settings, known, known.asked))
        except (SendingThrottledError, SendingStoppedError, MailRefusedError):
            # It surely did not leave. After any other error it may have, and the request is on the overview.
            self.office_rows.note_told(campaign, target, None)
            raise
        return "sent"
