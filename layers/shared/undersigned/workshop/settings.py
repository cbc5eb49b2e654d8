"""Read `campaign.toml`: a campaign's settings, and every mistake in them."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from undersigned.base.languages import Message, languages
from undersigned.base.typos import meant_by
from undersigned.campaigns.rules.campaigns import Campaign, Organizer, Translation
from undersigned.workshop.described_settings import (
    ORGANIZER_SETTINGS,
    SETTINGS,
    TRANSLATION_SETTINGS,
    described,
    setting_of,
)
from undersigned.workshop.mistakes import Mistake, MistakesError, correct_name, count_and_most
from undersigned.workshop.regions import ZONES
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.rules.filtered_words import filtered_words
from undersigned.workshop.setting_kinds import CHOOSE, LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.workshop.described_settings import Setting
    from undersigned.workshop.setting_kinds import Value

FILE = "campaign.toml"


LONGEST = 50_000
"""The most characters of all settings together."""


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """The content of campaign.toml. `known` has no letters yet, and substitutes for settings that are missing or wrong.

    `other_languages` are all except the campaign's own, or None if a mistake leaves them unknown.
    """

    known: Campaign
    other_languages: tuple[str, ...] | None = None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


def settings_in(files: Mapping[str, str]) -> CampaignSettings:
    """Read the settings among the texts of a draft, or of a folder."""
    if DRAFTED in files:
        return read_values(json.loads(files[DRAFTED]))
    return read_settings(files[FILE]) if FILE in files else UNREAD


def read_settings(text: str) -> CampaignSettings:
    """Read the text of a folder's campaign.toml."""
    try:
        return read_values(values_of(text))
    except MistakesError as error:
        return replace(UNREAD, mistakes=error.mistakes)


def values_of(text: str) -> dict[str, Value]:
    """Return the settings of a campaign.toml by dotted name, as JSON has them. Raises MistakesError."""
    try:
        parsed = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = Message("the file can’t be read as TOML (%(reason)s); correct that place", {"reason": str(error)})
        raise MistakesError([Mistake(FILE, None, message)]) from error
    values: dict[str, Value] = {}
    for name, value in parsed.items():
        if isinstance(value, dict):
            values |= {f"{name}.{key}": _as_json(of) for key, of in value.items()}
        else:
            values[name] = _as_json(value)
    return values


def _as_json(value: object) -> Value:
    if isinstance(value, list):
        return [text if isinstance(text, str) else str(text) for text in value]
    if isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def read_values(values: Mapping[str, Value]) -> CampaignSettings:
    """Read settings by dotted name, and find all mistakes in them."""
    if (length := len(json.dumps(values))) > LONGEST:
        says = Message(
            "the details have %(count)s characters, more than the maximum of %(most)s; remove some",
            count_and_most(length, LONGEST),
        )
        return replace(UNREAD, mistakes=(Mistake(FILE, None, says, is_too_much=True),))
    return _Reader(values).read()


class _Reader:
    """Reads each setting by its description, and then checks settings that depend on each other."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []

    def read(self) -> CampaignSettings:
        values = self._table("", SETTINGS)
        language = "" if self._is_wrong("language") else values["language"]
        others = tuple(other for other in values.pop("languages") if other != language)
        self._check_language(language)
        self._check_names(others)
        organizer = Organizer(**self._table("organizer", ORGANIZER_SETTINGS))
        translated = [other for other in others if language and other in languages()]
        translations = {other: Translation(**self._table(other, TRANSLATION_SETTINGS)) for other in translated}
        self._check_days(values)
        if meant := meant_by(organizer.email):
            asks = Message("Did you mean %(address)s?", {"address": meant})
            self._warn("organizer.email", asks)
        self._check_words({"title": values["title"], "request": values["request"], "organizer.name": organizer.name})
        zone = values["time_zone"] or self._zone_of(values["region"])
        known = Campaign(**{**values, "time_zone": zone}, letter="", organizer=organizer, translations=translations)
        return CampaignSettings(
            known=known,
            other_languages=others if language else None,
            mistakes=tuple(self._mistakes),
            warnings=tuple(self._warnings),
        )

    def _table(self, table: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
        """Return the settings of a table by name, with substitutes for missing and wrong settings."""
        return {setting.name: self._value(f"{table}.{setting.name}".lstrip("."), setting) for setting in settings}

    def _value(self, name: str, setting: Setting) -> Any:  # noqa: ANN401  (whatever the campaign has)
        value = self._values.get(name)
        if value is None:
            if setting.required:
                self._add(name, setting.kind.ask)
            return setting.without
        wrong = [*setting.kind.wrong_in(value)]
        for one in wrong:
            self._add(name, one)
        return setting.without if wrong else setting.kind.read(value)

    def _add(self, name: str, wrong: Message) -> None:
        setting = setting_of(name)
        self._mistakes.append(replace(self._mistake(name, wrong), example=setting.example if setting else ""))

    def _warn(self, name: str, says: Message) -> None:
        self._warnings.append(self._mistake(name, says))

    def _mistake(self, name: str, says: Message) -> Mistake:
        """Return a mistake, with the setting's values in its sentence."""
        meaning = setting.meaning if (setting := setting_of(name)) else ""
        values = {"text": str(self._values.get(name))[:_LONGEST_QUOTE], "meaning": meaning}
        return Mistake(FILE, None, replace(says, values={**values, **says.values}), setting=name)

    def _is_wrong(self, name: str) -> bool:
        return any(mistake.setting == name for mistake in self._mistakes)

    def _check_names(self, others: Iterable[str]) -> None:
        known = described(others)
        for name in (name for name in self._values if name not in known):
            table, dot, key = name.partition(".")
            if dot and re.fullmatch(LANGUAGE, table) and key in _TRANSLATED:
                values: dict[str, object] = {"language": table, "listed": known["languages"].example}
                says = Message(
                    "`%(name)s` is in a language that `languages` doesn’t list; add it, as in %(listed)s",
                    {"name": name, **values},
                )
            else:
                values = {"way_out": correct_name(name, known)}
                says = Message("unknown setting `%(name)s`; %(way_out)s", {"name": name, **values})
            plainly = replace(_NOT_KNOWN, values={"name": name})
            self._mistakes.append(Mistake(FILE, None, says, plainly=plainly))

    def _check_language(self, own: str) -> None:
        """Check that the campaign's own language is listed, if any is, and warn if pages are not translated into it."""
        listed = self._values.get("languages")
        if own and isinstance(listed, list) and listed and own not in listed:
            self._add("languages", Message("The letter’s own language is missing. Add it."))
        if own and not listed and own not in languages():
            says = Message("Pages and emails are not translated into this language. They are in English.")
            self._warn("language", says)

    def _check_days(self, values: Mapping[str, Any]) -> None:
        """Check the days that depend on another setting."""
        opens, closes = values["opens"], values["closes"]
        if opens and closes and closes < opens:
            self._add("closes", Message("This is before the first day. Choose a later one."))
        if values["keep_for_days"] and self._values.get("closes") is None:
            self._add("keep_for_days", Message("The days count from the last day of signing. Choose that, too."))

    def _check_words(self, texts: Mapping[str, str | None]) -> None:
        """Warn of words in the email to a recipient by which filters hold emails back."""
        for name, text in texts.items():
            if words := filtered_words(text or ""):
                values = {"words": ", ".join(words)}
                says = Message(
                    "This is in the email to a recipient. Filters may hold that back for these words: %(words)s. Say "
                    "it in other words if you can.",
                    values,
                )
                self._warn(name, says)

    def _zone_of(self, region: str) -> str:
        """Return the time zone of a campaign that names none."""
        if region and region not in ZONES and not self._is_wrong("time_zone"):
            self._add("time_zone", CHOOSE)
        return ZONES.get(region, _UTC)


_TRANSLATED = frozenset(setting.name for setting in TRANSLATION_SETTINGS)
_UTC = "UTC"
_LONGEST_QUOTE = 100
_NOT_KNOWN = Message(
    "The campaign’s files have “%(name)s”, which we don’t know. Ask the person who writes them to remove it."
)
UNREAD = CampaignSettings(_Reader({}).read().known)
"""The settings of a campaign that has none."""
