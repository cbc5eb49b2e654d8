"""A stack with repositories of its table, for commands. Functions take a `Stack`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from undersigned.base.stack import Stack
from undersigned.campaigns.catalog import catalog_of, schedule_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from undersigned.base.settings import Settings
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.delivering.queue import DeliveryQueue
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.signing.rows.mail_budgets import MailBudgets
    from undersigned.workshop.rows.drafts import Drafts


class Wiring(Stack):
    """A stack, and its repositories. Those that few commands need are made when they are first needed."""

    def __init__(self, settings: Settings, **how: Any) -> None:  # noqa: ANN401  (as Stack takes them)
        """Make the stack, and the repositories that most commands need."""
        super().__init__(settings, **how)
        self.campaigns = Campaigns(self.table)
        self.forms = Forms(self.table)
        self.signatures = Signatures(self.table)
        self.catalog = catalog_of(self)

    @cached_property
    def schedule(self) -> WeeklySchedule:
        """The stack's own schedule."""
        return schedule_of(self)

    @cached_property
    def deliveries(self) -> Deliveries:
        from undersigned.delivering.rows.deliveries import Deliveries

        return Deliveries(self.table)

    @cached_property
    def mail_budgets(self) -> MailBudgets:
        from undersigned.signing.rows.mail_budgets import MailBudgets

        return MailBudgets(self.table)

    @cached_property
    def drafts(self) -> Drafts:
        from undersigned.workshop.rows.drafts import Drafts

        return Drafts(self)

    @cached_property
    def queue(self) -> DeliveryQueue:
        """The queue of deliveries."""
        from undersigned.delivering.queue import delivery_queue

        return delivery_queue(self)
