"""The frame of the pages that need no sign-in: the form’s, and those behind a link in an email."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.base.languages import languages, name_of
from undersigned.base.page import render_page, usual_theme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.base.page import Page, Theme
    from undersigned.campaigns.rules.campaigns import Campaign

_MORE_SHEETS = {
    "signing/pages/campaign.html": ("fields.css", "letter.css", "form.css"),
    "delivering/pages/confirm.html": ("letter.css",),
    "delivering/pages/office.html": ("fields.css",),
    "delivering/pages/letter.html": ("fields.css", "letter.css"),
    "delivering/pages/packets.html": ("tables.css",),
    "signing/pages/privacy.html": ("tables.css",),
}
"""The style sheets of each template, besides the sheet of all pages."""


def public_page(  # noqa: PLR0913  (what the page has)
    template: str,
    language: str,
    campaign: Campaign | None = None,
    *,
    embedded: bool = False,
    theme: Theme | None = None,
    script: str = "",
    **values: object,
) -> Page:
    """Render a page in the style of its campaign. `theme` is what its address asks for."""
    usual = usual_theme(embedded=embedded)
    asked = theme if theme != usual else None
    return render_page(
        template,
        language,
        ("page.css", *_MORE_SHEETS.get(template, ())),
        campaign.accent if campaign else None,
        theme or usual,
        script=script,
        campaign=campaign,
        texts=campaign.texts(language) if campaign else None,
        embedded=embedded,
        hosts=" ".join(campaign.framing_origins) if campaign else "",
        asked_theme=asked,
        query=_query(campaign, language, asked, embedded=embedded) if campaign else "",
        form_path=_form_path(campaign, language, asked, embedded=embedded) if campaign else "",
        privacy=campaign.privacy_notice("", language) if campaign else "",
        **values,
    )


def _query(campaign: Campaign, language: str, theme: Theme | None, *, embedded: bool) -> str:
    """Return the query that the form's pages pass on: the language, the frame, and an unusual theme."""
    kept = {"lang": language} if len(campaign.languages) > 1 else {}
    kept |= {"embedded": "1"} if embedded else {}
    kept |= {"theme": theme} if theme else {}
    return f"?{urlencode(kept)}" if kept else ""


def _form_path(campaign: Campaign, language: str, theme: Theme | None, *, embedded: bool) -> str:
    """Return the form's address in this language, in a frame or not."""
    return f"/campaigns/{campaign.id}{'/embed' if embedded else ''}{_query(campaign, language, theme, embedded=False)}"


def languages_named(languages: Iterable[str]) -> list[tuple[str, str]]:
    """Return languages, each with its own name."""
    return [(language, name_of(language)) for language in languages]


def front_page(language: str) -> Page:
    """Render the page at the address without a path. It says what the address is for, and leads to nothing."""
    return public_page("signing/pages/front.html", language, languages=languages_named(languages()))


def problem_page(  # noqa: PLR0913  (what the page shows)
    title: str,
    detail: str,
    language: str,
    framed: Campaign | None = None,
    theme: Theme | None = None,
    *,
    about: Campaign | None = None,
    can_sign: bool = False,
) -> Page:
    """Render a problem and its way out, in the style of a framed form when `framed` is its campaign.

    The page names the campaign that it is `about`, and links to its form if people `can_sign`.
    """
    return public_page(
        "base/pages/problem.html",
        language,
        framed or about,
        embedded=framed is not None,
        theme=theme,
        title=title,
        detail=detail,
        names_campaign=about is not None,
        can_sign=can_sign,
    )
