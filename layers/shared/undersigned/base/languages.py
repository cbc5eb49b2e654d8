"""Languages: messages and their translations, dates, numbers, and the choice of a language.

Each language except English has a catalog of what signers and offices read, `catalogs/signers/<language>.po`. If it
also has a catalog of all else, `catalogs/organizers/<language>.po`, organizers can choose it, too. `sam build` compiles
them (catalogs.py). Babel formats dates and numbers. It is imported when it is first used, because functions that answer
with JSON don't need it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from gettext import GNUTranslations, NullTranslations

SOURCE = "en"
"""The language that messages are written in."""

CATALOGS = Path(__file__).parents[1] / "catalogs"

_WRITTEN_AS: Mapping[str, str] = {"es": "es-US"}
"""The region whose dates and numbers a language uses: Spanish is written as in the Americas, `1,234`."""

NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""The languages' names for themselves. For other languages, Babel's name is used."""


@cache
def languages() -> tuple[str, ...]:
    """Return the languages of signers' pages and emails, English first."""
    return (SOURCE, *_in_folder("signers"))


@cache
def organizers_languages() -> tuple[str, ...]:
    """Return the languages of organizers' pages and emails, English first."""
    return tuple(language for language in languages() if language in {SOURCE, *_in_folder("organizers")})


def for_organizers(language: str) -> str:
    """Return the language in which organizers read about a campaign in this one."""
    return language if language in organizers_languages() else SOURCE


def _in_folder(readers: str) -> list[str]:
    return sorted({file.stem for file in CATALOGS.glob(f"{readers}/*.[pm]o")})


@cache
def catalog(language: str) -> NullTranslations:
    """Return a language's translations. English and a language without a catalog get the source text."""
    from gettext import NullTranslations

    if language == SOURCE or language not in languages():
        return NullTranslations()
    found = _read(CATALOGS / "signers" / f"{language}.po")
    if language in organizers_languages():
        found.add_fallback(_read(CATALOGS / "organizers" / f"{language}.po"))
    return found


def _read(source: Path) -> GNUTranslations:
    from gettext import GNUTranslations

    if not source.exists():
        with source.with_suffix(".mo").open("rb") as file:
            return GNUTranslations(file)
    from undersigned.base.catalogs import compiled

    return GNUTranslations(compiled(source))


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, in English, and the values of its placeholders, such as `%(name)s`.

    `make catalogs` finds sentences by the calls that make them, so write each one out in the call of `Message`,
    `Message.in_context` or `Message.counted`. `str` returns the sentence in English.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    context: str | None = None
    plural: str | None = None
    count: int = 1

    @classmethod
    def in_context(cls, context: str, text: str, values: Mapping[str, object] | None = None) -> Message:
        """Make a message for words that have another translation in another context."""
        return cls(text, values or {}, context=context)

    @classmethod
    def counted(cls, one: str, many: str, count: int, values: Mapping[str, object]) -> Message:
        """Make a message about one or several things. A language has a sentence for each of its plural forms."""
        return cls(one, values, plural=many, count=count)

    def __str__(self) -> str:
        return self.in_language(SOURCE)

    def in_language(self, language: str) -> str:
        """Return the sentence in a language. A value that is a message itself, or a day, is written in it, too."""
        text = self._translated(language)
        if not self.values:
            return text
        values = {name: _in_language(value, language) for name, value in self.values.items()}
        return with_one_period(text, values) % values

    def _translated(self, language: str) -> str:
        if language == SOURCE:
            return self.text if self.plural is None or self.count == 1 else self.plural
        known = catalog(language)
        if self.plural is not None:
            return known.ngettext(self.text, self.plural, self.count)
        return known.gettext(self.text) if self.context is None else known.pgettext(self.context, self.text)


def _in_language(value: object, language: str) -> object:
    if isinstance(value, Message):
        return value.in_language(language)
    return long_date(value, language) if isinstance(value, date) else value


_PERIOD_AFTER_VALUE = re.compile(r"(%\((\w+)\)s(?:</\w+>|[”»])*)\.(?=\s|<|$)")
_LAST_PERIOD = re.compile(r"\.(?:</\w+>|[”»])*$")


def with_one_period(sentence: str, values: Mapping[str, object]) -> str:
    """Return a sentence to fill in, without its period after a value that ends in one, such as `Elmwood P.D.`."""
    return _PERIOD_AFTER_VALUE.sub(
        lambda found: found[1] if _LAST_PERIOD.search(str(values.get(found[2], ""))) else found[0], sentence
    )


_WEIGHTED = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
_LONGEST_HEADER = 200


def chosen_language(offered: Sequence[str], asked_for: str | None, accept_language: str | None) -> str:
    """Choose an offered language: the language that a link requests, else the reader's, else the first.

    `accept_language` is a request's header (RFC 9110, 12.5.4). `es` matches `es-MX`.
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
    """Return a header's languages, the preferred one first. Ignores invalid parts and those with a weight of zero."""
    parts = (_WEIGHTED.fullmatch(part) for part in header[:_LONGEST_HEADER].split(","))
    weighted = [(float(part[2] or 1), part[1]) for part in parts if part]
    return [language for weight, language in sorted(weighted, key=lambda part: -part[0]) if weight > 0]


def name_of(language: str) -> str:
    """Return a language's name for itself: `Español`."""
    from babel import Locale

    name = NAMES.get(language) or Locale.parse(_locale(language)).get_display_name() or language
    return name[:1].upper() + name[1:]


def named_in(language: str, other: str) -> str:
    """Return a language's name in another language, as in a sentence: `inglés`."""
    from babel import Locale

    return Locale.parse(_locale(language)).get_language_name(_locale(other)) or language


def direction(language: str) -> str:
    """Return a language's direction of writing as an HTML value: `ltr` or `rtl`."""
    from babel import Locale

    return Locale.parse(_locale(language)).text_direction


def long_date(day: date, language: str) -> str:
    """Write a day as a letter does: `November 30, 2026`, `30 de noviembre de 2026`."""
    from babel.dates import format_date

    return format_date(day, "long", locale=_locale(language))


def full_date(day: date, language: str) -> str:
    """Format a day with its weekday: `Monday, November 30, 2026`."""
    from babel.dates import format_date

    return format_date(day, "full", locale=_locale(language))


def short_date(day: date, language: str) -> str:
    """Format a day for a table: `Nov 30, 2026`, `30 nov 2026`."""
    from babel.dates import format_date

    return format_date(day, "medium", locale=_locale(language))


def short_moment(moment: datetime, language: str) -> str:
    """Format a moment for a table, in its own time zone: `Nov 30, 2026, 9:00 AM`."""
    from babel.dates import format_time

    # Without its time zone, because Babel converts an aware datetime to UTC.
    clock = format_time(moment.replace(tzinfo=None), "short", locale=_locale(language))
    return f"{short_date(moment, language)}, {clock}"


def weekday_of(number: int, language: str) -> str:
    """Return the name of a weekday by its number, 0 for `Monday`, with a capital: it begins a line."""
    from babel.dates import get_day_names

    name: str = get_day_names("wide", locale=_locale(language))[number]
    return name[:1].upper() + name[1:]


def hour_of(hour: int, language: str) -> str:
    """Format a full hour: `9:00 AM`."""
    from babel.dates import format_time

    return format_time(time(hour), "short", locale=_locale(language))


def zone_of(zone: str, language: str) -> str:
    """Return a time zone's common name, and a city in it: `Central Time (Chicago)`."""
    from babel.dates import get_timezone_location, get_timezone_name

    locale = _locale(language)
    name = get_timezone_name(zone, locale=locale)
    return f"{name[:1].upper()}{name[1:]} ({get_timezone_location(zone, locale=locale, return_city=True)})"


def number(value: int, language: str) -> str:
    """Format a whole number: `12,345`, in German `12.345`."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(language))


@cache
def _locale(language: str) -> str:
    """Return Babel's name for a language, or the one for English if Babel has no data for it."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(_WRITTEN_AS.get(language, language), sep="-"))
    except (UnknownLocaleError, ValueError):
        return SOURCE
