"""Overviews: how a campaign stands, and what a delivery would send now."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.campaigns.catalog import current_period, schedule_of
from undersigned.campaigns.counts import public_count
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rules.cadence import cadence_of
from undersigned.campaigns.rules.campaigns import first_free
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
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.campaigns.rules.counts import Count
    from undersigned.counting.rules.tallies import CountedBy
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.plans import PlanLine
    from undersigned.delivering.rules.states import Question
    from undersigned.signing.rules.mail_budgets import Sending
    from undersigned.signing.rules.signatures import Lane
    from undersigned.workshop.rules.drafts import Draft

MOST_POSTPONED = 1_000
"""More postponed emails are not counted: bots could make the count expensive."""


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target, how many of its letters are waiting, and its deliveries, newest first.

    `questions` are the deliveries that a person has to decide about, newest first.
    """

    target: Target
    waiting: int
    deliveries: tuple[Delivery, ...]
    questions: tuple[tuple[Delivery, Question], ...]

    @property
    def last_delivery(self) -> Delivery | None:
        """Return the last delivery."""
        return self.deliveries[0] if self.deliveries else None

    @property
    def sent(self) -> int:
        """Return how many of its letters were sent."""
        return sum(
            made.letters
            for made in self.deliveries
            if made.received_at(self.target)
            or (made.is_settled and not (made.state == "closed_unsent" or made.is_ready_to_print))
        )

    def is_unanswered(self, campaign: Campaign, today: date) -> bool:
        """Say whether letters may have arrived 30 days ago, and no answer is recorded."""
        return any(made.is_unanswered(campaign, self.target.answer, today) for made in self.deliveries)


@dataclass(eq=False)
class Overview:
    """How a campaign stands. Each part is read once, when it is first needed, and may raise NotFoundError then.

    It has a page of targets: those `after` one, in the order of their ids, up to a limit. Unless it `counts_letters`,
    no letter counts as waiting or on hold, which saves reads.
    """

    stack: Stack
    id: str
    after: str | None = None
    limit: int = 50
    counts_letters: bool = field(default=True, kw_only=True)

    @cached_property
    def now(self) -> datetime:
        """Return the moment that it is about."""
        return self.stack.clock()

    def read(self) -> None:
        """Read what its points need now. Raises NotFoundError and DamagedRowsError."""
        _ = self.campaign, self.controls, self.count, self.postponed, self.sending, self.targets, self.overdue

    @cached_property
    def campaign(self) -> Campaign:
        """Return the campaign's settings."""
        return Campaigns(self.stack.table).campaign(self.id)

    @cached_property
    def controls(self) -> Controls:
        """Return its controls."""
        return Campaigns(self.stack.table).controls(self.id)

    @cached_property
    def count(self) -> Count:
        """Return its public count."""
        return public_count(self.stack, self.id)

    @property
    def is_open(self) -> bool:
        """Say whether people can sign."""
        return self.controls.is_open(self.campaign, self.now)

    @property
    def period(self) -> str:
        """Return the period of a delivery that begins now."""
        return current_period(self.stack, self.campaign)

    @property
    def today(self) -> date:
        """Return the day in the campaign's time zone."""
        return date.fromisoformat(self.period)

    @property
    def closed_on(self) -> date | None:
        """Return the day on which signing ended."""
        return self.controls.closed_on(self.campaign, self.today)

    @property
    def next_delivery(self) -> datetime:
        """Return when letters go out next, to any target."""
        return self.next_delivery_to(self.every_target)

    def next_delivery_to(self, targets: Iterable[Target]) -> datetime:
        """Return when letters go out next to any of these targets."""
        return cadence_of(self.campaign, schedule_of(self.stack)).next_after(self.now, not_before=first_free(targets))

    @cached_property
    def postponed(self) -> Mapping[Lane, int]:
        """Count the confirmation emails that wait, up to MOST_POSTPONED."""
        forms = Forms(self.stack.table)
        return {lane: forms.how_many_postponed(self.id, lane, MOST_POSTPONED) for lane in LANES}

    @cached_property
    def sending(self) -> Sending:
        """Say whether any confirmation emails go out."""
        return MailBudgets(self.stack.table).sending(self.now)

    @cached_property
    def disowned(self) -> int:
        """Count the forms that people said they didn't sign."""
        return Disowned(self.stack.table).total(self.id)

    @cached_property
    def unconfirmed(self) -> Unconfirmed:
        """Count the newest forms that wait for a confirmation."""
        return unconfirmed(self.stack, self.id)

    @cached_property
    def on_hold(self) -> int:
        """Count the letters that organizers put on hold."""
        return Signatures(self.stack.table).how_many_held(self.id) if self.counts_letters else 0

    @cached_property
    def draft(self) -> Draft | None:
        """Return the draft with unpublished changes; None also for an unreadable one: others see the campaign, too."""
        with suppress(UnreadableDraftError):
            draft = Drafts(self.stack).draft(self.id)
            return draft if draft and not draft.is_published else None
        return None

    @cached_property
    def every_target(self) -> Sequence[Target]:
        """Return all targets, in the order of their ids."""
        return Campaigns(self.stack.table).targets(self.id, whole=False)

    @cached_property
    def targets(self) -> Listing[TargetState]:
        """Return the page's targets."""
        following = [target for target in self.every_target if self.after is None or target.id > self.after]
        shown = following[: self.limit]
        waiting = self.waiting(shown)
        states = tuple(self._state(target, waiting[target.id]) for target in shown)
        return Listing(states, shown[-1].id if len(following) > len(shown) > 0 else None)

    @property
    def is_part(self) -> bool:
        """Say whether other pages have more targets."""
        return len(self.targets.items) < len(self.every_target)

    @property
    def elsewhere(self) -> tuple[Target, ...]:
        """Return the targets of other pages whose letters are held back."""
        shown = {state.target.id for state in self.targets.items}
        return tuple(target for target in self.every_target if target.held_by() and target.id not in shown)

    @cached_property
    def overdue(self) -> frozenset[str]:
        """Return the ids of the page's targets with letters that should have been sent a day ago."""
        run = last_overdue_run(self.campaign, schedule_of(self.stack), self.now)
        shown = {
            state.target.id: state.target for state in self.targets.items if state.waiting or not self.counts_letters
        }
        kept = Kept(campaign=self.campaign, controls=self.controls, targets=shown)
        should_go = [target for target in shown if kept.should_go(target, run)]
        oldest = oldest_letters(Signatures(self.stack.table), self.id, should_go)
        return frozenset(target for target, letter in oldest.items() if letter.since < run)

    def target(self, target: str) -> TargetState:
        """Return one target. Raises NotFoundError."""
        return self.state_of(Campaigns(self.stack.table).target(self.id, target))

    def state_of(self, target: Target) -> TargetState:
        """Return the state of one target."""
        return self._state(target, self.waiting([target])[target.id])

    def _state(self, target: Target, waiting: int) -> TargetState:
        deliveries = self.deliveries_to(target)
        questions = tuple((made, question) for made in deliveries if (question := made.question(self.now)))
        return TargetState(target, waiting, deliveries, questions)

    def waiting(self, targets: Sequence[Target]) -> Counter[str]:
        """Count the letters that wait for each of some targets, in the order of their ids."""
        if not (targets and self.counts_letters):
            return Counter()
        return Signatures(self.stack.table).how_many_wait_each(self.id, targets[0].id, targets[-1].id)

    def deliveries_to(self, target: Target) -> tuple[Delivery, ...]:
        """Return a target's deliveries, newest first."""
        listed = Deliveries(self.stack.table).deliveries(self.id, target.id, whole=False)
        return tuple(made.with_word_of(target) for made in listed)

    def plan(self, *states: TargetState) -> list[PlanLine]:
        """Preview the deliveries to some targets that would be made now."""
        return [
            line
            for state in states
            for line in plan_lines(
                self.campaign, self.controls, state.target, state.deliveries, state.waiting, period=self.period
            )
        ]

    def counts_by(self, by: CountedBy) -> dict[str, int]:
        """Return how many letters are confirmed by target, day or source.

        Each confirmed letter is in exactly one counter of each kind. Only letters from before the campaign counted
        sources are in no counter by source.
        """
        beginning = f"{by.upper()}#"
        found = Counters(self.stack.table).counts(self.id, beginning)
        return {name.removeprefix(beginning): count for name, count in found.items() if count}
