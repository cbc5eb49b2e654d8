"""Plans: which deliveries a target gets in a period, which it doesn't, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from undersigned.campaigns.rules.campaigns import Campaign, HeldBy, Target, Way
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.delivering.rules.deliveries import Delivery

APART = timedelta(days=7)
"""The days that name two deliveries to one target are at least this far apart."""


class Week(NamedTuple):
    """The first day that can name a new delivery to a target, as it was read, and as it is from now on."""

    known: date | None
    free_from: date | None


@dataclass(frozen=True, slots=True)
class TooSoon:
    """Why a period can't have a delivery: the delivery of the day `last` is too close.

    `next_day` is the first day that can have one. From `again_from` on, a person can send one although it is too soon.
    """

    last: date
    next_day: date
    again_from: date


def next_day(deliveries: Iterable[Delivery]) -> date | None:
    """Return the first day that can name a new delivery to a target; None if any day can."""
    return max((delivery.day + APART for delivery in deliveries if delivery.occupies_week), default=None)


def take_week(free_from: date | None, day: date) -> Week:
    """Return the change of a target's free day by a delivery of a day that takes its week."""
    return Week(free_from, max(free_from or day + APART, day + APART))


def too_soon(day: date, free_from: date | None) -> TooSoon | None:
    """Return why a day can't have a new delivery to a target that is free from a day, or None if it can.

    It is later than all others, so an old day can't be used up afterwards.
    """
    return None if free_from is None or day >= free_from else TooSoon(free_from - APART, free_from, day)


def week_taken(delivery: Delivery, deliveries: Iterable[Delivery]) -> TooSoon | None:
    """Return why a delivery that had given its week back can't go on: another one took the week. None if it can.

    `deliveries` are all of the target's: also a delivery before the last can be less than seven days away. Sealed
    letters that go by hand are never too soon: a person decides when the office gets them.
    """
    if delivery.occupies_week or (delivery.way == "by hand" and delivery.letters):
        return None
    others = (other.day for other in deliveries if other.occupies_week and other.day != delivery.day)
    near = [other for other in others if abs(other - delivery.day) < APART]
    return TooSoon(max(near), max(near) + APART, delivery.day) if near else None


def week_for(
    day: date, known: Delivery | None, free_from: date | None, deliveries: Iterable[Delivery], *, again: bool
) -> Week | None:
    """Return the change of a target's free day by a delivery that opens, or None if that is too soon, unless `again`.

    A `known` delivery had given its week back, so it is compared with all `deliveries` of the target.
    """
    blocked = week_taken(known, deliveries) if known else too_soon(day, free_from)
    return take_week(free_from, day) if again or blocked is None else None


Outcome = Literal["goes", "paused", "held", "bounced", "in doubt", "too soon"]


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A delivery that a plan makes, or why it doesn't.

    `letters` are those in the tray, or in the delivery if it has `begun`.
    """

    key: DeliveryKey
    target: Target
    letters: int
    is_paused: bool
    too_soon: TooSoon | None = None
    begun: Delivery | None = None

    @property
    def way(self) -> Way:
        """Return how its letters go."""
        return self.begun.way if self.begun else self.target.way

    @property
    def held_by(self) -> HeldBy | None:
        """Return what holds its letters."""
        return self.target.held_by(self.way)

    @property
    def why_held(self) -> str | None:
        """Return why its letters are held, in the words of the API."""
        return self.target.why_held(self.way)

    @property
    def outcome(self) -> Outcome:
        """Return what happens to the letters."""
        if self.is_paused:
            return "paused"
        if self.begun is not None and self.begun.awaits_decision:
            return "in doubt" if self.begun.state == "in_doubt" else "bounced"
        if self.begun is not None and self.begun.state == "sending":
            # Its email may have left. It goes on only if SES says that it did not.
            return "in doubt"
        if self.held_by:
            return "bounced" if self.held_by == "bounce" else "held"
        return "too soon" if self.too_soon else "goes"

    @property
    def is_due(self) -> bool:
        """Say whether the delivery is made. A held delivery is made, too: it is recorded as held."""
        awaits_decision = self.begun is not None and self.begun.awaits_decision
        return not (self.is_paused or awaits_decision or self.too_soon)


def plan_lines(  # noqa: PLR0913  (what a plan depends on)
    campaign: Campaign,
    controls: Controls,
    target: Target,
    deliveries: Sequence[Delivery],
    waiting: int,
    *,
    period: str,
    again: bool = False,
) -> Iterator[PlanLine]:
    """Return a target's deliveries in a period: those that go on, oldest first, and then the period's own.

    `deliveries` are the target's, newest first, and `waiting` is how many letters its tray holds. `again` plans them
    even if they are too soon; but a day never has a second one.
    """
    key = DeliveryKey(campaign.id, target.id, period)
    deliveries = [delivery.with_word_of(target) for delivery in deliveries]
    free_from, others = target.free_from, [*deliveries]
    own = next((delivery for delivery in deliveries if delivery.key == key), None)
    # Unfinished deliveries of earlier runs come first. Their letters are sealed and in no tray.
    for unfinished in reversed([delivery for delivery in deliveries if delivery.is_unfinished]):
        begun = replace(unfinished, way=unfinished.way_to(target))
        blocked = None if again else week_taken(begun, others)
        line = PlanLine(begun.key, target, begun.letters, controls.paused, too_soon=blocked, begun=begun)
        yield line
        if line.outcome == "goes":
            # It is about to be sent, so it counts from now on.
            free_from = take_week(free_from, begun.day).free_from
            others.append(replace(begun, state="open"))
    if not waiting or (own is not None and own.is_unfinished):
        return
    if own is not None and (own.is_settled or own.awaits_decision):
        following = own.day + timedelta(days=1)
        allowed = following if again else max(following, free_from or following)
        blocked = TooSoon(own.day, allowed, following)
        yield PlanLine(key, target, waiting, controls.paused, too_soon=blocked)
        return
    blocked = week_taken(own, others) if own else too_soon(date.fromisoformat(period), free_from)
    yield PlanLine(key, target, waiting, controls.paused, too_soon=None if again else blocked)
