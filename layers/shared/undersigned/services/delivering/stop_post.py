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
    from undersigned.domain.delivering.stops import Stop
    from undersigned.domain.tokens import ResumeToken
    from undersigned.rendering.mails import Mail
    from undersigned.tokens import Tokens

type StopPostOutcome = Literal["sent", "sent before", "resumed before"]


@dataclass(kw_only=True, frozen=True, slots=True)
class StopPost:
    """Sends the emails about stops, each once at most: it is counted on the stop before it is sent."""

    campaigns: Campaigns
    office_rows: OfficeRows
    post: Mailbox
    tokens: Tokens
    sender: Sender

    def send(self, link: ResumeToken, number: int) -> StopPostOutcome:
        """Tell the organizer of a stop, and send its mailbox the first or second link that ends it.

        Raises the errors of `Mailbox.send`, NotFoundError.
        """
        campaign, target, _ = self.campaigns.of_target(link.campaign, link.target)
        stop = target.stop_of(link.mailbox)
        if stop is None or stop.at != link.at:
            return "resumed before"
        self._once(link, "notices", 1, office_mails.stopped(self.sender, campaign, target, stop))
        resume = office_mails.resume(self.sender, campaign, target, stop, self.tokens.for_resume(link))
        return "sent" if self._once(link, "mails", number, resume) else "sent before"

    def _once(self, link: ResumeToken, count: Literal["mails", "notices"], number: int, mail: Mail) -> bool:
        """Send the email of a number, unless an earlier try or a repeated message has. Say whether it was sent."""
        if not self._count(link, count, number - 1, number):
            return False
        try:
            self.post.send(mail)
        except (SendingThrottledError, MailRefusedError):
            # It surely did not leave. After any other error it may have, and is not sent again by itself.
            self._count(link, count, number, number - 1)
            raise
        return True

    def _count(self, link: ResumeToken, count: Literal["mails", "notices"], known: int, new: int) -> bool:
        """Change how many such emails were sent about a stop, and say whether as many as known were."""

        def counted(stop: Stop | None) -> Stop | None:
            if stop is None or stop.at != link.at or getattr(stop, count) != known:
                return stop
            return replace(stop, mails=new) if count == "mails" else replace(stop, notices=new)

        before, after = self.office_rows.change_stop(link.campaign, link.target, link.mailbox, counted)
        return before != after
