"""Change settings in a campaign.toml, and keep everything else that people wrote there: their order and comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from undersigned.authoring.described_settings import LANGUAGE, ORGANIZER_SETTINGS, SETTINGS, TRANSLATION_SETTINGS
from undersigned.authoring.mistakes import UnknownSettingError, correct_name
from undersigned.authoring.settings import FILE
from undersigned.authoring.toml_document import TomlDocument
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tomlkit import TOMLDocument

    from undersigned.authoring.described_settings import Setting

type Value = str | int | bool | list[str] | None
"""A setting as JSON has it: a day is a text such as `2026-11-30`, and None is a setting that isn't there."""

_LANGUAGE = re.compile(LANGUAGE)
_OF_TABLE: Mapping[str, tuple[Setting, ...]] = {"": SETTINGS, "organizer": ORGANIZER_SETTINGS}
_LEFT_OUT = "\x7fleft out\x7f"
_LINE_LEFT_OUT = re.compile(r"(?m)^[^\n=]*= *\"\\u007fleft out\\u007f\"[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class SettingsDocument:
    """A campaign.toml that is TOML; its settings can have mistakes."""

    text: str
    _document: TomlDocument

    @classmethod
    def read(cls, text: str) -> SettingsDocument:
        """Read a file's text. Raises MistakesError if it is not TOML."""
        return cls(text, TomlDocument.parse(FILE, text))

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages, other than the campaign's own, for which the file has or needs texts."""
        listed = self._document.get("languages")
        known = listed if isinstance(listed, list) else []
        own = self._document.get("language")
        tables = [name for name, value in self._document.values.items() if isinstance(value, dict)]
        names = [name for name in (*known, *tables) if isinstance(name, str) and name not in {own, "organizer"}]
        return tuple(dict.fromkeys(name for name in names if _LANGUAGE.fullmatch(name)))

    @property
    def values(self) -> Mapping[str, Value]:
        """Return every setting by its dotted name, such as `goal`, `organizer.email` or `es.title`.

        A setting that isn't there is None. One with a mistake has what is written, or its text if JSON can't have it.
        """
        return {name: _as_json(self._document.get(name)) for name, _ in self.described()}

    def described(self, languages: Iterable[str] = ()) -> Iterator[tuple[str, Setting]]:
        """List the settings that the file can have, by dotted name, with their descriptions.

        `languages` are further ones than the file's own.
        """
        yield from ((setting.name, setting) for setting in SETTINGS)
        yield from ((f"organizer.{setting.name}", setting) for setting in ORGANIZER_SETTINGS)
        further = (language for language in languages if _LANGUAGE.fullmatch(language))
        for language in dict.fromkeys((*self.languages, *further)):
            yield from ((f"{language}.{setting.name}", setting) for setting in TRANSLATION_SETTINGS)

    def line_of(self, name: str) -> int | None:
        """Return the line of a setting (1-based), or None if it isn't there."""
        return self._document.line_of(name)

    def changed(self, values: Mapping[str, Value]) -> SettingsDocument:
        """Return the file with these settings, by dotted name; None removes one. Nothing else changes.

        A language that is removed from `languages` loses its table, too. Values are not checked here: reading the file
        finds their mistakes. Raises UnknownSettingError, and MistakesError for a file that tomlkit can't read.
        """
        text, before = self.text, self.values
        for name, value in values.items():
            setting = _setting(name)
            if before.get(name) != value or (value is None and self._document.get(name) is not None):
                text = _with(text, name, setting, value)
        if "languages" in values:
            text = _without_languages(text, {*self.languages}.difference(_listed(values["languages"])))
        return SettingsDocument.read(text)


def _with(text: str, name: str, setting: Setting, value: Value) -> str:
    """Return the text with a setting that is changed, added or removed."""
    table, _, key = name.rpartition(".")
    if value is not None:
        _check_kind(name, value)
        if table in {"", "organizer"} and setting.example:
            # New folders have a setting that is left out as a comment.
            text = re.sub(rf"(?m)^# *{re.escape(setting.example)}[ \t]*$", lambda _: setting.example, text, count=1)
    document = _parse(text)
    if table and table not in document:
        document[table] = tomlkit.table()
    container: Any = document[table] if table else document
    if value is None:
        container[key] = _LEFT_OUT
        line = f"#{setting.example}\n" if setting.example else ""
        return _LINE_LEFT_OUT.sub(lambda _: line, tomlkit.dumps(document))
    container[key] = _as_toml(setting, value)
    return tomlkit.dumps(document)


def _without_languages(text: str, languages: Iterable[str]) -> str:
    document = _parse(text)
    for language in languages:
        if language in document:
            document.remove(language)
    return tomlkit.dumps(document)


def _listed(value: Value) -> list[str]:
    return value if isinstance(value, list) else []


def _parse(text: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        # `tomllib` has read the text; tomlkit refuses a little more.
        raise UnknownSettingError(
            Message(
                "%(file)s can only be changed by hand, because of how it is written: change it in its folder, and push "
                "that.",
                {"file": FILE},
            )
        ) from error


def _setting(name: str) -> Setting:
    table, _, key = name.rpartition(".")
    settings = _OF_TABLE.get(table, TRANSLATION_SETTINGS if _LANGUAGE.fullmatch(table) else SETTINGS)
    found = next((setting for setting in settings if setting.name == key), None)
    if found is None:
        way_out = correct_name(key, [setting.name for setting in settings])
        raise UnknownSettingError(
            Message("There is no setting `%(name)s`; %(way_out)s.", {"name": name[:100], "way_out": way_out})
        )
    return found


def _check_kind(name: str, value: object) -> None:
    is_list = isinstance(value, list) and all(isinstance(text, str) for text in value)
    if not is_list and not isinstance(value, (str, int, bool)):
        raise UnknownSettingError(
            Message("`%(name)s` must be a text, a number, true, false, null or a list of texts.", {"name": name})
        )


def _as_toml(setting: Setting, value: Value) -> Any:  # noqa: ANN401  (any TOML value)
    if setting.schema.get("format") == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _as_json(value: object) -> Value:
    if isinstance(value, list):
        return [text if isinstance(text, str) else str(text) for text in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
