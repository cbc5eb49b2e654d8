"""What people read, in their language: messages and their translations, days, numbers, and the choice of a language.

Each language but English has one file, `catalogs/<language>.po`. Babel reads it and knows how a language writes days
and numbers; it is imported when it is first used, for a function that answers with JSON needs none of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from gettext import NullTranslations

SOURCE = "en"
"""The language that messages are written in."""

CATALOGS = Path(__file__).parents[1] / "catalogs"

_WRITTEN_AS: Mapping[str, str] = {"es": "es-US"}
"""Whose days and numbers a language without a region has: Spanish is written here as in the Americas, `1,234`."""

NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""What a language calls itself; another one is called by Babel's name for it."""


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that pages and mails can be read in, English first."""
    return (SOURCE, *sorted(file.stem for file in CATALOGS.glob("*.po")))


@cache
def catalog(language: str) -> NullTranslations:
    """Return a language's translations; English, and a language without a catalog, says what the source says.

    The file is compiled when it is first used, so that nothing else has to be built or kept in step.
    """
    from gettext import GNUTranslations, NullTranslations

    if language == SOURCE or language not in languages():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (CATALOGS / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=_locale(language)))
    compiled.seek(0)
    return GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, in English, and what to put for its `%(name)s`; `str` gives it in English.

    `make catalogs` finds a sentence in the call that makes it, so each is written out there: in `Message`, in
    `Message.in_context` or in `Message.counted`.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    context: str | None = None
    plural: str | None = None
    count: int = 1

    @classmethod
    def in_context(cls, context: str, text: str, values: Mapping[str, object] | None = None) -> Message:
        """Make a message whose words other languages translate differently where it means something else."""
        return cls(text, values or {}, context=context)

    @classmethod
    def counted(cls, one: str, many: str, count: int, values: Mapping[str, object]) -> Message:
        """Make a message of one thing or of several; a language has a sentence for each of its plural forms."""
        return cls(one, values, plural=many, count=count)

    def __str__(self) -> str:
        return self.in_language(SOURCE)

    def in_language(self, language: str) -> str:
        """Return the sentence in a language; a value that is a message itself is translated, too."""
        text = self._translated(language)
        if not self.values:
            return text
        return text % {
            name: value.in_language(language) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }

    def _translated(self, language: str) -> str:
        if language == SOURCE:
            return self.text if self.plural is None or self.count == 1 else self.plural
        known = catalog(language)
        if self.plural is not None:
            return known.ngettext(self.text, self.plural, self.count)
        return known.gettext(self.text) if self.context is None else known.pgettext(self.context, self.text)


_WEIGHTED = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
_LONGEST_HEADER = 200


def chosen_language(offered: Sequence[str], asked_for: str | None, accept_language: str | None) -> str:
    """Choose a language of those offered: the one that a link asks for, else the reader's, else the first.

    `accept_language` is a request's header (RFC 9110, 12.5.4); `es-MX` is served by `es`.
    """
    for wanted in (asked_for or "", *_preferred(accept_language or "")):
        for language in offered:
            if language.lower() == wanted.lower():
                return language
        for language in offered:
            if language.partition("-")[0].lower() == wanted.partition("-")[0].lower():
                return language
    return offered[0]


def _preferred(header: str) -> list[str]:
    """Return a header's languages, the best first; what is no language or weighs nothing is left out."""
    parts = (_WEIGHTED.fullmatch(part) for part in header[:_LONGEST_HEADER].split(","))
    weighted = [(float(part[2] or 1), part[1]) for part in parts if part]
    return [language for weight, language in sorted(weighted, key=lambda part: -part[0]) if weight > 0]


def name_of(language: str) -> str:
    """Return what a language calls itself: `Español`."""
    from babel import Locale

    name = NAMES.get(language) or Locale.parse(_locale(language)).get_display_name() or language
    return name[:1].upper() + name[1:]


def direction(language: str) -> str:
    """Return the direction that a language is written in, as HTML has it: `ltr`, `rtl`."""
    from babel import Locale

    return Locale.parse(_locale(language)).text_direction


def long_date(day: date, language: str) -> str:
    """Write a day as a letter does: `November 30, 2026`, `30 de noviembre de 2026`."""
    from babel.dates import format_date

    return format_date(day, "long", locale=_locale(language))


def long_moment(moment: date, language: str) -> str:
    """Write a moment's day with its weekday: `Monday, November 30, 2026`."""
    from babel.dates import format_date

    return format_date(moment, "full", locale=_locale(language))


def short_date(day: date, language: str) -> str:
    """Write a day as a table does: `Nov 30, 2026`, `30 nov 2026`."""
    from babel.dates import format_date

    return format_date(day, "medium", locale=_locale(language))


def short_moment(moment: datetime, language: str) -> str:
    """Write a moment as a table does, by its own clock: `Nov 30, 2026, 9:00 AM`."""
    from babel.dates import format_time

    # Without its zone: Babel turns an aware moment to UTC.
    clock = format_time(moment.replace(tzinfo=None), "short", locale=_locale(language))
    return f"{short_date(moment, language)}, {clock}"


def number(value: int, language: str) -> str:
    """Write a whole number: `12,345`, in German `12.345`."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(language))


@cache
def _locale(language: str) -> str:
    """Return Babel's name for a language, or English's when Babel has no data of it."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(_WRITTEN_AS.get(language, language), sep="-"))
    except (UnknownLocaleError, ValueError):
        return SOURCE
