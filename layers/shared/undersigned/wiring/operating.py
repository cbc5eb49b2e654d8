"""Operating: what runs by the hour and by the day, and what the operator and organizers hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from undersigned.delivering.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.delivering.planning import Planning
    from undersigned.organizing.reporting import Gathering, Reporting
    from undersigned.organizing.weekly_email import WeeklyEmail
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class OperatingCases:
    """The use cases of operating."""

    stack: Clients
    planning: Callable[[], Planning]

    @cached_property
    def hours(self) -> Hours:
        return Hours(
            campaigns=self.stack.campaigns,
            slots=self.stack.slots,
            schedule=self.stack.schedule,
            clock=self.stack.clock,
        )

    @cached_property
    def _gathering(self) -> Gathering:
        from undersigned.organizing.reporting import Gathering

        return Gathering(
            campaigns=self.stack.campaigns,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            counters=self.stack.counters,
            schedule=self.stack.schedule,
            clock=self.stack.clock,
            at_once=self.stack.settings.plans_at_once,
        )

    @cached_property
    def weekly_email(self) -> WeeklyEmail:
        from undersigned.organizing.weekly_email import WeeklyEmail

        return WeeklyEmail(
            gathering=self._gathering,
            budgets=self.stack.mail_budgets,
            channel=self.stack.operator_topic,
            clock=self.stack.clock,
        )

    @cached_property
    def reporting(self) -> Reporting:
        from undersigned.delivering.organizer_post import tell_organizer
        from undersigned.organizing.reporting import Reporting

        return Reporting(
            gathering=self._gathering,
            planning=self.planning(),
            tell_organizer=partial(tell_organizer, self.stack),
            sender=self.stack.settings.sender,
            clock=self.stack.clock,
        )
