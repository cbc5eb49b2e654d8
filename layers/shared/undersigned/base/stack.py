"""One stack: its clients, its clock, its settings and its secrets. Each use case takes it as its first argument.

It knows no rows: a room makes its own repositories of it. What is imported at the top takes no time beside the rest.
All else is imported where it is first needed.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from undersigned.base.limits import Limits
from undersigned.base.links import Links
from undersigned.base.table import FEW_RETRIES, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sqs import SQSClient

    from undersigned.base.bucket import Bucket
    from undersigned.base.cdn_proof import CdnProof
    from undersigned.base.keyring import Keyring, SignersKeyring
    from undersigned.base.mail_domains import MailDomains
    from undersigned.base.mailbox import Mailbox
    from undersigned.base.operator_topic import OperatorTopic
    from undersigned.base.purposes import SecretName
    from undersigned.base.secret import Secret
    from undersigned.base.settings import Settings


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Stack:
    """A stack. Each of its clients is made once, when it is first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: Callable[..., Any] = boto3.client,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
    ) -> None:
        """Keep settings, a factory of AWS clients (like boto3.client), a clock, a way to wait (seconds), and limits."""
        self.settings = settings
        self.client = client
        self.clock = clock
        self.sleep = sleep
        self.limits = limits or Limits()
        self.links = Links(self.keys, clock)
        self.table = Table(client("dynamodb", config=FEW_RETRIES), settings.table_name, sleep=sleep, limits=self.limits)
        self._once: dict[Callable[..., Any], Any] = {}

    def once[Made](self, make: Callable[[Stack], Made]) -> Made:
        """Return what a room makes of this stack, such as a cache: made when it is first needed, then kept."""
        if make not in self._once:
            self._once[make] = make(self)
        made: Made = self._once[make]
        return made

    @staticmethod
    def new_id() -> str:
        """Return a random id."""
        return secrets.token_hex(8)

    @cached_property
    def s3(self) -> S3Client:
        """Return the client of buckets without links."""
        s3: S3Client = self.client("s3")
        return s3

    @cached_property
    def sqs(self) -> SQSClient:
        """Return the client of queues."""
        sqs: SQSClient = self.client("sqs")
        return sqs

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket of packets and exports."""
        from undersigned.base.bucket import SIGNED_LINKS, Bucket

        return Bucket(self.client("s3", config=SIGNED_LINKS), self.settings.packet_bucket, self.limits.upload_part)

    @cached_property
    def mailbox(self) -> Mailbox:
        """SES, for emails that may take their time."""
        from undersigned.base.mailbox import NO_RETRIES, USUAL_RATE, Mailbox

        ses = self.client("sesv2", config=NO_RETRIES)
        return Mailbox(ses, self.settings.configuration_set, assumed_rate=USUAL_RATE, sleep=self.sleep)

    @cached_property
    def confirmation_mailbox(self) -> Mailbox:
        """SES, for the emails that many people wait for."""
        from undersigned.base.mailbox import USUAL_RATE, Mailbox

        return Mailbox(
            self._quick_ses,
            self.settings.configuration_set,
            assumed_rate=USUAL_RATE,
            sleep=self.sleep,
            clock=lambda: self.clock().timestamp(),
        )

    @cached_property
    def people_mailbox(self) -> Mailbox:
        """SES, for emails that wait for another run when it is busy."""
        from undersigned.base.mailbox import Mailbox

        return Mailbox(self._quick_ses, self.settings.configuration_set, patience=0, sleep=self.sleep)

    @cached_property
    def _quick_ses(self) -> SESV2Client:
        from undersigned.base.mailbox import SHORT_WAITS

        ses: SESV2Client = self.client("sesv2", config=SHORT_WAITS)
        return ses

    @cached_property
    def mail_domains(self) -> MailDomains:
        """The domains that surely take no email."""
        from undersigned.base.mail_domains import MailDomains

        return MailDomains(self.clock, accepts_reserved=self.settings.accepts_reserved_domains)

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

    def keys(self, signing: SecretName, at: datetime) -> tuple[str, ...]:
        """Return the keys that links may be signed with at a moment; the first of them signs."""
        found = self.organizers_secret if signing == "organizers" else self.stack_secret
        return found.keyring().token_keys(at)

    def token_keys(self) -> tuple[str, ...]:
        """Return the keys that signers' links may be signed with now."""
        return self.keys("stack", self.clock())

    @cached_property
    def cdn_proof(self) -> CdnProof | None:
        """The proof that a request came through the CDN, which not every stack has."""
        from undersigned.base.cdn_proof import CdnProof

        arn = self.settings.cdn_proof_arn
        return CdnProof(self.client("secretsmanager"), arn, self.clock) if arn else None

    @cached_property
    def operator_topic(self) -> OperatorTopic:
        """The topic of the alarms."""
        from undersigned.base.operator_topic import OperatorTopic

        return OperatorTopic(self.client("sns"), self.settings.operator_topic)
