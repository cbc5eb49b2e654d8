"""Packing: typeset a target's letters as packets and write their email, to send, preview or test it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base.errors import DamagedRowsError, NotFoundError, TooManyLettersError
from undersigned.base.logs import report_damaged, report_inaccessible
from undersigned.campaigns.rules.letters import read_blocks, render_html
from undersigned.campaigns.rules.postal_codes import lists
from undersigned.delivering.emails.delivery import DeliverySummary, delivery_email
from undersigned.delivering.office import cover_url, office_url
from undersigned.delivering.printing.packets import PacketCover, PacketLetter
from undersigned.delivering.rules.deliveries import PACKET_SIZE, PacketRecord
from undersigned.delivering.rules.packets import Batch, are_attached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from undersigned.base.emails import Mail, Sender
    from undersigned.base.languages import Message
    from undersigned.base.links import Links
    from undersigned.campaigns.catalog import Catalog
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.printing.packets import Packet
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Signature


@dataclass(frozen=True, slots=True)
class DeliveryPreview:
    """The email and the packets of a delivery, as they would be sent now; by hand, only the packets."""

    campaign: Campaign
    target: Target
    mail: Mail | None
    pdfs: tuple[bytes, ...]
    packets: tuple[PacketRecord, ...]


@dataclass(kw_only=True, frozen=True, slots=True)
class Packing:
    """Packs letters. Changes nothing.

    Letters in a tray that can't be read stay there, and the others go. A sealed letter that can't be read has its
    number in a delivery, so typesetting raises DamagedRowsError: without it, the email would be a letter short, and
    nobody would notice.
    """

    campaigns: Campaigns
    catalog: Catalog
    signatures: Signatures
    deliveries: Deliveries
    links: Links
    sender: Sender
    typesetter: Callable[[PacketCover, Sequence[PacketLetter]], Packet]
    report_replaced: Callable[[DeliveryKey, int, dict[str, int]], None]

    def preview(
        self, key: DeliveryKey, most: int | None = None, notice: Message | None = None
    ) -> DeliveryPreview | None:
        """Make the email and the packets that would be sent now. Return None if no letters are waiting.

        `notice` comes before everything else in the email's body.

        Raises NotFoundError for an unknown campaign or target, TooManyLettersError for more letters than `most`.
        """
        batch = self._waiting(key)
        if most is not None and len(batch.signers) > most:
            raise TooManyLettersError(len(batch.signers), most)
        if not batch.signers:
            return None
        made = [self.typeset(batch, number) for number in batch.spans]
        packets, pdfs = tuple(packet for packet, _ in made), tuple(pdf for _, pdf in made)
        attached = pdfs if are_attached(packets) else None
        mail = None if batch.target.by_hand else self.mail(batch, packets, attempt=1, pdfs=attached, notice=notice)
        return DeliveryPreview(batch.campaign, batch.target, mail, pdfs, packets)

    def preview_packet(self, key: DeliveryKey, number: int) -> bytes:
        """Typeset one of the packets that would be sent now. Raises NotFoundError if there is none with this number."""
        batch = self._waiting(key)
        if number not in batch.spans:
            message = f"the next delivery to {key.target!r} has no packet {number}"
            raise NotFoundError(message)
        return self.typeset(batch, number)[1]

    def _waiting(self, key: DeliveryKey) -> Batch:
        campaign, target, _ = self.campaigns.of_target(key.campaign, key.target)
        signers = tuple(row.signer for row in self.signatures.readable(key.campaign, key.target))
        return Batch(campaign, target, key, signers, erased=frozenset(), size=PACKET_SIZE, by_hand=target.by_hand)

    def can_make(self, signature: Signature, target: Target) -> bool:
        """Say whether the letter of a signature can be made. If not, what is damaged is reported."""
        _, not_made = self._letters(target, [signature])
        return not not_made

    def typeset(self, batch: Batch, number: int) -> tuple[PacketRecord, bytes]:
        """Typeset one of a batch's packets. The PDF is empty if all its letters are erased."""
        first, last = batch.spans[number]
        letters = list(enumerate(batch.signers[first - 1 : last], start=first))
        without = tuple(place for place, signer in letters if signer in batch.erased)
        if len(without) == len(letters):
            return PacketRecord(number, first, last, 0, 0, _day(batch), len(without), len(without)), b""
        kept = [signer for _, signer in letters if signer not in batch.erased]
        signatures = self.signatures.signatures(batch.key.campaign, kept)
        made, not_made = self._letters(batch.target, signatures)
        if not_made:
            raise DamagedRowsError(*dict.fromkeys(not_made))
        local = batch.campaign.local
        confirmed = (signature.confirmed_at and local(signature.confirmed_at) for signature in signatures)
        made = [replace(letter, confirmed_at=at) for letter, at in zip(made, confirmed, strict=True)]
        packet = self.typesetter(self._cover(batch, number, first, last, without), made)
        if packet.replaced:
            self.report_replaced(batch.key, number, dict(packet.replaced))
        if not packet.accessible:
            report_inaccessible(f"{batch.key.campaign}/{batch.key.period}/{batch.key.target}/{number}")
        record = PacketRecord(
            number=number,
            first=first,
            last=last,
            bytes=len(packet.pdf),
            residents=sum(_is_resident(signature, batch.target) for signature in signatures),
            since=min(signature.signed_on for signature in signatures),
            left_out=len(without),
            erased=len(without),
            by_hand=batch.by_hand,
        )
        return record, packet.pdf

    def mail_again(self, delivery: Delivery, signers: Sequence[str], packets: Sequence[PacketRecord]) -> Mail:
        """Write the email of a delivery again, from what is stored; its attached PDFs are empty.

        Letters that were erased since are left out. Raises NotFoundError if no email was written.
        """
        if not packets or delivery.way == "by hand":
            message = f"the delivery {delivery.key.period} to {delivery.key.target!r} has no email"
            raise NotFoundError(message)
        campaign, target, _ = self.campaigns.of_target(delivery.key.campaign, delivery.key.target)
        to = replace(target, email=delivery.email or target.email)
        batch = Batch(campaign, to, delivery.key, signers, delivery.last.left_out, delivery.packet_size)
        pdfs = [b"" for packet in packets if packet.is_in_email] if are_attached(packets) else None
        sent_at = delivery.last.sent_at or delivery.last.since
        return self.mail(batch, packets, delivery.attempt, pdfs, sent_at=sent_at)

    def mail(  # noqa: PLR0913  (as the email)
        self,
        batch: Batch,
        packets: Sequence[PacketRecord],
        attempt: int,
        pdfs: Sequence[bytes] | None,
        *,
        sent_at: datetime | None = None,
        to_office: bool = False,
        notice: Message | None = None,
    ) -> Mail:
        """Write a batch's email. `pdfs` are attached.

        Without `sent_at`, it says that it is sent on the day of the delivery. Only the one that goes `to_office` has
        the links to its packets and to the office's page.
        """
        sent = tuple(packet for packet in packets if packet.is_in_email)
        return delivery_email(
            self.sender,
            batch.campaign,
            batch.target,
            batch.key,
            DeliverySummary(
                letters=batch.letters,
                residents=sum(packet.residents for packet in sent),
                since=min(packet.since for packet in sent),
                packets=tuple(packet.number for packet in sent),
                of=len(packets),
            ),
            attempt=attempt,
            pdfs=pdfs,
            packets_token=self.links.sign("packets", *astuple(batch.key)),
            sent_on=batch.campaign.local(sent_at).date() if sent_at else _day(batch),
            office_url=office_url(self.sender, self.links, batch.key.campaign, batch.target) if to_office else None,
            notice=notice,
        )

    def _cover(self, batch: Batch, number: int, first: int, last: int, without: tuple[int, ...]) -> PacketCover:
        return PacketCover(
            language=batch.campaign.language,
            campaign_title=batch.campaign.title,
            organizer=batch.campaign.organizer,
            target=batch.target,
            delivered_on=_day(batch),
            number=number,
            of=len(batch.spans),
            first=first,
            last=last,
            total=len(batch.signers),
            without=without,
            so_far=self._so_far(batch),
            cover_url=cover_url(self.sender, self.links, batch.key.campaign, batch.target.id),
            by_hand=batch.by_hand,
            accent=batch.campaign.accent,
            logo=batch.campaign.logo,
        )

    def _so_far(self, batch: Batch) -> int:
        """Return how many letters the target has with these, or 0 if none may have arrived on an earlier day."""
        known = self.deliveries.deliveries(batch.key.campaign, batch.key.target, whole=False)
        left = (one for one in known if one.may_have_arrived and (one.way == "email" or one.handed))
        before = sum(one.letters for one in left if one.key.period < batch.key.period)
        return before + batch.letters if before else 0

    def _letters(self, target: Target, signatures: Sequence[Signature]) -> tuple[list[PacketLetter], list[str]]:
        """Make letters, and name the damaged row of each that can't be made."""
        made: list[PacketLetter] = []
        not_made: list[str] = []
        for signature in signatures:
            try:
                made.append(self._packet_letter(target, signature))
            except DamagedRowsError as error:
                not_made += error.rows
            except (LookupError, NotFoundError, TypeError, ValueError):
                not_made.append(self.signatures.row_name(signature.campaign, signature.signer))
                report_damaged(not_made[-1])
        return made, not_made

    def _packet_letter(self, target: Target, signature: Signature) -> PacketLetter:
        shown = target.as_signed(signature.addressee)
        letter = self.catalog.letter(signature.campaign, signature.letter)
        return PacketLetter(
            blocks=read_blocks(render_html(letter.template, shown, signature.details, letter.language)),
            language=letter.language,
            signer_name=signature.name,
            signer_locality=signature.locality,
        )


def _day(batch: Batch) -> date:
    return date.fromisoformat(batch.key.period)


def _is_resident(signature: Signature, target: Target) -> bool:
    """Say whether the postal code of a letter's address is one of the target's, however the town is spelled."""
    return lists(target.postal_codes, signature.postal_code)
