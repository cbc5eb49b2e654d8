"""The email that tells an organizer of an office's stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from undersigned.base.errors import MailRefusedError, SendingThrottledError
from undersigned.campaigns.rules.stops import mailbox_digest
from undersigned.delivering.emails import organizer_mails

if TYPE_CHECKING:
    from undersigned.base.emails import Sender
    from undersigned.base.mailbox import Mailbox
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rows.offices import OfficeRows
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.campaigns.rules.stops import Stop

type StopPostOutcome = Literal["sent", "sent before", "lifted before"]


@dataclass(kw_only=True, frozen=True, slots=True)
class StopPost:
    """Sends the email about a stop, once at most: it is noted on the stop before it is sent."""

    campaigns: Campaigns
    office_rows: OfficeRows
    post: Mailbox
    sender: Sender

    def send(self, campaign: str, target: str) -> StopPostOutcome:
        """Tell the organizer that an office stopped the emails. Raises the errors of `Mailbox.send`, NotFoundError."""
        settings, known, _ = self.campaigns.of_target(campaign, target)
        if known.stopped is None:
            return "lifted before"
        if not self._note(campaign, known, known.stopped, told=True):
            return "sent before"
        try:
            self.post.send(organizer_mails.stopped(self.sender, settings, known, known.stopped))
        except (SendingThrottledError, MailRefusedError):
            # It surely did not leave. After any other error it may have, and is not sent again by itself.
            self._note(campaign, known, known.stopped, told=False)
            raise
        return "sent"

    def _note(self, campaign: str, target: Target, about: Stop, *, told: bool) -> bool:
        """Note on a stop whether the organizer is told, and say whether that is new."""

        def noted(stop: Stop | None) -> Stop | None:
            return replace(stop, told=told) if stop and stop.at == about.at else stop

        before, after = self.office_rows.change_stop(campaign, target.id, mailbox_digest(target.email), noted)
        return before != after
