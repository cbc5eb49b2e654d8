"""Read `campaign.toml`: a campaign's settings, and every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from undersigned.authoring.described_settings import (
    ORGANIZER_SETTINGS,
    SETTINGS,
    TRANSLATION_SETTINGS,
    described,
    setting_of,
)
from undersigned.authoring.mistakes import Mistake, MistakesError, correct_name
from undersigned.authoring.regions import ZONES
from undersigned.authoring.setting_kinds import CHOOSE, LANGUAGE, Wrong
from undersigned.authoring.toml_document import TomlDocument, as_written
from undersigned.domain.authoring.campaigns import Campaign, Organizer, Translation
from undersigned.domain.authoring.filtered_words import filtered_words
from undersigned.domain.languages import Message, languages
from undersigned.domain.signing.typos import meant_by

if TYPE_CHECKING:
    from undersigned.authoring.described_settings import Setting

FILE = "campaign.toml"


_UNREADABLE = Message("the details can't be read; fill them in again, or take an earlier version back")
"""For people at a page, who didn't write the file: a program did."""


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """The content of campaign.toml. `campaign` has no letters yet, and is None if there are mistakes.

    `known` has a substitute for each setting that is missing or wrong. `other_languages` are all except the campaign's
    own, or None if a mistake leaves them unknown.
    """

    known: Campaign
    campaign: Campaign | None = None
    language: str = ""
    other_languages: tuple[str, ...] | None = None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


def read_settings(text: str) -> CampaignSettings:
    """Read the text of campaign.toml."""
    try:
        document = TomlDocument.parse(FILE, text)
    except MistakesError as error:
        return replace(UNREAD, mistakes=tuple(replace(one, plainly=_UNREADABLE) for one in error.mistakes))
    return _Reader(document).read()


class _Reader:
    """Reads each setting by its description, and then checks those that depend on each other."""

    def __init__(self, document: TomlDocument) -> None:
        self._document = document
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []

    def read(self) -> CampaignSettings:
        values = self._table("", SETTINGS)
        language = "" if self._is_wrong("language") else values["language"]
        others = tuple(other for other in values.pop("languages") if other != language)
        self._check_language(language)
        self._check_names(self._document.values, (*_NAMES, *others), own_language=language)
        organizer = Organizer(**self._table("organizer", ORGANIZER_SETTINGS))
        translated = [other for other in others if language and other in languages()]
        translations = {other: Translation(**self._table(other, TRANSLATION_SETTINGS)) for other in translated}
        self._check_days(values)
        if meant := meant_by(organizer.email):
            asks = Message("Did you mean %(address)s?", {"address": meant})
            self._warnings.append(self._mistake("organizer.email", Wrong(asks, asks)))
        self._check_words({"title": values["title"], "request": values["request"], "organizer.name": organizer.name})
        zone = values["time_zone"] or self._zone_of(values["region"])
        known = Campaign(**{**values, "time_zone": zone}, letter="", organizer=organizer, translations=translations)
        return CampaignSettings(
            known=known,
            campaign=None if self._mistakes else known,
            language=language,
            other_languages=others if language else None,
            mistakes=tuple(sorted(self._mistakes, key=lambda mistake: mistake.line or 0)),
            warnings=tuple(self._warnings),
        )

    def _table(self, table: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
        """Return the settings of a table by name, with substitutes for those that are missing or wrong."""
        found = self._document.get(table) if table else self._document.values
        if found is not None and not isinstance(found, Mapping):
            says = Message("`%(name)s` is %(value)s; write [%(name)s] on a line of its own, and its settings below")
            self._add(table, Wrong(says, _NOT_KNOWN))
            return {setting.name: setting.without for setting in settings}
        if table:
            self._check_names(found or {}, tuple(setting.name for setting in settings), prefix=f"{table}.")
        return {setting.name: self._value(f"{table}.{setting.name}".lstrip("."), setting) for setting in settings}

    def _value(self, name: str, setting: Setting) -> Any:  # noqa: ANN401  (whatever the campaign has)
        value = self._document.get(name)
        if value is None:
            if setting.required:
                self._add(name, Wrong(_MISSING, setting.kind.ask))
            return setting.without
        wrong = [*setting.kind.wrong_in(value)]
        for one in wrong:
            self._add(name, one)
        return setting.without if wrong else setting.kind.read(value)

    def _add(self, name: str, wrong: Wrong) -> None:
        """Add a mistake, with the setting's values in its sentences."""
        self._mistakes.append(self._mistake(name, wrong))

    def _mistake(self, name: str, wrong: Wrong) -> Mistake:
        value, setting = self._document.get(name), setting_of(name)
        values: dict[str, object] = {"name": name, "value": as_written(value), "text": str(value)[:_LONGEST_QUOTE]}
        if setting:
            values |= {"meaning": setting.meaning, "example": setting.example}
        says, plainly = (
            replace(message, values={**values, **message.values}) for message in (wrong.in_file, wrong.on_page)
        )
        return Mistake(FILE, self._document.line_of(name), says, setting=name if setting else None, plainly=plainly)

    def _is_wrong(self, name: str) -> bool:
        return any(mistake.setting == name for mistake in self._mistakes)

    def _check_names(
        self, table: Mapping[str, Any], known: tuple[str, ...], *, prefix: str = "", own_language: str = ""
    ) -> None:
        for name in (name for name in table if name not in known):
            values: dict[str, object] = {"key": name}
            if prefix and name in _NAMES:
                values["table"] = prefix[:-1]
                says = Message(
                    "`%(key)s` is under `[%(table)s]`; move it above the first line in square brackets", values
                )
            elif isinstance(table[name], Mapping) and name == own_language:
                says = Message(
                    "`[%(key)s]` is the campaign's own language; put its title and summary at the top of the file",
                    values,
                )
            elif isinstance(table[name], Mapping) and re.fullmatch(LANGUAGE, name):
                values["listed"] = described(())["languages"].example
                says = Message(
                    "`[%(key)s]` is a language that `languages` doesn't list; add it, as in %(listed)s", values
                )
            else:
                values["way_out"] = correct_name(name, known)
                says = Message("unknown setting `%(name)s`; %(way_out)s", values)
            self._add(f"{prefix}{name}", Wrong(says, _NOT_KNOWN))

    def _check_language(self, own: str) -> None:
        """Check that the campaign's own language is listed, if any is, and warn if pages are not translated into it."""
        listed = self._document.get("languages")
        if own and isinstance(listed, list) and listed and own not in listed:
            values: dict[str, object] = {"language": repr(own)}
            says = Message("`languages` doesn't include %(language)s, the campaign's `language`; add it", values)
            self._add("languages", Wrong(says, Message("The letter’s own language is missing. Add it.")))
        if own and not listed and own not in languages():
            says = Message(
                "pages and emails are not translated into %(value)s, so the text around the letter is in English; "
                "docs/translating.md explains how to add a language"
            )
            plainly = Message("Pages and emails are not translated into this language. They are in English.")
            self._warnings.append(self._mistake("language", Wrong(says, plainly)))

    def _check_days(self, values: Mapping[str, Any]) -> None:
        """Check the days that depend on another setting."""
        opens, closes = values["opens"], values["closes"]
        if opens and closes and closes < opens:
            says = Message(
                "`closes` is %(value)s, before `opens` (%(opens)s); write the last day of signing, %(opens)s or later",
                {"opens": opens.isoformat()},
            )
            self._add("closes", Wrong(says, Message("This is before the first day. Choose a later one.")))
        if values["keep_for_days"] and self._document.get("closes") is None:
            says = Message("`keep_for_days` counts from the last day of signing; add it, such as closes = 2026-11-30")
            plainly = Message("The days count from the last day of signing. Choose that, too.")
            self._add("keep_for_days", Wrong(says, plainly))

    def _check_words(self, texts: Mapping[str, str | None]) -> None:
        """Warn of words in the email to a recipient by which filters hold emails back."""
        for name, text in texts.items():
            if words := filtered_words(text or ""):
                values = {"words": ", ".join(words)}
                says = Message(
                    "`%(name)s` is in the email to a recipient, and filters may hold that back for %(words)s; say it "
                    "in other words if you can",
                    values,
                )
                plainly = Message(
                    "This is in the email to a recipient. Filters may hold that back for these words: %(words)s. Say "
                    "it in other words if you can.",
                    values,
                )
                self._warnings.append(self._mistake(name, Wrong(says, plainly)))

    def _zone_of(self, region: str) -> str:
        """Return the time zone of a campaign that names none."""
        if region and region not in ZONES and not self._is_wrong("time_zone"):
            self._add("time_zone", Wrong(_MISSING, CHOOSE))
        return ZONES.get(region, _UTC)


_NAMES = (*(setting.name for setting in SETTINGS), "organizer")
_UTC = "UTC"
_LONGEST_QUOTE = 100
_MISSING = Message("`%(name)s` is missing; add %(meaning)s, such as %(example)s")
_NOT_KNOWN = Message("The campaign’s files have “%(name)s”, which we don’t know. Whoever writes them can remove it.")
UNREAD = CampaignSettings(_Reader(TomlDocument({}, {})).read().known)
"""The settings of a campaign whose file is missing or can't be read."""
