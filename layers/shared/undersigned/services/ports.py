"""What the use cases need from outside: a port for each repository, queue and service, and the errors that ports raise.

Each adapter in `aws` subclasses its port, so calls are documented only here. "Consistently" means a consistent read.
Other reads can lag behind by a moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from undersigned.domain.abuse_checks import FormToken
    from undersigned.domain.api_keys import ApiKey
    from undersigned.domain.campaigns import Campaign, MailState, Target, TargetVersion
    from undersigned.domain.controls import AuditEntry, Controls
    from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, DeliveryState, MailEvent, PacketRecord
    from undersigned.domain.events import Event
    from undersigned.domain.exports import Export
    from undersigned.domain.letters import Letter
    from undersigned.domain.reconciliations import MailDay, Page, Reconciliation
    from undersigned.domain.signatures import Signature
    from undersigned.domain.tallies import Count
    from undersigned.rendering.mails import Mail


class ChangedError(UndersignedError):
    """Another process changed the item since it was read, or a transaction on it was running. Read it again."""


class SignatureStateError(UndersignedError):
    """The signature's status doesn't allow this; carries the current signature, or None if there is no row."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'missing'}")
        self.signature = signature


class FormConsumedError(UndersignedError):
    """Another letter was signed with this form."""


class BundleTakenError(UndersignedError):
    """A bundle with this number exists. Read the bundles again."""


class LettersNotWaitingError(UndersignedError):
    """Some letters are no longer in the tray (withdrawn or sealed); carries their signers."""

    def __init__(self, signers: tuple[str, ...]) -> None:
        """Keep the signers whose letters are not waiting."""
        super().__init__(f"{len(signers)} letters are no longer in the tray")
        self.signers = signers


class ThrottledError(UndersignedError):
    """AWS throttled the call or could not be reached. Nothing was done; try again later."""


class UncertainError(UndersignedError):
    """SES's answer is lost, or it is an internal error: the email may have been sent."""


class MailRefusedError(UndersignedError):
    """SES refused the email, and would refuse it again; nothing was sent."""


class SendingStoppedError(MailRefusedError):
    """SES accepts no email until a person fixes the account or the sender's identity; nothing was sent."""


class CampaignStore(Protocol):
    """Campaigns, their letters, their targets, the controls of their deliveries, and the activity log."""

    def campaign(self, campaign: str) -> Campaign:
        """Read a campaign's settings; raises NotFoundError."""

    def targets(self, campaign: str) -> tuple[Target, ...]:
        """Read a campaign's targets, in the order of their ids."""

    def target(self, campaign: str, target: str) -> Target:
        """Read one target consistently; raises NotFoundError."""

    def letter(self, campaign: str, version: str) -> Letter:
        """Read a letter version; raises NotFoundError."""

    def target_version(self, campaign: str, version: str) -> TargetVersion | None:
        """Read consistently what letters show of a target in a version. None if the version is not written."""

    def campaign_ids(self) -> Iterator[str]:
        """List the ids of all campaigns."""

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version. Return False if it exists; a version never changes."""

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal beside the count."""

    def put_target(self, campaign: str, target: Target) -> None:
        """Write a target's settings. A new email address is assumed to take email.

        First writes the target's versions, the one before and the new one, because letters may name them.
        """

    def restored_at(self, campaign: str) -> datetime | None:
        """Say when the restore of a campaign from a backup ended, or began if it has not ended; None without one."""

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Record whether an address takes email. That it takes none holds only while it is the target's address."""

    def controls(self, campaign: str) -> Controls:
        """Read the controls of a campaign's deliveries consistently."""

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Pause a campaign's deliveries, or resume them."""

    def approve(self, campaign: str, period: str) -> None:
        """Approve a period's deliveries."""

    def hold(self, campaign: str, target: str, why: str) -> None:
        """Hold a target's letters back for a reason; raises NotFoundError."""

    def release(self, campaign: str, target: str, at: datetime) -> None:
        """Release a target's letters after a hold or a complaint; raises NotFoundError."""

    def record_complaint(self, campaign: str, target: str, at: datetime) -> None:
        """Hold a target's letters because of a complaint. Does nothing if they were released after it."""

    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        """Record an action. The id distinguishes entries of one moment. Raises ChangedError if the entry exists."""

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List the actions of organizers, newest first."""

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List the actions of organizers with their positions, newest first, or those older than a position."""


class SignatureStore(Protocol):
    """Signature rows, their listing, and the trays."""

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature consistently."""

    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        """Read several signatures consistently, in this order. Signers without a row are left out."""

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """List a campaign's signatures with their positions, newest first, or those older than a position.

        `read_ahead` is how many are read in one step. A higher number takes fewer calls.
        """

    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        """Read all signatures of a campaign, in no order; for recounts."""

    def pages(self, campaign: str, after: str = "") -> Iterator[Page]:
        """Read all signatures of a campaign in pages of up to 100, or those after a page's position."""

    def sign(self, signature: Signature, replacing: Signature | None, form: FormToken | None = None) -> None:
        """Write a pending signature and consume its form token, both or neither.

        Raises ChangedError if the signature to replace has changed, FormConsumedError if another letter was signed with
        this form token.
        """

    def ask_again(self, campaign: str, signer: str, mail_request: str, form: FormToken | None = None) -> None:
        """Request an email about a confirmed signature, and consume a form token.

        Raises ChangedError if the signature is not confirmed, FormConsumedError if another letter was signed with this
        form token.
        """

    def confirm(  # noqa: PLR0913  (a link and its page's version, and when)
        self,
        campaign: str,
        signer: str,
        version: int | None,
        *,
        at: datetime,
        on: date,
        link_of: datetime | None = None,
    ) -> Signature:
        """Confirm a pending signature that has not expired, and put its letter into its target's tray.

        With a version, the letter must still be the one that the signer saw. With a link's date, the signer must not
        have ended the link. Raises SignatureStateError.
        """

    def withdraw(self, campaign: str, signer: str, at: datetime, *, link_of: datetime | None = None) -> Signature:
        """Withdraw a signature whose letter is not sealed, and return it. Raises SignatureStateError.

        With a link's date, the signer must not have ended the link.
        """

    def end_links(self, campaign: str, signer: str, at: datetime, *, link_of: datetime) -> None:
        """End every link that was made until `at`, by one that has not ended. Raises SignatureStateError."""

    def release(self, campaign: str, signer: str, mail_request: str) -> None:
        """Release a letter from quarantine, and request its email again. Raises ChangedError if it is in none."""

    def erase(self, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row. Raises ChangedError if the row has changed.

        For a sealed letter, use `DeliveryStore.erase_letter`.
        """

    def has_waiting(self, campaign: str, target: str) -> bool:
        """Say whether there is a letter in a target's tray."""

    def how_many_wait(self, campaign: str, target: str) -> int:
        """Count the letters in a target's tray."""

    def waiting(self, campaign: str, target: str) -> Iterator[str]:
        """List the signers of the letters in a target's tray, oldest letter first."""


class DeliveryStore(Protocol):
    """Deliveries, their bundles and packets, and the SES events of their emails."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery consistently."""

    def deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        """List a target's deliveries consistently, newest first."""

    def open(self, delivery: Delivery, known: Collection[Delivery], *, again: bool = False) -> None:
        """Write a delivery that begins, or that goes on although it did not occupy its week.

        `known` are the target's deliveries as they were read. Raises ChangedError if this delivery has changed since,
        or, unless `again`, if another one less than seven days away has.
        """

    def change(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery.

        Raises ChangedError unless it still has this state and attempt, with no letter erased since it was read.
        """

    def begin_sending(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery whose email is about to be sent.

        Raises ChangedError unless it still has this state and attempt, with no letter erased since it was read, its
        campaign is not paused, and its target has no hold.
        """

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles consistently, in order."""

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Write a bundle and seal its letters, all or nothing.

        Raises BundleTakenError, LettersNotWaitingError or ChangedError; then nothing was written.
        """

    def bundles_to(self, campaign: str, target: str) -> Iterator[tuple[str, Bundle]]:
        """Read the bundles of all deliveries to a target consistently, each with its period."""

    def packets(self, key: DeliveryKey) -> tuple[PacketRecord, ...]:
        """Read all packets that were recorded of a delivery, consistently, in the order of their numbers.

        `Delivery.named` selects those that its email names.
        """

    def add_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a packet. Recording it twice is harmless.

        Raises ChangedError if it is recorded with more omitted letters.
        """

    def record_event(self, event: MailEvent) -> None:
        """Record an SES event. Recording it twice is harmless."""

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read the SES events of a delivery's emails consistently, in order."""

    def erase_letter(self, key: DeliveryKey, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row, and remove the letter from any later attempt of its delivery.

        Raises ChangedError if the row has changed, if the delivery's email is being made or sent, or if another
        transaction was running on either.
        """


class CountStore(Protocol):
    """Counters, and the marks on rows that keep them exact."""

    def count(self, campaign: str) -> Count:
        """Read the public count, in one read; raises NotFoundError."""

    def counts(self, campaign: str, beginning: str | None = None) -> dict[str, int]:
        """Read all counters (`TOTAL`, `TARGET#…`, `DAY#…`) consistently, or those whose names have this beginning."""

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together. Raises ChangedError if a row has changed."""

    def forget(self, gone: Signature, now: datetime) -> None:
        """Subtract a deleted row from the counters. Doing it again within two days is harmless."""

    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        """Correct a counter by a difference. Raises ChangedError if it is no longer the wrong number."""


class AbuseCounterStore(Protocol):
    """Forms by network, wrong keys by group, and sign-ups by window. All of them expire."""

    def count_form(self, network: str, address: str, *, expires_at: datetime) -> tuple[int, int]:
        """Count a form, and return how many its network and its address have sent. Both are given as hashes."""

    def refusals(self, group: int, window: datetime) -> int:
        """Read how many wrong keys of a group were refused in a window."""

    def set_refusals(self, group: int, window: datetime, amount: int) -> None:
        """Write how many wrong keys of a group were refused in a window, in place of an earlier window."""

    def sign_ups(self, campaign: str, since: datetime) -> Mapping[datetime, int]:
        """Read how many people signed in each window since then, by its start, without empty windows."""

    def add_sign_ups(self, campaign: str, window: datetime, amount: int) -> None:
        """Add people who signed in a window."""


class MailClaimStore(Protocol):
    """Which requested emails each person got."""

    def claim(  # noqa: PLR0913  (the parts of a claim)
        self, person: str, request: str, at: datetime, *, most: int, since: datetime, known_for: timedelta
    ) -> bool:
        """Check that the email for a request may be sent: at most `most` of a person's emails are, on a day (UTC).

        Return False if this email was sent since the day of `since`, or if the limit is reached. Only sent emails
        count, not claims. `known_for` is how long the row is kept.
        """

    def record_sent(self, person: str, request: str, at: datetime) -> None:
        """Record that a claimed email was sent."""

    def record_refused(self, person: str, request: str, at: datetime) -> None:
        """Record that SES refused a claimed email, and would refuse it again."""

    def ask_again(self, person: str, request: str, at: datetime, known_for: timedelta) -> bool:
        """Record that an email is asked for again. Return False if it was on that day (UTC)."""

    def mail_days(self, days: Iterable[tuple[str, date]]) -> Mapping[str, Sequence[MailDay]]:
        """Read what is known of persons' emails on single days (UTC) consistently, by person, in no order."""


class ApiKeyStore(Protocol):
    """Organizers' keys."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key consistently by the SHA-256 of its text."""

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys consistently."""

    def put_api_key(self, key: ApiKey) -> None:
        """Write a new key. Raises ChangedError if it exists."""

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key."""


class ExportStore(Protocol):
    """The exports that organizers requested."""

    def put_export(self, export: Export) -> None:
        """Write the state of an export."""

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read an export consistently."""

    def exports(self, campaign: str) -> tuple[Export, ...]:
        """Read a campaign's exports consistently, in no order."""


class PacketStore(Protocol):
    """PDFs."""

    def put(self, name: str, pdf: bytes) -> None:
        """Store a PDF."""

    def get(self, name: str) -> bytes:
        """Read a PDF."""

    def delete(self, name: str) -> None:
        """Delete a PDF, if it exists."""

    def link(self, name: str, filename: str) -> str:
        """Return a web address for downloading a PDF. It works for some minutes."""


class Post(Protocol):
    """Sends emails."""

    def send(self, mail: Mail) -> str:
        """Hand an email over and return its message id.

        Raises ThrottledError, MailRefusedError or SendingStoppedError if it was certainly not sent. After
        UncertainError, and after any other error, it may have been sent.
        """


class Bus(Protocol):
    """Tells other programs what happened."""

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put events on the bus, and return the ids of those that it refused."""


class DeliveryQueue(Protocol):
    """Deliveries to be made."""

    def put(self, deliveries: Iterable[DeliveryKey], *, again: bool = False) -> None:
        """Queue deliveries; with `again`, those that are less than seven days from another one, too."""

    def put_test(self, delivery: DeliveryKey) -> None:
        """Queue a test email of a delivery to its organizer."""

    def put_repacking(self, delivery: DeliveryKey) -> None:
        """Queue the repacking of a delivery from which letters are being erased. It begins a minute later."""

    def is_empty(self) -> bool:
        """Say whether no message waits, is delayed, or is being worked on. SQS may be a minute behind."""


class ConfirmationQueue(Protocol):
    """Confirmation emails that wait to be sent."""

    def put_request(self, campaign: str, signer: str, request: str) -> None:
        """Queue the email that a row requests."""

    def is_empty(self) -> bool:
        """Say whether no message waits, is delayed, or is being worked on. SQS may be a minute behind."""


class ReconciliationQueue(Protocol):
    """Reconciliations to be begun or continued."""

    def put(self, run: Reconciliation) -> None:
        """Queue a reconciliation."""


class ExportFiles(Protocol):
    """The exports' files."""

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file of any length while it is made. It replaces an earlier one only when it is complete."""

    def link(self, name: str, filename: str) -> str:
        """Return a web address for downloading a file. It works for some minutes."""


class ExportQueue(Protocol):
    """Exports to be written."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
