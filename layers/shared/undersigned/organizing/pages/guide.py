"""The organizers' guide: the pages of docs/ that the dashboard shows, in its languages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.errors import NotFoundError
from undersigned.base.languages import SOURCE
from undersigned.campaigns.rules.campaigns import ID_PATTERN, dashboard_path
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from undersigned.base.page import Page
    from undersigned.people.sessions import Session

_FOLDER = Path(__file__).parents[1] / "guide"

PAGES = ("first-campaign", "monday-morning", "what-the-office-gets", "when-something-is-wrong")


def guide(name: str, language: str, campaign: str = "", session: Session | None = None) -> Page:
    """Render a page of the guide for who is signed in, with a way back to the campaign whose dashboard led here.

    Raises NotFoundError for a name that is none of `PAGES`.
    """
    if name not in PAGES:
        message = f"the guide has no page {name[:50]!r}"
        raise NotFoundError(message)
    pages = [(page, *_read(page, language)) for page in PAGES]
    title, html = _read(name, language)
    back = f"?campaign={campaign}" if ID_PATTERN.fullmatch(campaign) else ""
    return render_framed(
        "organizing/pages/guide.html",
        language,
        here=f"/organizer/guide/{name}{back}",
        session=session,
        title=title,
        html=Markup(re.sub(r'href="([a-z-]+)\.md', rf'href="\1{back}', html)),  # noqa: S704  (our own text)
        back=back,
        home=dashboard_path(campaign),
        others=[(page, heading) for page, heading, _ in pages if page != name],
    )


@cache
def _read(name: str, language: str) -> tuple[str, str]:
    """Return a page's title and its HTML, in English if the guide isn't in a language."""
    from markdown_it import MarkdownIt

    file = _FOLDER / language / f"{name}.md"
    text = (file if file.exists() else _FOLDER / SOURCE / file.name).read_text(encoding="utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text)
    return text.partition("\n")[0].removeprefix("# "), html
