"""The email of a delivery."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base import languages
from undersigned.base.emails import Attachment, Mail
from undersigned.base.languages import Message
from undersigned.campaigns.email_frame import bodies
from undersigned.delivering.rules.packets import packet_filename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign, Organizer, Target
    from undersigned.delivering.rules.deliveries import DeliveryKey


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """The figures of a delivery's email. `packets` are the numbers of its packets, out of the `of` that there are."""

    letters: int
    residents: int
    since: date
    packets: tuple[int, ...]
    of: int


def delivery_email(  # noqa: PLR0913  (what the email says)
    sender: Sender,
    campaign: Campaign,
    target: Target,
    key: DeliveryKey,
    summary: DeliverySummary,
    *,
    attempt: int,
    pdfs: Sequence[bytes] | None,
    packets_token: str,
    sent_on: date,
    office_url: str | None,
    notice: Message | None = None,
) -> Mail:
    """Write the email of a delivery: whose letters these are, what they ask for, and their files, but no letter.

    Filters quarantine an email by the words of a letter, and some remove what is attached. So the office gets a link to
    the same files, with `packets_token`, whether or not `pdfs` are attached. `office_url` is its page, whose link acts
    for it: the organizer's copies have neither link (None). `notice` comes before everything else in its body.
    """
    language, whom = campaign.language, target.addressed(campaign.language)
    filenames = [packet_filename(key, number, summary.of) for number in summary.packets]
    figures = _figures(summary, target, sent_on, language)
    contacts = _contacts(campaign.organizer, language)
    # With the day, so that mail programs don't show all weeks as one conversation.
    day = languages.long_date(date.fromisoformat(key.period), language)
    names = {"count": languages.number(summary.letters, language), "whom": whom, "day": day, "campaign": campaign.title}
    subject = Message.counted(
        "%(count)s signed letter for %(whom)s, %(day)s: %(campaign)s",
        "%(count)s signed letters for %(whom)s, %(day)s: %(campaign)s",
        summary.letters,
        names,
    ).in_language(language)
    headline = Message.counted(
        "%(organizer)s sends you %(count)s signed letter",
        "%(organizer)s sends you %(count)s signed letters",
        summary.letters,
        names | {"organizer": campaign.organizer.name},
    ).in_language(language)
    values = {
        "target": target,
        "whom": whom,
        "subject": subject,
        "headline": headline,
        "summary": summary,
        "figures": figures,
        "figures_text": textwrap.indent(columns(figures), "  "),
        "attached": pdfs is not None,
        "filenames": filenames if pdfs is not None or len(filenames) == 1 else [filenames[0], "…", filenames[-1]],
        "contacts": contacts,
        "contacts_text": textwrap.indent(columns(contacts), "  "),
        "office_url": office_url,
        "packets_url": f"{sender.public_url}/packets/{packets_token}",
        "request": campaign.request or campaign.title,
        "notice": notice.in_language(language) if notice else "",
    }
    said = bodies("delivering/emails/delivery", language, sender, campaign, values)
    return Mail(
        language=language,
        sender_name=campaign.organizer.name,
        sender_address=sender.address,
        to=target.email,
        reply_to=campaign.organizer.email,
        subject=subject,
        text=said.text,
        html=said.html,
        pictures=said.pictures,
        tags={
            "kind": "delivery",
            "campaign": key.campaign,
            "target": key.target,
            "period": key.period,
            "attempt": str(attempt),
        },
        attachments=tuple(map(Attachment, filenames, pdfs)) if pdfs is not None else (),
        list_id=f"{campaign.id}.{sender.address.rpartition('@')[2]}",
        stop_url=office_url and f"{office_url}/stop",
    )


def as_test(mail: Mail, to: str) -> Mail:
    """Return a delivery's email as a test to an address. Its tags keep its events from changing the delivery."""
    # For translators: It comes before the subject of an email that organizers send to themselves as a test.
    prefix = Message("[Test]").in_language(mail.language)
    return replace(
        mail,
        to=to,
        subject=f"{prefix} {mail.subject}",
        tags={name: value for name, value in mail.tags.items() if name in {"campaign", "target"}} | {"kind": "test"},
    )


def _figures(summary: DeliverySummary, target: Target, sent_on: date, language: str) -> list[tuple[str, str]]:
    figures = [
        (Message("Sent on"), languages.long_date(sent_on, language)),
        (Message("Letters"), languages.number(summary.letters, language)),
        (
            Message("Signers with a postal code of %(town)s", {"town": target.locality}),
            languages.number(summary.residents, language),
        ),
        (Message("Signed since"), languages.long_date(summary.since, language)),
    ]
    if not target.has_own_codes:
        # Nobody knows which addresses are in the town.
        del figures[2]
    return [(name.in_language(language), figure) for name, figure in figures]


def _contacts(organizer: Organizer, language: str) -> list[tuple[str, str]]:
    """Return who sends the letters, and how to reach them."""
    contacts = (
        (Message("Organization"), organizer.name),
        (Message("Telephone"), organizer.telephone),
        (Message("Email address for replies"), organizer.email),
        (Message("Website"), organizer.website),
    )
    return [(label.in_language(language), contact) for label, contact in contacts if contact]


def _width(text: str) -> int:
    """Return how many columns a text takes in a fixed-width font."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def columns(rows: Sequence[tuple[str, str]]) -> str:
    """Return pairs, such as labels and figures, as two columns of text."""
    widest = min(40, max((_width(first) for first, _ in rows), default=0))
    return "\n".join(f"{first}{' ' * max(0, widest - _width(first))}  {second}" for first, second in rows)
