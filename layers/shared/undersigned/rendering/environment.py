"""Jinja2 environments, one for each language: HTML is escaped, and a missing value is an error.

A template's words are English, marked by `_("…")` or `{% trans %}`; the language's catalog has the translations.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from undersigned.domain import languages


@cache
def environment(language: str) -> Environment:
    """Return the environment of emails in a language."""
    return make_environment(Path(__file__).parent / "templates", language)


def make_environment(templates: Path, language: str) -> Environment:
    """Make an environment over a folder of templates whose words, days and numbers are a language's."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(["html", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # The i18n extension adds this method; its translations escape the values that they are given.
    made.install_gettext_translations(languages.catalog(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "number": partial(languages.number, language=language),
        "long_date": partial(languages.long_date, language=language),
        "long_moment": partial(languages.long_moment, language=language),
    }
    made.globals["direction"] = languages.direction(language)
    return made
