"""Jinja2 environments, one for each language: they escape HTML and raise an error for a missing value.

A template is named by its path, such as `people/pages/keys.html`. All are in English. They mark text with
`_("…")` or `{% trans %}`, and the language's catalog translates it.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_eval_context, select_autoescape
from markupsafe import Markup

from undersigned.base import languages
from undersigned.base.assets import asset_data, asset_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.nodes import EvalContext

_ROOMS = Path(__file__).parents[1]


@cache
def page_environment(language: str) -> Environment:
    """Return the environment for pages in a language, which also has the addresses of assets."""
    made = environment(language).overlay()
    made.globals = made.globals | {"asset_path": asset_path, "asset_data": asset_data}
    return made


@cache
def environment(language: str) -> Environment:
    """Return the environment for emails in a language: with its text, dates and numbers."""
    made = Environment(
        loader=FileSystemLoader(_ROOMS),
        autoescape=select_autoescape(["html", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    catalog = languages.catalog(language)
    # The i18n extension adds this method.
    made.install_gettext_translations(catalog, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "gettext": _filled_in(catalog.gettext),
        "pgettext": _filled_in(catalog.pgettext),
        "ngettext": _filled_in(catalog.ngettext),
        "npgettext": _filled_in(catalog.npgettext),
    }
    made.filters |= {
        "number": partial(languages.number, language=language),
        "long_date": partial(languages.long_date, language=language),
        "full_date": partial(languages.full_date, language=language),
    }
    made.globals["direction"] = languages.direction(language)
    return made


def _filled_in(translation: Callable[..., str]) -> Callable[..., str]:
    """Return a template's function for a sentence. Like Jinja2's own, it fills in values, and escapes them in HTML."""

    @pass_eval_context
    def sentence(context: EvalContext, *words: str | int, **values: object) -> str:
        # A sentence with a plural may show the number.
        values = {"num": words[-1], **values}
        text = languages.with_one_period(translation(*words), values)
        return (Markup(text) if context.autoescape else text) % values  # noqa: S704  (as Jinja2's own)

    return sentence
