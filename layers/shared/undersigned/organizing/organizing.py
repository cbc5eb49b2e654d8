"""Organizing: show organizers letters, deliveries and the activity log, and act on single letters."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.names import is_named
from undersigned.campaigns.rules.controls import AuditEntry, checked_reason
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.packets import packet_filename, reference_number
from undersigned.delivering.storing import packet_file
from undersigned.organizing.listing import Listing, newest_letters
from undersigned.signing.rules.forms import current_of, waiting_of
from undersigned.signing.rules.signatures import new_mail_request, signer_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.campaigns.rules.letters import Letter
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery, PacketRecord, Question
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned.organizing.erasing import Erasing
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import ReportedStatus, Signature, SignatureFilter

MOST_ROWS_READ = 1_000
"""The most letters that one request reads to find those that match a filter."""


MOST_NAMES_READ = 5_000
"""The most letters that one request reads to find a name. It takes some seconds and as many read units, a tenth of a
cent for every hundred searches."""

_READ_AHEAD = 100
"""How many rows DynamoDB returns in one call, at most ("BatchGetItem", DynamoDB API reference)."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery with its packets and the SES events of its emails; `signers` are its sealed letters' ids, in order.

    `question` is the one that a person has to decide.
    """

    delivery: Delivery
    target: Target
    packets: Sequence[PacketRecord]
    events: tuple[MailEvent, ...]
    signers: tuple[str, ...] = ()
    question: Question | None = None

    def letters_of(self, packet: PacketRecord) -> tuple[str, ...]:
        """Return the ids of a packet's letters in the email."""
        sealed = self.signers[packet.first - 1 : packet.last]
        return tuple(signer for signer in sealed if signer not in self.delivery.last.left_out)

    def erased_from(self, packet: PacketRecord) -> int:
        """Return how many of a packet's letters were erased."""
        return len(self.delivery.erased.intersection(self.signers[packet.first - 1 : packet.last]))


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """A letter or a form, its target, and its delivery. Unless it is empty, it has the target and the text `signed`.

    `sheet` is the reference number of a letter that was erased after it could be printed.
    """

    row: Signature
    target: Target
    signed: tuple[Target, Letter] | None
    delivery: Delivery | None
    sheet: str = ""


@dataclass(kw_only=True, frozen=True, slots=True)
class Organizing:
    """Reads letters and deliveries for organizers, and acts on single letters."""

    campaigns: Campaigns
    form_store: Forms
    signature_store: Signatures
    delivery_store: Deliveries
    packets: Callable[[], Bucket]
    erasing: Erasing
    secret: Callable[[], str]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def signatures(self, campaign: str, wanted: SignatureFilter, after: str | None, limit: int) -> Listing[Signature]:
        """List signatures, newest first, in a bounded number of reads."""
        rows = newest_letters(self.form_store, self.signature_store, campaign, after, status=wanted.status)
        return Listing.of(rows, wanted.matches, limit, MOST_ROWS_READ)

    def with_name(self, campaign: str, name: str, after: str | None, limit: int) -> Listing[Signature]:
        """List the signatures whose name has these words, newest first, in a bounded number of reads.

        No index has names, because they are personal data: this reads the newest letters, or those after a position.
        """
        rows = newest_letters(self.form_store, self.signature_store, campaign, after, read_ahead=_READ_AHEAD)
        return Listing.of(rows, lambda row: bool(row.name) and is_named(row.name, name), limit, MOST_NAMES_READ)

    def signed_with(self, campaign: str, email: str) -> Signature | None:
        """Find the letter or the form of an email address, in two reads. An invalid address has none."""
        if email_mistake(email):
            return None
        row = self._current(campaign, signer_id(self.secret(), email))
        return row if row and row.email else None

    def signature(self, campaign: str, signer: str) -> Signature:
        """Return a signer's letter, or the form that waits for a confirmation; raises NotFoundError."""
        row = self._current(campaign, signer)
        if row is None:
            message = f"campaign {campaign!r} has no letter {signer!r}"
            raise NotFoundError(message)
        return row

    def letter(self, campaign: str, signer: str) -> LetterRecord:
        """Return a signer's letter with what belongs to it. Raises NotFoundError."""
        row = self.signature(campaign, signer)
        target = self.campaigns.target(campaign, row.target)
        signed = (
            None if row.is_empty else (target.as_signed(row.addressee), self.campaigns.letter(campaign, row.letter))
        )
        key = DeliveryKey(campaign, row.target, row.period) if row.period else None
        made = self.delivery_store.delivery(key) if key else None
        delivery = made.with_word_of(target) if made else None
        return LetterRecord(row, target, signed, delivery, self._sheet_of(row, delivery) if delivery else "")

    def _sheet_of(self, row: Signature, delivery: Delivery) -> str:
        if row.status != "erased" or not delivery.may_be_on_paper or row.signer in delivery.last.left_out:
            return ""
        sealed = sealed_in(self.delivery_store.bundles(delivery.key))
        return reference_number(delivery.key.period, sealed.index(row.signer) + 1)

    def _current(self, campaign: str, signer: str) -> Signature | None:
        forms = self.form_store.of_signer(campaign, signer)
        return current_of(forms, self.signature_store.signature(campaign, signer), self.clock())

    def erase(self, campaign: str, signer: str, by: str, why: str) -> DeliveryKey | None:
        """Erase a letter, for a reason. Return the delivery with which its target got it, if there is one.

        Doing it twice is harmless. Raises NotFoundError, UnderWayError, NotNowError without a reason, and GivenError
        for one that can't be kept.
        """
        if not (why := checked_reason(why)):
            raise NotNowError(Message("Give a reason for erasing the letter."))
        arrived = self.erasing.erase(campaign, signer)
        self._record_action(campaign, "erase", by, about=signer, why=why)
        return arrived

    def release(self, campaign: str, signer: str, by: str, why: str) -> ReportedStatus:
        """Release a letter from quarantine, and send its signer the confirmation email again; or release it from hold.

        Return its status then. Raises NotFoundError, GivenError for a reason that can't be kept, and NotNowError if the
        letter is neither quarantined nor on hold.
        """
        why = checked_reason(why)
        row = self.signature(campaign, signer)
        action: str = "release letters" if row.on_hold else "release from quarantine"
        try:
            if row.on_hold:
                self.signature_store.end_hold(row, self.clock())
            else:
                self.form_store.release(self._quarantined(row), new_mail_request(self.clock(), self.new_id()))
        except ChangedError as error:
            raise NotNowError(Message("The letter is not in quarantine, and not on hold.")) from error
        self._record_action(campaign, action, by, about=signer, why=why)
        return "confirmed" if row.on_hold else "pending"

    def _quarantined(self, row: Signature) -> Signature:
        """Return the newest form in quarantine of a signer. Raises ChangedError without one."""
        letter = None if row.status == "pending" else row
        waiting = waiting_of(self.form_store.of_signer(row.campaign, row.signer), letter, self.clock())
        found = max((form for form in waiting if form.quarantine), key=lambda form: form.signed_at, default=None)
        if found is None:
            raise ChangedError
        return found

    def deliveries(
        self, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
    ) -> tuple[tuple[DeliveryRecord, ...], DeliveryKey | None]:
        """List deliveries by period, newest first, then by target, with the last one's key if more may follow."""
        found, last = self.history(campaign, target, period, after, limit)
        return tuple(self._record(*each) for each in found), last

    def history(
        self, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
    ) -> tuple[list[tuple[Delivery, Target]], DeliveryKey | None]:
        """List deliveries like `deliveries`, with their targets, and without their packets and events."""
        page: list[tuple[Delivery, Target]] = []
        for delivery, to in self._newest_deliveries(campaign, target):
            if period and delivery.key.period < period:
                break
            if period not in {None, delivery.key.period} or (after and not _is_after(delivery.key, after)):
                continue
            if len(page) == limit:
                return page, page[-1][0].key
            page.append((delivery, to))
        return page, None

    def _newest_deliveries(self, campaign: str, only: str | None) -> Iterator[tuple[Delivery, Target]]:
        def deliveries_to(target: Target) -> Iterator[tuple[Delivery, Target]]:
            for made in self.delivery_store.deliveries(campaign, target.id, whole=False):
                yield made.with_word_of(target), target

        targets = [self.campaigns.target(campaign, only)] if only else self.campaigns.targets(campaign, whole=False)
        return heapq.merge(*map(deliveries_to, targets), key=lambda found: found[0].key.period, reverse=True)

    def delivery(self, key: DeliveryKey) -> DeliveryRecord:
        """Return one delivery with its letters' ids. Raises NotFoundError."""
        delivery = self.delivery_store.delivery(key)
        if delivery is None:
            message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
            raise NotFoundError(message)
        target, signers = self.campaigns.target(key.campaign, key.target), sealed_in(self.delivery_store.bundles(key))
        return self._record(delivery, target, tuple(signers), whole=True)

    def _record(
        self, made: Delivery, target: Target, signers: tuple[str, ...] = (), *, whole: bool = False
    ) -> DeliveryRecord:
        delivery = made.with_word_of(target)
        recorded = self.delivery_store.packets(delivery.key, whole=whole)
        packets = tuple(packet for packet in delivery.packets_of_email(recorded) if packet.is_in_email)
        events = self.delivery_store.mail_events(delivery.key)
        return DeliveryRecord(delivery, target, packets, events, signers, delivery.question(self.clock()))

    def packet_link(self, key: DeliveryKey, number: int) -> str:
        """Return a short-lived web address for downloading a packet.

        Raises NotFoundError, PacketErasedError, PacketNotReadyError.
        """
        name, packets = packet_file(self.delivery_store, key, number, self.clock())
        return self.packets().link(name, packet_filename(key, number, packets))

    def audit(self, campaign: str, after: str | None, limit: int) -> Listing[AuditEntry]:
        """List the activity log, newest first."""
        found: list[AuditEntry] = []
        last = None
        for position, entry in self.campaigns.newest_audit(campaign, after):
            if len(found) == limit:
                return Listing(tuple(found), last)
            found.append(entry)
            last = position
        return Listing(tuple(found), None)

    def _record_action(self, campaign: str, action: str, by: str, *, about: str, why: str) -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())


def _is_after(key: DeliveryKey, last: DeliveryKey) -> bool:
    return key.period < last.period or (key.period == last.period and key.target > last.target)
