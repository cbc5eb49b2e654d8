"""Delivering: one target's letters are sealed, typeset, stored and sent in one mail, through any crash.

Each step leaves its trace before the next begins, so whoever comes after a crash goes on where it was:
bundles say which letters, packets' records which PDFs are done, and `sending` that a mail may be under way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, islice
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import Bundle, Delivery, packet_name
from undersigned.domain.errors import UndersignedError
from undersigned.rendering import mails
from undersigned.services.packing import Batch
from undersigned.services.ports import (
    BundleTakenError,
    ChangedError,
    LettersNotWaitingError,
    MailRefusedError,
    SendingStoppedError,
    ThrottledError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Target
    from undersigned.domain.deliveries import DeliveryKey, PacketRecord
    from undersigned.services.packing import Packing
    from undersigned.services.ports import CampaignStore, DeliveryStore, PacketStore, Post, SignatureStore


_CONFLICTS = 6
"""How often sealing gives way to other transactions before it gives up; the waits add up to six seconds."""


class UnsettledError(UndersignedError):
    """A mail may be under way: only SES's event, or the time that carries it, says whether to send again."""

    def __init__(self, until: datetime) -> None:
        """Keep until when the event is waited for."""
        super().__init__(f"a mail may be under way; look again at {until.isoformat()}")
        self.until = until


class OutOfTimeError(UndersignedError):
    """The time that the delivery was given ends; what is done stays done, and the next try goes on from there."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Delivering:
    """Makes deliveries."""

    packing: Packing
    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    packets: PacketStore
    post: Post
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    bundle_size: int

    def deliver(self, key: DeliveryKey, has_time: Callable[[], bool] = lambda: True) -> Delivery | None:
        """Make a delivery, or go on with it, and return it as it then stands; None when there is nothing to send.

        While its campaign pauses, nothing is done; a later plan queues it again. A period that needs an approval begins
        with it. After each bundle and each packet, `has_time` says whether there is time for one more step.

        Raises UnsettledError while a mail may be under way, ThrottledError and MailRefusedError when it was not
        sent, OutOfTimeError, NotFoundError for an unknown campaign or target.
        """
        campaign, target = self.campaigns.campaign(key.campaign), self.campaigns.target(key.campaign, key.target)
        controls = self.campaigns.controls(key.campaign)
        delivery = self.deliveries.delivery(key)
        if delivery is None and controls.lets_begin(key.period, needs_approval=campaign.approval):
            delivery = self._open(key)
        if delivery is None or delivery.is_settled or controls.paused:
            return delivery
        until = delivery.may_be_sent_at(self.clock())
        if until is not None:
            raise UnsettledError(until)
        if target.held_because:
            return self._hold(delivery, target, target.held_because)
        sealed = self._seal_all(key, has_time)
        batch = Batch(campaign, target, key, tuple(signer for signer in sealed if signer not in delivery.erased))
        if not batch.signers:
            empty = replace(delivery, state="empty")
            self.deliveries.change(empty, state=delivery.state, attempt=delivery.attempt)
            return empty
        packets = self._typeset_all(batch, len(delivery.erased), has_time)
        return self._send(delivery, batch, packets)

    def test(self, key: DeliveryKey) -> str | None:
        """Send the mail that would go now to the campaign's organizer instead, and return its message id.

        None when no letter waits. Nothing else is written down, so a second one does no harm.
        """
        preview = self.packing.preview(key)
        return self.post.send(mails.as_test(preview.mail, preview.campaign)) if preview else None

    def _open(self, key: DeliveryKey) -> Delivery | None:
        if not self.signatures.has_waiting(key.campaign, key.target):
            return None
        delivery = Delivery(key, "open", opened_at=self.clock())
        try:
            self.deliveries.open(delivery)
        except ChangedError:
            return self.deliveries.delivery(key)
        return delivery

    def _hold(self, delivery: Delivery, target: Target, reason: str) -> Delivery:
        sealed = sum(len(bundle.signers) for bundle in self.deliveries.bundles(delivery.key))
        held = replace(delivery, state="held", letters=sealed, email=target.email, reason=reason)
        if held != delivery:
            self.deliveries.change(held, state=delivery.state, attempt=delivery.attempt)
        return held

    def _seal_all(self, key: DeliveryKey, has_time: Callable[[], bool]) -> tuple[str, ...]:
        """Seal every waiting letter, close the delivery, and return its signers in order."""
        bundles = self.deliveries.bundles(key)
        gone: set[str] = set()
        conflicts = 0
        while not (bundles and bundles[-1].closes):
            try:
                self._seal_more(key, bundles, gone, has_time)
            except LettersNotWaitingError as error:
                # Taken back, or sealed by somebody else, since the index was read.
                gone.update(error.signers)
            except BundleTakenError:
                pass  # Somebody else seals, too: their bundle is read below.
            except ChangedError:
                # DynamoDB refuses two transactions on one row at the same moment, such as this and a tally.
                conflicts += 1
                if conflicts > _CONFLICTS:
                    raise
                self.sleep(0.05 * 2**conflicts)
            bundles = self.deliveries.bundles(key)
        return tuple(signer for bundle in bundles for signer in bundle.signers)

    def _seal_more(
        self, key: DeliveryKey, bundles: Sequence[Bundle], gone: set[str], has_time: Callable[[], bool]
    ) -> None:
        """Seal bundle after bundle; the last one is empty, and nobody can seal a letter after it."""
        passed = gone.union(*(bundle.signers for bundle in bundles))
        waiting = (signer for signer in self.signatures.waiting(key.campaign, key.target) if signer not in passed)
        for number in count(len(bundles) + 1):
            bundle = Bundle(number, tuple(islice(waiting, self.bundle_size)))
            self.deliveries.seal(key, bundle, self.clock())
            if bundle.closes:
                return
            _go_on_if(has_time)

    def _typeset_all(self, batch: Batch, erased: int, has_time: Callable[[], bool]) -> tuple[PacketRecord, ...]:
        """Typeset and store the packets that are not stored yet; one at a time, so memory stays flat.

        Packets from before a letter was erased are typeset anew, and so are old ones: their PDFs are not kept for ever.
        """
        done = {
            packet.number: packet
            for packet in self.deliveries.packets(batch.key)
            if packet.erased == erased and packet.is_fresh(self.clock())
        }
        for made, pdf in self.packing.typeset(batch, skip=frozenset(done)):
            packet = replace(made, erased=erased, stored_at=self.clock())
            self.packets.put(packet_name(batch.key, packet.number, erased), pdf)
            self.deliveries.add_packet(batch.key, packet)
            done[packet.number] = packet
            _go_on_if(has_time)
        return tuple(done[number] for number in sorted(done))

    def _send(self, delivery: Delivery, batch: Batch, packets: tuple[PacketRecord, ...]) -> Delivery:
        attempt = delivery.attempt + 1
        erased = len(delivery.erased)
        mail = self.packing.mail(
            batch, packets, attempt, read=lambda number: self.packets.get(packet_name(batch.key, number, erased))
        )
        sending = replace(
            delivery,
            state="sending",
            attempt=attempt,
            letters=len(batch.signers),
            packets=len(packets),
            bytes=sum(packet.bytes for packet in packets),
            email=mail.to,
            sending_since=self.clock(),
            sent_at=None,
            settled_at=None,
            message_id=None,
            reason=None,
            permanent=False,
            left_out=delivery.erased,
        )
        # Whoever loses this write leaves the sending to the other, or to whoever stopped it since it was begun.
        self.deliveries.begin_sending(sending, state=delivery.state, attempt=delivery.attempt)
        try:
            message_id = self.post.send(mail)
        except (ThrottledError, SendingStoppedError, MailRefusedError) as error:
            # Surely not sent, so the next try need not wait for an event.
            self._settle(sending, replace(sending, state="open", sending_since=None, reason=str(error)))
            raise
        return self._settle(sending, replace(sending, state="sent", message_id=message_id, sent_at=self.clock()))

    def _settle(self, sending: Delivery, settled: Delivery) -> Delivery:
        try:
            self.deliveries.change(settled, state="sending", attempt=sending.attempt)
        except ChangedError:
            # SES's event was faster and has said more.
            return self.deliveries.delivery(sending.key) or settled
        return settled


def _go_on_if(has_time: Callable[[], bool]) -> None:
    """Stop between two steps and never before the first, so that every try brings the delivery forward."""
    if not has_time():
        message = "the rest is for the next try"
        raise OutOfTimeError(message)
