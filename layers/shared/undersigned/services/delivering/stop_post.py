"""The emails about a stop: one to the organizer, and to the mailbox that was stopped the link that resumes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from undersigned.domain.errors import MailRefusedError, SendingThrottledError
from undersigned.rendering import office_mails

if TYPE_CHECKING:
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.offices import OfficeRows
    from undersigned.domain.delivering.deliveries import Sender
    from undersigned.domain.delivering.stops import Stop, StopMail
    from undersigned.rendering.mails import Mail

type StopPostOutcome = Literal["sent", "sent before", "resumed before"]


@dataclass(kw_only=True, frozen=True, slots=True)
class StopPost:
    """Sends the emails about stops, each once at most: it is counted on the stop before it is sent."""

    campaigns: Campaigns
    office_rows: OfficeRows
    post: Mailbox
    sender: Sender

    def send(self, about: StopMail) -> StopPostOutcome:
        """Tell the organizer of a stop, and send its mailbox the first or second link that ends it.

        Raises the errors of `Mailbox.send`, NotFoundError.
        """
        campaign, target, _ = self.campaigns.of_target(about.campaign, about.target)
        stop = target.stop_of(about.mailbox)
        if stop is None or stop.at != about.at:
            return "resumed before"
        self._once(about, "notices", 1, office_mails.stopped(self.sender, campaign, target, stop))
        resume = office_mails.resume(self.sender, campaign, target, stop)
        return "sent" if self._once(about, "mails", about.number, resume) else "sent before"

    def _once(self, about: StopMail, count: Literal["mails", "notices"], number: int, mail: Mail) -> bool:
        """Send the email of a number, unless an earlier try or a repeated message has. Say whether it was sent."""
        if not self._count(about, count, number - 1, number):
            return False
        try:
            self.post.send(mail)
        except (SendingThrottledError, MailRefusedError):
            # It surely did not leave. After any other error it may have, and is not sent again by itself.
            self._count(about, count, number, number - 1)
            raise
        return True

    def _count(self, about: StopMail, count: Literal["mails", "notices"], known: int, new: int) -> bool:
        """Change how many such emails were sent about a stop, and say whether as many as known were."""

        def counted(stop: Stop | None) -> Stop | None:
            if stop is None or stop.at != about.at or getattr(stop, count) != known:
                return stop
            return replace(stop, mails=new) if count == "mails" else replace(stop, notices=new)

        before, after = self.office_rows.change_stop(about.campaign, about.target, about.mailbox, counted)
        return before != after
