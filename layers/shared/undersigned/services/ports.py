"""What the use cases need of the outside: one port for each repository, queue and service, and the errors they raise.

Each adapter in `aws` subclasses its port, so a call is described here alone. "As it stands now" means a consistent
read; other reads may be a moment behind.
"""

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
    """Another writer changed the item between our read and our write: read it again."""


class SignatureStateError(UndersignedError):
    """The signature's status does not allow this; carries the signature as it stands (None: there is no row)."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'not there'}")
        self.signature = signature


class FormConsumedError(UndersignedError):
    """Another letter was signed with this form."""


class BundleTakenError(UndersignedError):
    """There is a bundle of this number already: read the bundles again."""


class LettersNotWaitingError(UndersignedError):
    """Some letters are no longer in the tray (withdrawn or sealed); carries their signers."""

    def __init__(self, signers: tuple[str, ...]) -> None:
        """Keep the signers whose letters are not waiting."""
        super().__init__(f"{len(signers)} letters are no longer in the tray")
        self.signers = signers


class ThrottledError(UndersignedError):
    """AWS asks us to slow down: nothing was done, try again later."""


class MailRefusedError(UndersignedError):
    """SES refused the email, and would refuse it again; nothing was sent."""


class SendingStoppedError(MailRefusedError):
    """SES takes no email until a person fixes the account or the sender's identity; nothing was sent."""


class CampaignStore(Protocol):
    """Campaigns, their letters, their targets, the controls of their deliveries, and the audit."""

    def campaign(self, campaign: str) -> Campaign:
        """Read a campaign's settings; raises NotFoundError."""
        ...

    def targets(self, campaign: str) -> tuple[Target, ...]:
        """Read a campaign's targets, in the order of their ids."""
        ...

    def target(self, campaign: str, target: str) -> Target:
        """Read one target as it stands now; raises NotFoundError."""
        ...

    def letter(self, campaign: str, version: str) -> Letter:
        """Read a letter version; raises NotFoundError."""
        ...

    def campaign_ids(self) -> Iterator[str]:
        """List every campaign."""
        ...

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version; False if it exists, for a version never changes."""
        ...

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal where the count is read."""
        ...

    def put_target(self, campaign: str, target: Target) -> None:
        """Write what an organizer sets of a target; a new email address counts as one that takes email."""
        ...

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Record whether an address takes email; does nothing when the target has another address by now."""
        ...

    def controls(self, campaign: str) -> Controls:
        """Read the controls of a campaign's deliveries as they stand now."""
        ...

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Pause a campaign's deliveries, or resume them."""
        ...

    def approve(self, campaign: str, period: str) -> None:
        """Approve a period's deliveries."""
        ...

    def hold(self, campaign: str, target: str, why: str | None) -> None:
        """Hold a target's letters back for a reason, or release them (None); raises NotFoundError."""
        ...

    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        """Record what somebody did; the id tells entries of one moment apart."""
        ...

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List what organizers did, newest first."""
        ...

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List what organizers did, newest first, each with its position; from a position on, what is older."""
        ...


class SignatureStore(Protocol):
    """Signature rows, their listing, and the trays of the letters that wait."""

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature as it stands now."""
        ...

    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        """Read several signatures as they stand now, in this order; those without a row are left out."""
        ...

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """List a campaign's signatures, newest first, each with its position; from a position on, older ones.

        `read_ahead` is how many are read at once: the more, the fewer calls.
        """
        ...

    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        """Read every signature of a campaign, in no order; for recounts."""
        ...

    def sign(self, signature: Signature, replacing: Signature | None, form: FormToken | None = None) -> None:
        """Write a pending signature and consume its form, both or neither.

        Raises ChangedError when the one to replace has changed, FormConsumedError when another letter has its form.
        """
        ...

    def ask_again(self, campaign: str, signer: str, mail_request: str, form: FormToken | None = None) -> None:
        """Ask for an email about a confirmed signature and consume a form; raises ChangedError, FormConsumedError."""
        ...

    def confirm(self, campaign: str, signer: str, version: int | None, *, at: datetime, on: date) -> Signature:
        """Confirm a pending signature that has not expired, and put its letter in its target's tray.

        With a version, the letter must still be the one that the signer saw. Raises SignatureStateError.
        """
        ...

    def withdraw(self, campaign: str, signer: str, at: datetime) -> Signature:
        """Withdraw a signature whose letter is not sealed, and return it; raises SignatureStateError."""
        ...

    def release(self, campaign: str, signer: str, mail_request: str) -> None:
        """Release a letter from quarantine, and ask for its email again; raises ChangedError when it is in none."""
        ...

    def erase(self, signature: Signature, at: datetime) -> None:
        """Erase what a row says of its signer; raises ChangedError when the row has changed.

        For a sealed letter, use `DeliveryStore.erase_letter`.
        """
        ...

    def has_waiting(self, campaign: str, target: str) -> bool:
        """Say whether any letter lies in a target's tray."""
        ...

    def how_many_wait(self, campaign: str, target: str) -> int:
        """Count the letters in a target's tray."""
        ...

    def waiting(self, campaign: str, target: str) -> Iterator[str]:
        """List the signers whose letters lie in a target's tray, oldest first."""
        ...


class DeliveryStore(Protocol):
    """Deliveries, their bundles and packets, and what SES said of their emails."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery as it stands now."""
        ...

    def deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        """List a target's deliveries, newest first."""
        ...

    def open(self, delivery: Delivery) -> None:
        """Write a new delivery; raises ChangedError when it exists."""
        ...

    def change(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery; raises ChangedError unless it is still in this state and attempt."""
        ...

    def begin_sending(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery whose email is sent next.

        Raises ChangedError unless it is still in this state and attempt, its campaign is not paused and its target not
        held.
        """
        ...

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles in order."""
        ...

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Write a bundle and seal its letters, all or nothing.

        Raises BundleTakenError, LettersNotWaitingError or ChangedError, and then did nothing.
        """
        ...

    def packets(self, key: DeliveryKey) -> tuple[PacketRecord, ...]:
        """Read a delivery's packets in order."""
        ...

    def add_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a stored packet; the same again changes nothing.

        Raises ChangedError if one is recorded that was typeset after a later erasure.
        """
        ...

    def record_event(self, event: MailEvent) -> None:
        """Record what SES said of an email; twice is the same as once."""
        ...

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read what SES said of a delivery's emails, in order."""
        ...

    def erase_letter(self, key: DeliveryKey, signature: Signature, at: datetime) -> None:
        """Erase what a row says of its signer, and remove the letter from any later attempt of its delivery.

        Raises ChangedError when either has changed, or the delivery's email is being made or sent.
        """
        ...


class CountStore(Protocol):
    """Counters, and the marks on rows that keep them exact."""

    def count(self, campaign: str) -> Count:
        """Read the public count, in one read; raises NotFoundError."""
        ...

    def counts(self, campaign: str, beginning: str | None = None) -> dict[str, int]:
        """Read every counter (`TOTAL`, `TARGET#…`, `DAY#…`), or those whose name begins so."""
        ...

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together; raises ChangedError when a row has changed."""
        ...

    def forget(self, gone: Signature, now: datetime) -> None:
        """Take out of the counters what they hold of a row that is gone; twice is the same as once."""
        ...


class AbuseCounterStore(Protocol):
    """Forms and refused keys by network, and how fast people sign; all of it expires."""

    def count_form(self, network: str, address: str, *, expires_at: datetime) -> tuple[int, int]:
        """Count a form and return how many came from its network and from its address, given as hashes."""
        ...

    def refusals(self, network: str) -> int:
        """Read how many keys were refused to a network, given as a hash."""
        ...

    def count_refusal(self, network: str, *, expires_at: datetime) -> None:
        """Count a key that was refused to a network, given as a hash."""
        ...

    def sign_ups(self, campaign: str, since: datetime) -> Mapping[datetime, int]:
        """Read how many people signed, by the beginning of each window since then that has any."""
        ...

    def add_sign_ups(self, campaign: str, window: datetime, amount: int) -> None:
        """Add people who signed in a window."""
        ...


class MailClaimStore(Protocol):
    """Which requests for an email were mailed to a person."""

    def claim(
        self, person: str, request: str, at: datetime, *, most: int, known_for: timedelta = timedelta(days=2)
    ) -> bool:
        """Claim one of at most so many emails of a day (UTC) for a request.

        False when the request was mailed, or when the day's emails are used up.
        """
        ...

    def record_sent(self, person: str, request: str, at: datetime) -> None:
        """Record that a claimed email was sent."""
        ...


class ApiKeyStore(Protocol):
    """Organizers' keys."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key by the SHA-256 of its text."""
        ...

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys."""
        ...

    def put_api_key(self, key: ApiKey) -> None:
        """Write a new key."""
        ...

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key: it opens nothing from now on."""
        ...


class ExportStore(Protocol):
    """The files of signatures that were asked for."""

    def put_export(self, export: Export) -> None:
        """Write the state of an export."""
        ...

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read an export as it stands now."""
        ...

    def exports(self, campaign: str) -> tuple[Export, ...]:
        """Read a campaign's exports, in no order."""
        ...


class PacketStore(Protocol):
    """PDFs."""

    def put(self, name: str, pdf: bytes) -> None:
        """Store a PDF."""
        ...

    def get(self, name: str) -> bytes:
        """Read a PDF."""
        ...

    def link(self, name: str, filename: str) -> str:
        """Make an address, good for some minutes, from which a PDF can be downloaded."""
        ...


class Post(Protocol):
    """Sends emails."""

    def send(self, mail: Mail) -> str:
        """Hand an email over and return its message id.

        Raises ThrottledError, MailRefusedError or SendingStoppedError when it was surely not sent. After any other
        error it may have been sent.
        """
        ...


class Bus(Protocol):
    """Tells other programs what happened."""

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put events on the bus, and return the ids of those that it did not take."""
        ...


class DeliveryQueue(Protocol):
    """Deliveries to be made."""

    def put(self, deliveries: Iterable[DeliveryKey]) -> None:
        """Queue deliveries."""
        ...

    def put_test(self, delivery: DeliveryKey) -> None:
        """Queue a test email of a delivery to its organizer."""
        ...


class ExportFiles(Protocol):
    """The exports' files."""

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file of any length as it is made; it appears when it is whole, in the place of an earlier one."""
        ...

    def link(self, name: str, filename: str) -> str:
        """Make an address, good for some minutes, from which a file can be downloaded."""
        ...


class ExportQueue(Protocol):
    """Exports to be written."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
        ...
