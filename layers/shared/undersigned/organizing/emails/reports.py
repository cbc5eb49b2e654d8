"""The report, which an organizer gets a day after deliveries."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base import languages
from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.delivering.emails.delivery import columns
from undersigned.delivering.emails.mail_reasons import in_words
from undersigned.delivering.emails.organizer_mails import written
from undersigned.organizing.rules.reports import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from undersigned.base.emails import Mail, Sender
    from undersigned.organizing.rules.reports import Report, ReportLine, Section

_HEADINGS: Mapping[Section, Message] = {
    "to decide": Message.in_context("heading above letters", "To decide"),
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
    "sent": Message("The mail servers accepted these letters, unless a line says otherwise."),
}


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the report: a heading, advice and the recipients."""

    heading: str
    advice: str
    rows: Sequence[tuple[str, int]]
    rows_text: str


def report(sender: Sender, found: Report, next_delivery: datetime) -> Mail:
    """Write the email with an organizer's report about a period's letters."""
    campaign, language = found.campaign, languages.for_organizers(found.campaign.language)
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
    return written("organizing/emails/report", sender, campaign, found.period, subject.in_language(language), values)


def _section(found: Report, section: Section, next_delivery: datetime) -> _Section:
    language = languages.for_organizers(found.campaign.language)
    by_itself = Message(
        "These letters were confirmed later, or their recipient got an email less than seven days before. They go out "
        "on %(day)s at the earliest.",
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
