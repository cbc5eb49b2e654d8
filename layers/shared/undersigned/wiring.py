"""The composition root: the only module that connects use cases to their adapters.

Each function has its own wiring. Imports that only some functions need are inside the methods, to keep init times
short.
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import boto3

from undersigned.aws.dynamodb import FEW_RETRIES, Table
from undersigned.domain.schedule import period_of
from undersigned.services.catalog import Catalog
from undersigned.settings import Settings
from undersigned.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sesv2 import SESV2Client

    from undersigned.aws.abuse_counters import AbuseCounters
    from undersigned.aws.api_keys import ApiKeys
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.counts import Counts
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.export_files import ExportFiles
    from undersigned.aws.exports import Exports
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.mail_claims import MailClaims
    from undersigned.aws.packet_store import Bucket
    from undersigned.aws.queue import ExportQueue, FeedbackQueue, Queue, ReconciliationQueue, WaitingMails
    from undersigned.aws.secret import Secret
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.deliveries import DeliveryKey
    from undersigned.domain.reconciliations import Finding
    from undersigned.rendering.fonts import FontBook
    from undersigned.services.access import Access
    from undersigned.services.approval_requests import ApprovalRequests
    from undersigned.services.approving import Approving
    from undersigned.services.confirming import Confirmations
    from undersigned.services.delivering import Delivering
    from undersigned.services.delivery_controls import DeliveryControls
    from undersigned.services.erasing import Erasing
    from undersigned.services.exporting import Exporting, SignatureSheet
    from undersigned.services.feedback import Feedback
    from undersigned.services.organizer_post import OrganizerPost
    from undersigned.services.organizing import Organizing
    from undersigned.services.packing import Packing
    from undersigned.services.planning import Planning
    from undersigned.services.publishing import Publishing
    from undersigned.services.reconciling import Reconciling
    from undersigned.services.recounting import Recounting
    from undersigned.services.repacking import Repacking
    from undersigned.services.reporting import Reporting
    from undersigned.services.sessions import Sessions
    from undersigned.services.signing import Signing
    from undersigned.services.tallying import Tallying


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a random id."""
    return secrets.token_hex(8)


class Wiring:
    """One stack's adapters and use cases. Each adapter is made once, when it is first needed."""

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
        self._client = client
        self._clock = clock
        self._sleep = sleep

    @classmethod
    def of_environment(cls, *needed: str) -> Wiring:
        """Wire from the environment variables. Raises SettingsError if one of the needed settings is missing."""
        return cls(Settings(os.environ).check(*needed))

    def now(self) -> datetime:
        """Return the current time of the clock."""
        return self._clock()

    def period(self) -> str:
        """Return the period of a delivery that begins now."""
        return period_of(self._clock(), self.settings.delivery_time_zone)

    # The table, and the repository of each entity in it

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._client("dynamodb", config=FEW_RETRIES), self.settings.table_name, sleep=self._sleep)

    @cached_property
    def campaigns(self) -> Campaigns:
        """Campaigns, letters, targets, controls and the activity log."""
        from undersigned.aws.campaigns import Campaigns

        return Campaigns(self.table)

    @cached_property
    def signatures(self) -> Signatures:
        """Signature rows and trays."""
        from undersigned.aws.signatures import Signatures

        return Signatures(self.table)

    @cached_property
    def counts(self) -> Counts:
        """Counters."""
        from undersigned.aws.counts import Counts

        return Counts(self.table)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Deliveries, bundles and packets."""
        from undersigned.aws.deliveries import Deliveries

        return Deliveries(self.table)

    @cached_property
    def abuse_counters(self) -> AbuseCounters:
        """Abuse counters."""
        from undersigned.aws.abuse_counters import AbuseCounters

        return AbuseCounters(self.table)

    @cached_property
    def mail_claims(self) -> MailClaims:
        """Mail claims."""
        from undersigned.aws.mail_claims import MailClaims

        return MailClaims(self.table)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Organizers' keys."""
        from undersigned.aws.api_keys import ApiKeys

        return ApiKeys(self.table)

    @cached_property
    def exports(self) -> Exports:
        """Exports."""
        from undersigned.aws.exports import Exports

        return Exports(self.table)

    # Other adapters

    @cached_property
    def bucket(self) -> Bucket:
        """The packets' bucket."""
        from undersigned.aws.packet_store import SIGNED_LINKS, Bucket

        return Bucket(self._client("s3", config=SIGNED_LINKS), self.settings.packet_bucket)

    @cached_property
    def queue(self) -> Queue:
        """The queue of deliveries."""
        from undersigned.aws.queue import Queue

        return Queue(self._client("sqs"), self.settings.delivery_queue_url)

    @cached_property
    def export_queue(self) -> ExportQueue:
        """The queue of exports."""
        from undersigned.aws.queue import ExportQueue

        return ExportQueue(self._client("sqs"), self.settings.export_queue_url)

    @cached_property
    def waiting_mails(self) -> WaitingMails:
        """The queue of confirmation emails that wait for SES, or that are asked for again."""
        from undersigned.aws.queue import WaitingMails

        return WaitingMails(self._client("sqs"), self.settings.waiting_mails_url)

    @cached_property
    def reconciliation_queue(self) -> ReconciliationQueue:
        """The queue of reconciliations."""
        from undersigned.aws.queue import ReconciliationQueue

        return ReconciliationQueue(self._client("sqs"), self.settings.reconciliation_queue_url)

    @cached_property
    def feedback_queue(self) -> FeedbackQueue:
        """The queue of SES's events."""
        from undersigned.aws.queue import FeedbackQueue

        return FeedbackQueue(self._client("sqs"), self.settings.feedback_queue_url)

    @cached_property
    def export_files(self) -> ExportFiles:
        """The exports' files, in the packets' bucket."""
        from undersigned.aws.export_files import ExportFiles
        from undersigned.aws.packet_store import SIGNED_LINKS

        return ExportFiles(self._client("s3", config=SIGNED_LINKS), self.settings.packet_bucket)

    @cached_property
    def mailbox(self) -> Mailbox:
        """SES."""
        from undersigned.aws.mail import NO_RETRIES, Mailbox

        return Mailbox(self._client("sesv2", config=NO_RETRIES), self.settings.configuration_set, sleep=self._sleep)

    @cached_property
    def _quick_ses(self) -> SESV2Client:
        from undersigned.aws.mail import SHORT_WAITS

        ses: SESV2Client = self._client("sesv2", config=SHORT_WAITS)
        return ses

    @cached_property
    def catalog(self) -> Catalog:
        """Campaigns, cached for a minute."""
        return Catalog(campaigns=self.campaigns, clock=self._clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of links."""
        return Tokens(self._token_keys, self._clock)

    @cached_property
    def stack_secret(self) -> Secret:
        """The stack's secret, which is fetched when a key is first needed, and again every few minutes."""
        from undersigned.aws.secret import Secret

        return Secret(self._client("secretsmanager"), self.settings.secret_arn, self._clock)

    def secret(self) -> str:
        """Return the key of signers' ids, which never changes."""
        return self.stack_secret.keyring().signers

    def _token_keys(self) -> tuple[str, ...]:
        return self.stack_secret.keyring().token_keys(self._clock())

    # Use cases

    def signing(self) -> Signing:
        """Wire signing."""
        from undersigned.services.abuse_checks import AbuseChecks
        from undersigned.services.signing import Signing

        abuse_checks = AbuseChecks(
            counters=self.abuse_counters,
            tokens=self.tokens,
            keys=self._token_keys,
            forms_a_minute=self.settings.forms_a_minute,
            clock=self._clock,
            new_id=new_id,
        )
        return Signing(
            catalog=self.catalog,
            abuse_checks=abuse_checks,
            signatures=self.signatures,
            counts=self.counts,
            deliveries=self.deliveries,
            tokens=self.tokens,
            secret=self.secret,
            schedule=self.settings.schedule,
            clock=self._clock,
            sleep=self._sleep,
            new_id=new_id,
        )

    def confirmations(self, *, patience: float = 60.0) -> Confirmations:
        """Wire the confirmation emails. A throttled email is tried again until the patience (seconds) ends."""
        from undersigned.aws.mail import Mailbox
        from undersigned.services.confirming import Confirmations

        post = Mailbox(self._quick_ses, self.settings.configuration_set, patience=patience, sleep=self._sleep)
        return Confirmations(
            catalog=self.catalog,
            signatures=self.signatures,
            claims=self.mail_claims,
            post=post,
            tokens=self.tokens,
            sender=self.settings.sender,
            schedule=self.settings.schedule,
            clock=self._clock,
        )

    def tallying(self) -> Tallying:
        """Wire the counts."""
        from undersigned.services.tallying import Tallying

        return Tallying(
            signatures=self.signatures, counts=self.counts, abuse_counters=self.abuse_counters, clock=self._clock
        )

    def reconciling(self, report: Callable[[Finding], None]) -> Reconciling:
        """Wire the reconciliation. `report` is told each difference that it can't explain."""
        from undersigned.services.reconciling import Reconciling

        return Reconciling(
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            counts=self.counts,
            claims=self.mail_claims,
            tallying=self.tallying(),
            waiting_mails=self.waiting_mails,
            delivery_queue=self.queue,
            clock=self._clock,
            report=report,
        )

    def recounting(self) -> Recounting:
        """Wire the recount."""
        from undersigned.services.recounting import Recounting

        return Recounting(signatures=self.signatures, counts=self.counts, tallying=self.tallying())

    def publishing(self) -> Publishing | None:
        """Wire the publishing of events. Return None if the stack publishes none."""
        name = self.settings.event_bus
        if name is None:
            return None
        from undersigned.aws.bus import EventBus
        from undersigned.services.publishing import Publishing

        return Publishing(bus=EventBus(self._client("events"), name), sleep=self._sleep)

    def planning(self) -> Planning:
        """Wire the plan of a period."""
        from undersigned.services.planning import Planning

        return Planning(
            campaigns=self.campaigns, signatures=self.signatures, deliveries=self.deliveries, queue=self.queue
        )

    def packing(
        self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None], own_origin: str | None = None
    ) -> Packing:
        """Wire the typesetting of letters. `report_replaced` is called for characters that no font has.

        `own_origin` is the origin at which this stack answers, for a function whose template settings can't have it.
        """
        from undersigned.rendering.packets import typeset
        from undersigned.services.packing import Packing

        return Packing(
            campaigns=self.campaigns,
            catalog=self.catalog,
            signatures=self.signatures,
            tokens=self.tokens,
            sender=self.settings.sender_at(own_origin) if own_origin else self.settings.sender,
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            report_replaced=report_replaced,
        )

    def delivering(self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]) -> Delivering:
        """Wire the deliveries. `report_replaced` is called for characters that no font has."""
        from undersigned.services.delivering import Delivering

        return Delivering(
            packing=self.packing(report_replaced),
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            packets=self.bucket,
            post=self.mailbox,
            clock=self._clock,
            sleep=self._sleep,
            bundle_size=self.settings.bundle_size,
        )

    def repacking(self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]) -> Repacking:
        """Wire the repacking after an erasure. `report_replaced` is called for characters that no font has."""
        from undersigned.services.repacking import Repacking

        return Repacking(
            packing=self.packing(report_replaced),
            campaigns=self.campaigns,
            deliveries=self.deliveries,
            files=self.bucket,
            clock=self._clock,
        )

    def feedback(self) -> Feedback:
        """Wire the recording of SES events."""
        from undersigned.services.feedback import Feedback

        return Feedback(campaigns=self.campaigns, deliveries=self.deliveries)

    # Use cases of organizers

    def access(self) -> Access:
        """Wire the checking of API keys."""
        from undersigned.services.access import Access

        return Access(keys=self.api_keys, abuse_counters=self.abuse_counters, clock=self._clock)

    def sessions(self) -> Sessions:
        """Wire organizers' sessions."""
        from undersigned.services.sessions import Sessions

        return Sessions(access=self.access(), tokens=self.tokens)

    def organizing(self) -> Organizing:
        """Wire what organizers see, and their actions on single letters."""
        from undersigned.services.organizing import Organizing

        return Organizing(
            campaigns=self.campaigns,
            counters=self.counts,
            signature_store=self.signatures,
            delivery_store=self.deliveries,
            packets=lambda: self.bucket,
            erasing=self.erasing(),
            schedule=self.settings.schedule,
            secret=self.secret,
            clock=self._clock,
            new_id=new_id,
        )

    def erasing(self) -> Erasing:
        """Wire the erasing of letters."""
        from undersigned.services.erasing import Erasing

        return Erasing(
            signatures=self.signatures,
            deliveries=self.deliveries,
            packets=lambda: self.bucket,
            queue=lambda: self.queue,
            clock=self._clock,
            sleep=self._sleep,
        )

    def sheet(self) -> SignatureSheet:
        """Wire the CSV of a campaign's signatures."""
        from undersigned.services.exporting import SignatureSheet

        return SignatureSheet(
            catalog=self.catalog,
            signatures=self.signatures,
            campaigns=self.campaigns,
            clock=self._clock,
            new_id=new_id,
        )

    def exporting(self) -> Exporting:
        """Wire the exports."""
        from undersigned.services.exporting import Exporting

        return Exporting(sheet=self.sheet(), exports=self.exports, files=self.export_files, queue=self.export_queue)

    def delivery_controls(self) -> DeliveryControls:
        """Wire the delivery controls."""
        from undersigned.services.delivery_controls import DeliveryControls

        return DeliveryControls(
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            queue=self.queue,
            planning=self.planning(),
            clock=self._clock,
            new_id=new_id,
        )

    @property
    def _organizer_post(self) -> OrganizerPost:
        from undersigned.services.organizer_post import OrganizerPost

        return OrganizerPost(claims=self.mail_claims, post=self.mailbox)

    def approval_requests(self) -> ApprovalRequests:
        """Wire the emails that request an approval from organizers."""
        from undersigned.services.approval_requests import ApprovalRequests

        return ApprovalRequests(
            campaigns=self.campaigns,
            signatures=self.signatures,
            post=self._organizer_post,
            tokens=self.tokens,
            sender=self.settings.sender,
            clock=self._clock,
        )

    def approving(self) -> Approving:
        """Wire the approval by the link in the email."""
        from undersigned.services.approving import Approving

        return Approving(
            campaigns=self.campaigns,
            deliveries=self.deliveries,
            planning=self.planning(),
            tokens=self.tokens,
            delivery_controls=self.delivery_controls(),
        )

    def reporting(self) -> Reporting:
        """Wire the report after a weekly run."""
        from undersigned.services.reporting import Gathering, Reporting

        return Reporting(
            gathering=Gathering(
                campaigns=self.campaigns,
                signatures=self.signatures,
                deliveries=self.deliveries,
                counts=self.counts,
                clock=self._clock,
            ),
            post=self._organizer_post,
            sender=self.settings.sender,
            schedule=self.settings.schedule,
            clock=self._clock,
        )


@lru_cache(maxsize=1)
def font_book() -> FontBook:
    """Return the fonts, opened once per process."""
    from undersigned.rendering.fonts import FontBook

    return FontBook()
