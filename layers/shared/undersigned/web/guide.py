"""The organizers' guide: the pages of docs/ that the dashboard shows, in its languages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.domain.errors import NotFoundError
from undersigned.domain.languages import SOURCE
from undersigned.web.dashboard_frame import render_framed

if TYPE_CHECKING:
    from undersigned.web.page import Page

_FOLDER = Path(__file__).parent / "guide"

PAGES = ("first-campaign", "monday-morning", "when-something-is-wrong")


def guide(name: str, language: str) -> Page:
    """Render a page of the guide; raises NotFoundError for a name that is none of `PAGES`."""
    if name not in PAGES:
        message = f"the guide has no page {name[:50]!r}"
        raise NotFoundError(message)
    pages = [(page, *_read(page, language)) for page in PAGES]
    title, html = _read(name, language)
    return render_framed(
        "dashboard_guide.html",
        language,
        here=f"/organizer/guide/{name}",
        title=title,
        html=Markup(html),  # noqa: S704  (our own text)
        others=[(page, heading) for page, heading, _ in pages if page != name],
    )


@cache
def _read(name: str, language: str) -> tuple[str, str]:
    """Return a page's title and its HTML, in English if the guide isn't in a language."""
    from markdown_it import MarkdownIt

    file = _FOLDER / language / f"{name}.md"
    text = (file if file.exists() else _FOLDER / SOURCE / file.name).read_text(encoding="utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text)
    return text.partition("\n")[0].removeprefix("# "), re.sub(r'href="([a-z-]+)\.md', r'href="\1', html)
