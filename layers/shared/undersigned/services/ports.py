"""What the use cases need of the outside: protocols that adapters and tests' fakes fulfil."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from undersigned.domain.abuse_checks import FormToken
    from undersigned.domain.api_keys import ApiKey
    from undersigned.domain.campaigns import Campaign, MailState, Target
    from undersigned.domain.controls import AuditEntry, Controls
    from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, DeliveryState, MailEvent, PacketRecord
    from undersigned.domain.events import Event
    from undersigned.domain.exports import Export
    from undersigned.domain.letters import Letter
    from undersigned.domain.signatures import Signature
    from undersigned.domain.tallies import Count
    from undersigned.rendering.mails import Mail


class ChangedError(UndersignedError):
    """Somebody else changed the item between our read and our write: read it again."""


class SignatureStateError(UndersignedError):
    """The signature is not in a state in which this can be done; carries it as it stands (None: no row)."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'not there'}")
        self.signature = signature


class FormConsumedError(UndersignedError):
    """Another letter was signed with this form."""


class BundleTakenError(UndersignedError):
    """A bundle of this number is there already: read the bundles again."""


class LettersNotWaitingError(UndersignedError):
    """Some letters are no longer in the tray (withdrawn or sealed); carries their signers."""

    def __init__(self, signers: tuple[str, ...]) -> None:
        """Keep the signers whose letters are not waiting."""
        super().__init__(f"{len(signers)} letters are no longer in the tray")
        self.signers = signers


class ThrottledError(UndersignedError):
    """AWS asks us to slow down: nothing was done, try again later."""


class MailRefusedError(UndersignedError):
    """SES refused the mail for a reason that trying again does not mend; nothing was sent."""


class SendingStoppedError(MailRefusedError):
    """SES takes no mail at all until a person mends the account or the sender's identity; nothing was sent."""


class CampaignStore(Protocol):
    """Campaigns, their letters and targets."""

    def campaign(self, campaign: str) -> Campaign | None:
        """Read a campaign's settings."""

    def targets(self, campaign: str) -> tuple[Target, ...]:
        """Read a campaign's targets, in the order of their ids."""

    def target(self, campaign: str, target: str) -> Target | None:
        """Read one target as it stands now."""

    def letter(self, campaign: str, version: str) -> Letter | None:
        """Read a letter version."""

    def campaign_ids(self) -> Iterator[str]:
        """List every campaign."""


class ControlStore(Protocol):
    """What organizers decided, and who did."""

    def controls(self, campaign: str) -> Controls:
        """Read what an organizer decided of a campaign's deliveries, as it stands now."""

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Let a campaign's deliveries pause, or go on."""

    def approve(self, campaign: str, period: str) -> None:
        """Let a period's deliveries begin."""

    def hold(self, campaign: str, target: str, why: str | None) -> None:
        """Hold a target's letters back for a reason, or let them go; raises ChangedError without such a target."""

    def note(self, entry: AuditEntry, mark: str) -> None:
        """Write down what somebody did."""

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List what organizers did, newest first, each with its place; from a place on, what lies behind it."""


class SignatureStore(Protocol):
    """Signature rows."""

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature as it stands now."""

    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        """Read several signatures as they stand now, in this order; those without a row are left out."""

    def sign(self, signature: Signature, replacing: Signature | None, form: FormToken | None) -> None:
        """Write a pending signature and spend its form, both or neither.

        Raises ChangedError when the one to replace has changed, FormConsumedError when another letter has its form.
        """

    def ask_again(self, campaign: str, signer: str, mail_request: str, form: FormToken | None) -> None:
        """Ask for a mail about a confirmed signature and spend a form on it; raises ChangedError, FormConsumedError."""

    def confirm(self, campaign: str, signer: str, version: int | None, *, at: datetime, on: date) -> Signature:
        """Confirm a pending signature, of this version if one is given, and return it; raises SignatureStateError."""

    def withdraw(self, campaign: str, signer: str, at: datetime) -> Signature:
        """Take a signature back and return it; raises SignatureStateError."""

    def release(self, campaign: str, signer: str, mail_request: str) -> None:
        """Let a letter out of the quarantine; raises ChangedError when it is in none."""

    def erase(self, signature: Signature, at: datetime, key: DeliveryKey | None = None) -> None:
        """Erase what a row says of its signer, and take its letter out of whatever its delivery sends from now on.

        Raises ChangedError when either is not as it was read.
        """


class AbuseStore(Protocol):
    """What the abuse checks count; all of it expires."""

    def count_form(self, network: str, address: str, *, expires_at: datetime) -> tuple[int, int]:
        """Count a form and return how many came from its network and from its address, given as hashes."""

    def sign_ups(self, campaign: str, since: datetime) -> Mapping[datetime, int]:
        """Read how many people signed, by the beginning of each window since then that has any."""


class RefusalStore(Protocol):
    """How many keys were refused to networks; all of it expires."""

    def refusals(self, network: str) -> int:
        """Read how many keys were refused to a network, given as a hash."""

    def count_refusal(self, network: str, *, expires_at: datetime) -> None:
        """Count a key that was refused to a network, given as a hash."""


class PaceStore(Protocol):
    """How fast people sign."""

    def add_sign_ups(self, campaign: str, window: datetime, amount: int) -> None:
        """Add people who signed in a window."""


class CountStore(Protocol):
    """Counts, and the marks that keep them in step with the rows."""

    def count(self, campaign: str) -> Count | None:
        """Read the public count, in one read."""

    def counts(self, campaign: str, beginning: str | None = None) -> dict[str, int]:
        """Read every counter, `TOTAL`, `TARGET#…`, `DAY#…`, or those whose name begins so."""

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together; raises ChangedError when a row has changed."""

    def forget(self, gone: Signature) -> None:
        """Take out of the counters what they hold of a row that is gone; twice is the same as once."""


class ApiKeyStore(Protocol):
    """Organizers' keys."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key by the SHA-256 of its text."""


class RecipientStore(Protocol):
    """How many confirmation mails a person got."""

    def claim_mail(
        self, signer: str, request: str, at: datetime, *, most: int, known_for: timedelta = timedelta(days=2)
    ) -> bool:
        """Claim one of at most so many mails of the day; False when the request was mailed or they are used up."""

    def mail_sent(self, signer: str, request: str, at: datetime) -> None:
        """Write down that a claimed mail was sent."""


class DeliveryStore(Protocol):
    """Trays, bundles, packets' records and deliveries."""

    def has_waiting(self, campaign: str, target: str) -> bool:
        """Say whether any letter lies in a target's tray."""

    def how_many_wait(self, campaign: str, target: str) -> int:
        """Count the letters in a target's tray."""

    def waiting(self, campaign: str, target: str) -> Iterator[str]:
        """List the signers whose letters lie in a target's tray, oldest first in each of its shards."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery as it stands now."""

    def deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        """List a target's deliveries, newest first."""

    def open(self, delivery: Delivery) -> None:
        """Write a new delivery; raises ChangedError when it is there."""

    def change(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery; raises ChangedError unless it is still in this state and attempt."""

    def begin_sending(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery whose mail goes now.

        Raises ChangedError unless it is still in this state and attempt, its campaign goes on and its target is free.
        """

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles in order."""

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Seal letters; raises BundleTakenError, LettersNotWaitingError or ChangedError, and then did nothing."""

    def packets(self, key: DeliveryKey) -> tuple[PacketRecord, ...]:
        """Read a delivery's packets in order."""

    def note_event(self, event: MailEvent) -> None:
        """Write down what SES said of a mail; twice is the same as once."""

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read what SES said of a delivery's mails, in order."""

    def add_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a stored packet; the same again changes nothing. Raises ChangedError if one without more is there."""


class TargetStateStore(Protocol):
    """What is known of targets' addresses."""

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Write down whether an address takes mail; does nothing when the target has another address by now."""


class PacketStore(Protocol):
    """PDFs."""

    def put(self, name: str, pdf: bytes) -> None:
        """Store a PDF."""

    def get(self, name: str) -> bytes:
        """Read a PDF."""

    def link(self, name: str, filename: str) -> str:
        """Make a short-lived address at which a PDF can be fetched."""


class Post(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> str:
        """Hand a mail over and return its message id.

        Raises ThrottledError, MailRefusedError or SendingStoppedError when it was surely not sent. After any other
        error it may have been.
        """


class Bus(Protocol):
    """Tells other programs what happened."""

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put events on the bus, and return the ids of those that it did not take."""


class DeliveryQueue(Protocol):
    """Deliveries to be made."""

    def put(self, deliveries: Iterable[DeliveryKey]) -> None:
        """Queue deliveries."""

    def put_test(self, delivery: DeliveryKey) -> None:
        """Queue a delivery's mail to its organizer."""


class ListingStore(Protocol):
    """A campaign's signatures in order."""

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, at_once: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """Read a campaign's signatures, newest first, each with its place; from a place on, those behind it."""


class ExportStore(Protocol):
    """Files of signatures that were asked for."""

    def put_export(self, export: Export) -> None:
        """Write how an export stands."""

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read how an export stands now."""

    def exports(self, campaign: str) -> tuple[Export, ...]:
        """Read a campaign's exports, in no order."""


class ExportFiles(Protocol):
    """Where exports' files lie."""

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file of any length as it comes; it is there when it is whole, in the place of an earlier one."""

    def link(self, name: str, filename: str) -> str:
        """Make a short-lived address at which a file can be fetched."""


class ExportQueue(Protocol):
    """Exports to be written."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
