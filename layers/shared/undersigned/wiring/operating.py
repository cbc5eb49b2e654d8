"""Operating: what runs by the hour and by the day, and what the operator and organizers hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.services.counting.measuring import Measuring
from undersigned.services.operating.clearing import Clearing
from undersigned.services.operating.closing import Closing
from undersigned.services.operating.deleting import Deleting
from undersigned.services.operating.hours import Hours
from undersigned.services.operating.reconciling import Reconciling

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.domain.counting.reconciliations import Finding
    from undersigned.services.operating.all_is_well import AllIsWell
    from undersigned.services.operating.overviews import Overviews
    from undersigned.services.operating.reporting import Gathering, Reporting
    from undersigned.wiring.clients import Clients
    from undersigned.wiring.counting import CountingCases


@dataclass(frozen=True)
class OperatingCases:
    """The use cases of operating."""

    stack: Clients
    counting: CountingCases

    @cached_property
    def hours(self) -> Hours:
        return self.stack.make(Hours)

    @cached_property
    def clearing(self) -> Clearing:
        return self.stack.make(Clearing, packets=lambda: self.stack.bucket)

    def reconciling(self, report: Callable[[Finding], None]) -> Reconciling:
        """Make the reconciliation. `report` is told each difference that it can't explain."""
        return self.stack.make(
            Reconciling,
            claims=self.stack.mail_claims,
            tallying=self.counting.tallying,
            clearing=self.clearing,
            measuring=self.stack.make(Measuring),
            delivery_queue=self.stack.queue,
            report=report,
        )

    @cached_property
    def overviews(self) -> Overviews:
        from undersigned.services.operating.overviews import Overviews

        return self.stack.make(Overviews, counters=self.stack.counts, budgets=self.stack.mail_budgets)

    @cached_property
    def closing(self) -> Closing:
        return self.stack.make(Closing)

    @cached_property
    def deleting(self) -> Deleting:
        return self.stack.make(Deleting, rows=self.stack.campaign_rows, packets=lambda: self.stack.bucket)

    @cached_property
    def _gathering(self) -> Gathering:
        from undersigned.services.operating.reporting import Gathering

        return self.stack.make(Gathering, at_once=self.stack.settings.plans_at_once)

    @cached_property
    def all_is_well(self) -> AllIsWell:
        from undersigned.services.operating.all_is_well import AllIsWell

        return self.stack.make(AllIsWell, gathering=self._gathering, channel=self.stack.operator_topic)

    @cached_property
    def reporting(self) -> Reporting:
        from undersigned.services.operating.reporting import Reporting

        return self.stack.make(Reporting, gathering=self._gathering, post=self.stack.organizer_post)
