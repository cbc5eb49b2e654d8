"""Jinja2 environments, one for each language: they escape HTML and raise an error for a missing value.

Templates are in English. They mark text with `_("…")` or `{% trans %}`, and the language's catalog translates it.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from undersigned.domain import languages


@cache
def environment(language: str) -> Environment:
    """Return the environment for emails in a language."""
    return make_environment(Path(__file__).parent / "templates", language)


def make_environment(templates: Path, language: str) -> Environment:
    """Make an environment for a folder of templates, with the text, dates and numbers of a language."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(["html", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # The i18n extension adds this method. Its translations escape the values that are filled in.
    made.install_gettext_translations(languages.catalog(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "number": partial(languages.number, language=language),
        "long_date": partial(languages.long_date, language=language),
        "long_moment": partial(languages.long_moment, language=language),
    }
    made.globals["direction"] = languages.direction(language)
    return made
