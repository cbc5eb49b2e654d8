"""Overviews: show organizers how a campaign stands, and what a delivery would send now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.campaigns.catalog import current_period, schedule_of
from undersigned.campaigns.counts import public_count
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned.campaigns.rules.counts import TOTAL
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.plans import plan_lines
from undersigned.delivering.trays import oldest_letters
from undersigned.organizing.listing import Listing
from undersigned.organizing.measuring import Kept, last_overdue_run
from undersigned.signing.rows.disowned import Disowned
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.mail_budgets import LANES
from undersigned.signing.unconfirmed import Unconfirmed, unconfirmed
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.campaigns.rules.counts import Count
    from undersigned.counting.rules.tallies import CountedBy
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.plans import PlanLine
    from undersigned.delivering.rules.states import Question
    from undersigned.signing.rules.mail_budgets import Lane, Sending
    from undersigned.workshop.rules.drafts import Draft

MOST_POSTPONED = 1_000
"""More postponed emails are not counted: bots could make the count expensive."""


@dataclass(frozen=True, slots=True)
class CampaignState:
    """The current state of a campaign.

    `postponed` counts the confirmation emails that wait, up to MOST_POSTPONED, and `sending` says whether any go out.
    `disowned` counts the forms that people said they didn't sign, `unconfirmed` the newest that wait, and `on_hold` the
    letters that organizers put on hold.
    """

    campaign: Campaign
    count: Count
    is_open: bool
    today: date
    controls: Controls
    next_delivery: datetime
    postponed: Mapping[Lane, int]
    sending: Sending
    disowned: int
    unconfirmed: Unconfirmed = field(default_factory=Unconfirmed)
    on_hold: int = 0

    @property
    def closed_on(self) -> date | None:
        """Return the day on which signing ended."""
        return self.controls.closed_on(self.campaign, self.today)


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target, how many of its letters are waiting, how many were sent, and its deliveries, newest first.

    `questions` are the deliveries that a person has to decide about, newest first.
    """

    target: Target
    waiting: int
    sent: int
    deliveries: tuple[Delivery, ...]
    questions: tuple[tuple[Delivery, Question], ...] = ()

    @property
    def last_delivery(self) -> Delivery | None:
        """Return the last delivery."""
        return self.deliveries[0] if self.deliveries else None

    def is_unanswered(self, campaign: Campaign, today: date) -> bool:
        """Say whether letters may have arrived 30 days ago, and no answer is recorded."""
        return any(made.is_unanswered(campaign, self.target.answer, today) for made in self.deliveries)

    def plan(self, campaign: Campaign, controls: Controls, period: str) -> tuple[PlanLine, ...]:
        """Preview the plan of a period."""
        return tuple(plan_lines(campaign, controls, self.target, self.deliveries, self.waiting, period=period))


@dataclass(frozen=True, slots=True)
class Glance:
    """A campaign in a list of campaigns.

    `states` are of the targets that were looked at; their letters are not counted. `elsewhere` are further targets
    whose letters are held back. `overdue` has the ids of the targets that were looked at with overdue letters.
    """

    state: CampaignState
    states: tuple[TargetState, ...]
    elsewhere: tuple[Target, ...]
    overdue: frozenset[str]
    is_part: bool


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How many letters are confirmed: in total, and by target, day or source."""

    total: int
    by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign with a page of its targets, and what a delivery of the period of today would send them."""

    state: CampaignState
    period: str
    targets: Listing[TargetState]

    def lines(self) -> tuple[PlanLine, ...]:
        """Preview the plan of these targets."""
        campaign, controls = self.state.campaign, self.state.controls
        return tuple(line for target in self.targets.items for line in target.plan(campaign, controls, self.period))


@dataclass(frozen=True, slots=True)
class Overview:
    """How a campaign stands, with a page of its targets, which is not all of them if it `is_part`.

    `elsewhere` are targets of other pages that need a person. `overdue` has the ids of those of this page with
    letters that should have been sent a day ago. `draft` is the one with unpublished changes.
    """

    planned: Planned
    is_part: bool
    elsewhere: tuple[Target, ...]
    overdue: frozenset[str]
    by_day: Mapping[str, int]
    by_source: Mapping[str, int]
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A target, and what a delivery of the period of today would send it."""

    state: TargetState
    plan: tuple[PlanLine, ...]
    period: str
    next_delivery: datetime


def campaign_state(stack: Stack, campaign: str) -> CampaignState:
    """Return the current state of a campaign. Raises NotFoundError."""
    held = Signatures(stack.table).how_many_held(campaign)
    return replace(_state(stack, campaign), unconfirmed=unconfirmed(stack, campaign), on_hold=held)


def _state(stack: Stack, campaign: str) -> CampaignState:
    settings, count = Campaigns(stack.table).campaign(campaign), public_count(stack, campaign)
    now, controls = stack.clock(), Campaigns(stack.table).controls(campaign)
    return CampaignState(
        settings,
        count,
        is_open=controls.is_open(settings, now),
        today=date.fromisoformat(current_period(stack, settings)),
        controls=controls,
        next_delivery=_slot_after(stack, settings, now),
        postponed={lane: Forms(stack.table).how_many_postponed(campaign, lane, MOST_POSTPONED) for lane in LANES},
        sending=MailBudgets(stack.table).sending(now),
        disowned=Disowned(stack.table).total(campaign),
    )


def overview(stack: Stack, campaign: str, after: str | None, limit: int) -> Overview:
    """Return how a campaign stands, with its targets after one, in the order of their ids. Raises NotFoundError."""
    state, targets = campaign_state(stack, campaign), Campaigns(stack.table).targets(campaign, whole=False)
    planned = _planned(stack, state, targets, after, limit)
    shown = {found.target.id: found.target for found in planned.targets.items if found.waiting}
    listed = {found.target.id for found in planned.targets.items}
    return Overview(
        planned,
        is_part=len(listed) < len(targets),
        elsewhere=tuple(target for target in targets if target.held_because and target.id not in listed),
        overdue=_overdue(stack, state, shown),
        by_day=_counted(stack, campaign, "DAY#"),
        by_source=_counted(stack, campaign, "SOURCE#"),
        draft=_changed_draft(stack, campaign),
    )


def planned_targets(stack: Stack, campaign: str, after: str | None, limit: int) -> Planned:
    """Return what a delivery would send now to the targets after one. Raises NotFoundError."""
    return _planned(stack, _state(stack, campaign), Campaigns(stack.table).targets(campaign, whole=False), after, limit)


def _planned(stack: Stack, state: CampaignState, targets: Sequence[Target], after: str | None, limit: int) -> Planned:
    period = current_period(stack, state.campaign)
    return Planned(state, period, _page(stack, state.campaign.id, targets, after, limit))


def _slot_after(stack: Stack, campaign: Campaign, moment: datetime) -> datetime:
    """Return when a campaign's letters go out next after a moment."""
    return cadence_of(campaign, schedule_of(stack)).next_after(moment)


def _changed_draft(stack: Stack, campaign: str) -> Draft | None:
    """Return the draft with unpublished changes; None also for an unreadable one: others see the campaign, too."""
    with suppress(UnreadableDraftError):
        draft = Drafts(stack).draft(campaign)
        return draft if draft and not draft.is_published else None
    return None


def target_states(stack: Stack, campaign: str, after: str | None, limit: int) -> Listing[TargetState]:
    """List targets in the order of their ids."""
    return _page(stack, campaign, Campaigns(stack.table).targets(campaign, whole=False), after, limit)


def _page(stack: Stack, campaign: str, every: Sequence[Target], after: str | None, limit: int) -> Listing[TargetState]:
    """List targets after one."""
    targets = [target for target in every if after is None or target.id > after]
    shown = _states_of(stack, campaign, targets[:limit])
    return Listing(shown, shown[-1].target.id if len(targets) > limit else None)


def recipient(stack: Stack, campaign: Campaign, target: str) -> Recipient:
    """Return one target, and what a delivery would send it now. Raises NotFoundError."""
    controls, period = Campaigns(stack.table).controls(campaign.id), current_period(stack, campaign)
    state = target_state(stack, campaign.id, Campaigns(stack.table).target(campaign.id, target))
    return Recipient(state, state.plan(campaign, controls, period), period, _slot_after(stack, campaign, stack.clock()))


def _overdue(stack: Stack, found: CampaignState, targets: Mapping[str, Target]) -> frozenset[str]:
    run = last_overdue_run(found.campaign, schedule_of(stack), stack.clock())
    kept = Kept(campaign=found.campaign, controls=found.controls, targets=targets)
    should_go = [target for target in targets if kept.should_go(target, run)]
    oldest = oldest_letters(Signatures(stack.table), found.campaign.id, should_go)
    return frozenset(target for target, letter in oldest.items() if letter.since < run)


def glance(stack: Stack, campaign: str, most: int) -> Glance:
    """Return a campaign for a list of campaigns, looking at `most` targets at most. Raises NotFoundError."""
    found, targets = _state(stack, campaign), Campaigns(stack.table).targets(campaign, whole=False)
    now = stack.clock()
    some = {target.id: target for target in targets[:most]}
    states = []
    for target in some.values():
        listed = Deliveries(stack.table).deliveries(campaign, target.id, whole=False)
        deliveries = tuple(made.with_word_of(target) for made in listed)
        questions = tuple((made, question) for made in deliveries if (question := made.question(now)))
        states.append(TargetState(target, 0, 0, deliveries, questions))
    elsewhere = tuple(target for target in targets[most:] if target.held_because)
    return Glance(found, tuple(states), elsewhere, _overdue(stack, found, some), is_part=len(targets) > most)


def target_state(stack: Stack, campaign: str, target: Target) -> TargetState:
    """Return what organizers see of one target."""
    return _states_of(stack, campaign, [target])[0]


def _states_of(stack: Stack, campaign: str, targets: Sequence[Target]) -> tuple[TargetState, ...]:
    if not targets:
        return ()
    waiting = Signatures(stack.table).how_many_wait_each(campaign, targets[0].id, targets[-1].id)
    return tuple(_state_of(stack, campaign, target, waiting[target.id]) for target in targets)


def _state_of(stack: Stack, campaign: str, target: Target, waiting: int) -> TargetState:
    now, found = stack.clock(), Deliveries(stack.table).deliveries(campaign, target.id, whole=False)
    deliveries = tuple(made.with_word_of(target) for made in found)
    return TargetState(
        target,
        waiting,
        sum(
            made.letters
            for made in deliveries
            if made.received_at(target)
            or (made.is_settled and not (made.state == "closed_unsent" or made.is_ready_to_print))
        ),
        deliveries,
        tuple((delivery, question) for delivery in deliveries if (question := delivery.question(now))),
    )


def counts_by(stack: Stack, campaign: str, by: CountedBy) -> Breakdown:
    """Return the counts of one kind.

    Each confirmed letter is in exactly one counter of each kind, so the counters add up to the total. Only letters
    from before the campaign counted sources are in no counter by source.
    """
    found = _counted(stack, campaign, f"{by.upper()}#")
    total = sum(found.values())
    if by == "source":
        total = max(total, Counters(stack.table).counts(campaign, TOTAL).get(TOTAL, 0))
    return Breakdown(total, found)


def _counted(stack: Stack, campaign: str, beginning: str) -> dict[str, int]:
    found = Counters(stack.table).counts(campaign, beginning)
    return {name.removeprefix(beginning): count for name, count in found.items() if count}
