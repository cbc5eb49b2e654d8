"""Planning: which deliveries a period makes, and which of them must wait."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.errors import NotFoundError
from undersigned.domain.plans import plan_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undersigned.domain.campaigns import Campaign
    from undersigned.domain.controls import Controls
    from undersigned.domain.deliveries import DeliveryKey
    from undersigned.domain.plans import PlanLine
    from undersigned.services.ports import CampaignStore, DeliveryQueue, DeliveryStore, SignatureStore


@dataclass(frozen=True, slots=True)
class Plan:
    """A period's deliveries: those that were queued, and those that wait for an approval."""

    lines: tuple[PlanLine, ...]

    @property
    def queued(self) -> tuple[DeliveryKey, ...]:
        """Return the deliveries that were queued."""
        return tuple(line.key for line in self.lines if line.is_due and line.may_begin)

    @property
    def awaiting(self) -> tuple[DeliveryKey, ...]:
        """Return the deliveries that wait for an approval."""
        return tuple(line.key for line in self.lines if line.is_due and not line.may_begin)

    @property
    def going(self) -> tuple[PlanLine, ...]:
        """Return the deliveries that were queued and whose targets take email."""
        return tuple(line for line in self.lines if line.outcome == "goes")


@dataclass(kw_only=True, frozen=True, slots=True)
class Planning:
    """Queues deliveries. Queueing one twice is harmless, because it is made once."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    queue: DeliveryQueue

    def plan(self, period: str, campaign: str | None = None) -> Plan:
        """Queue a period's deliveries of all campaigns or of one. Raises NotFoundError for an unknown one.

        A paused campaign is left out, and so is a target that got an email less than seven days before. A delivery that
        began in an earlier period needs no new approval.
        """
        plans = [self.queue_up(settings, period) for settings in self._wanted(campaign)]
        return Plan(tuple(line for plan in plans for line in plan.lines))

    def _wanted(self, campaign: str | None) -> Iterator[Campaign]:
        if campaign is not None:
            yield self.campaigns.campaign(campaign)
            return
        for listed in self.campaigns.campaign_ids():
            # A read can lag behind the listing. Such a new campaign waits for the next plan.
            with suppress(NotFoundError):
                yield self.campaigns.campaign(listed)

    def queue_up(self, campaign: Campaign, period: str, *, only: str | None = None, again: bool = False) -> Plan:
        """Queue a campaign's deliveries of a period, or those to one target.

        `again` queues them even if a target got an email less than seven days before.
        """
        controls = self.campaigns.controls(campaign.id)
        if controls.paused:
            return Plan(())
        lines: list[PlanLine] = []
        for line in self._lines(campaign, controls, period, only=only, again=again, waiting=self._some):
            if line.is_due and line.may_begin:
                self.queue.put([line.key], again=again)
            lines.append(line)
        return Plan(tuple(lines))

    def preview(
        self, campaign: Campaign, period: str, *, only: str | None = None, again: bool = False, approved: bool = False
    ) -> Plan:
        """Return what `queue_up` would do, with the numbers of letters, as if the period were approved or not."""
        controls, waiting = self.campaigns.controls(campaign.id), self.signatures.how_many_wait
        lines = self._lines(campaign, controls, period, only=only, again=again, approved=approved, waiting=waiting)
        return Plan(tuple(lines))

    def _some(self, campaign: str, target: str) -> int:
        return int(self.signatures.has_waiting(campaign, target))

    def _lines(  # noqa: PLR0913  (a plan's options)
        self,
        campaign: Campaign,
        controls: Controls,
        period: str,
        *,
        only: str | None,
        again: bool,
        waiting: Callable[[str, str], int],
        approved: bool = False,
    ) -> Iterator[PlanLine]:
        for target in self.campaigns.targets(campaign.id):
            if only in {None, target.id}:
                deliveries = tuple(self.deliveries.deliveries(campaign.id, target.id))
                yield from plan_lines(
                    campaign,
                    controls,
                    target,
                    deliveries,
                    waiting(campaign.id, target.id),
                    period=period,
                    again=again,
                    approved=approved,
                )
