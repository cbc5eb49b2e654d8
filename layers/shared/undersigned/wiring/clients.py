"""One stack's clients, clock and table, and the repositories of what the table holds.

What is imported at the top takes no time beside the rest. All else is imported where it is first needed.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from undersigned.aws.abuse_counters import AbuseCounters
from undersigned.aws.counts import Counts
from undersigned.aws.disowned import Disowned
from undersigned.aws.forms import Forms
from undersigned.aws.mail_claims import MailClaims
from undersigned.aws.signatures import Signatures
from undersigned.base.table import FEW_RETRIES, Table
from undersigned.campaigns.catalog import Catalog
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rows.slots import Slots
from undersigned.people.rows.sign_ins import SignIns
from undersigned.tokens import OrganizerTokens, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sesv2 import SESV2Client

    from undersigned.aws.campaign_rows import Rows
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.drafts import Drafts
    from undersigned.aws.exports import Exports
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.mail_budgets import MailBudgets
    from undersigned.aws.queue import (
        DeadMails,
        ExportQueue,
        FeedbackQueue,
        PeopleMails,
        Queue,
        ReconciliationQueue,
        WaitingMails,
    )
    from undersigned.base.bucket import Bucket
    from undersigned.base.cdn_proof import CdnProof
    from undersigned.base.keyring import Keyring, SignersKeyring
    from undersigned.base.mail_domains import MailDomains
    from undersigned.base.operator_topic import OperatorTopic
    from undersigned.base.secret import Secret
    from undersigned.people.rows.api_keys import ApiKeys
    from undersigned.people.rows.people import People
    from undersigned.services.operating.organizer_post import OrganizerPost
    from undersigned.settings import Settings


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Clients:
    """The clients, the clock and the table of one stack. Each is made once, when it is first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: Callable[..., Any] = boto3.client,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the settings, a factory of AWS clients (like boto3.client), a clock, and a way to wait (seconds)."""
        self.settings = settings
        self.client = client
        self.clock = clock
        self.sleep = sleep
        self.table = Table(client("dynamodb", config=FEW_RETRIES), settings.table_name, sleep=sleep)
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
        self.tokens = Tokens(lambda at: self.stack_secret.keyring().token_keys(at), clock)
        self.organizer_tokens = OrganizerTokens(lambda at: self.organizers_secret.keyring().token_keys(at), clock)

    @staticmethod
    def new_id() -> str:
        """Return a random id."""
        return secrets.token_hex(8)

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
    def api_keys(self) -> ApiKeys:
        from undersigned.people.rows.api_keys import ApiKeys

        return ApiKeys(self.table)

    @cached_property
    def people_rows(self) -> People:
        from undersigned.people.rows.people import People

        return People(self.table)

    @cached_property
    def exports(self) -> Exports:
        from undersigned.aws.exports import Exports

        return Exports(self.table)

    @cached_property
    def drafts(self) -> Drafts:
        from undersigned.aws.drafts import Drafts

        return Drafts(lambda: self.client("s3"), lambda: self.settings.draft_bucket)

    @cached_property
    def campaign_rows(self) -> Rows:
        """All rows of a campaign."""
        from undersigned.aws.campaign_rows import Rows

        return Rows(self.table)

    # The bucket

    @cached_property
    def bucket(self) -> Bucket:
        from undersigned.base.bucket import SIGNED_LINKS, Bucket

        return Bucket(self.client("s3", config=SIGNED_LINKS), self.settings.packet_bucket)

    # Queues

    @cached_property
    def queue(self) -> Queue:
        """The queue of deliveries."""
        from undersigned.aws.queue import Queue

        return Queue(self.client("sqs"), self.settings.delivery_queue_url, sleep=self.sleep)

    @cached_property
    def export_queue(self) -> ExportQueue:
        from undersigned.aws.queue import ExportQueue

        return ExportQueue(self.client("sqs"), self.settings.export_queue_url)

    @cached_property
    def waiting_mails(self) -> WaitingMails:
        """The queue of confirmation emails."""
        from undersigned.aws.queue import WaitingMails

        return WaitingMails(self.client("sqs"), self.settings.waiting_mails_url)

    @cached_property
    def dead_mails(self) -> DeadMails:
        """The dead letters of the queue of confirmation emails."""
        from undersigned.aws.queue import DeadMails

        return DeadMails(self.client("sqs"), self.settings.dead_mails_url)

    @cached_property
    def people_mails(self) -> PeopleMails:
        """The queue of emails to people."""
        from undersigned.aws.queue import PeopleMails

        return PeopleMails(self.client("sqs"), self.settings.people_mails_url)

    @cached_property
    def reconciliation_queue(self) -> ReconciliationQueue:
        from undersigned.aws.queue import ReconciliationQueue

        return ReconciliationQueue(self.client("sqs"), self.settings.reconciliation_queue_url)

    @cached_property
    def feedback_queue(self) -> FeedbackQueue:
        """The queue of SES's events."""
        from undersigned.aws.queue import FeedbackQueue

        return FeedbackQueue(self.client("sqs"), self.settings.feedback_queue_url)

    # Emails

    @cached_property
    def mailbox(self) -> Mailbox:
        """SES, for emails that may take their time."""
        from undersigned.aws.mail import NO_RETRIES, USUAL_RATE, Mailbox

        ses = self.client("sesv2", config=NO_RETRIES)
        return Mailbox(ses, self.settings.configuration_set, assumed_rate=USUAL_RATE, sleep=self.sleep)

    @cached_property
    def organizer_post(self) -> OrganizerPost:
        from undersigned.services.operating.organizer_post import OrganizerPost

        return OrganizerPost(claims=self.mail_claims, post=self.mailbox)

    @cached_property
    def confirmation_mailbox(self) -> Mailbox:
        """SES, for the emails that many people wait for."""
        from undersigned.aws.mail import USUAL_RATE, Mailbox

        return Mailbox(
            self._quick_ses,
            self.settings.configuration_set,
            assumed_rate=USUAL_RATE,
            sleep=self.sleep,
            clock=lambda: self.clock().timestamp(),
        )

    @cached_property
    def people_mailbox(self) -> Mailbox:
        """SES, for emails to people, which a queue repeats."""
        from undersigned.aws.mail import Mailbox

        return Mailbox(self._quick_ses, self.settings.configuration_set, patience=0, sleep=self.sleep)

    @cached_property
    def _quick_ses(self) -> SESV2Client:
        from undersigned.aws.mail import SHORT_WAITS

        ses: SESV2Client = self.client("sesv2", config=SHORT_WAITS)
        return ses

    @cached_property
    def mail_domains(self) -> MailDomains:
        from undersigned.base.mail_domains import MailDomains

        return MailDomains(self.clock, accepts_reserved=self.settings.accepts_reserved_domains)

    # Secrets

    @cached_property
    def stack_secret(self) -> Secret[SignersKeyring]:
        """The stack's secret, which is fetched when a key is first needed, and again every few minutes."""
        from undersigned.base.keyring import SignersKeyring
        from undersigned.base.secret import Secret

        return Secret(SignersKeyring, self.client("secretsmanager"), self.settings.secret_arn, self.clock)

    @cached_property
    def organizers_secret(self) -> Secret[Keyring]:
        """The secret that organizers' access rests on, fetched in the same way."""
        from undersigned.base.keyring import Keyring
        from undersigned.base.secret import Secret

        return Secret(Keyring, self.client("secretsmanager"), self.settings.organizers_secret_arn, self.clock)

    def secret(self) -> str:
        """Return the key of signers' and people's ids, which never changes and opens nothing."""
        return self.stack_secret.keyring().signers

    def token_keys(self) -> tuple[str, ...]:
        """Return the keys that signers' tokens may be signed with now."""
        return self.stack_secret.keyring().token_keys(self.clock())

    @cached_property
    def cdn_proof(self) -> CdnProof | None:
        """The proof that a request came through the CDN, which not every stack has."""
        from undersigned.base.cdn_proof import CdnProof

        arn = self.settings.cdn_proof_arn
        return CdnProof(self.client("secretsmanager"), arn, self.clock) if arn else None

    # What hears of events and alarms

    @cached_property
    def operator_topic(self) -> OperatorTopic:
        from undersigned.base.operator_topic import OperatorTopic

        return OperatorTopic(self.client("sns"), self.settings.operator_topic)
