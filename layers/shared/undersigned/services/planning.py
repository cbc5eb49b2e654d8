"""Planning: which deliveries a period has to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.campaigns import Target
    from undersigned.services.ports import CampaignStore, DeliveryQueue, DeliveryStore


@dataclass(frozen=True, slots=True)
class Planning:
    """Queues deliveries. Queuing one twice is harmless: it is made once."""

    campaigns: CampaignStore
    deliveries: DeliveryStore
    queue: DeliveryQueue

    def plan(self, period: str, campaign: str | None = None) -> tuple[DeliveryKey, ...]:
        """Queue a period's deliveries of all campaigns, or of one; raises NotFoundError for an unknown one."""
        if campaign is not None and self.campaigns.campaign(campaign) is None:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        planned: list[DeliveryKey] = []
        for some_campaign in [campaign] if campaign is not None else self.campaigns.campaign_ids():
            for target in self.campaigns.targets(some_campaign):
                due = tuple(self._due(some_campaign, target, period))
                self.queue.put(due)
                planned.extend(due)
        return tuple(planned)

    def _due(self, campaign: str, target: Target, period: str) -> Iterator[DeliveryKey]:
        earlier = list(self.deliveries.deliveries(campaign, target.id))
        # What an earlier run left unfinished goes first: its letters are sealed and in no tray.
        unfinished = [delivery.key for delivery in earlier if delivery.is_unfinished]
        yield from reversed(unfinished)
        this_period = DeliveryKey(campaign, target.id, period)
        has_gone = any(delivery.key == this_period and delivery.is_settled for delivery in earlier)
        if this_period not in unfinished and not has_gone and self.deliveries.has_waiting(campaign, target.id):
            yield this_period
