"""Approving: an organizer sees which letters wait for an approval, and gives it, by the link in the mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import Delivery
    from undersigned.services.delivery_controls import DeliveryControls
    from undersigned.services.ports import CampaignStore, ControlStore, DeliveryStore
    from undersigned.tokens import Tokens


@dataclass(frozen=True, slots=True)
class WaitingLetters:
    """How many letters wait for one target."""

    target: Target
    letters: int


@dataclass(frozen=True, slots=True)
class Week:
    """A period that somebody is asked to approve, as it stands now; `deliveries` have begun."""

    campaign: Campaign
    period: str
    waiting: tuple[WaitingLetters, ...]
    deliveries: tuple[tuple[Target, Delivery], ...]
    is_approved: bool
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Approving:
    """Shows the week that a link is about, and approves it."""

    campaigns: CampaignStore
    controls: ControlStore
    deliveries: DeliveryStore
    tokens: Tokens
    delivery_controls: DeliveryControls

    def week(self, token: str) -> Week:
        """Return the week that a link is about; changes nothing. Raises TokenError, NotFoundError."""
        asked = self.tokens.read_approval(token)
        campaign = self.campaigns.campaign(asked.campaign)
        if campaign is None:
            message = f"There is no campaign {asked.campaign!r}"
            raise NotFoundError(message)
        targets = self.campaigns.targets(campaign.id)
        controls = self.controls.controls(campaign.id)
        begun = [
            (target, delivery)
            for target in targets
            if (delivery := self.deliveries.delivery(DeliveryKey(campaign.id, target.id, asked.period)))
        ]
        # Who has had the mail of this period gets what came in since with the next one.
        served = {target.id for target, delivery in begun if delivery.is_settled}
        return Week(
            campaign,
            asked.period,
            waiting_letters(self.deliveries, campaign.id, [target for target in targets if target.id not in served]),
            tuple(begun),
            is_approved=asked.period in controls.approved,
            is_paused=controls.paused,
        )

    def approve(self, token: str) -> None:
        """Approve the week that a link is about and queue it at once; raises TokenError, NotFoundError."""
        asked = self.tokens.read_approval(token)
        self.delivery_controls.approve(asked.campaign, asked.period, by="link in the email", why="")


def waiting_letters(deliveries: DeliveryStore, campaign: str, targets: Iterable[Target]) -> tuple[WaitingLetters, ...]:
    """Count what waits for whom; targets for whom nothing waits are left out."""
    counted = (WaitingLetters(target, deliveries.how_many_wait(campaign, target.id)) for target in targets)
    return tuple(line for line in counted if line.letters)
