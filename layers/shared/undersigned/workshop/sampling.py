"""Sampling: the pages, emails and packets that signers and recipients of an unpublished campaign would get.

Nothing of them is written, counted or sent. A sample signature is no row, and everything that leaves the page is marked
as a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base import fonts
from undersigned.base.languages import Message
from undersigned.campaigns.catalog import Entry, next_delivery
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.controls import Controls
from undersigned.campaigns.rules.counts import Count
from undersigned.campaigns.rules.letters import read_blocks, render_html
from undersigned.campaigns.rules.postal_codes import lists
from undersigned.delivering.emails.delivery import DeliverySummary, as_test, delivery_email
from undersigned.delivering.printing import packets
from undersigned.delivering.printing.packets import PacketCover, PacketLetter
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.form import FormPage
from undersigned.signing.rules.form_fields import form_fields
from undersigned.signing.rules.forms import Form, new_form
from undersigned.signing.rules.posted_forms import CheckedForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.emails import Mail, Sender
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.workshop.campaigns import CompiledCampaign

NO_LINK = "test"
"""Stands for the token in the links of a sample's emails."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample signature, with its letter and its email.

    `letter_html` is the letter as its signer would see it; every value in it is escaped. `delivery` is the email to the
    target, marked as a test. `signature` is in no table.
    """

    form_page: FormPage
    target: Target
    signature: Form
    letter_html: str
    letter_language: str
    delivery: Mail


def sample_form(stack: Stack, compiled: CompiledCampaign) -> FormPage:
    """Return the form's page of a campaign that nobody has signed. Its form opens nothing."""
    entry, campaign, now = _entry(compiled), compiled.campaign, stack.clock()
    return FormPage(
        entry,
        Count(campaign.id, 0, campaign.goal, campaign.show_goal),
        NO_LINK,
        is_open=entry.is_open(now),
        today=campaign.local(now).date(),
        next_delivery=next_delivery(stack, entry, not_before=None),
    )


def sample(  # noqa: PLR0913, PLR0917  (what the sample is of)
    stack: Stack, sender: Sender, compiled: CompiledCampaign, to: str, target: str = "", language: str = ""
) -> Sample:
    """Return the sample of a made-up person's signature to a target, or to the first one.

    The letter is in the given language, or in the campaign's own if there is no such letter. `to` is the address of the
    person who asks: no email names another. `sender` is whose emails, with which links.
    """
    whom = next((one for one in compiled.targets if one.id == target), compiled.targets[0])
    language = language if language in compiled.letters else compiled.campaign.language
    page = sample_form(stack, compiled)
    read = _sample_form(page.entry, whom, to, language)
    letter, signature = page.entry.letter(read.letter_language), _signature(stack, page.entry, read)
    return Sample(
        page,
        whom,
        signature,
        render_html(letter.template, whom, signature.words.printed(signature.signed_on), letter.language),
        letter.language,
        _delivery(sender, page.entry, read, signature, b""),
    )


def pages(sample: Sample) -> list[bytes]:
    """Return a picture of each page of the packet that the target would get with just this letter, as PNG."""
    entry = sample.form_page.entry
    packet = _packet(entry, sample.target, sample.letter_language, sample.signature)
    return packets.pictures(*packet, fonts.font_book(), entry.campaign.paper_size)


def recipient_of_test(targets: Sequence[Target]) -> Target:
    """Return the target whose email a test shows: the first with an email address, or else the first."""
    return next((one for one in targets if not one.by_hand), targets[0])


def test_email(stack: Stack, sender: Sender, compiled: CompiledCampaign, to: str) -> Mail:
    """Return the email that the first target would get with one letter, and its packet, as a test to an address.

    If none has an email address, the test shows the packet to print.
    """
    campaign, entry, target = compiled.campaign, _entry(compiled), recipient_of_test(compiled.targets)
    read = _sample_form(entry, target, to, campaign.language)
    signature = _signature(stack, entry, read)
    packet = _packet(entry, read.target, read.letter_language, signature)
    made = packets.typeset(*packet, fonts.font_book(), campaign.paper_size)
    return _delivery(sender, entry, read, signature, made.pdf)


def _signature(stack: Stack, entry: Entry, read: CheckedForm) -> Form:
    letter = entry.letter(read.letter_language)
    return new_form(read, entry.campaign, letter, NO_LINK, stack.clock(), language=entry.campaign.language)


def _packet(entry: Entry, target: Target, language: str, signature: Form) -> tuple[PacketCover, Sequence[PacketLetter]]:
    """Return a packet with just this letter; its cover says that it is a test."""
    campaign, letter = entry.campaign, entry.letter(language)
    prefix = Message("[Test]").in_language(campaign.language)
    cover = PacketCover(
        language=campaign.language,
        campaign_title=f"{prefix} {campaign.title}",
        organizer=campaign.organizer,
        target=target,
        delivered_on=signature.signed_on,
        number=1,
        of=1,
        first=1,
        last=1,
        total=1,
        accent=campaign.accent,
        logo=campaign.logo,
        by_hand=target.by_hand,
    )
    html = render_html(letter.template, target, signature.words.printed(signature.signed_on), letter.language)
    return cover, [PacketLetter(read_blocks(html), letter.language, signature.words.name, signature.words.locality)]


def _delivery(sender: Sender, entry: Entry, read: CheckedForm, signature: Form, pdf: bytes) -> Mail:
    campaign, target, day = entry.campaign, read.target, signature.signed_on
    summary = DeliverySummary(
        letters=1,
        residents=int(lists(target.postal_codes, signature.words.postal_code)),
        since=day,
        packets=(1,),
        of=1,
    )
    key = DeliveryKey(campaign.id, target.id, day.isoformat())
    notice = Message(
        "This is a test, and only you get this email. It shows the draft: nobody has signed this letter, and no "
        "recipient has received it."
    )
    if target.by_hand:
        notice = Message(
            "This is a test, and only you get this email. It shows the draft: nobody has signed this letter. The "
            "recipient has no email address, and gets no email: you print the file that is attached, and hand it "
            "over or mail it."
        )
    mail = delivery_email(
        sender,
        campaign,
        target,
        key,
        summary,
        attempt=1,
        pdfs=[pdf],
        packets_token=NO_LINK,
        sent_on=day,
        office_url=None,
        notice=notice,
    )
    return as_test(mail, read.email)


def _entry(compiled: CompiledCampaign) -> Entry:
    return Entry(compiled.campaign, Roster.of(compiled.targets), compiled.letters, Controls())


def _sample_form(entry: Entry, target: Target, email: str, language: str) -> CheckedForm:
    """Return the form of a made-up person who lives where the target is, and gives the first answer."""
    name = Message("Alex Sample").in_language(language)
    where = {
        "address_line": Message("1 Sample Street").in_language(language),
        "locality": target.locality,
        "region": entry.campaign.region,
        "postal_code": _code_of(target),
        "answer": next(iter(entry.campaign.question[1:]), Message("A sample answer").in_language(language)),
    }
    asked = {field.name for field in form_fields(entry.campaign, entry.roster)}
    return CheckedForm(
        name=name,
        email=email,
        **{field: text if field in asked else "" for field, text in where.items()},
        signature=name,
        note=Message("Here are the signer’s own words.").in_language(language),
        updates=False,
        letter_language=language,
        target=target,
    )


def _code_of(target: Target) -> str:
    """Return a postal code of a target: the first of its list, or any that it can have."""
    listed = next(iter(target.postal_codes), "")
    # From a prefix, with zeros for its open digits; `*` alone is any code.
    return listed.replace("*", "00")[:10] if listed not in {"", "*"} else "00000"
