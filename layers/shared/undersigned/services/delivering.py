"""Delivering: one target's letters are sealed, typeset, stored and sent in one mail, through any crash.

Each step leaves its trace before the next begins, so whoever comes after a crash goes on where it was:
bundles say which letters, packets' records which PDFs are done, and `sending` that a mail may be under way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import count, islice
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import (
    ATTACHMENT_LIMIT,
    PACKET_SIZE,
    Bundle,
    Delivery,
    DeliveryKey,
    PacketRecord,
    packet_name,
    packet_spans,
)
from undersigned.domain.errors import NotFoundError, UndersignedError
from undersigned.domain.letters import read_blocks, render_html
from undersigned.rendering import mails
from undersigned.rendering.mails import NAMES_IN_MAIL, DeliverySummary
from undersigned.rendering.packets import PacketCover, PacketLetter
from undersigned.services.ports import (
    BundleTakenError,
    ChangedError,
    LettersNotWaitingError,
    MailRefusedError,
    ThrottledError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import Sender
    from undersigned.domain.signatures import Signature
    from undersigned.rendering.mails import Mail
    from undersigned.rendering.packets import Packet
    from undersigned.services.catalog import Catalog
    from undersigned.services.ports import (
        CampaignStore,
        DeliveryStore,
        PacketStore,
        Post,
        SignatureStore,
        SteeringStore,
    )
    from undersigned.tokens import Tokens


_CONFLICTS = 6
"""How often sealing gives way to other transactions before it gives up; the waits add up to six seconds."""


class UnsettledError(UndersignedError):
    """A mail may be under way: only SES's event, or the time that carries it, says whether to send again."""

    def __init__(self, until: datetime) -> None:
        """Keep until when the event is waited for."""
        super().__init__(f"a mail may be under way; look again at {until.isoformat()}")
        self.until = until


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters to one target and where they go: what sending and previewing have in common."""

    campaign: Campaign
    target: Target
    key: DeliveryKey
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A delivery's mail and its packets, as they would go now."""

    target: Target
    mail: Mail
    pdfs: tuple[bytes, ...]


class Delivering:
    """Makes deliveries."""

    def __init__(  # noqa: PLR0913  (one use case, all it needs)
        self,
        *,
        campaigns: CampaignStore,
        catalog: Catalog,
        steering: SteeringStore,
        signatures: SignatureStore,
        deliveries: DeliveryStore,
        packets: PacketStore,
        post: Post,
        tokens: Tokens,
        sender: Sender,
        typeset: Callable[[PacketCover, Sequence[PacketLetter]], Packet],
        report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        bundle_size: int,
    ) -> None:
        """Take the stores, SES, the typesetter, who hears of characters that no font has, a clock and a way to wait."""
        self._campaigns = campaigns
        self._catalog = catalog
        self._steering = steering
        self._signatures = signatures
        self._deliveries = deliveries
        self._packets = packets
        self._post = post
        self._tokens = tokens
        self._sender = sender
        self._typeset = typeset
        self._report_replaced = report_replaced
        self._clock = clock
        self._sleep = sleep
        self._bundle_size = bundle_size

    def deliver(self, key: DeliveryKey) -> Delivery | None:
        """Make a delivery, or go on with it, and return it as it then stands; None when there is nothing to send.

        While its campaign pauses, nothing is done; a later plan queues it again. A period that needs an approval begins
        with it.

        Raises UnsettledError while a mail may be under way, ThrottledError and MailRefusedError when it was not
        sent, NotFoundError for an unknown campaign or target.
        """
        campaign, target = self._addressee(key)
        steering = self._steering.steering(key.campaign)
        delivery = self._deliveries.delivery(key)
        if delivery is None and steering.lets_begin(key.period, needs_approval=campaign.approval):
            delivery = self._open(key)
        if delivery is None or delivery.is_settled or steering.paused:
            return delivery
        until = delivery.may_be_sent_at(self._clock())
        if until is not None:
            raise UnsettledError(until)
        if target.held_because:
            return self._hold(delivery, target, target.held_because)
        sealed = self._seal_all(key)
        batch = Batch(campaign, target, key, tuple(signer for signer in sealed if signer not in delivery.erased))
        if not batch.signers:
            empty = replace(delivery, state="empty")
            self._deliveries.change(empty, state=delivery.state, attempt=delivery.attempt)
            return empty
        packets = self._typeset_all(batch, len(delivery.erased))
        return self._send(delivery, batch, packets)

    def preview(self, key: DeliveryKey) -> Preview | None:
        """Make the mail and the packets that would go now, and change nothing; None when no letter waits.

        Raises NotFoundError for an unknown campaign or target.
        """
        campaign, target = self._addressee(key)
        waiting = tuple(self._deliveries.waiting(key.campaign, key.target))
        rows = self._signatures.signatures(key.campaign, waiting)
        batch = Batch(campaign, target, key, tuple(row.signer for row in rows if row.waits))
        if not batch.signers:
            return None
        made = list(self.typeset(batch))
        packets, pdfs = tuple(packet for packet, _ in made), tuple(pdf for _, pdf in made)
        return Preview(target, self.mail(batch, packets, attempt=1, read=lambda number: pdfs[number - 1]), pdfs)

    def _addressee(self, key: DeliveryKey) -> tuple[Campaign, Target]:
        campaign = self._campaigns.campaign(key.campaign)
        target = self._campaigns.target(key.campaign, key.target)
        if campaign is None or target is None:
            message = f"campaign {key.campaign!r} has no addressee {key.target!r}"
            raise NotFoundError(message)
        return campaign, target

    def _open(self, key: DeliveryKey) -> Delivery | None:
        if not self._deliveries.has_waiting(key.campaign, key.target):
            return None
        delivery = Delivery(key, "open", opened_at=self._clock())
        try:
            self._deliveries.open(delivery)
        except ChangedError:
            return self._deliveries.delivery(key)
        return delivery

    def _hold(self, delivery: Delivery, target: Target, reason: str) -> Delivery:
        sealed = sum(len(bundle.signers) for bundle in self._deliveries.bundles(delivery.key))
        held = replace(delivery, state="held", letters=sealed, email=target.email, reason=reason)
        if held != delivery:
            self._deliveries.change(held, state=delivery.state, attempt=delivery.attempt)
        return held

    def _seal_all(self, key: DeliveryKey) -> tuple[str, ...]:
        """Seal every waiting letter, close the delivery, and return its signers in order."""
        bundles = self._deliveries.bundles(key)
        gone: set[str] = set()
        conflicts = 0
        while not (bundles and bundles[-1].closes):
            try:
                self._seal_more(key, bundles, gone)
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
                self._sleep(0.05 * 2**conflicts)
            bundles = self._deliveries.bundles(key)
        return tuple(signer for bundle in bundles for signer in bundle.signers)

    def _seal_more(self, key: DeliveryKey, bundles: Sequence[Bundle], gone: set[str]) -> None:
        """Seal bundle after bundle; the last one is empty, and nobody can seal a letter after it."""
        passed = gone.union(*(bundle.signers for bundle in bundles))
        waiting = (signer for signer in self._deliveries.waiting(key.campaign, key.target) if signer not in passed)
        for number in count(len(bundles) + 1):
            bundle = Bundle(number, tuple(islice(waiting, self._bundle_size)))
            self._deliveries.seal(key, bundle, self._clock())
            if bundle.closes:
                return

    def _typeset_all(self, batch: Batch, erased: int) -> tuple[PacketRecord, ...]:
        """Typeset and store the packets that are not stored yet; one at a time, so memory stays flat.

        Packets from before a letter was erased are typeset anew.
        """
        done = {packet.number: packet for packet in self._deliveries.packets(batch.key) if packet.erased == erased}
        for made, pdf in self.typeset(batch, skip=frozenset(done)):
            packet = replace(made, erased=erased)
            self._packets.put(packet_name(batch.key, packet.number), pdf)
            self._deliveries.add_packet(batch.key, packet)
            done[packet.number] = packet
        return tuple(done[number] for number in sorted(done))

    def typeset(self, batch: Batch, skip: frozenset[int] = frozenset()) -> Iterator[tuple[PacketRecord, bytes]]:
        """Typeset a batch's packets, one after the other."""
        spans = packet_spans(len(batch.signers), PACKET_SIZE)
        for number, (first, last) in enumerate(spans, start=1):
            if number in skip:
                continue
            signatures = self._signatures.signatures(batch.key.campaign, batch.signers[first - 1 : last])
            packet = self._typeset(
                self._cover(batch, number, len(spans), first, last),
                [self._packet_letter(batch.target, signature) for signature in signatures],
            )
            if packet.replaced:
                self._report_replaced(batch.key, number, dict(packet.replaced))
            record = PacketRecord(
                number=number,
                first=first,
                last=last,
                bytes=len(packet.pdf),
                sha256=packet.sha256,
                residents=sum(_is_resident(signature, batch.target) for signature in signatures),
                since=min(signature.signed_on for signature in signatures),
                letters=tuple(dict.fromkeys(signature.letter for signature in signatures)),
            )
            yield record, packet.pdf

    def mail(self, batch: Batch, packets: tuple[PacketRecord, ...], attempt: int, read: Callable[[int], bytes]) -> Mail:
        """Write a batch's mail; `read` gives the PDF of a packet by its number."""
        first = self._signatures.signatures(batch.key.campaign, batch.signers[:NAMES_IN_MAIL])
        versions = dict.fromkeys(version for packet in packets for version in packet.letters)
        fits = sum(packet.bytes for packet in packets) <= ATTACHMENT_LIMIT
        return mails.delivery(
            self._sender,
            batch.campaign,
            batch.target,
            batch.key,
            DeliverySummary(
                letters=len(batch.signers),
                residents=sum(packet.residents for packet in packets),
                since=min(packet.since for packet in packets),
                versions=tuple(self._catalog.letter(batch.key.campaign, version) for version in versions),
                signers=tuple((signature.name, signature.locality) for signature in first),
                packets=packets,
            ),
            attempt=attempt,
            pdfs=[read(packet.number) for packet in packets] if fits else None,
            packets_token=self._tokens.for_packets(batch.key),
        )

    def _send(self, delivery: Delivery, batch: Batch, packets: tuple[PacketRecord, ...]) -> Delivery:
        attempt = delivery.attempt + 1
        mail = self.mail(batch, packets, attempt, read=lambda number: self._packets.get(packet_name(batch.key, number)))
        sending = replace(
            delivery,
            state="sending",
            attempt=attempt,
            letters=len(batch.signers),
            packets=len(packets),
            bytes=sum(packet.bytes for packet in packets),
            email=mail.to,
            sending_since=self._clock(),
            reason=None,
            permanent=False,
        )
        # Whoever loses this write leaves the sending to the other.
        self._deliveries.change(sending, state=delivery.state, attempt=delivery.attempt)
        try:
            message_id = self._post.send(mail)
        except (ThrottledError, MailRefusedError) as error:
            # Surely not sent, so the next try need not wait for an event.
            self._settle(sending, replace(sending, state="open", sending_since=None, reason=str(error)))
            raise
        return self._settle(sending, replace(sending, state="sent", message_id=message_id, sent_at=self._clock()))

    def _settle(self, sending: Delivery, settled: Delivery) -> Delivery:
        try:
            self._deliveries.change(settled, state="sending", attempt=sending.attempt)
        except ChangedError:
            # SES's event was faster and has said more.
            return self._deliveries.delivery(sending.key) or settled
        return settled

    def _cover(self, batch: Batch, number: int, of: int, first: int, last: int) -> PacketCover:
        return PacketCover(
            language=batch.campaign.language,
            campaign_title=batch.campaign.title,
            organizer_name=batch.campaign.organizer.name,
            target=batch.target,
            delivered_on=date.fromisoformat(batch.key.period),
            number=number,
            of=of,
            first=first,
            last=last,
            total=len(batch.signers),
        )

    def _packet_letter(self, target: Target, signature: Signature) -> PacketLetter:
        letter = self._catalog.letter(signature.campaign, signature.letter)
        return PacketLetter(
            blocks=read_blocks(render_html(letter.template, target, signature.details, letter.language)),
            language=letter.language,
            signer_name=signature.name,
            signer_locality=signature.locality,
        )


def _is_resident(signature: Signature, target: Target) -> bool:
    """Say whether a signer lives in the target's town, as the letter's address has it."""
    return signature.locality.strip().casefold() == target.locality.casefold()
