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
from undersigned.domain.delivering.schedule import cadence_of, period_of
from undersigned.domain.errors import NotFoundError
from undersigned.services.signing.catalog import Catalog
from undersigned.settings import Settings
from undersigned.tokens import OrganizerTokens, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sesv2 import SESV2Client

    from undersigned.aws.abuse_counters import AbuseCounters
    from undersigned.aws.api_keys import ApiKeys
    from undersigned.aws.campaign_rows import Rows
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.cdn_proof import CdnProof
    from undersigned.aws.counts import Counts
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.disowned import Disowned
    from undersigned.aws.drafts import Drafts
    from undersigned.aws.export_files import ExportFiles
    from undersigned.aws.exports import Exports
    from undersigned.aws.forms import Forms
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.mail_budgets import MailBudgets
    from undersigned.aws.mail_claims import MailClaims
    from undersigned.aws.mail_domains import MailDomains
    from undersigned.aws.operator_topic import OperatorTopic
    from undersigned.aws.packet_store import Bucket
    from undersigned.aws.people import People
    from undersigned.aws.queue import (
        DeadMails,
        ExportQueue,
        FeedbackQueue,
        PeopleMails,
        Queue,
        ReconciliationQueue,
        WaitingMails,
    )
    from undersigned.aws.secret import Secret
    from undersigned.aws.sign_ins import SignIns
    from undersigned.aws.signatures import Signatures
    from undersigned.aws.slots import Slots
    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.counting.reconciliations import Finding
    from undersigned.domain.delivering.deliveries import DeliveryKey, Sender
    from undersigned.domain.delivering.schedule import Cadence
    from undersigned.domain.keyring import Keyring, SignersKeyring
    from undersigned.rendering.fonts import FontBook
    from undersigned.services.authoring.draft_testing import DraftTestPost, DraftTestRequests
    from undersigned.services.authoring.drafting import Drafting
    from undersigned.services.authoring.limiting_tests import LimitedTests
    from undersigned.services.authoring.sampling import Sampling
    from undersigned.services.counting.exporting import Exporting, SignatureSheet
    from undersigned.services.counting.organizing import Organizing
    from undersigned.services.counting.recounting import Recounting
    from undersigned.services.counting.screening import Screening
    from undersigned.services.counting.tallying import Tallying
    from undersigned.services.delivering.approval_requests import ApprovalRequests
    from undersigned.services.delivering.approving import Approving
    from undersigned.services.delivering.delivering import Delivering
    from undersigned.services.delivering.delivery_controls import DeliveryControls
    from undersigned.services.delivering.feedback import Feedback
    from undersigned.services.delivering.packet_links import PacketLinks
    from undersigned.services.delivering.packing import Packing
    from undersigned.services.delivering.planning import Planning
    from undersigned.services.delivering.storing import Storing
    from undersigned.services.operating.all_is_well import AllIsWell
    from undersigned.services.operating.clearing import Clearing
    from undersigned.services.operating.closing import Closing
    from undersigned.services.operating.deleting import Deleting
    from undersigned.services.operating.hours import Hours
    from undersigned.services.operating.organizer_post import OrganizerPost
    from undersigned.services.operating.overviews import Overviews
    from undersigned.services.operating.publishing import Publishing
    from undersigned.services.operating.reconciling import Reconciling
    from undersigned.services.operating.reporting import Gathering, Reporting
    from undersigned.services.people.access import Access
    from undersigned.services.people.directory import Directory
    from undersigned.services.people.own_campaigns import OwnCampaigns
    from undersigned.services.people.people import KeysOfCampaign, PeopleOfCampaign
    from undersigned.services.people.people_post import PeoplePost
    from undersigned.services.people.sessions import Sessions
    from undersigned.services.people.signing_in import SigningIn
    from undersigned.services.signing.abuse_checks import NetworkLimit
    from undersigned.services.signing.confirming import Confirmations
    from undersigned.services.signing.disowning import Disowning
    from undersigned.services.signing.erasing import Erasing
    from undersigned.services.signing.mail_budgets import Freeing
    from undersigned.services.signing.signing import Signing


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

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def cadence(self, campaign: str) -> Cadence:
        """Return when a campaign's letters go out. Raises NotFoundError."""
        return cadence_of(self.campaigns.campaign(campaign), self.settings.schedule)

    def period(self, campaign: str) -> str:
        """Return the period of a delivery that begins now. Raises NotFoundError."""
        return self.period_of(self.campaigns.campaign(campaign))

    def period_of(self, campaign: Campaign) -> str:
        """Return the period of a delivery that begins now, without reading the campaign again."""
        return period_of(self._clock(), cadence_of(campaign, self.settings.schedule).time_zone)

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
    def forms(self) -> Forms:
        """The forms that were sent."""
        from undersigned.aws.forms import Forms

        return Forms(self.table)

    @cached_property
    def signatures(self) -> Signatures:
        """Signature rows and trays."""
        from undersigned.aws.signatures import Signatures

        return Signatures(self.table)

    @cached_property
    def counts(self) -> Counts:
        """Counters."""
        from undersigned.aws.counts import Counts

        return Counts(self.table, sleep=self._sleep, clock=self._clock)

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
    def disowned(self) -> Disowned:
        """Disowned forms."""
        from undersigned.aws.disowned import Disowned

        return Disowned(self.table)

    @cached_property
    def mail_claims(self) -> MailClaims:
        """Mail claims."""
        from undersigned.aws.mail_claims import MailClaims

        return MailClaims(self.table)

    @cached_property
    def mail_budgets(self) -> MailBudgets:
        """Mail budgets."""
        from undersigned.aws.mail_budgets import MailBudgets

        return MailBudgets(self.table)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Organizers' keys."""
        from undersigned.aws.api_keys import ApiKeys

        return ApiKeys(self.table)

    @cached_property
    def people(self) -> People:
        """People's roles and sessions."""
        from undersigned.aws.people import People

        return People(self.table)

    @cached_property
    def sign_ins(self) -> SignIns:
        """Requests to sign in by email."""
        from undersigned.aws.sign_ins import SignIns

        return SignIns(self.table)

    @cached_property
    def exports(self) -> Exports:
        """Exports."""
        from undersigned.aws.exports import Exports

        return Exports(self.table)

    @cached_property
    def campaign_rows(self) -> Rows:
        """All rows of a campaign."""
        from undersigned.aws.campaign_rows import Rows

        return Rows(self.table)

    @cached_property
    def drafts(self) -> Drafts:
        """Drafts of campaigns."""
        from undersigned.aws.drafts import Drafts

        return Drafts(self.table, lambda: self.bucket)

    @cached_property
    def slots(self) -> Slots:
        """The last slot that each job did."""
        from undersigned.aws.slots import Slots

        return Slots(self.table)

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

        return Queue(self._client("sqs"), self.settings.delivery_queue_url, sleep=self._sleep)

    @cached_property
    def export_queue(self) -> ExportQueue:
        """The queue of exports."""
        from undersigned.aws.queue import ExportQueue

        return ExportQueue(self._client("sqs"), self.settings.export_queue_url)

    @cached_property
    def waiting_mails(self) -> WaitingMails:
        """The queue of confirmation emails."""
        from undersigned.aws.queue import WaitingMails

        return WaitingMails(self._client("sqs"), self.settings.waiting_mails_url)

    @cached_property
    def dead_mails(self) -> DeadMails:
        """The dead letters of the queue of confirmation emails."""
        from undersigned.aws.queue import DeadMails

        return DeadMails(self._client("sqs"), self.settings.dead_mails_url)

    @cached_property
    def people_mails(self) -> PeopleMails:
        """The queue of emails to people."""
        from undersigned.aws.queue import PeopleMails

        return PeopleMails(self._client("sqs"), self.settings.people_mails_url)

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
        from undersigned.aws.mail import NO_RETRIES, USUAL_RATE, Mailbox

        return Mailbox(
            self._client("sesv2", config=NO_RETRIES),
            self.settings.configuration_set,
            assumed_rate=USUAL_RATE,
            sleep=self._sleep,
        )

    @cached_property
    def _quick_ses(self) -> SESV2Client:
        from undersigned.aws.mail import SHORT_WAITS

        ses: SESV2Client = self._client("sesv2", config=SHORT_WAITS)
        return ses

    @cached_property
    def mail_domains(self) -> MailDomains:
        """Email domains, in the DNS."""
        from undersigned.aws.mail_domains import MailDomains

        return MailDomains(self._clock, accepts_reserved=self.settings.accepts_reserved_domains)

    @cached_property
    def catalog(self) -> Catalog:
        """Campaigns, cached for a minute."""
        return Catalog(campaigns=self.campaigns, clock=self._clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of signers and recipients."""
        return Tokens(lambda at: self.stack_secret.keyring().token_keys(at), self._clock)

    @cached_property
    def cdn_proof(self) -> CdnProof | None:
        """The proof that a request came through the CDN, which not every stack has."""
        from undersigned.aws.cdn_proof import CdnProof

        arn = self.settings.cdn_proof_arn
        return CdnProof(self._client("secretsmanager"), arn, self._clock) if arn else None

    @cached_property
    def organizer_tokens(self) -> OrganizerTokens:
        """Tokens of organizers."""
        return OrganizerTokens(lambda at: self.organizers_secret.keyring().token_keys(at), self._clock)

    @cached_property
    def stack_secret(self) -> Secret[SignersKeyring]:
        """The stack's secret, which is fetched when a key is first needed, and again every few minutes."""
        from undersigned.aws.secret import Secret
        from undersigned.domain.keyring import SignersKeyring

        return Secret(SignersKeyring, self._client("secretsmanager"), self.settings.secret_arn, self._clock)

    @cached_property
    def organizers_secret(self) -> Secret[Keyring]:
        """The secret that organizers' access rests on, fetched in the same way."""
        from undersigned.aws.secret import Secret
        from undersigned.domain.keyring import Keyring

        return Secret(Keyring, self._client("secretsmanager"), self.settings.organizers_secret_arn, self._clock)

    def secret(self) -> str:
        """Return the key of signers' and people's ids, which never changes and opens nothing."""
        return self.stack_secret.keyring().signers

    def _token_keys(self) -> tuple[str, ...]:
        return self.stack_secret.keyring().token_keys(self._clock())

    # Use cases

    def disowning(self) -> Disowning:
        """Wire the links for people whose address somebody else typed."""
        from undersigned.services.signing.disowning import Disowning

        return Disowning(
            catalog=self.catalog,
            forms=self.forms,
            signatures=self.signatures,
            disowned=self.disowned,
            tokens=self.tokens,
            clock=self._clock,
            sleep=self._sleep,
        )

    def signing(self) -> Signing:
        """Wire signing."""
        from undersigned.services.signing.abuse_checks import AbuseChecks, NetworkLimit
        from undersigned.services.signing.disowning import SuspiciousNetworks
        from undersigned.services.signing.signing import Signing

        limit = NetworkLimit(
            counters=self.abuse_counters,
            keys=self._token_keys,
            forms_a_minute=self.settings.forms_a_minute,
            clock=self._clock,
        )
        abuse_checks = AbuseChecks(
            networks=SuspiciousNetworks(disowned=self.disowned, clock=self._clock),
            tokens=self.tokens,
            keys=self._token_keys,
            clock=self._clock,
        )
        return Signing(
            catalog=self.catalog,
            limit=limit,
            abuse_checks=abuse_checks,
            forms=self.forms,
            signatures=self.signatures,
            counts=self.counts,
            deliveries=lambda: self.deliveries,
            tokens=self.tokens,
            secret=self.secret,
            schedule=self.settings.schedule,
            clock=self._clock,
            new_id=new_id,
        )

    def packet_links(self) -> PacketLinks:
        """Wire the links in deliveries' emails."""
        from undersigned.services.delivering.packet_links import PacketLinks

        return PacketLinks(catalog=self.catalog, deliveries=self.deliveries, tokens=self.tokens)

    def confirmations(self) -> Confirmations:
        """Wire the confirmation emails."""
        from undersigned.aws.mail import USUAL_RATE, Mailbox
        from undersigned.services.signing.confirming import Confirmations
        from undersigned.services.signing.mail_budgets import MailBudgeting

        post = Mailbox(
            self._quick_ses,
            self.settings.configuration_set,
            assumed_rate=USUAL_RATE,
            sleep=self._sleep,
            clock=lambda: self._clock().timestamp(),
        )
        return Confirmations(
            catalog=self.catalog,
            forms=self.forms,
            claims=self.mail_claims,
            budgeting=MailBudgeting(
                budgets=self.mail_budgets, post=post, sizes=self.settings.budget_sizes, clock=self._clock
            ),
            domains=self.mail_domains,
            post=post,
            tokens=self.tokens,
            sender=self.settings.sender,
            schedule=self.settings.schedule,
            clock=self._clock,
        )

    def tallying(self) -> Tallying:
        """Wire the counts."""
        from undersigned.services.counting.tallying import Tallying

        return Tallying(signatures=self.signatures, counts=self.counts, clock=self._clock)

    def freeing(self) -> Freeing:
        """Wire the room that confirmations give to budgets."""
        from undersigned.services.signing.mail_budgets import Freeing

        return Freeing(budgets=self.mail_budgets, sizes=self.settings.budget_sizes, clock=self._clock)

    def reconciling(self, report: Callable[[Finding], None]) -> Reconciling:
        """Wire the reconciliation. `report` is told each difference that it can't explain."""
        from undersigned.services.counting.measuring import Measuring
        from undersigned.services.operating.reconciling import Reconciling

        return Reconciling(
            campaigns=self.campaigns,
            forms=self.forms,
            claims=self.mail_claims,
            signatures=self.signatures,
            deliveries=self.deliveries,
            counts=self.counts,
            tallying=self.tallying(),
            clearing=self.clearing(),
            measuring=Measuring(deliveries=self.deliveries, schedule=self.settings.schedule, clock=self._clock),
            delivery_queue=self.queue,
            clock=self._clock,
            report=report,
        )

    def clearing(self) -> Clearing:
        """Wire the removal of personal data whose time is over."""
        from undersigned.services.operating.clearing import Clearing

        return Clearing(
            signatures=self.signatures, deliveries=self.deliveries, packets=lambda: self.bucket, clock=self._clock
        )

    def recounting(self) -> Recounting:
        """Wire the recount."""
        from undersigned.services.counting.recounting import Recounting

        return Recounting(
            campaigns=self.campaigns, signatures=self.signatures, counts=self.counts, tallying=self.tallying()
        )

    def publishing(self) -> Publishing | None:
        """Wire the publishing of events. Return None if the stack publishes none."""
        name = self.settings.event_bus
        if name is None:
            return None
        from undersigned.aws.bus import EventBus
        from undersigned.services.operating.publishing import Publishing

        return Publishing(bus=EventBus(self._client("events"), name), sleep=self._sleep)

    def hours(self) -> Hours:
        """Wire the jobs of the hourly run."""
        from undersigned.services.operating.hours import Hours

        return Hours(campaigns=self.campaigns, slots=self.slots, schedule=self.settings.schedule, clock=self._clock)

    def planning(self) -> Planning:
        """Wire the plans."""
        from undersigned.services.delivering.planning import Planning

        return Planning(
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            queue=self.queue,
            at_once=self.settings.plans_at_once,
        )

    def packing(
        self,
        report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None],
        public_url: str | None = None,
    ) -> Packing:
        """Wire the typesetting of letters.

        `report_replaced` is called for characters that no font has. `public_url` is the base address of the links in
        emails, for a function whose template settings can't have it.
        """
        from undersigned.rendering.packets import typeset
        from undersigned.services.delivering.packing import Packing

        return Packing(
            campaigns=self.campaigns,
            catalog=self.catalog,
            signatures=self.signatures,
            tokens=self.tokens,
            sender=self._sender(public_url),
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            report_replaced=report_replaced,
        )

    def delivering(self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]) -> Delivering:
        """Wire the deliveries. `packing` says what is reported."""
        from undersigned.services.delivering.delivering import Delivering

        return Delivering(
            packing=self.packing(report_replaced),
            storing=self.storing(report_replaced),
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            post=self.mailbox,
            clock=self._clock,
            sleep=self._sleep,
            bundle_size=self.settings.bundle_size,
        )

    def storing(self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]) -> Storing:
        """Wire the storing of packets. `packing` says what is reported."""
        from undersigned.services.delivering.storing import Storing

        return Storing(
            packing=self.packing(report_replaced),
            campaigns=self.campaigns,
            deliveries=self.deliveries,
            files=self.bucket,
            clock=self._clock,
        )

    def feedback(self) -> Feedback:
        """Wire the recording of SES events."""
        from undersigned.services.delivering.feedback import Feedback

        return Feedback(
            campaigns=self.campaigns, deliveries=self.deliveries, budgets=self.mail_budgets, clock=self._clock
        )

    # Use cases of organizers

    def access(self) -> Access:
        """Wire the checking of API keys."""
        from undersigned.services.people.access import Access

        return Access(keys=self.api_keys, abuse_counters=self.abuse_counters, clock=self._clock)

    def sessions(self) -> Sessions:
        """Wire organizers' sessions."""
        from undersigned.services.people.sessions import Sessions

        return Sessions(
            access=self.access(),
            people=self.people,
            directory=self.directory,
            campaign_exists=self._has_campaign,
            tokens=self.organizer_tokens,
            clock=self._clock,
        )

    def _has_campaign(self, campaign: str) -> bool:
        try:
            self.catalog.entry(campaign)
        except NotFoundError:
            # A campaign that was never published has only its draft.
            return self.drafts.head(campaign) is not None
        return True

    @property
    def directory(self) -> Directory:
        """Who has which address."""
        from undersigned.services.people.directory import Directory

        return Directory(people=self.people, secret=self.secret, admin_email=self.settings.admin_email)

    def signing_in(self) -> SigningIn:
        """Wire signing in by email."""
        from undersigned.services.people.signing_in import SigningIn

        return SigningIn(
            directory=self.directory,
            sign_ins=self.sign_ins,
            mails=lambda: self.people_mails,
            sessions=self.sessions(),
            tokens=self.organizer_tokens,
            clock=self._clock,
        )

    def sign_in_limit(self) -> NetworkLimit:
        """Wire the limit of requests to sign in from one network. It counts apart from forms."""
        from undersigned.services.people.signing_in import MOST_ASKED_A_MINUTE
        from undersigned.services.signing.abuse_checks import NetworkLimit

        return NetworkLimit(
            counters=self.abuse_counters,
            keys=lambda: [f"sign-in:{key}" for key in self._token_keys()],
            forms_a_minute=MOST_ASKED_A_MINUTE,
            clock=self._clock,
        )

    def people_post(self) -> PeoplePost:
        """Wire the emails to people."""
        from undersigned.aws.mail import Mailbox
        from undersigned.services.people.people_post import PeoplePost

        return PeoplePost(
            campaigns=self.campaigns,
            people=self.people,
            sign_ins=self.sign_ins,
            directory=self.directory,
            post=Mailbox(self._quick_ses, self.settings.configuration_set, patience=0, sleep=self._sleep),
            tokens=self.organizer_tokens,
            sender=self.settings.sender,
            clock=self._clock,
        )

    def people_of_campaign(self) -> PeopleOfCampaign:
        """Wire the changes of a campaign's people."""
        from undersigned.services.people.people import PeopleOfCampaign

        return PeopleOfCampaign(
            campaigns=self.campaigns,
            people=self.people,
            keys=self.keys_of_campaign(),
            directory=self.directory,
            campaign_exists=self._has_campaign,
            mails=lambda: self.people_mails,
            clock=self._clock,
            new_id=new_id,
        )

    def keys_of_campaign(self) -> KeysOfCampaign:
        """Wire the changes of a campaign's keys."""
        from undersigned.services.people.people import KeysOfCampaign

        return KeysOfCampaign(campaigns=self.campaigns, keys=self.api_keys, clock=self._clock, new_id=new_id)

    def own_campaigns(self) -> OwnCampaigns:
        """Wire the list of a person's campaigns."""
        from undersigned.services.people.own_campaigns import OwnCampaigns

        return OwnCampaigns(
            people=self.people,
            campaigns=self.campaigns,
            drafts=self.drafts,
            forms=self.forms,
            signatures=self.signatures,
            overviews=self.overviews(),
        )

    def organizing(self) -> Organizing:
        """Wire the organizers' views of letters and deliveries, and their actions on single letters."""
        from undersigned.services.counting.organizing import Organizing

        return Organizing(
            campaigns=self.campaigns,
            form_store=self.forms,
            signature_store=self.signatures,
            delivery_store=self.deliveries,
            packets=lambda: self.bucket,
            erasing=self.erasing(),
            secret=self.secret,
            clock=self._clock,
            new_id=new_id,
        )

    def overviews(self) -> Overviews:
        """Wire the organizers' views of how a campaign stands."""
        from undersigned.services.operating.overviews import Overviews

        return Overviews(
            campaigns=self.campaigns,
            counters=self.counts,
            forms=self.forms,
            signatures=self.signatures,
            deliveries=self.deliveries,
            budgets=self.mail_budgets,
            disowned=self.disowned,
            drafts=self.drafts,
            schedule=self.settings.schedule,
            clock=self._clock,
        )

    def closing(self) -> Closing:
        """Wire the end of signing."""
        from undersigned.services.operating.closing import Closing

        return Closing(campaigns=self.campaigns, clock=self._clock, new_id=new_id)

    def deleting(self) -> Deleting:
        """Wire the deleting of campaigns."""
        from undersigned.services.operating.deleting import Deleting

        return Deleting(
            campaigns=self.campaigns,
            forms=self.forms,
            signatures=self.signatures,
            deliveries=self.deliveries,
            counts=self.counts,
            drafts=self.drafts,
            rows=self.campaign_rows,
            packets=lambda: self.bucket,
            clock=self._clock,
        )

    def drafting(self) -> Drafting:
        """Wire the drafts of campaigns."""
        from undersigned.services.authoring.drafting import Drafting

        return Drafting(
            store=self.drafts,
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            rows=self.campaign_rows,
            clock=self._clock,
            new_id=new_id,
        )

    def _sender(self, public_url: str | None) -> Sender:
        from undersigned.domain.delivering.deliveries import Sender

        return Sender(self.settings.sender_address, public_url) if public_url else self.settings.sender

    def sampling(self, public_url: str | None = None) -> Sampling:
        """Wire the samples of drafts. `public_url` is as in `packing`."""
        from undersigned.rendering.packets import pictures, typeset
        from undersigned.services.authoring.sampling import Sampling

        return Sampling(
            sender=self._sender(public_url),
            schedule=lambda: self.settings.schedule,
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            pictures=lambda cover, letters: pictures(cover, letters, font_book()),
            clock=self._clock,
        )

    def draft_test_requests(self) -> DraftTestRequests:
        """Wire the requests for test emails of drafts."""
        from undersigned.services.authoring.draft_testing import DraftTestRequests

        return DraftTestRequests(
            drafting=self.drafting(),
            campaigns=self.campaigns,
            people=self.people,
            directory=self.directory,
            limits=self._limited_tests,
            queue=self.queue,
            clock=self._clock,
            new_id=new_id,
        )

    @property
    def _limited_tests(self) -> LimitedTests:
        from undersigned.services.authoring.limiting_tests import LimitedTests

        return LimitedTests(
            campaigns=self.campaigns, directory=self.directory, sign_ins=self.sign_ins, clock=self._clock
        )

    def draft_test_post(self) -> DraftTestPost:
        """Wire the test emails of drafts."""
        from undersigned.services.authoring.draft_testing import DraftTestPost

        return DraftTestPost(drafting=self.drafting(), sampling=self.sampling(), post=self.mailbox)

    def screening(self) -> Screening:
        """Wire the evidence against letters, and the actions on many of them."""
        from undersigned.services.counting.screening import Screening

        return Screening(
            forms=self.forms,
            signatures=self.signatures,
            campaigns=self.campaigns,
            erasing=self.erasing(),
            clock=self._clock,
            new_id=new_id,
        )

    def erasing(self) -> Erasing:
        """Wire the erasing of letters."""
        from undersigned.services.counting.exporting import EndingExports
        from undersigned.services.signing.erasing import Erasing

        return Erasing(
            forms=self.forms,
            signatures=self.signatures,
            deliveries=self.deliveries,
            packets=lambda: self.bucket,
            queue=lambda: self.queue,
            exports=EndingExports(exports=self.exports, files=lambda: self.export_files),
            clock=self._clock,
            sleep=self._sleep,
        )

    def sheet(self) -> SignatureSheet:
        """Wire the CSV of a campaign's signatures."""
        from undersigned.services.counting.exporting import SignatureSheet

        return SignatureSheet(
            catalog=self.catalog,
            forms=self.forms,
            signatures=self.signatures,
            campaigns=self.campaigns,
            clock=self._clock,
            new_id=new_id,
        )

    def exporting(self) -> Exporting:
        """Wire the exports."""
        from undersigned.services.counting.exporting import Exporting

        return Exporting(sheet=self.sheet(), exports=self.exports, files=self.export_files, queue=self.export_queue)

    def delivery_controls(self) -> DeliveryControls:
        """Wire the delivery controls."""
        from undersigned.services.delivering.delivery_controls import DeliveryControls

        return DeliveryControls(
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            queue=self.queue,
            planning=self.planning(),
            limits=self._limited_tests,
            follow_address=lambda *correction: self.drafting().follow_address(*correction),
            clock=self._clock,
            new_id=new_id,
        )

    @property
    def _organizer_post(self) -> OrganizerPost:
        from undersigned.services.operating.organizer_post import OrganizerPost

        return OrganizerPost(claims=self.mail_claims, post=self.mailbox)

    def approval_requests(self) -> ApprovalRequests:
        """Wire the emails that request an approval from organizers."""
        from undersigned.services.delivering.approval_requests import ApprovalRequests

        return ApprovalRequests(
            campaigns=self.campaigns,
            signatures=self.signatures,
            post=self._organizer_post,
            tokens=self.organizer_tokens,
            sender=self.settings.sender,
            clock=self._clock,
            at_once=self.settings.plans_at_once,
        )

    def approving(self) -> Approving:
        """Wire the approval by the link in the email."""
        from undersigned.services.delivering.approving import Approving

        return Approving(
            campaigns=self.campaigns,
            signatures=self.signatures,
            deliveries=self.deliveries,
            planning=self.planning(),
            tokens=self.organizer_tokens,
            delivery_controls=self.delivery_controls(),
            clock=self._clock,
            at_once=self.settings.plans_at_once,
        )

    @cached_property
    def _gathering(self) -> Gathering:
        from undersigned.services.operating.reporting import Gathering

        return Gathering(
            campaigns=self.campaigns,
            forms=self.forms,
            signatures=self.signatures,
            deliveries=self.deliveries,
            counts=self.counts,
            schedule=self.settings.schedule,
            clock=self._clock,
            at_once=self.settings.plans_at_once,
        )

    @property
    def _operator_topic(self) -> OperatorTopic:
        from undersigned.aws.operator_topic import OperatorTopic

        return OperatorTopic(self._client("sns"), self.settings.operator_topic)

    def all_is_well(self) -> AllIsWell:
        """Wire the operator's weekly email."""
        from undersigned.services.operating.all_is_well import AllIsWell

        return AllIsWell(gathering=self._gathering, channel=self._operator_topic, clock=self._clock)

    def reporting(self) -> Reporting:
        """Wire the reports."""
        from undersigned.services.operating.reporting import Reporting

        return Reporting(
            gathering=self._gathering,
            post=self._organizer_post,
            sender=self.settings.sender,
            clock=self._clock,
        )


@lru_cache(maxsize=1)
def font_book() -> FontBook:
    """Return the fonts, opened once per process."""
    from undersigned.rendering.fonts import FontBook

    return FontBook()
