"""Change settings in a campaign.toml, and keep everything else that people wrote there: their order and comments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from undersigned.authoring.described_settings import TABLES, described, setting_of
from undersigned.authoring.mistakes import UnknownSettingError, correct_name
from undersigned.authoring.setting_kinds import DAY, LANGUAGE
from undersigned.authoring.settings import FILE
from undersigned.authoring.toml_document import TomlDocument, check_length
from undersigned.domain.errors import LOAD_AGAIN
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tomlkit import TOMLDocument

    from undersigned.authoring.described_settings import Setting
    from undersigned.authoring.setting_kinds import Value

_LEFT_OUT = "\x7fleft out %s\x7f"


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
        """Return the other languages of the campaign: the file has texts in them, or needs some."""
        listed = self._document.get("languages")
        known = listed if isinstance(listed, list) else []
        own = self._document.get("language")
        tables = [name for name, value in self._document.values.items() if isinstance(value, dict)]
        names = [name for name in (*known, *tables) if isinstance(name, str) and name not in {own, "organizer"}]
        return tuple(dict.fromkeys(name for name in names if re.fullmatch(LANGUAGE, name)))

    @property
    def values(self) -> Mapping[str, Value]:
        """Return every setting by its dotted name, such as `goal`, `organizer.email` or `es.title`.

        A missing setting is None. One with a mistake is as it was written, or a text if JSON has no such value.
        """
        return {name: _as_json(self._document.get(name)) for name in self.described()}

    def described(self, languages: Iterable[str] = ()) -> Mapping[str, Setting]:
        """Return the settings that the file can have, by dotted name. `languages` are added to its own."""
        further = (language for language in languages if re.fullmatch(LANGUAGE, language))
        return described(dict.fromkeys((*self.languages, *further)))

    def line_of(self, name: str) -> int | None:
        """Return the line of a setting (1-based), or None if it isn't there."""
        return self._document.line_of(name)

    def changed(self, values: Mapping[str, Value]) -> SettingsDocument:
        """Return the file with these settings, by dotted name; None removes one. Nothing else changes.

        A language that is removed from `languages`, or becomes the campaign's own, loses its table, too. Values are not
        checked here: reading the file finds their mistakes. Raises UnknownSettingError, and MistakesError for a file
        that tomlkit can't read.
        """
        check_length(FILE, json.dumps(values))
        before = self.values
        settings = {name: _setting(name) for name in values}
        changed = {
            name: value
            for name, value in values.items()
            if before.get(name) != value or (value is None and self._document.get(name) is not None)
        }
        gone = {*self.languages}.difference(_listed(values["languages"])) if "languages" in values else set()
        gone |= {language for language in self.languages if language == values.get("language")}
        if not changed and not gone:
            return self
        # Parsing takes long, so all settings change at once.
        added = [settings[name] for name, value in changed.items() if value is not None and _has_example(name)]
        document = _parse(_with_examples(self.text, added))
        for name, value in changed.items():
            _set(document, name, settings[name], value)
        for language in gone:
            if language in document:
                document.remove(language)
        text = tomlkit.dumps(document)
        for name in (name for name, value in changed.items() if value is None):
            text = _without(text, name, settings[name])
        return SettingsDocument.read(text)


def _has_example(name: str) -> bool:
    """Say whether new folders show this setting in a comment while it is left out."""
    return name.rpartition(".")[0] in TABLES


def _with_examples(text: str, settings: Iterable[Setting]) -> str:
    """Return the text with the examples of these settings in place of their comments."""
    for setting in settings:
        text = re.sub(rf"(?m)^# *({re.escape(setting.example)})[ \t]*$", r"\1", text, count=1)
    return text


def _set(document: TOMLDocument, name: str, setting: Setting, value: Value) -> None:
    """Change or add a setting, or mark it as left out."""
    table, _, key = name.rpartition(".")
    if value is not None:
        _check_kind(name, value)
    if table and table not in document:
        document[table] = tomlkit.table()
    container: Any = document[table] if table else document
    container[key] = _LEFT_OUT % name if value is None else _as_toml(setting, value)


def _without(text: str, name: str, setting: Setting) -> str:
    """Replace a setting that is marked as left out by its example in a comment, or remove it if it has none."""
    line = f"#{setting.example}\n" if _has_example(name) else ""
    return re.sub(rf'(?m)^[^\n=]*= *"\\u007fleft out {re.escape(name)}\\u007f"[^\n]*\n?', lambda _: line, text)


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
            ),
            plainly=Message("The details can only be changed by whoever writes the campaign’s files."),
        ) from error


def _setting(name: str) -> Setting:
    setting = setting_of(name)
    if setting is None:
        way_out = correct_name(name, described(()))
        raise UnknownSettingError(
            Message("There is no setting `%(name)s`; %(way_out)s.", {"name": name[:100], "way_out": way_out}),
            plainly=LOAD_AGAIN,
        )
    return setting


def _check_kind(name: str, value: object) -> None:
    is_list = isinstance(value, list) and all(isinstance(text, str) for text in value)
    if not is_list and not isinstance(value, (str, int, bool)):
        raise UnknownSettingError(
            Message("`%(name)s` must be a text, a number, true, false, null or a list of texts.", {"name": name}),
            plainly=LOAD_AGAIN,
        )


def _as_toml(setting: Setting, value: Value) -> Any:  # noqa: ANN401  (any TOML value)
    if setting.kind is DAY and isinstance(value, str):
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
