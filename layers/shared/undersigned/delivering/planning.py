"""Planning: which deliveries a period makes, and which of them must wait.

Queueing one twice is harmless, because it is made once. As many targets are asked about at the same time as the setting
`plans_at_once` says, each in a thread of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.base.errors import UndersignedError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.plans import plan_lines
from undersigned.delivering.trays import with_letters
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned.delivering.rules.plans import PlanLine

_BLOCK = 10
"""The deliveries that are queued together: SQS takes ten messages in a call."""


class NotPlannedError(UndersignedError):
    """An error kept campaigns or targets out of a plan. All others are planned."""


@dataclass(frozen=True, slots=True)
class NotPlanned:
    """A campaign that an error kept out of a plan, or some of its targets."""

    campaign: str
    targets: tuple[str, ...]
    error: Exception


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to a period's letters, by target. Errors kept `failed` targets out."""

    lines: tuple[PlanLine, ...]
    failed: tuple[NotPlanned, ...] = ()

    def check(self) -> None:
        """Raise NotPlannedError if an error kept something out."""
        if self.failed:
            campaigns = dict.fromkeys(failed.campaign for failed in self.failed)
            message = f"not all deliveries of {', '.join(campaigns)} could be planned"
            raise NotPlannedError(message) from self.failed[0].error

    @property
    def queued(self) -> tuple[DeliveryKey, ...]:
        """Return the deliveries that were queued."""
        return tuple(line.key for line in self.lines if line.is_due)

    @property
    def going(self) -> tuple[PlanLine, ...]:
        """Return the deliveries that were queued and whose targets take email."""
        return tuple(line for line in self.lines if line.outcome == "goes")


def plan_period(stack: Stack, period: str, campaign: str | None = None) -> Plan:
    """Queue a period's deliveries of all campaigns, or of one campaign, whatever their cadence, as a person asks.

    A paused campaign is left out, and so is a target that got an email less than seven days before. If only *Send now*
    begins a campaign's deliveries, only deliveries that have begun go on. An error about one campaign or target stops
    no others; the plan has it in `failed`. Raises NotFoundError for an unknown campaign.
    """
    if campaign is not None:
        return plan_campaign(stack, Campaigns(stack.table).campaign(campaign), period)
    plans = []
    for listed in Campaigns(stack.table).campaign_ids():
        try:
            # A read can lag behind the listing. Such a new campaign waits for the next plan.
            if settings := Campaigns(stack.table).published(listed):
                plans.append(plan_campaign(stack, settings, period))
        except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
            plans.append(Plan((), (NotPlanned(listed, (), error),)))
    return _sum(plans)


def plan_campaign(stack: Stack, campaign: Campaign, period: str) -> Plan:
    """Queue a campaign's deliveries of a period; none while the campaign is paused. See `plan_period`."""
    planned = make_plan(stack, campaign, period, counts=False)
    if campaign.send_now_only:
        planned = Plan(tuple(line for line in planned.lines if line.begun), planned.failed)
    return queue_up(stack, planned)


def make_plan(  # noqa: PLR0913  (a plan's options)
    stack: Stack,
    campaign: Campaign,
    period: str,
    *,
    only: str | None = None,
    again: bool = False,
    counts: bool = True,
) -> Plan:
    """Return the plan of a campaign's deliveries of a period, or of those to one target. Queues nothing.

    `again` plans them even if a target got an email less than seven days before. The plan has the numbers of
    letters, damaged ones too. Without `counts` each number is one, which takes fewer calls, and a target with
    damaged letters only is left out. An error about one target stops no others; it is in `failed`.
    """
    controls = Campaigns(stack.table).controls(campaign.id)
    targets = [
        target for target in Campaigns(stack.table).targets(campaign.id, whole=False) if only in {None, target.id}
    ]
    ids, signatures, at_once = [target.id for target in targets], Signatures(stack.table), stack.settings.plans_at_once
    letters: Mapping[str, int] = (
        signatures.how_many_wait_each(campaign.id, min(ids), max(ids))
        if counts and ids
        else dict.fromkeys(with_letters(signatures, campaign.id, ids, at_once), 1)
    )
    of_target = partial(_plan_target, stack, campaign, controls, period, letters, again=again)
    return _sum(each_at_once(of_target, targets, at_once))


def _plan_target(  # noqa: PLR0913, PLR0917  (a plan's options)
    stack: Stack,
    campaign: Campaign,
    controls: Controls,
    period: str,
    letters: Mapping[str, int],
    target: Target,
    *,
    again: bool,
) -> Plan:
    try:
        deliveries = tuple(Deliveries(stack.table).deliveries(campaign.id, target.id, whole=False))
        waiting = letters.get(target.id, 0)
        lines = plan_lines(campaign, controls, target, deliveries, waiting, period=period, again=again)
        return Plan(tuple(lines))
    except Exception as error:  # noqa: BLE001  (one target's error must not stop the others; it is reported)
        return Plan((), (NotPlanned(campaign.id, (target.id,), error),))


def queue_up(stack: Stack, planned: Plan, *, again: bool = False, until: datetime | None = None) -> Plan:
    """Queue the deliveries of a plan that go. Return the plan without the deliveries that an error kept out.

    New deliveries take the letters that were due `until` a moment.
    """
    blocks = batched(planned.lines, _BLOCK, strict=False)
    queued = each_at_once(partial(_queue_block, stack, again=again, until=until), blocks, stack.settings.plans_at_once)
    return _sum([*queued, Plan((), planned.failed)])


def _queue_block(stack: Stack, lines: Sequence[PlanLine], *, again: bool, until: datetime | None) -> Plan:
    due = [line for line in lines if line.is_due]
    try:
        delivery_queue(stack).put([line.key for line in due], again=again, until=until)
    except Exception as error:  # noqa: BLE001  (one block's error must not stop the others; it is reported)
        ids = dict.fromkeys(line.target.id for line in due)
        failed = NotPlanned(due[0].key.campaign, tuple(ids), error)
        return Plan(tuple(line for line in lines if line not in due), (failed,))
    return Plan(tuple(lines))


def _sum(plans: Iterable[Plan]) -> Plan:
    every = tuple(plans)
    return Plan(
        tuple(line for plan in every for line in plan.lines), tuple(failed for plan in every for failed in plan.failed)
    )
