"""The emails to signers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.emails import Mail
from undersigned.base.languages import Message
from undersigned.campaigns.email_frame import bodies
from undersigned.campaigns.pictures import with_pictures
from undersigned.campaigns.rules.letters import as_text, read_blocks, render_html

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.letters import Letter
    from undersigned.signing.rules.forms import FormMail


def confirmation(  # noqa: PLR0913  (what the email says)
    mail: FormMail,
    sender: Sender,
    campaign: Campaign,
    target: Target,
    letter: Letter,
    *,
    confirm_token: str,
    letter_token: str,
    disown_token: str,
    confirm_until: datetime,
    next_delivery: datetime | None,
) -> Mail:
    """Write the email that asks a signer to confirm, or reminds them of it, or says that they have already signed.

    `next_delivery` is None if its day isn't known.
    """
    case, words, language = mail.case, mail.about.words, mail.about.language
    whom, details = target.addressed(language), words.printed(mail.about.signed_on)
    letter_html = render_html(letter.template, target, details, letter.language)
    # Until the letter is confirmed, the email shows none of its text.
    mailed_html, pictures = (
        (letter_html, ())
        if case in {"confirm", "reminder"}
        else with_pictures(letter_html, details, sender.address.partition("@")[2])
    )
    values = {
        "case": case,
        "letter_language": letter.language,
        "texts": campaign.texts(language),
        "whom": whom,
        "target": target,
        "name": words.name,
        "confirm_url": f"{sender.public_url}/confirm/{confirm_token}",
        "letter_url": f"{sender.public_url}/letters/{letter_token}",
        "disown_url": f"{sender.public_url}/disown/{disown_token}",
        "privacy_url": campaign.privacy_notice(sender.public_url, language),
        "confirm_until": campaign.local(confirm_until),
        "next_delivery": campaign.local(next_delivery) if next_delivery else None,
        "letter_html": Markup(mailed_html),  # noqa: S704  (render_html escapes every value)
        "letter_text": as_text(read_blocks(letter_html)),
    }
    subject = {
        "confirm": Message("Confirm your letter to %(whom)s", {"whom": whom}),
        "reminder": Message("Reminder: confirm your letter to %(whom)s", {"whom": whom}),
    }.get(case, Message("You’ve already signed: your letter to %(whom)s", {"whom": whom}))
    said = bodies("signing/emails/confirmation", language, sender, campaign, values)
    return Mail(
        language=language,
        sender_name=campaign.organizer.name,
        sender_address=sender.address,
        to=words.email,
        reply_to=campaign.organizer.email,
        subject=subject.in_language(language),
        text=said.text,
        html=said.html,
        tags={"kind": "confirmation", "campaign": campaign.id, "lane": mail.lane},
        pictures=(*said.pictures, *pictures),
    )
