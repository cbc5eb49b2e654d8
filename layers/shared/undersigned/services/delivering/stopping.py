"""Stopping: an office stops the emails to its mailbox, and resumes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from undersigned.domain.authoring.campaigns import AskedAddress
from undersigned.domain.delivering.stops import ResumeLink, Stop, StopMail, reason_in
from undersigned.domain.errors import TokenError
from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.offices import OfficeRows
    from undersigned.aws.queue import PeopleMails
    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.tokens import OfficeToken
    from undersigned.tokens import Tokens

type StopState = Literal["stopped", "resumed", "stopped again"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of a stop. `is_theirs` says whether emails to the recipient still go to its mailbox."""

    campaign: Campaign
    target: Target
    state: StopState
    is_theirs: bool


@dataclass(kw_only=True, frozen=True, slots=True)
class Stopping:
    """Stops emails, and resumes them. Raises TokenError, TokenExpiredError, NotFoundError."""

    campaigns: Campaigns
    office_rows: OfficeRows
    deliveries: Deliveries
    tokens: Tokens
    mails: Callable[[], PeopleMails]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def stop(self, token: str, reason: object) -> tuple[Campaign, Target]:
        """Stop the emails to the mailbox of an office's link, also to one that the recipient no longer has.

        A mailbox that is stopped keeps its moment, so that the link in its email works, and gets the reason, if there
        is one. An email that was handed to SES before may still arrive.
        """
        link = self.tokens.read_office(token)
        campaign, target, _ = self.campaigns.of_target(link.campaign, link.target)
        new = self._new(link, target, reason_in(reason))
        _, stop = self.office_rows.change_stop(
            link.campaign,
            link.target,
            link.mailbox,
            lambda known: replace(known, reason=reason_in(reason) or known.reason) if known else new,
        )
        if stop and not stop.mails and self.office_rows.may_mail(link.campaign, link.target, stop, self.clock()):
            # Also after a failure between the two: queueing it twice is harmless.
            self.mails().put_stop(StopMail(link.campaign, link.target, link.mailbox, stop.at, 1))
        return campaign, target

    def _new(self, link: OfficeToken, target: Target, reason: str) -> Stop | None:
        """Return the stop of a link's mailbox; None if no delivery has its address any more."""
        deliveries = self.deliveries.deliveries(link.campaign, link.target, whole=False)
        to_it = [each for each in deliveries if each.email and mailbox_digest(each.email) == link.mailbox]
        emails = [target.email, *(each.email for each in to_it if each.email)]
        email = next((email for email in emails if mailbox_digest(email) == link.mailbox), None)
        accepted = (each.last.sent_at or each.last.since for each in to_it)
        accepted_at = max((moment for moment in accepted if moment), default=None)
        secret = self.new_id() + self.new_id()
        return Stop(email, self.clock(), secret, reason, accepted_at=accepted_at) if email else None

    def of_link(self, token: str) -> Stopped:
        """Return what became of the stop of a link that resumes. Changes nothing."""
        return self._of(ResumeLink.read(token))

    def resume(self, token: str) -> Stopped:
        """End the stop of a link, and no later one of the same mailbox.

        If the recipient no longer has the mailbox, the organizer is asked whether letters go there again, in place of
        a request that nobody has decided yet.
        """
        link = ResumeLink.read(token)
        found = self._of(link)
        stop = found.target.stop_of(link.mailbox)
        if stop and found.state == "stopped" and not found.is_theirs:
            # Before the stop ends, so that pressing again after a failure asks, too.
            self.office_rows.ask_address(link.campaign, found.target, AskedAddress(stop.email, self.clock()))
            # An email about the earlier request tells nothing of this one.
            self.office_rows.note_told(link.campaign, link.target, None)
            self.mails().put_asked(link.campaign, link.target)
        self.office_rows.change_stop(
            link.campaign,
            link.target,
            link.mailbox,
            lambda known: None if known and link.is_of(known.secret) else known,
        )
        return self._of(link)

    def _of(self, link: ResumeLink) -> Stopped:
        campaign, target, _ = self.campaigns.of_target(link.campaign, link.target)
        stop = target.stop_of(link.mailbox)
        state: StopState = "stopped"
        if not stop or not link.is_of(stop.secret):
            state = "stopped again" if stop else "resumed"
            if not link.is_of(self.office_rows.last_secret(link.campaign, link.target, link.mailbox)):
                message = "the link is of no stop, or of one before the last that ended"
                raise TokenError(message)
        return Stopped(campaign, target, state, is_theirs=mailbox_digest(target.email) == link.mailbox)
