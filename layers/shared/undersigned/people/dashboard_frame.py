"""The frame of all pages for organizers: their style sheets, and the links to other languages."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.base.languages import name_of, organizers_languages, short_date, short_moment
from undersigned.base.page import render_page
from undersigned.base.typos import ANSWER
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.campaigns.rules.postal_codes import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.languages import Message
    from undersigned.base.page import Page
    from undersigned.base.typos import MistypedError
    from undersigned.people.viewer import Viewer


def render_framed(
    template: str,
    language: str,
    viewer: Viewer | None = None,
    section: str = "",
    sheets: tuple[str, ...] = (),
    **values: object,
) -> Page:
    """Render a page; with a viewer, it is a campaign's. `sheets` are style sheets besides the dashboard's own.

    A page without a viewer has its address in `here`, or is the front page.
    """
    return render_page(
        template,
        language,
        ("page.css", "fields.css", "tables.css", "dashboard.css", *sheets),
        viewer.campaign.accent if viewer else None,
        "auto",
        script="",
        viewer=viewer,
        section=section,
        switches=_switches(viewer.here if viewer else str(values.get("here", "/organizer")), language),
        day=lambda value: short_date(_day(value), language),
        dashboard_path=dashboard_path,
        codes_in_words=lambda listed: in_words(listed, language),
        moment=lambda value: short_moment(viewer.local(value) if viewer else value, language),
        **values,
    )


def _switches(here: str, language: str) -> list[tuple[str, str, str]]:
    """Return the other languages, each with its name and the address of this page in it."""
    return [
        (other, name_of(other), f"{here}{'&' if '?' in here else '?'}{urlencode({'lang': other})}")
        for other in organizers_languages()
        if other != language
    ]


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def doorstep_page(language: str, address: str) -> Page:
    """Render a page that loads an address from our own site, so that the browser sends its strict cookie."""
    return render_framed("people/pages/doorstep.html", language, address=address)


def address_question(viewer: Viewer, path: str, posted: Mapping[str, object], error: MistypedError) -> Page:
    """Render the question which email address was meant. Its buttons send a posted form again, with the answer."""
    sent = {name: value for name, value in posted.items() if isinstance(value, str) and name != ANSWER}
    return render_framed(
        "people/pages/address.html", viewer.language, viewer, path=path, sent=sent, meant=error.meant, answer=ANSWER
    )


def dashboard_problem_page(viewer: Viewer | None, language: str, title: Message, detail: Message) -> Page:
    """Render what is wrong and what to do, in the campaign's language, or in `language` without a campaign."""
    language = viewer.language if viewer else language
    said = title.in_language(language), detail.in_language(language)
    return render_framed("people/pages/problem.html", language, viewer, title=said[0], detail=said[1])
