"""Approval requests: the email that tells an organizer which letters are waiting for approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.delivering.approvals import WaitingLetters
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.tokens import VALID_FOR
from undersigned.rendering import organizer_mails
from undersigned.services.delivering.trays import read_trays

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.delivering.deliveries import Sender
    from undersigned.rendering.mails import Mail
    from undersigned.services.operating.organizer_post import OrganizerPost, PostOutcome
    from undersigned.tokens import OrganizerTokens


@dataclass(kw_only=True, frozen=True, slots=True)
class ApprovalRequests:
    """Asks organizers to approve the deliveries that a plan did not queue.

    `at_once` is how many calls are made at the same time.
    """

    campaigns: Campaigns
    signatures: Signatures
    post: OrganizerPost
    tokens: OrganizerTokens
    sender: Sender
    clock: Callable[[], datetime]
    at_once: int = 1

    def ask(self, campaign: str, period: str, awaiting: Collection[DeliveryKey]) -> PostOutcome:
        """Ask a campaign's organizer once to approve its deliveries of a period, which are among `awaiting`.

        Raises NotFoundError, and the errors of `OrganizerPost.send_once`.
        """
        settings = self.campaigns.campaign(campaign)
        targets = [
            target
            for target in self.campaigns.targets(campaign, whole=False)
            if DeliveryKey(campaign, target.id, period) in awaiting
        ]
        trays = read_trays(self.signatures, campaign, [target.id for target in targets], self.at_once)
        waiting = [WaitingLetters(target, len(trays[target.id].due)) for target in targets if target.id in trays]
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
