"""Planning: which deliveries a period makes, and which of them need an approval first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.services.ports import CampaignStore, DeliveryQueue, DeliveryStore, SignatureStore


@dataclass(frozen=True, slots=True)
class Plan:
    """The deliveries that were queued, and those that are waiting for an approval."""

    queued: tuple[DeliveryKey, ...]
    awaiting: tuple[DeliveryKey, ...]


@dataclass(kw_only=True, frozen=True, slots=True)
class Planning:
    """Queues deliveries. Queueing one twice is harmless, because it is made once."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    queue: DeliveryQueue

    def plan(self, period: str, campaign: str | None = None) -> Plan:
        """Queue a period's deliveries of all campaigns or of one. Raises NotFoundError for an unknown one.

        A paused campaign is left out. A delivery that began in an earlier period needs no new approval.
        """
        plans = [self._plan_one(settings, period) for settings in self._wanted(campaign)]
        return Plan(
            tuple(key for plan in plans for key in plan.queued), tuple(key for plan in plans for key in plan.awaiting)
        )

    def _wanted(self, campaign: str | None) -> Iterator[Campaign]:
        if campaign is not None:
            yield self.campaigns.campaign(campaign)
            return
        for listed in self.campaigns.campaign_ids():
            # A read can lag behind the listing. Such a new campaign waits for the next plan.
            with suppress(NotFoundError):
                yield self.campaigns.campaign(listed)

    def _plan_one(self, campaign: Campaign, period: str) -> Plan:
        controls = self.campaigns.controls(campaign.id)
        if controls.paused:
            return Plan((), ())
        queued: list[DeliveryKey] = []
        awaiting: list[DeliveryKey] = []
        for target in self.campaigns.targets(campaign.id):
            due: list[DeliveryKey] = []
            for key, has_begun in self._due(campaign.id, target, period):
                may_begin = has_begun or controls.lets_begin(period, needs_approval=campaign.approval)
                (due if may_begin else awaiting).append(key)
            self.queue.put(due)
            queued += due
        return Plan(tuple(queued), tuple(awaiting))

    def _due(self, campaign: str, target: Target, period: str) -> Iterator[tuple[DeliveryKey, bool]]:
        """Return a target's deliveries that are due, each with whether it has begun."""
        earlier = list(self.deliveries.deliveries(campaign, target.id))
        # Unfinished deliveries of earlier runs come first. Their letters are sealed and in no tray.
        unfinished = [delivery.key for delivery in earlier if delivery.is_unfinished and not delivery.awaits_decision]
        yield from ((key, True) for key in reversed(unfinished))
        this_period = DeliveryKey(campaign, target.id, period)
        begun = next((delivery for delivery in earlier if delivery.key == this_period), None)
        is_done = begun is not None and (begun.is_settled or begun.awaits_decision)
        if this_period not in unfinished and not is_done and self.signatures.has_waiting(campaign, target.id):
            yield this_period, begun is not None
