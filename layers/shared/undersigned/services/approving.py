"""Approving: show which letters are waiting for approval and approve them, by the link in the email."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.approvals import PeriodState, WaitingLetters
from undersigned.domain.deliveries import DeliveryKey
from undersigned.services.waiting_evidence import waiting_evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.domain.campaigns import Target
    from undersigned.services.delivery_controls import DeliveryControls
    from undersigned.services.planning import Planning
    from undersigned.services.ports import CampaignStore, DeliveryStore, SignatureStore
    from undersigned.tokens import Tokens


@dataclass(kw_only=True, frozen=True, slots=True)
class Approving:
    """Shows and approves the period of a link."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    planning: Planning
    tokens: Tokens
    delivery_controls: DeliveryControls

    def period(self, token: str) -> PeriodState:
        """Return the period of a link. Changes nothing. Raises TokenError, NotFoundError."""
        asked = self.tokens.read_approval(token)
        campaign = self.campaigns.campaign(asked.campaign)
        targets = self.campaigns.targets(campaign.id)
        controls = self.campaigns.controls(campaign.id)
        begun = [
            (target, delivery)
            for target in targets
            if (delivery := self.deliveries.delivery(DeliveryKey(campaign.id, target.id, asked.period)))
        ]
        # A target gets one email per period. Letters that were confirmed after it wait for a later one.
        served = {target.id for target, delivery in begun if delivery.is_settled or delivery.is_unfinished}
        planned = self.planning.preview(campaign, asked.period, approved=True).lines
        waiting = tuple(
            replace(line, is_paused=False)
            for line in planned
            if line.key.period == asked.period and line.target.id not in served
        )
        return PeriodState(
            campaign,
            asked.period,
            waiting,
            waiting_evidence(self.signatures, campaign.id, [line.target.id for line in waiting]),
            tuple(begun),
            is_approved=asked.period in controls.approved,
            is_paused=controls.paused,
        )

    def approve(self, token: str) -> None:
        """Approve the period of a link, and queue its deliveries. Raises TokenError, NotFoundError."""
        asked = self.tokens.read_approval(token)
        self.delivery_controls.approve(asked.campaign, asked.period, by="link in the email", why="")


def waiting_letters(signatures: SignatureStore, campaign: str, targets: Iterable[Target]) -> tuple[WaitingLetters, ...]:
    """Count the waiting letters of each target, without targets that have none."""
    counted = (WaitingLetters(target, signatures.how_many_wait(campaign, target.id)) for target in targets)
    return tuple(line for line in counted if line.letters)
