"""The form: what its page shows, and the letter of a form that is not complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.campaigns.catalog import find_campaign, next_delivery
from undersigned.campaigns.counts import public_count
from undersigned.campaigns.rules.letters import render_html
from undersigned.signing.abuse_checks import issue_token
from undersigned.signing.rules.posted_forms import details_so_far, letter_language, read_unfinished

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from undersigned.base.errors import FieldError
    from undersigned.base.stack import Stack
    from undersigned.campaigns.catalog import Entry
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.campaigns.rules.counts import Count


@dataclass(frozen=True, slots=True)
class FormPage:
    """What the page of a campaign's form shows: whether people can sign, the count, and the form token.

    `next_delivery` is None while nobody can sign, or if its day isn't known. `closed_on` is the day on which signing
    ended.
    """

    entry: Entry
    count: Count
    token: str
    is_open: bool
    today: date
    next_delivery: datetime | None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class LetterPreview:
    """The letter of an incomplete form. `serving` are the targets of the postal code; `target` is the chosen one."""

    target: Target | None
    serving: tuple[Target, ...]
    letter_html: str
    letter_language: str
    errors: tuple[FieldError, ...]


def open_form(stack: Stack, campaign: str, earlier_token: object = None) -> FormPage:
    """Return what the form's page shows; a valid token from an earlier post is kept. Raises NotFoundError."""
    entry, now = find_campaign(stack, campaign), stack.clock()
    is_open, today = entry.is_open(now), entry.campaign.local(now).date()
    return FormPage(
        entry,
        public_count(stack, campaign),
        issue_token(stack, entry.campaign, earlier_token),
        is_open=is_open,
        today=today,
        next_delivery=next_delivery(stack, entry, not_before=entry.roster.free_from) if is_open else None,
        closed_on=entry.controls.closed_on(entry.campaign, today),
    )


def preview_letter(stack: Stack, campaign: str, values: Mapping[str, object], page_language: str) -> LetterPreview:
    """Render the letter of an incomplete form, without signing it. Raises NotFoundError."""
    entry = find_campaign(stack, campaign)
    unfinished = read_unfinished(values, entry.campaign, entry.roster)
    language = letter_language(values, entry.campaign, page_language)
    letter = entry.letter(language)
    target = unfinished.target or entry.roster.someone(language)
    today = entry.campaign.local(stack.clock()).date()
    details = details_so_far(unfinished, entry.campaign, today, language)
    return LetterPreview(
        target=unfinished.target,
        serving=entry.roster.serving(unfinished.texts.get("postal_code", "")),
        letter_html=render_html(letter.template, target, details, language),
        letter_language=language,
        errors=unfinished.errors,
    )
