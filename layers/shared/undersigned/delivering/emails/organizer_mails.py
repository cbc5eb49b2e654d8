"""Emails to a campaign's organizer: letters wait for *Send now*, letters to print, a stop, and the report."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base import languages
from undersigned.base.characters import has_web_address
from undersigned.base.emails import Mail
from undersigned.base.languages import Message
from undersigned.campaigns.email_frame import bodies
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.delivering.emails.delivery import columns
from undersigned.delivering.emails.mail_reasons import in_words
from undersigned.organizing.rules.reports import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.stops import Stop
    from undersigned.organizing.rules.reports import Report, ReportLine, Section

_HEADINGS: Mapping[Section, Message] = {
    "to decide": Message.in_context("heading above letters", "Needs a person"),
    "to print": Message.in_context("heading above letters", "Ready to print"),
    "not sent": Message.in_context("heading above letters", "Not sent"),
    "sent": Message.in_context("heading above letters", "Sent"),
    "waiting": Message("Waiting for the next delivery"),
}

_ADVICE: Mapping[Section, Message] = {
    "to decide": Message("The overview says what to do about each, and has the buttons. Nothing is lost meanwhile."),
    "to print": Message("The overview lists them. Press “Handed over” there when the offices have them."),
    "not sent": Message(
        "Nothing is lost. Letters on hold go when somebody ends the hold. If some are still being sent in the next "
        "report, tell the person who runs the system."
    ),
    "sent": Message("The mail servers accepted these letters, unless it says otherwise."),
}


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the report: a heading, advice and the recipients."""

    heading: str
    advice: str
    rows: Sequence[tuple[str, int]]
    rows_text: str


def waiting(sender: Sender, campaign: Campaign, period: str, letters: int, recipients: int) -> Mail:
    """Write the email that says how many letters wait for *Send now*."""
    language = campaign.language
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
    return _written("waiting", sender, campaign, period, f"{headline}: {campaign.title}", values)


def ready(sender: Sender, campaign: Campaign, target: Target, period: str) -> Mail:
    """Write the email that says that a period's letters to a target, the first ones of all, are ready to print."""
    language = campaign.language
    said = {
        "whom": f"{target.addressed(language)}, {target.department}",
        "day": languages.long_date(date.fromisoformat(period), language),
        "campaign": campaign.title,
    }
    sentences = (
        Message("The letters to %(whom)s are ready to print.", said),
        Message(
            "If other recipients without an email address have letters, those follow within minutes. The top of the "
            "overview lists all of these recipients."
        ),
        Message("Open each one, print the letters, and hand them over or mail them. Then press “Handed over” there."),
    )
    values = {
        "sentences": [sentence.in_language(language) for sentence in sentences],
        "url": f"{sender.public_url}{dashboard_path(campaign.id)}",
        "button": Message("Print the letters").in_language(language),
    }
    subject = Message("Letters of %(day)s are ready to print: %(campaign)s", said).in_language(language)
    return _written("ready", sender, campaign, period, subject, values)


def stopped(sender: Sender, campaign: Campaign, target: Target, stop: Stop) -> Mail:
    """Write the email that says at once that an office stopped the emails."""
    language = campaign.language
    said = {"whom": target.addressed(language), "email": target.email, "why": stop.reason}
    sentences = [
        Message(
            "No more letters to %(whom)s go to %(email)s: someone opened the office’s page and pressed “Stop these "
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
    return _written("stopped", sender, campaign, None, subject, values)


def report(sender: Sender, found: Report, next_delivery: datetime) -> Mail:
    """Write the email with an organizer's report about a period's letters."""
    campaign, language = found.campaign, found.campaign.language
    day = date.fromisoformat(found.period)
    to_print = sum(line.letters for line in found.of("to print"))
    said = {
        "day": languages.long_date(day, language),
        "sent": languages.number(found.sent, language),
        "print": languages.number(to_print, language),
        "stuck": languages.number(found.stuck, language),
        "campaign": campaign.title,
    }
    subject = (
        Message("Letters of %(day)s: %(print)s to print, %(sent)s sent, %(stuck)s not sent (%(campaign)s)", said)
        if to_print
        else Message("Letters of %(day)s: %(sent)s sent, %(stuck)s not sent (%(campaign)s)", said)
    )
    figures = [
        (label.in_language(language), languages.number(count, language))
        for label, count in (
            (Message("Letters sent"), found.sent),
            *(((Message("Letters to print"), to_print),) if to_print else ()),
            (Message("Letters not sent"), found.stuck),
            (Message("Letters for the next delivery"), sum(line.letters for line in found.of("waiting"))),
            (Message("Signatures"), found.signatures),
            (Message("Goal"), campaign.goal),
        )
    ]
    values = {
        "headline": Message("What happened to the letters").in_language(language),
        "day": day,
        "figures": figures,
        "figures_text": textwrap.indent(columns(figures), "  "),
        "sections": [
            _section(found, section, campaign.local(next_delivery)) for section in SECTIONS if found.of(section)
        ],
        "dashboard_url": f"{sender.public_url}{dashboard_path(campaign.id)}",
    }
    return _written("report", sender, campaign, found.period, subject.in_language(language), values)


def _section(found: Report, section: Section, next_delivery: datetime) -> _Section:
    language = found.campaign.language
    by_itself = Message(
        "These letters came in later, or their recipient got an email less than seven days before. They go out on "
        "%(day)s at the earliest.",
        {"day": languages.full_date(next_delivery, language)},
    )
    by_hand = Message("They go when somebody presses “Send now” on the overview.")
    advice = _ADVICE.get(section) or (by_hand if found.campaign.send_now_only else by_itself)
    rows = [(_letters_to(line, found.period, language), line.letters) for line in found.of(section)]
    return _Section(
        _HEADINGS[section].in_language(language), advice.in_language(language), rows, _as_text(rows, language)
    )


def _letters_to(line: ReportLine, period: str, language: str) -> str:
    """Name the recipient of a report's line, and the day of the delivery unless it is the report's own."""
    whom, reason = f"{line.target.addressed(language)}, {line.target.department}", line.reason
    if reason:
        said = reason.in_language(language) if isinstance(reason, Message) else in_words(reason, language)
        whom = f"{whom} ({said})"
    if line.period in {None, period}:
        return whom
    day = languages.long_date(date.fromisoformat(line.period), language)
    values = {"recipient": whom, "day": day}
    return Message("%(recipient)s: delivery of %(day)s", values).in_language(language)


def _as_text(rows: Sequence[tuple[str, int]], language: str) -> str:
    """Return rows as text, recipients last because they can be longer than any column."""
    return textwrap.indent(columns([(_letters(count, language), recipient) for recipient, count in rows]), "  ")


def _letters(count: int, language: str) -> str:
    values = {"count": languages.number(count, language)}
    return Message.counted("%(count)s letter", "%(count)s letters", count, values).in_language(language)


def _written(  # noqa: PLR0913, PLR0917  (an email's parts)
    kind: str, sender: Sender, campaign: Campaign, period: str | None, subject: str, values: Mapping[str, object]
) -> Mail:
    """Write an email to the organizer from its two templates. Replies go to the organizer, too."""
    said = bodies(
        f"delivering/emails/organizer_{kind}", campaign.language, sender, campaign, {"subject": subject, **values}
    )
    return Mail(
        language=campaign.language,
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
