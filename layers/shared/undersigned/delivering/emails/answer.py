"""The email that tells a signer of an answer to their letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.emails import Mail
from undersigned.base.languages import Message
from undersigned.campaigns.email_frame import bodies

if TYPE_CHECKING:
    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Answer, Campaign, Target
    from undersigned.signing.rules.signatures import Signature


def answer_email(  # noqa: PLR0913  (what the email says)
    sender: Sender, campaign: Campaign, target: Target, answer: Answer, signature: Signature, *, letter_token: str
) -> Mail:
    """Write the email to a signer who agreed to news. `target` is as the letter shows it."""
    language, whom = signature.language, target.addressed(signature.language)
    letter_url = f"{sender.public_url}/letters/{letter_token}"
    subject = Message("An answer to your letter to %(whom)s", {"whom": whom}).in_language(language)
    values = {
        "subject": subject,
        "texts": campaign.texts(language),
        "target": target,
        "whom": whom,
        "name": signature.words.name,
        "answer": answer,
        "agreed_at": signature.agreed_at and campaign.local(signature.agreed_at),
        "letter_url": letter_url,
        "stop_url": f"{letter_url}/no-news",
        "privacy_url": campaign.privacy_notice(sender.public_url, language),
    }
    said = bodies("delivering/emails/answer", language, sender, campaign, values)
    return Mail(
        language=language,
        sender_name=campaign.organizer.name,
        sender_address=sender.address,
        to=signature.words.email,
        reply_to=campaign.organizer.email,
        subject=subject,
        text=said.text,
        html=said.html,
        pictures=said.pictures,
        tags={"kind": "answer", "campaign": campaign.id},
        list_id=f"{campaign.id}.news.{sender.address.rpartition('@')[2]}",
        stop_url=f"{letter_url}/no-news",
    )
