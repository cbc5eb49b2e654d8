"""Emails to a campaign's organizer: letters wait for *Send now*, letters to print, and a stop."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base import languages
from undersigned.base.characters import has_web_address
from undersigned.base.emails import Mail
from undersigned.base.languages import Message
from undersigned.campaigns.email_frame import bodies
from undersigned.campaigns.rules.campaigns import dashboard_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.stops import Stop


def waiting(sender: Sender, campaign: Campaign, period: str, letters: int, recipients: int) -> Mail:
    """Write the email that says how many letters wait for *Send now*."""
    language = languages.for_organizers(campaign.language)
    said = {"count": languages.number(letters, language)}
    headline = Message.counted(
        "%(count)s letter waits for “Send now”", "%(count)s letters wait for “Send now”", letters, said
    ).in_language(language)
    whom = Message.counted(
        "They are for %(count)s recipient.",
        "They are for %(count)s recipients.",
        recipients,
        {"count": languages.number(recipients, language)},
    )
    sentences = (
        whom,
        Message("Nothing is sent until somebody presses “Send now” on the overview. It lists what would go."),
        Message("Nothing is lost while the letters wait. You get this email once a week."),
    )
    values = {
        "headline": headline,
        "sentences": [sentence.in_language(language) for sentence in sentences],
        "url": f"{sender.public_url}{dashboard_path(campaign.id)}",
        "button": Message("Open the overview").in_language(language),
    }
    return written(
        "delivering/emails/organizer_waiting", sender, campaign, period, f"{headline}: {campaign.title}", values
    )


def ready(sender: Sender, campaign: Campaign, target: Target, period: str) -> Mail:
    """Write the email that says that letters of a period are ready to print. It names the first target with letters."""
    language = languages.for_organizers(campaign.language)
    said = {
        "whom": f"{target.addressed(language)}, {target.department}",
        "day": languages.long_date(date.fromisoformat(period), language),
        "campaign": campaign.title,
    }
    sentences = (
        Message("The letters to %(whom)s are ready to print.", said),
        Message(
            "Letters to other recipients without an email address are ready within minutes, too. The top of the "
            "overview lists all these recipients."
        ),
        Message("Open each one, print the letters, and hand them over or mail them. Then press “Handed over” there."),
    )
    values = {
        "sentences": [sentence.in_language(language) for sentence in sentences],
        "url": f"{sender.public_url}{dashboard_path(campaign.id)}",
        "button": Message("Print the letters").in_language(language),
    }
    subject = Message("Letters of %(day)s are ready to print: %(campaign)s", said).in_language(language)
    return written("delivering/emails/organizer_ready", sender, campaign, period, subject, values)


def stopped(sender: Sender, campaign: Campaign, target: Target, stop: Stop) -> Mail:
    """Write the email that says at once that an office stopped the emails."""
    language = languages.for_organizers(campaign.language)
    said = {"whom": target.addressed(language), "email": target.email, "why": stop.reason}
    sentences = [
        Message(
            "Letters to %(whom)s no longer go to %(email)s: someone opened the office’s page and pressed “Stop these "
            "emails”, or an email program did.",
            said,
        )
    ]
    # Anybody may have written the reason, and email programs turn a web address into a link.
    if has_web_address(stop.reason):
        sentences.append(
            Message("The reason has a web address, so this email leaves it out. The recipient’s page shows it.")
        )
    elif stop.reason:
        sentences.append(Message("The reason: “%(why)s”.", said))
    sentences += [
        *stop.how_soon(language),
        Message(
            "Nothing is lost: letters to %(whom)s wait. Call the office, and ask how they want to get letters. You "
            "can bring them by hand, or save another address. If they want these emails again, say so on the "
            "recipient’s page.",
            said,
        ),
    ]
    values = {
        "sentences": [sentence.in_language(language) for sentence in sentences],
        "url": f"{sender.public_url}{dashboard_path(campaign.id)}/targets/{target.id}",
        "button": Message("Open the recipient").in_language(language),
    }
    subject = Message("%(whom)s: the office stopped the emails", said).in_language(language)
    return written("delivering/emails/organizer_stopped", sender, campaign, None, subject, values)


def written(  # noqa: PLR0913, PLR0917  (an email's parts)
    template: str, sender: Sender, campaign: Campaign, period: str | None, subject: str, values: Mapping[str, object]
) -> Mail:
    """Write an email to the organizer from its two templates, of this name. Replies go to the organizer, too."""
    language = languages.for_organizers(campaign.language)
    said = bodies(template, language, sender, campaign, {"subject": subject, **values})
    kind = re.sub(".*[/_]", "", template)
    return Mail(
        language=language,
        sender_name=campaign.title,
        sender_address=sender.address,
        to=campaign.organizer.email,
        reply_to=campaign.organizer.email,
        subject=subject,
        text=said.text,
        html=said.html,
        pictures=said.pictures,
        tags={"kind": kind, "campaign": campaign.id, **({"period": period} if period else {})},
    )
