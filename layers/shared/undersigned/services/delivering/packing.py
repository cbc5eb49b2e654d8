"""Packing: typeset a target's letters as packets and write their email, to send, preview or test it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from undersigned.domain.authoring.letters import read_blocks, render_html
from undersigned.domain.authoring.postal_codes import lists
from undersigned.domain.delivering.deliveries import PACKET_SIZE, PacketRecord
from undersigned.domain.delivering.packets import Batch, are_attached
from undersigned.domain.errors import DamagedRowsError, NotFoundError, TooManyLettersError
from undersigned.domain.languages import Message
from undersigned.logs import report_damaged
from undersigned.rendering import mails
from undersigned.rendering.mails import NAMES_IN_MAIL, DeliverySummary
from undersigned.rendering.packets import PacketCover, PacketLetter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.authoring.letters import Letter
    from undersigned.domain.delivering.deliveries import Delivery, DeliveryKey, Sender
    from undersigned.domain.signing.signatures import Signature
    from undersigned.rendering.mails import Mail
    from undersigned.rendering.packets import Packet
    from undersigned.services.signing.catalog import Catalog
    from undersigned.tokens import Tokens


@dataclass(frozen=True, slots=True)
class DeliveryPreview:
    """The email and the packets of a delivery, as they would be sent now."""

    campaign: Campaign
    target: Target
    mail: Mail
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
    tokens: Tokens
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
        mail = self.mail(batch, packets, attempt=1, pdfs=pdfs if are_attached(packets) else None, notice=notice)
        return DeliveryPreview(batch.campaign, batch.target, mail, pdfs, packets)

    def preview_packet(self, key: DeliveryKey, number: int) -> bytes:
        """Typeset one of the packets that would be sent now. Raises NotFoundError if there is none with this number."""
        batch = self._waiting(key)
        if number not in batch.spans:
            message = f"the next delivery to {key.target!r} has no packet {number}"
            raise NotFoundError(message)
        return self.typeset(batch, number)[1]

    def _waiting(self, key: DeliveryKey) -> Batch:
        campaign, target = self.campaigns.campaign(key.campaign), self.campaigns.target(key.campaign, key.target)
        waiting = self._covered(campaign, key) or tuple(self.signatures.waiting(key.campaign, key.target))
        found = self.signatures.read_rows(key.campaign, waiting)
        signers = tuple(row.signer for row in found.rows if row.waits)
        return Batch(campaign, target, key, signers, erased=frozenset(), size=PACKET_SIZE)

    def _covered(self, campaign: Campaign, key: DeliveryKey) -> tuple[str, ...]:
        """List the signers of the letters in the tray that the period's approval covers. Those that came later wait."""
        if not campaign.approval:
            return ()
        until = self.campaigns.controls(key.campaign).until(key.period, needs_approval=True)
        return tuple(self.signatures.waiting(key.campaign, key.target, until=until)) if until else ()

    def damaged(self, key: DeliveryKey, target: Target, signers: Sequence[str]) -> tuple[str, ...]:
        """Return those letters in a tray whose row is damaged, or whose letter can't be made.

        The rows may be some moments old, and one that is missing counts as whole: sealing says what still waits.
        """
        found = self.signatures.read_rows(key.campaign, signers, consistent=False)
        _, not_made = self._letters(target, found.rows)
        return (*found.damaged, *not_made)

    def typeset(self, batch: Batch, number: int) -> tuple[PacketRecord, bytes]:
        """Typeset one of a batch's packets. If all its letters are erased, there is no PDF (no bytes)."""
        first, last = batch.spans[number]
        letters = list(enumerate(batch.signers[first - 1 : last], start=first))
        without = tuple(place for place, signer in letters if signer in batch.erased)
        if len(without) == len(letters):
            return PacketRecord(number, first, last, 0, "", 0, _day(batch), (), erased=len(without)), b""
        kept = [signer for _, signer in letters if signer not in batch.erased]
        signatures = self.signatures.signatures(batch.key.campaign, kept)
        packet = self._typeset(batch, self._cover(batch, number, first, last, without), signatures)
        texts = dict.fromkeys((row.letter, row.addressee) for row in signatures)
        record = PacketRecord(
            number=number,
            first=first,
            last=last,
            bytes=len(packet.pdf),
            sha256=packet.sha256,
            residents=sum(_is_resident(signature, batch.target) for signature in signatures),
            since=min(signature.signed_on for signature in signatures),
            letters=tuple(letter for letter, _ in texts),
            addressed=tuple(shown for _, shown in texts),
            erased=len(without),
            stored_sha256=packet.sha256,
        )
        return record, packet.pdf

    def _typeset(self, batch: Batch, cover: PacketCover, signatures: Sequence[Signature]) -> Packet:
        letters, not_made = self._letters(batch.target, signatures)
        if not_made:
            raise DamagedRowsError(*dict.fromkeys(not_made.values()))
        packet = self.typesetter(cover, letters)
        if packet.replaced:
            self.report_replaced(batch.key, cover.number, dict(packet.replaced))
        return packet

    def mail_again(self, delivery: Delivery, signers: Sequence[str], packets: Sequence[PacketRecord]) -> Mail:
        """Write the email of a delivery again, from what is stored; its attached PDFs are empty.

        Letters that were erased since are left out. Raises NotFoundError if no email was written.
        """
        if not packets:
            message = f"the delivery {delivery.key.period} to {delivery.key.target!r} has no email"
            raise NotFoundError(message)
        campaign = self.campaigns.campaign(delivery.key.campaign)
        target = self.campaigns.target(campaign.id, delivery.key.target)
        to = replace(target, email=delivery.email or target.email)
        batch = Batch(campaign, to, delivery.key, signers, delivery.last.left_out, delivery.packet_size)
        pdfs = [b"" for packet in packets if packet.letters] if are_attached(packets) else None
        return self.mail(batch, packets, delivery.attempt, pdfs)

    def mail(
        self,
        batch: Batch,
        packets: Sequence[PacketRecord],
        attempt: int,
        pdfs: Sequence[bytes] | None,
        notice: Message | None = None,
    ) -> Mail:
        """Write a batch's email. `pdfs` are attached; without any, it has a link to its packets."""
        named = islice((signer for signer in batch.signers if signer not in batch.erased), NAMES_IN_MAIL)
        first = self.signatures.signatures(batch.key.campaign, tuple(named))
        erased = Message("(erased)").in_language(batch.campaign.language)
        sent = tuple(packet for packet in packets if packet.letters)
        return mails.delivery(
            self.sender,
            batch.campaign,
            batch.target,
            batch.key,
            DeliverySummary(
                letters=batch.letters,
                residents=sum(packet.residents for packet in sent),
                since=min(packet.since for packet in sent),
                versions=self._versions(batch, sent),
                signers=tuple((signature.name or erased, signature.locality) for signature in first),
                packets=tuple(packet.number for packet in sent),
                of=len(packets),
            ),
            attempt=attempt,
            pdfs=pdfs,
            packets_token=self.tokens.for_packets(batch.key),
            notice=notice,
        )

    def _versions(self, batch: Batch, packets: Sequence[PacketRecord]) -> tuple[tuple[Letter, Target], ...]:
        """Return each letter in the packets once, with its target as it was signed."""
        return tuple(
            (self.catalog.letter(batch.key.campaign, version), batch.target.as_signed(addressee))
            for version, addressee in dict.fromkeys(text for packet in packets for text in packet.texts)
        )

    def _cover(self, batch: Batch, number: int, first: int, last: int, without: tuple[int, ...]) -> PacketCover:
        return PacketCover(
            language=batch.campaign.language,
            campaign_title=batch.campaign.title,
            organizer_name=batch.campaign.organizer.name,
            target=batch.target,
            delivered_on=_day(batch),
            number=number,
            of=len(batch.spans),
            first=first,
            last=last,
            total=len(batch.signers),
            without=without,
            accent=batch.campaign.accent,
            logo=batch.campaign.logo,
        )

    def _letters(
        self, target: Target, signatures: Sequence[Signature]
    ) -> tuple[Sequence[PacketLetter], Mapping[str, str]]:
        """Make letters. Name the signers whose letters can't be made, and the damaged row of each."""
        made, not_made = [], {}
        for signature in signatures:
            try:
                made.append(self._packet_letter(target, signature))
            except DamagedRowsError as error:
                [not_made[signature.signer]] = error.rows
            except (LookupError, NotFoundError, TypeError, ValueError):
                not_made[signature.signer] = self.signatures.row_name(signature.campaign, signature.signer)
                report_damaged(not_made[signature.signer])
        return made, not_made

    def _packet_letter(self, target: Target, signature: Signature) -> PacketLetter:
        shown, letter = self.catalog.as_signed(signature, target)
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
