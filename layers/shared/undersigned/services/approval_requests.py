"""Approval requests: the email that tells an organizer which letters are waiting for approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.tokens import VALID_FOR
from undersigned.rendering import organizer_mails
from undersigned.services.approving import waiting_letters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from undersigned.domain.approvals import WaitingLetters
    from undersigned.domain.campaigns import Campaign
    from undersigned.domain.deliveries import Sender
    from undersigned.rendering.mails import Mail
    from undersigned.services.organizer_post import OrganizerPost, PostOutcome
    from undersigned.services.ports import CampaignStore, SignatureStore
    from undersigned.tokens import Tokens


@dataclass(kw_only=True, frozen=True, slots=True)
class ApprovalRequests:
    """Asks organizers to approve the deliveries that a plan did not queue."""

    campaigns: CampaignStore
    signatures: SignatureStore
    post: OrganizerPost
    tokens: Tokens
    sender: Sender
    clock: Callable[[], datetime]

    def ask(self, campaign: str, period: str, awaiting: Collection[DeliveryKey]) -> PostOutcome:
        """Ask a campaign's organizer once to approve its deliveries of a period, which are among `awaiting`.

        Raises NotFoundError, and the errors of `OrganizerPost.send_once`.
        """
        settings = self.campaigns.campaign(campaign)
        targets = [
            target
            for target in self.campaigns.targets(campaign)
            if DeliveryKey(campaign, target.id, period) in awaiting
        ]
        waiting = waiting_letters(self.signatures, campaign, targets)
        if not waiting:
            return "nothing to say"
        return self.post.send_once("approval", campaign, period, lambda: self._mail(settings, period, waiting))

    def _mail(self, campaign: Campaign, period: str, waiting: Sequence[WaitingLetters]) -> Mail:
        return organizer_mails.approval(
            self.sender,
            campaign,
            period,
            waiting,
            token=self.tokens.for_approval(campaign.id, period),
            valid_until=self.clock() + VALID_FOR["approval"],
        )
