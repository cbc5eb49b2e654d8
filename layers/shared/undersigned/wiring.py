"""The composition root: the one place where use cases meet their adapters.

Each function builds its own; what only some of them need is imported where it is built, for their init time.
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import boto3

from undersigned.aws.table import FEW_RETRIES, Table
from undersigned.domain.schedule import period_of
from undersigned.services.catalog import Catalog
from undersigned.settings import Settings
from undersigned.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.aws.export_files import ExportFiles
    from undersigned.aws.mail import Mailbox
    from undersigned.aws.packet_store import Bucket
    from undersigned.aws.queue import ExportQueue, Queue, WaitingMails
    from undersigned.domain.deliveries import DeliveryKey
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
    """One stack's adapters and use cases, each made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: Callable[..., Any] = boto3.client,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the settings, how to make an AWS client (as boto3.client), a clock and a way to wait."""
        self.settings = settings
        self._client = client
        self._clock = clock
        self._sleep = sleep

    @classmethod
    def of_environment(cls) -> Wiring:
        """Wire what the function's environment variables name."""
        return cls(Settings(os.environ))

    def now(self) -> datetime:
        """Return the moment that the clock shows."""
        return self._clock()

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._client("dynamodb", config=FEW_RETRIES), self.settings.table_name, sleep=self._sleep)

    @cached_property
    def bucket(self) -> Bucket:
        """The packets' bucket."""
        from undersigned.aws.packet_store import SIGNED_LINKS, Bucket  # noqa: PLC0415

        return Bucket(self._client("s3", config=SIGNED_LINKS), self.settings.packet_bucket)

    @cached_property
    def queue(self) -> Queue:
        """The queue of deliveries."""
        from undersigned.aws.queue import Queue  # noqa: PLC0415

        return Queue(self._client("sqs"), self.settings.delivery_queue_url)

    @cached_property
    def export_queue(self) -> ExportQueue:
        """The queue of exports."""
        from undersigned.aws.queue import ExportQueue  # noqa: PLC0415

        return ExportQueue(self._client("sqs"), self.settings.export_queue_url)

    @cached_property
    def waiting_mails(self) -> WaitingMails:
        """The queue of confirmation mails that SES did not take."""
        from undersigned.aws.queue import WaitingMails  # noqa: PLC0415

        return WaitingMails(self._client("sqs"), self.settings.waiting_mails_url)

    @cached_property
    def export_files(self) -> ExportFiles:
        """The exports' files, in the packets' bucket."""
        from undersigned.aws.export_files import ExportFiles  # noqa: PLC0415
        from undersigned.aws.packet_store import SIGNED_LINKS  # noqa: PLC0415

        return ExportFiles(self._client("s3", config=SIGNED_LINKS), self.settings.packet_bucket)

    @cached_property
    def mailbox(self) -> Mailbox:
        """SES."""
        from undersigned.aws.mail import NO_RETRIES, Mailbox  # noqa: PLC0415

        return Mailbox(self._client("sesv2", config=NO_RETRIES), self.settings.configuration_set, sleep=self._sleep)

    @cached_property
    def catalog(self) -> Catalog:
        """Campaigns, kept for a minute."""
        return Catalog(self.table, self._clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of links."""
        return Tokens(self.secret, self._clock)

    def secret(self) -> str:
        """Return the stack's secret; fetched once, at its first use."""
        return self._secret

    @cached_property
    def _secret(self) -> str:
        answer = self._client("secretsmanager").get_secret_value(SecretId=self.settings.secret_arn)
        return str(answer["SecretString"])

    def signing(self) -> Signing:
        """Wire what signers do."""
        from undersigned.services.abuse_checks import AbuseChecks  # noqa: PLC0415
        from undersigned.services.signing import Signing  # noqa: PLC0415

        abuse_checks = AbuseChecks(
            store=self.table,
            tokens=self.tokens,
            secret=self.secret,
            forms_a_minute=self.settings.forms_a_minute,
            clock=self._clock,
            new_id=new_id,
        )
        return Signing(
            catalog=self.catalog,
            abuse_checks=abuse_checks,
            signatures=self.table,
            counts=self.table,
            deliveries=self.table,
            tokens=self.tokens,
            secret=self.secret,
            schedule=self.settings.schedule,
            clock=self._clock,
            sleep=self._sleep,
            new_id=new_id,
        )

    def access(self) -> Access:
        """Wire the organizers' keys."""
        from undersigned.services.access import Access  # noqa: PLC0415

        return Access(self.table, self.table, self.secret, self._clock)

    def sessions(self) -> Sessions:
        """Wire the sessions of organizers."""
        from undersigned.services.sessions import Sessions

        return Sessions(access=self.access(), tokens=self.tokens)

    def organizing(self) -> Organizing:
        """Wire what organizers see, and what they do about single letters."""
        from undersigned.services.organizing import Organizing  # noqa: PLC0415

        return Organizing(
            campaigns=self.table,
            controls=self.table,
            counters=self.table,
            signatures=self.table,
            listing=self.table,
            deliveries=self.table,
            packets=lambda: self.bucket,
            erasing=self.erasing(),
            schedule=self.settings.schedule,
            secret=self.secret,
            clock=self._clock,
            new_id=new_id,
        )

    def period(self) -> str:
        """Name the delivery that would begin now."""
        return period_of(self._clock(), self.settings.delivery_time_zone)

    def confirmations(self) -> Confirmations:
        """Wire the confirmation mails."""
        from undersigned.services.confirming import Confirmations  # noqa: PLC0415

        return Confirmations(
            catalog=self.catalog,
            signatures=self.table,
            recipients=self.table,
            post=self.mailbox,
            tokens=self.tokens,
            sender=self.settings.sender,
            schedule=self.settings.schedule,
            clock=self._clock,
        )

    def tallying(self) -> Tallying:
        """Wire the counts."""
        from undersigned.services.tallying import Tallying  # noqa: PLC0415

        return Tallying(self.table, self.table, self.table)

    def publishing(self) -> Publishing | None:
        """Wire what other programs hear of; None when the stack tells them nothing."""
        name = self.settings.event_bus
        if name is None:
            return None
        from undersigned.aws.bus import EventBus  # noqa: PLC0415
        from undersigned.services.publishing import Publishing  # noqa: PLC0415

        return Publishing(EventBus(self._client("events"), name), self._sleep)

    def planning(self) -> Planning:
        """Wire the plan of a period."""
        from undersigned.services.planning import Planning  # noqa: PLC0415

        return Planning(self.table, self.table, self.table, self.queue)

    def erasing(self) -> Erasing:
        """Wire the erasing of letters."""
        from undersigned.services.erasing import Erasing  # noqa: PLC0415

        return Erasing(self.table, self.table, self._clock, self._sleep)

    def sheet(self) -> SignatureSheet:
        """Wire a campaign's signatures as CSV."""
        from undersigned.services.exporting import SignatureSheet  # noqa: PLC0415

        return SignatureSheet(self.catalog, self.table, self.table, self._clock, new_id)

    def exporting(self) -> Exporting:
        """Wire the files of signatures."""
        from undersigned.services.exporting import Exporting  # noqa: PLC0415

        return Exporting(self.sheet(), self.table, self.export_files, self.export_queue)

    def delivery_controls(self) -> DeliveryControls:
        """Wire what organizers do to deliveries."""
        from undersigned.services.delivery_controls import DeliveryControls  # noqa: PLC0415

        return DeliveryControls(
            campaigns=self.table,
            targets=self.table,
            controls=self.table,
            deliveries=self.table,
            queue=self.queue,
            planning=self.planning(),
            clock=self._clock,
            new_id=new_id,
        )

    @property
    def _organizer_post(self) -> OrganizerPost:
        from undersigned.services.organizer_post import OrganizerPost  # noqa: PLC0415

        return OrganizerPost(self.table, self.mailbox)

    def approval_requests(self) -> ApprovalRequests:
        """Wire the mails that ask organizers for an approval."""
        from undersigned.services.approval_requests import ApprovalRequests  # noqa: PLC0415

        return ApprovalRequests(
            campaigns=self.table,
            deliveries=self.table,
            post=self._organizer_post,
            tokens=self.tokens,
            sender=self.settings.sender,
            clock=self._clock,
        )

    def approving(self) -> Approving:
        """Wire the approval by the link in the mail."""
        from undersigned.services.approving import Approving  # noqa: PLC0415

        return Approving(self.table, self.table, self.table, self.tokens, self.delivery_controls())

    def reporting(self) -> Reporting:
        """Wire the report after a weekly run."""
        from undersigned.services.reporting import Gathering, Reporting  # noqa: PLC0415

        return Reporting(
            gathering=Gathering(self.table, self.table, self.table, self.table),
            post=self._organizer_post,
            sender=self.settings.sender,
            schedule=self.settings.schedule,
            clock=self._clock,
        )

    def feedback(self) -> Feedback:
        """Wire what SES says."""
        from undersigned.services.feedback import Feedback  # noqa: PLC0415

        return Feedback(self.table, self.table)

    def packing(
        self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None], own_origin: str | None = None
    ) -> Packing:
        """Wire the typesetting of letters; `report_replaced` hears of characters that no font has.

        `own_origin` is where this stack answers, for a function that the template can't tell it.
        """
        from undersigned.rendering.packets import typeset  # noqa: PLC0415
        from undersigned.services.packing import Packing  # noqa: PLC0415

        return Packing(
            campaigns=self.table,
            catalog=self.catalog,
            signatures=self.table,
            deliveries=self.table,
            tokens=self.tokens,
            sender=self.settings.sender_at(own_origin) if own_origin else self.settings.sender,
            typeset=lambda cover, letters: typeset(cover, letters, font_book()),
            report_replaced=report_replaced,
        )

    def delivering(self, report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]) -> Delivering:
        """Wire the deliveries; `report_replaced` hears of characters that no font has."""
        from undersigned.services.delivering import Delivering  # noqa: PLC0415

        return Delivering(
            packing=self.packing(report_replaced),
            controls=self.table,
            deliveries=self.table,
            packets=self.bucket,
            post=self.mailbox,
            clock=self._clock,
            sleep=self._sleep,
            bundle_size=self.settings.bundle_size,
        )


@lru_cache(maxsize=1)
def font_book() -> FontBook:
    """Return the fonts, opened once a process."""
    from undersigned.rendering.fonts import FontBook  # noqa: PLC0415

    return FontBook()
