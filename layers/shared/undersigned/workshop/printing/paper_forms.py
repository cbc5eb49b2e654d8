"""Paper forms: a campaign's letters as a PDF to print, with rules for what people fill in by hand.

The caption of each rule is its merge field in brackets, and so the text of a form, pasted on the page of a letter, is
the letter again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.fonts import font_book
from undersigned.base.languages import Message
from undersigned.base.qr_codes import qr_code
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letter_fields import SIGN_ONLINE
from undersigned.campaigns.rules.letters import read_blocks, render_blank
from undersigned.delivering.printing.packets import Foot, PacketLetter, typeset_paper
from undersigned.signing.rules.form_fields import form_fields
from undersigned.signing.rules.sources import ON_PAPER, labelled_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.letters import Letter


def paper_form(campaign: Campaign, letters: Mapping[str, Letter], targets: Sequence[Target], public_url: str) -> bytes:
    """Return the PDF of the letters, by language, each on a page of its own.

    A single target is printed. Of several targets, only what they share is, with a rule for the rest.
    """
    asked = {field.name for field in form_fields(campaign, Roster.of(tuple(targets)))}
    unasked = {*campaign.asked, "postal_code"} - asked
    return typeset_paper(
        [
            PacketLetter(
                read_blocks(render_blank(letter.template, _known(targets, language), language, unasked)),
                language,
                signer_name="",
                signer_locality="",
                foot=_foot(campaign, language, public_url),
            )
            for language, letter in letters.items()
        ],
        campaign.title,
        campaign.organizer.name,
        font_book(),
        campaign.paper_size,
    )


def _known(targets: Sequence[Target], language: str) -> Mapping[str, str]:
    """Return the merge fields about the recipient that are the same for all targets."""
    fields = [
        {
            "target.title": target.title_in(language),
            "target.name": target.name,
            "target.department": target.department,
            "target.locality": target.locality,
        }
        for target in targets
    ]
    return {name: text for name, text in fields[0].items() if all(other[name] == text for other in fields)}


def _foot(campaign: Campaign, language: str, public_url: str) -> Foot:
    address = f"{public_url}{labelled_path(campaign, ON_PAPER)}"
    values = {"organizer": campaign.organizer.name, "notice": campaign.privacy_notice(public_url, language)}
    notice = (
        Message(
            "%(organizer)s gives this letter to the recipient, with your name and address. Under public-records "
            "law, the office may have to publish it. Privacy notice: %(notice)s",
            values,
        )
        if campaign.shown == "address"
        else Message(
            "%(organizer)s gives this letter to the recipient, with your name and town. Under public-records "
            "law, the office may have to publish it. Privacy notice: %(notice)s",
            values,
        )
        if campaign.shown == "town"
        else Message(
            "%(organizer)s gives this letter to the recipient, with your name. Under public-records "
            "law, the office may have to publish it. Privacy notice: %(notice)s",
            values,
        )
    )
    return Foot(
        qr_code(address, sized=True),
        Message("QR code of %(address)s", {"address": address}).in_language(language),
        (
            replace(SIGN_ONLINE, values={"address": address}).in_language(language),
            notice.in_language(language),
        ),
    )
