"""One stack's clients, clock and table, and the repositories of what the table holds.

What is imported at the top takes no time beside the rest. All else is imported where it is first needed.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from undersigned.aws.abuse_counters import AbuseCounters
from undersigned.aws.counts import Counts
from undersigned.aws.disowned import Disowned
from undersigned.aws.forms import Forms
from undersigned.aws.mail_claims import MailClaims
from undersigned.aws.signatures import Signatures
from undersigned.base.stack import Stack, now
from undersigned.campaigns.catalog import Catalog
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rows.slots import Slots
from undersigned.people.rows.sign_ins import SignIns

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.campaign_rows import Rows
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.drafts import Drafts
    from undersigned.aws.exports import Exports
    from undersigned.aws.mail_budgets import MailBudgets
    from undersigned.aws.queue import DeadMails, ExportQueue, FeedbackQueue, Queue, ReconciliationQueue, WaitingMails
    from undersigned.base.settings import Settings
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.domain.signing.mail_budgets import BudgetSizes
    from undersigned.services.operating.organizer_post import OrganizerPost


class Clients(Stack):
    """The clients, the clock and the table of one stack. Each is made once, when it is first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: Callable[..., Any] = boto3.client,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make the stack, and the repositories that most functions need."""
        super().__init__(settings, client=client, clock=clock, sleep=sleep)
        self.campaigns = Campaigns(self.table)
        self.office_rows = OfficeRows(self.table)
        self.forms = Forms(self.table)
        self.signatures = Signatures(self.table)
        self.counts = Counts(self.table, sleep=sleep, clock=clock)
        self.abuse_counters = AbuseCounters(self.table)
        self.disowned = Disowned(self.table)
        self.mail_claims = MailClaims(self.table)
        self.sign_ins = SignIns(self.table)
        self.slots = Slots(self.table)
        self.catalog = Catalog(campaigns=self.campaigns, clock=clock)

    @cached_property
    def schedule(self) -> WeeklySchedule:
        """The stack's own schedule."""
        from undersigned.campaigns.rules.cadence import WeeklySchedule

        return WeeklySchedule(*self.settings.schedule)

    @cached_property
    def budget_sizes(self) -> BudgetSizes:
        """How many confirmation emails each budget has."""
        from undersigned.domain.signing.mail_budgets import BudgetSizes

        return BudgetSizes(*self.settings.budget_sizes)

    # Repositories that only some functions need

    @cached_property
    def deliveries(self) -> Deliveries:
        from undersigned.aws.deliveries import Deliveries

        return Deliveries(self.table)

    @cached_property
    def mail_budgets(self) -> MailBudgets:
        from undersigned.aws.mail_budgets import MailBudgets

        return MailBudgets(self.table)

    @cached_property
    def exports(self) -> Exports:
        from undersigned.aws.exports import Exports

        return Exports(self.table)

    @cached_property
    def drafts(self) -> Drafts:
        from undersigned.aws.drafts import Drafts

        return Drafts(lambda: self.s3, lambda: self.settings.draft_bucket)

    @cached_property
    def campaign_rows(self) -> Rows:
        """All rows of a campaign."""
        from undersigned.aws.campaign_rows import Rows

        return Rows(self.table)

    # Queues

    @cached_property
    def queue(self) -> Queue:
        """The queue of deliveries."""
        from undersigned.aws.queue import Queue

        return Queue(self.sqs, self.settings.delivery_queue_url, sleep=self.sleep)

    @cached_property
    def export_queue(self) -> ExportQueue:
        from undersigned.aws.queue import ExportQueue

        return ExportQueue(self.sqs, self.settings.export_queue_url)

    @cached_property
    def waiting_mails(self) -> WaitingMails:
        """The queue of confirmation emails."""
        from undersigned.aws.queue import WaitingMails

        return WaitingMails(self.sqs, self.settings.waiting_mails_url)

    @cached_property
    def dead_mails(self) -> DeadMails:
        """The dead letters of the queue of confirmation emails."""
        from undersigned.aws.queue import DeadMails

        return DeadMails(self.sqs, self.settings.dead_mails_url)

    @cached_property
    def reconciliation_queue(self) -> ReconciliationQueue:
        from undersigned.aws.queue import ReconciliationQueue

        return ReconciliationQueue(self.sqs, self.settings.reconciliation_queue_url)

    @cached_property
    def feedback_queue(self) -> FeedbackQueue:
        """The queue of SES's events."""
        from undersigned.aws.queue import FeedbackQueue

        return FeedbackQueue(self.sqs, self.settings.feedback_queue_url)

    @cached_property
    def organizer_post(self) -> OrganizerPost:
        from undersigned.services.operating.organizer_post import OrganizerPost

        return OrganizerPost(claims=self.mail_claims, post=self.mailbox)
