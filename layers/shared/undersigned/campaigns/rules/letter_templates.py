"""Letter templates: HTML with merge fields, `{{ signer.name }}`, and what is left out without the signer's own words.

Jinja2 renders them in a sandbox, and loads with the first letter.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.errors import LetterError
from undersigned.campaigns.rules.letter_fields import FIELDS, LONGEST_LETTER, too_much_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

_LONGEST_TEMPLATE = 5 * LONGEST_LETTER
"""The most characters in a compiled letter, where `&` takes five."""

_FIELD = re.compile(r"\{\{ ([\w.]{1,30}) \}\}")
OWN_WORDS = ("{% if note %}", "{% endif %}")
"""Begins and ends the part of a template that is left out if the signer adds no words."""

NEEDED = "signer.address_line signer.locality signer.region"
"""An address has at least one of these fields."""

_OWN_WORDS = re.compile("(.*?)".join(OWN_WORDS), re.DOTALL)
_LINE_OF_ADDRESS = re.compile(
    r"<br>\n\{\{ signer\.address \}\}(?=<br>|</p>|</li>)|(?<=<p>)\{\{ signer\.address \}\}<br>\n"
    r"|<p>\{\{ signer\.address \}\}</p>\n?"
)
"""A line with just the address. Letters without one leave it out."""


def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses."""
    return frozenset(_FIELD.findall(template)) & FIELDS.keys()


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template's HTML with the values of its fields, escaped unless they are Markup.

    Raises LetterError if it has anything but known fields, or more than a letter may have.
    """
    parts: dict[str, dict[str, str]] = {"target": {}, "signer": {}}
    for name in [name for name in values if "." in name]:
        of, part = name.split(".")
        parts[of][part] = values[name]
    return _compiled(template).render(values, **parts)


def marked(template: str, slots: Mapping[str, Markup], *, has_address: bool) -> Markup:
    """Return a template's HTML for a browser to fill in, with slots in place of its fields. Raises LetterError.

    A paragraph of own words is in a `<template>`, and the line of an address that shows nothing yet; see `when`.
    """
    _check(template)
    shown = _OWN_WORDS.sub(lambda part: when("note", Markup(part[1])), template)  # noqa: S704
    if not has_address:
        shown = _LINE_OF_ADDRESS.sub(lambda line: when(NEEDED, Markup(line[0])), shown)  # noqa: S704
    return Markup(_FIELD.sub(lambda field: slots[field[1]], shown))  # noqa: S704  (the compiler's HTML)


def when(names: str, content: Markup) -> Markup:
    """Return the part of a letter that a browser shows if any of the fields is filled in."""
    return Markup('<template data-if="{}">{}</template>').format(names, content)


@lru_cache(maxsize=64)
def _compiled(template: str) -> Template:
    _check(template)
    lines = _LINE_OF_ADDRESS.sub(r"{% if signer.address %}\g<0>{% endif %}", template)
    return _environment().from_string(lines)


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    for known in (environment.globals, environment.filters, environment.tests):
        known.clear()
    return environment


def _check(template: str) -> None:
    unknown = [name for name in _FIELD.findall(template) if name not in FIELDS]
    rest = _OWN_WORDS.sub(r"\1", _FIELD.sub("", template))
    if too_much_in(template, _LONGEST_TEMPLATE) or unknown or "{" in rest:
        message = f"a letter may have only merge fields: {', '.join(FIELDS)}"
        raise LetterError(message)
