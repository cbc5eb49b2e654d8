"""Emails about what offices do on their pages: a stop, the link that resumes, and a request for an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.domain.characters import has_web_address
from undersigned.domain.delivering.stops import ResumeLink
from undersigned.domain.languages import Message, full_date, short_moment
from undersigned.domain.tokens import mailbox_digest
from undersigned.rendering.mails import Mail, bodies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned.domain.authoring.campaigns import AskedAddress, Campaign, Target
    from undersigned.domain.delivering.deliveries import Sender
    from undersigned.domain.delivering.stops import Stop


def stopped(sender: Sender, campaign: Campaign, target: Target, stop: Stop) -> Mail:
    """Write the email that tells the organizer of a stop at once."""
    language = campaign.language
    values = {"whom": target.addressed(language), "email": stop.email}
    is_theirs = stop.mailbox == mailbox_digest(target.email)
    sentences = (
        Message(
            "No more letters to %(whom)s go to %(email)s: someone opened the office’s page and pressed “Stop these "
            "emails”, or an email program did.",
            values,
        ),
        *_reason(stop, is_theirs=is_theirs),
        *stop.how_soon(language),
        *(_way_out(values) if is_theirs else (_nothing_changes(target),)),
    )
    path = f"{dashboard_path(campaign.id)}/targets/{target.id}"
    subject = (
        Message("%(whom)s: the office stopped the emails", values)
        if is_theirs
        else Message("%(whom)s: an earlier address stopped the emails", values)
    )
    button = Message("Open the recipient")
    return _written("stopped", sender, campaign, campaign.organizer.email, subject, sentences, path, button)


def _reason(stop: Stop, *, is_theirs: bool) -> Iterator[Message]:
    """Quote a stop's reason. Anybody may have written it, and email programs turn a web address into a link."""
    if has_web_address(stop.reason):
        yield Message("The reason has a web address, so this email leaves it out.")
        if is_theirs:
            yield Message("The recipient’s page shows it.")
    elif stop.reason:
        yield Message("The reason: “%(why)s”.", {"why": stop.reason})


def _way_out(values: Mapping[str, object]) -> tuple[Message, ...]:
    return (
        Message(
            "Nothing is lost: letters to %(whom)s wait. Call the office, and ask how they want to get letters. You "
            "can bring them by hand, or save another address.",
            values,
        ),
        Message("If they want these emails again, say so on the recipient’s page. They have a link for that, too."),
    )


def _nothing_changes(target: Target) -> Message:
    """Say that the stop of a mailbox that a recipient no longer has keeps nothing back."""
    if target.by_hand:
        return Message("The recipient has no email address now. Letters go by hand or post, and nothing changes there.")
    values = {"now": target.email}
    return Message("The recipient has another address now. Letters go to %(now)s, and nothing changes there.", values)


def asked(sender: Sender, campaign: Campaign, target: Target, request: AskedAddress) -> Mail:
    """Write the email that asks the organizer about an address. It has no button that accepts it."""
    sentences = tuple(request.explained(target, short_moment(campaign.local(request.at), campaign.language)))
    path = f"{dashboard_path(campaign.id)}/targets/{target.id}"
    whom = target.addressed(campaign.language)
    subject = Message("%(whom)s: the office asks for another address", {"whom": whom})
    button = Message("Open the recipient")
    return _written("asked", sender, campaign, campaign.organizer.email, subject, sentences, path, button)


def resume(sender: Sender, campaign: Campaign, target: Target, stop: Stop) -> Mail:
    """Write the email with the link that ends a stop. It has no link that stops, so that no program stops it again."""
    language = campaign.language
    values = {
        "organizer": campaign.organizer.name,
        "whom": target.addressed(language),
        "day": full_date(campaign.local(stop.at), language),
    }
    sentences = (
        Message(
            "On %(day)s, our emails to this mailbox with letters to %(whom)s were stopped. So we send no more.", values
        ),
        Message(
            "If you want that, ignore this email. If nobody at your office did it, a program that checks your "
            "email may have: resume the emails with this link, today or later."
        ),
        Message("To get the letters in another way, reply to this email: %(organizer)s reads it.", values),
    )
    subject = Message("The emails with letters to %(whom)s were stopped", values)
    button = Message("Resume the emails")
    path = f"/office/resume/{ResumeLink(campaign.id, target.id, stop.mailbox, stop.secret)}"
    return _written("resume", sender, campaign, stop.email, subject, sentences, path, button)


def _written(  # noqa: PLR0913, PLR0917  (an email's parts)
    kind: str,
    sender: Sender,
    campaign: Campaign,
    to: str,
    subject: Message,
    sentences: tuple[Message | None, ...],
    path: str,
    button: Message,
) -> Mail:
    language, headline = campaign.language, subject.in_language(campaign.language)
    values = {
        "subject": headline,
        "sentences": [sentence.in_language(language) for sentence in sentences if sentence],
        "url": sender.public_url + path,
        "button": button.in_language(language),
    }
    said = bodies("office", language, sender, campaign, values)
    return Mail(
        language=language,
        sender_name=campaign.title,
        sender_address=sender.address,
        to=to,
        reply_to=campaign.organizer.email,
        subject=headline,
        text=said.text,
        html=said.html,
        pictures=said.pictures,
        tags={"kind": kind},
    )
