"""Packing: typeset a target's letters as packets and write their email, to send, preview or test it. Changes nothing.

Letters in a tray that can't be read stay there, and the others go. A sealed letter that can't be read has its number in
a delivery, so typesetting raises DamagedRowsError: without it, the email would be a letter short, and nobody would
notice.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base import fonts
from undersigned.base.errors import DamagedRowsError, NotFoundError, TooManyLettersError
from undersigned.base.logs import report_damaged, report_inaccessible
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.letters import read_blocks, render_html
from undersigned.campaigns.rules.postal_codes import lists
from undersigned.delivering.emails.delivery import DeliverySummary, delivery_email
from undersigned.delivering.office import cover_url, office_url
from undersigned.delivering.printing import packets as printing
from undersigned.delivering.printing.packets import Packet, PacketCover, PacketLetter
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import Delivery, PacketRecord
from undersigned.delivering.rules.packets import Batch, are_attached
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from undersigned.base.emails import Mail, Sender
    from undersigned.base.languages import Message
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned.signing.rules.signatures import Signature


@dataclass(frozen=True, slots=True)
class DeliveryPreview:
    """The email and the packets of a delivery, as they would be sent now; by hand, only the packets.

    `replaced` counts the characters of each packet that no font has.
    """

    campaign: Campaign
    target: Target
    mail: Mail | None
    pdfs: tuple[bytes, ...]
    packets: tuple[PacketRecord, ...]
    replaced: tuple[Mapping[str, int], ...]


def preview_delivery(
    stack: Stack, sender: Sender, key: DeliveryKey, *, most: int | None = None, notice: Message | None = None
) -> DeliveryPreview | None:
    """Make the email and the packets that would be sent now. Return None if no letters are waiting.

    The links are those of a sender's emails. `notice` comes before everything else in the email's body.

    Raises NotFoundError for an unknown campaign or target, TooManyLettersError for more letters than `most`.
    """
    batch = _waiting(stack, key)
    if most is not None and batch.letters > most:
        raise TooManyLettersError(batch.letters, most)
    if not batch.letters:
        return None
    made = [make_packet(stack, sender, batch, number) for number in batch.spans]
    packets, pdfs = tuple(record for record, _ in made), tuple(packet.pdf for _, packet in made)
    attached = pdfs if are_attached(packets, stack.limits.attached) else None
    mail = None if batch.by_hand else email_of(stack, sender, batch, packets, attached, notice=notice)
    replaced = tuple(packet.replaced for _, packet in made)
    return DeliveryPreview(batch.campaign, batch.target, mail, pdfs, packets, replaced)


def preview_packet(stack: Stack, sender: Sender, key: DeliveryKey, number: int) -> bytes:
    """Typeset one of the packets that would be sent now. Raises NotFoundError if there is none with this number."""
    batch = _waiting(stack, key)
    if number not in batch.spans:
        message = f"the next delivery to {key.target!r} has no packet {number}"
        raise NotFoundError(message)
    return make_packet(stack, sender, batch, number)[1].pdf


def _waiting(stack: Stack, key: DeliveryKey) -> Batch:
    campaign, target, _ = Campaigns(stack.table).of_target(key.campaign, key.target)
    signers = tuple(row.signer for row in Signatures(stack.table).readable(key.campaign, key.target))
    delivery = Delivery(
        key.campaign,
        key.target,
        key.period,
        state="open",
        opened_at=stack.clock(),
        packet_size=stack.limits.packet_size,
        way=target.way,
        paper_size=campaign.paper_size,
    )
    return Batch(campaign, target, delivery, signers)


def make_packet(stack: Stack, sender: Sender, batch: Batch, number: int) -> tuple[PacketRecord, Packet]:
    """Typeset one of a batch's packets. The PDF is empty if all its letters are erased."""
    (first, last), erased = batch.spans[number], batch.delivery.erased
    signers = batch.signers[first - 1 : last]
    without = tuple(place for place, signer in enumerate(signers, start=first) if signer in erased)
    kept = [signer for signer in signers if signer not in erased]
    if not kept:
        nothing = PacketRecord(number, first, last, 0, 0, batch.delivery.day, len(without), len(without))
        return nothing, Packet(b"", {}, accessible=True)
    signatures = Signatures(stack.table).signatures(batch.campaign.id, kept)
    letters = _letters(stack, batch.campaign, batch.target, signatures)
    cover = _cover(stack, sender, batch, number, without)
    packet = printing.typeset(cover, letters, fonts.font_book(), batch.delivery.paper_size)
    if not packet.accessible:
        report_inaccessible(batch.name_of(number))
    record = PacketRecord(
        number=number,
        first=first,
        last=last,
        bytes=len(packet.pdf),
        # Their postal code is one of the target's, however the town is spelled.
        residents=sum(lists(batch.target.postal_codes, signature.words.postal_code) for signature in signatures),
        since=min(signature.signed_on for signature in signatures),
        left_out=len(without),
        erased=len(without),
        by_hand=batch.by_hand,
    )
    return record, packet


def _cover(stack: Stack, sender: Sender, batch: Batch, number: int, without: tuple[int, ...]) -> PacketCover:
    campaign, (first, last) = batch.campaign, batch.spans[number]
    return PacketCover(
        language=campaign.language,
        campaign_title=campaign.title,
        organizer=campaign.organizer,
        target=batch.target,
        delivered_on=batch.delivery.day,
        number=number,
        of=len(batch.spans),
        first=first,
        last=last,
        total=len(batch.signers),
        without=without,
        so_far=_so_far(stack, batch),
        cover_url=cover_url(sender, stack.links, campaign.id, batch.target.id),
        by_hand=batch.by_hand,
        accent=campaign.accent,
        logo=campaign.logo,
    )


def _so_far(stack: Stack, batch: Batch) -> int:
    """Return how many letters the target has with these, or 0 if none may have arrived on an earlier day."""
    known = Deliveries(stack.table).deliveries(batch.campaign.id, batch.target.id, whole=False)
    left = (one for one in known if one.may_have_arrived and (one.way == "email" or one.handed))
    before = sum(one.letters for one in left if one.day < batch.delivery.day)
    return before + batch.letters if before else 0


def can_make(stack: Stack, campaign: Campaign, target: Target, signature: Signature) -> bool:
    """Say whether the letter of a signature can be made. If not, what is damaged is reported."""
    try:
        _letters(stack, campaign, target, [signature])
    except DamagedRowsError:
        return False
    return True


def _letters(stack: Stack, campaign: Campaign, target: Target, signatures: Sequence[Signature]) -> list[PacketLetter]:
    """Make letters. Raises DamagedRowsError, which names the damaged row of each that can't be made."""
    made: list[PacketLetter] = []
    damaged: list[str] = []
    for signature in signatures:
        try:
            made.append(_letter(stack, campaign, target, signature))
        except DamagedRowsError as error:
            damaged += error.rows
        except (LookupError, NotFoundError, TypeError, ValueError):
            damaged.append(Signatures(stack.table).row_name(signature.campaign, signature.signer))
            report_damaged(damaged[-1])
    if damaged:
        raise DamagedRowsError(*dict.fromkeys(damaged))
    return made


def _letter(stack: Stack, campaign: Campaign, target: Target, signature: Signature) -> PacketLetter:
    shown, details = target.as_signed(signature.addressee), signature.words.printed(signature.signed_on)
    letter = catalog_of(stack).letter(signature.campaign, signature.letter)
    return PacketLetter(
        blocks=read_blocks(render_html(letter.template, shown, details, letter.language)),
        language=letter.language,
        signer_name=signature.words.name,
        signer_locality=signature.words.locality,
        confirmed_at=signature.confirmed_at and campaign.local(signature.confirmed_at),
    )


def email_of(  # noqa: PLR0913  (as the email)
    stack: Stack,
    sender: Sender,
    batch: Batch,
    packets: Sequence[PacketRecord],
    pdfs: Sequence[bytes] | None,
    *,
    sent_at: datetime | None = None,
    to_office: bool = False,
    notice: Message | None = None,
) -> Mail:
    """Write the email of a delivery's next attempt. `pdfs` are attached.

    Without `sent_at`, the email says that it is sent on the day of the delivery. Only an email that goes `to_office`
    has the links to its packets and to the office's page.
    """
    sent = tuple(packet for packet in packets if packet.is_in_email)
    return delivery_email(
        sender,
        batch.campaign,
        batch.target,
        batch.delivery.key,
        DeliverySummary(
            letters=batch.letters,
            residents=sum(packet.residents for packet in sent),
            since=min(packet.since for packet in sent),
            packets=tuple(packet.number for packet in sent),
            of=len(packets),
        ),
        attempt=batch.delivery.attempt + 1,
        pdfs=pdfs,
        packets_token=stack.links.sign("packets", *astuple(batch.delivery.key)),
        sent_on=batch.campaign.local(sent_at).date() if sent_at else batch.delivery.day,
        office_url=office_url(sender, stack.links, batch.campaign.id, batch.target) if to_office else None,
        notice=notice,
    )


def email_again(
    stack: Stack, sender: Sender, delivery: Delivery, signers: Sequence[str], packets: Sequence[PacketRecord]
) -> Mail:
    """Write the email of a delivery's last attempt again, from what is stored; its attached PDFs are empty.

    Letters that were erased since are left out. Raises NotFoundError if no email was written.
    """
    if not packets or delivery.way == "by hand":
        message = f"the delivery {delivery.key.period} to {delivery.key.target!r} has no email"
        raise NotFoundError(message)
    campaign, target, _ = Campaigns(stack.table).of_target(delivery.key.campaign, delivery.key.target)
    to = replace(target, email=delivery.email or target.email)
    before = replace(delivery, erased=delivery.last.left_out, attempt=delivery.attempt - 1)
    is_attached = are_attached(packets, stack.limits.attached)
    pdfs = [b"" for packet in packets if packet.is_in_email] if is_attached else None
    sent_at = delivery.last.sent_at or delivery.last.since
    return email_of(stack, sender, Batch(campaign, to, before, signers), packets, pdfs, sent_at=sent_at)
