"""Letter templates: HTML with merge fields, `{{ signer.name }}`, and nothing else that is read as code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from undersigned.domain.authoring.letter_fields import FIELDS, LONGEST_LETTER, too_much_in
from undersigned.domain.errors import LetterError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_TEMPLATE = 5 * LONGEST_LETTER
"""The most characters in a compiled letter, where `&` takes five."""

_FIELD = re.compile(r"\{\{ ([\w.]{1,30}) \}\}")
OWN_WORDS = ('<template data-if="note">', "</template>")
"""Begins and ends the part of a template that is left out if the signer adds no words."""

_OWN_WORDS = re.compile("(.*?)".join(OWN_WORDS), re.DOTALL)


def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses."""
    return frozenset(_FIELD.findall(template)) & FIELDS.keys()


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template's HTML with the values of its fields, escaped unless they are Markup.

    Raises LetterError if it has anything but known fields, or more than a letter may have.
    """
    _check(template)
    return _with_values(_OWN_WORDS.sub(r"\1" if values["note"] else "", template), values)


def marked(template: str, slots: Mapping[str, Markup]) -> Markup:
    """Return a template's HTML for a browser to fill in, with slots in place of its fields. Raises LetterError.

    A paragraph of own words is in a `<template>`; see `when`.
    """
    _check(template)
    return Markup(_with_values(template, slots))  # noqa: S704  (the compiler's HTML)


def when(name: str, content: Markup, *, holds: bool) -> Markup:
    """Return the part of a letter that a browser shows if a field is filled in, and at first if it `holds`."""
    state = Markup(" data-holds") if holds else ""
    return Markup('<template data-if="{}"{}>{}</template>').format(name, state, content)


def _check(template: str) -> None:
    unknown = [name for name in _FIELD.findall(template) if name not in FIELDS]
    if too_much_in(template, _LONGEST_TEMPLATE) or unknown or "{" in _FIELD.sub("", template):
        message = f"a letter may have only merge fields: {', '.join(FIELDS)}"
        raise LetterError(message)


def _with_values(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: escape(values[field[1]]), template)
