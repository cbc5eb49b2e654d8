"""Approving: show which letters are waiting for approval and approve them, by the link in the email."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import batched, chain
from typing import TYPE_CHECKING

from undersigned.at_once import each_at_once
from undersigned.domain.delivering.approvals import PeriodState
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.services.delivering.trays import read_trays

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.signatures import Signatures
    from undersigned.services.delivering.delivery_controls import DeliveryControls
    from undersigned.services.delivering.planning import Planning
    from undersigned.tokens import OrganizerTokens

_BATCH = 100
"""How many deliveries are read in one call."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Approving:
    """Shows and approves the period of a link. `at_once` is how many calls are made at the same time."""

    campaigns: Campaigns
    signatures: Signatures
    deliveries: Deliveries
    planning: Planning
    tokens: OrganizerTokens
    delivery_controls: DeliveryControls
    clock: Callable[[], datetime]
    at_once: int = 1

    def period(self, token: str) -> PeriodState:
        """Return the period of a link. Changes nothing. Raises TokenError, NotFoundError."""
        asked = self.tokens.read_approval(token)
        # The moment before anything is read: an organizer who sees this has not seen letters that come meanwhile.
        seen_at = self.clock()
        campaign = self.campaigns.campaign(asked.campaign)
        targets = self.campaigns.targets(campaign.id, whole=False)
        controls = self.campaigns.controls(campaign.id)
        keys = batched((DeliveryKey(campaign.id, target.id, asked.period) for target in targets), _BATCH, strict=False)
        found = chain.from_iterable(each_at_once(self.deliveries.existing, keys, self.at_once))
        deliveries = {delivery.key.target: delivery for delivery in found}
        # A target gets one email per period. Letters that were confirmed after it wait for a later one.
        served = {of for of, delivery in deliveries.items() if delivery.is_settled or delivery.is_unfinished}
        others = [target.id for target in targets if target.id not in served]
        until = controls.until(asked.period, needs_approval=campaign.approval)
        trays = read_trays(self.signatures, campaign.id, others, self.at_once, until=until)
        planned = self.planning.plan_counted(
            campaign,
            controls,
            asked.period,
            [target for target in targets if target.id in trays],
            {target: (len(tray.due), len(tray.later)) for target, tray in trays.items()},
            approved=True,
        )
        waiting = tuple(replace(line, is_paused=False) for line in planned.lines if line.key.period == asked.period)
        return PeriodState(
            campaign,
            asked.period,
            waiting,
            tuple((target, deliveries[target.id]) for target in targets if target.id in deliveries),
            is_approved=asked.period in controls.approved,
            is_paused=controls.paused,
            seen_at=seen_at,
        )

    def approve(self, token: str, look: datetime | None) -> None:
        """Approve the period of a link, and queue its deliveries. Raises TokenError, NotFoundError.

        `look` is the moment of the page that the organizer saw.
        """
        asked = self.tokens.read_approval(token)
        self.delivery_controls.approve(asked.campaign, asked.period, by="link in the email", why="", look=look)
