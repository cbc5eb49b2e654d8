"""Mails to a campaign's organizer: the request to approve a week, and the report after it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain import languages
from undersigned.domain.languages import Message
from undersigned.domain.reports import FATES
from undersigned.rendering.environment import environment
from undersigned.rendering.mails import Mail, columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.approvals import WaitingLetters
    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import Sender
    from undersigned.domain.reports import Fate, Report

_HEADINGS: Mapping[Fate, Message] = {
    "bounced": Message("Letters that came back"),
    "complained": Message("Arrived, and marked as unwanted"),
    "awaiting approval": Message("Waiting for your approval"),
    "under way": Message("Still on the way"),
    "held": Message("Held back by you"),
    "paused": Message("Paused"),
    "sent": Message("Letters sent"),
    "delivered": Message("Letters that arrived"),
    "waiting": Message("For the next packet"),
}

_ADVICE: Mapping[Fate, Message] = {
    "bounced": Message(
        "Mail to these addressees comes back. Nothing is lost: their letters are held. Find out the right address, put "
        "it into the campaign and send the delivery again. If the mailbox was only full, send it again as it is."
    ),
    "complained": Message(
        "Somebody there marked the mail as unwanted. Call the office before the next packet goes, and ask how it wants "
        "to get letters."
    ),
    "awaiting approval": Message(
        "Approve them by the link in the mail that asked you, or on the dashboard. Until then nothing of them goes, "
        "and nothing is lost."
    ),
    "under way": Message(
        "Our system is still at work on these. If the next report names them again, tell whoever runs it."
    ),
    "held": Message("Release them when they can go."),
    "paused": Message("The campaign pauses, so nothing goes. Resume it when the letters can go."),
    "sent": Message("The mail servers have not answered yet. There is nothing to do."),
    "delivered": Message("The mail servers accepted the packets. There is nothing to do."),
}


@dataclass(frozen=True, slots=True)
class _Section:
    """What became of some letters, what to do about it, and whose they are."""

    heading: str
    advice: str
    rows: Sequence[tuple[str, int]]
    rows_text: str


def approval(  # noqa: PLR0913  (what the mail says)
    sender: Sender,
    campaign: Campaign,
    period: str,
    waiting: Sequence[WaitingLetters],
    *,
    token: str,
    valid_until: datetime,
) -> Mail:
    """Write the mail that asks an organizer to approve a period's letters."""
    language = campaign.language
    letters = sum(line.letters for line in waiting)
    headline = languages.catalog(language).ngettext(
        "%(count)s letter waits for your approval", "%(count)s letters wait for your approval", letters
    ) % {"count": languages.number(letters, language)}
    rows = [(_addressee(line.target, line.target.hold, language), line.letters) for line in waiting]
    values = {
        "headline": headline,
        "rows": rows,
        "rows_text": _as_text(rows, language),
        "approval_url": f"{sender.public_url}/organizer/approve/{token}",
        "valid_until": valid_until,
    }
    return _written("approval", sender, campaign, period, f"{headline}: {campaign.title}", values)


def report(sender: Sender, found: Report, next_delivery: datetime) -> Mail:
    """Write the mail that tells an organizer what became of a period's letters."""
    campaign, language = found.campaign, found.campaign.language
    day = date.fromisoformat(found.period)
    subject = Message(
        "Letters of %(day)s: %(sent)s sent, %(stuck)s not sent (%(campaign)s)",
        {
            "day": languages.long_date(day, language),
            "sent": languages.number(found.sent, language),
            "stuck": languages.number(found.stuck, language),
            "campaign": campaign.title,
        },
    )
    figures = [
        (label.in_language(language), languages.number(count, language))
        for label, count in (
            (Message("Letters sent"), found.sent),
            (Message("Letters not sent"), found.stuck),
            (Message("Letters for the next packet"), sum(line.letters for line in found.of("waiting"))),
            (Message("Signatures"), found.signatures),
            (Message("Goal"), campaign.goal),
        )
    ]
    values = {
        "headline": Message("What became of the letters").in_language(language),
        "day": day,
        "figures": figures,
        "figures_text": textwrap.indent(columns(figures), "  "),
        "sections": [_section(found, fate, next_delivery) for fate in FATES if found.of(fate)],
        "providers": found.providers,
        "dashboard_url": f"{sender.public_url}/organizer",
    }
    return _written("report", sender, campaign, found.period, subject.in_language(language), values)


def _section(found: Report, fate: Fate, next_delivery: datetime) -> _Section:
    language = found.campaign.language
    # There is no advice on what just waits.
    advice = _ADVICE.get(fate) or Message(
        "They came in since, and go on %(day)s.", {"day": languages.long_moment(next_delivery, language)}
    )
    rows = [(_addressee(line.target, line.reason, language), line.letters) for line in found.of(fate)]
    return _Section(_HEADINGS[fate].in_language(language), advice.in_language(language), rows, _as_text(rows, language))


def _addressee(target: Target, reason: str | None, language: str) -> str:
    whom = f"{target.addressed(language)}, {target.department}"
    return f"{whom} ({reason})" if reason else whom


def _as_text(rows: Sequence[tuple[str, int]], language: str) -> str:
    """Set addressees behind their letters, for they are longer than any column."""
    return textwrap.indent(columns([(_letters(count, language), addressee) for addressee, count in rows]), "  ")


def _letters(count: int, language: str) -> str:
    sentence = languages.catalog(language).ngettext("%(count)s letter", "%(count)s letters", count)
    return sentence % {"count": languages.number(count, language)}


def _written(  # noqa: PLR0913, PLR0917  (a mail's parts)
    kind: str, sender: Sender, campaign: Campaign, period: str, subject: str, values: Mapping[str, object]
) -> Mail:
    """Write a mail to the organizer from its two templates; answers to it reach nobody else."""
    written = environment(campaign.language)
    values = {"language": campaign.language, "campaign": campaign, "subject": subject, **values}
    return Mail(
        language=campaign.language,
        sender_name=campaign.title,
        sender_address=sender.address,
        to=campaign.organizer.email,
        reply_to=campaign.organizer.email,
        subject=subject,
        text=written.get_template(f"organizer_{kind}.txt").render(values),
        html=written.get_template(f"organizer_{kind}.html").render(values),
        tags={"kind": kind, "campaign": campaign.id, "period": period},
    )
