"""Emails to people who organize: a code to sign in with, and invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.emails import Mail
from undersigned.base.languages import SOURCE, Message, for_organizers
from undersigned.campaigns.email_frame import bodies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.people.rules.people import Member, Role

_FROM = "Undersigned"
"""The sender of an email about signing in, which is about no campaign."""

_INVITED_AS: Mapping[Role, Message] = {
    "owner": Message("You are an owner: you may do everything, and invite and remove people."),
    "editor": Message(
        "You are an editor: you see the letters and who signed, decide about letters and deliveries, and change and "
        "publish the campaign."
    ),
    "viewer": Message("You are a viewer: you see numbers, and no names of people who signed."),
}


def sign_in(sender: Sender, to: str, language: str, code: str) -> Mail:
    """Write the email to sign in with, in the language of the page where somebody asked for it."""
    language = for_organizers(language)
    # The code comes first, because phones show the beginning of a subject.
    subject = Message("%(code)s is your code to sign in", {"code": code}).in_language(language)
    return _written("sign_in", sender, to, sender.address, _FROM, language, subject, None, {"code": code})


def invitation(sender: Sender, campaign: Campaign | None, member: Member) -> Mail:
    """Write the email that tells somebody of their role in a campaign. Replies go to the organizer.

    If the campaign is not published (None), its id is its name, and replies go to the person who invites.
    """
    language = for_organizers(campaign.language) if campaign else SOURCE
    title = campaign.title if campaign else member.campaign
    by = member.by if "@" in member.by else None
    subject = Message("You are invited to “%(campaign)s”", {"campaign": title}).in_language(language)
    values = {
        "by": by,
        "role": _INVITED_AS[member.role].in_language(language),
        "email": member.person.email,
        "dashboard_url": f"{sender.public_url}/organizer",
    }
    to, reply_to = member.person.email, campaign.organizer.email if campaign else by or sender.address
    return _written("invitation", sender, to, reply_to, title, language, subject, campaign, values)


def _written(  # noqa: PLR0913, PLR0917  (an email's parts)
    kind: str,
    sender: Sender,
    to: str,
    reply_to: str,
    sender_name: str,
    language: str,
    subject: str,
    campaign: Campaign | None,
    values: Mapping[str, object],
) -> Mail:
    said = bodies(f"people/emails/{kind}", language, sender, campaign, {"subject": subject, **values})
    return Mail(
        language=language,
        sender_name=sender_name,
        sender_address=sender.address,
        to=to,
        reply_to=reply_to,
        subject=subject,
        text=said.text,
        html=said.html,
        pictures=said.pictures,
        tags={"kind": kind},
    )
