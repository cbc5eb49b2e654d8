"""The Jinja2 environments of pages and mails, one a language: HTML is escaped, a missing value is an error.

A template's words are English and marked by `_("…")` or `{% trans %}`; the language's catalog has the others.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from undersigned.domain import languages
from undersigned.rendering.assets import asset_path


@cache
def environment(language: str) -> Environment:
    """Return the environment whose words, days and numbers are a language's."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # What the i18n extension adds; its translations escape what they are given.
    made.install_gettext_translations(languages.catalog(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "number": partial(languages.number, language=language),
        "long_date": partial(languages.long_date, language=language),
        "long_moment": partial(languages.long_moment, language=language),
    }
    made.globals |= {"asset_path": asset_path, "direction": languages.direction(language)}
    return made
