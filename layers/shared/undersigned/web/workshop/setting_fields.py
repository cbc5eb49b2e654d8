"""The workshop's fields for settings. They are made from the descriptions of the settings, so that none is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.domain.languages import Message, name_of, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.authoring.described_settings import Setting
    from undersigned.authoring.settings_document import Value

Kind = Literal["text", "long", "email", "url", "number", "date", "color", "switch", "choice", "lines"]

FIXED = frozenset({"id"})
"""Settings that the page only shows: people have links with the campaign's name."""

_LONG = 300
"""A text that may be longer than this gets a field of several lines."""

_KINDS: Mapping[str, Kind] = {
    "organizer.email": "email",
    "organizer.website": "url",
    "privacy_url": "url",
}

_LABELS: Mapping[str, Message] = {
    "id": Message("Name in web addresses"),
    "title": Message("Title"),
    "summary": Message("Summary"),
    "organizer.name": Message("Organization"),
    "organizer.email": Message("Email address for replies"),
    "organizer.website": Message("Website"),
    "language": Message("Language of the letter"),
    "languages": Message("Languages"),
    "region": Message("State"),
    "time_zone": Message("Time zone"),
    "goal": Message("Goal"),
    "opens": Message("First day"),
    "closes": Message("Last day"),
    "allowed_origins": Message("Websites with the form"),
    "frame_origins": Message("Websites that only show the form"),
    "accent": Message("Color"),
    "street_address": Message("Street and house number"),
    "own_words": Message("Signers’ own words"),
    "sources": Message("Labels of links and websites"),
    "deliver": Message("How often letters go out"),
    "deliver_on": Message("Day of delivery"),
    "deliver_at": Message("Hour of delivery"),
    "approval": Message("Approval"),
    "privacy_url": Message("Your own privacy notice"),
    "keep_for_days": Message("Days until people’s data is deleted"),
}

_HINTS: Mapping[str, Message] = {
    "languages": Message(
        "The languages that people can choose for pages and emails, one on each line, such as es. The letter can have "
        "a text of its own in each."
    ),
    "opens": Message("The first day of signing. Leave it empty to begin at once."),
    "closes": Message("The last day of signing. Leave it empty to have no end."),
    "own_words": Message("Whether signers can add some words of their own, where the letter has that merge field."),
    "allowed_origins": Message(
        "The websites that may show the form inside their own pages, or send their own forms here. One on each line: "
        "https:// and the name, as the browser shows it, and nothing after it."
    ),
    "frame_origins": Message(
        "Websites at whose address other people have pages, too, as on some site builders. They may show the form, and "
        "nothing else. One on each line, such as https://sites.example.edu."
    ),
    "sources": Message(
        "The links and websites that you want counts for, such as flyer. One on each line. A link to the form says it: "
        "?source=flyer."
    ),
    "deliver_on": Message(
        "A day of the week. If letters go out every month, a day of the month; 31 is the last day. If you choose none, "
        "they go out on the system’s day, or on the first of the month."
    ),
    "deliver_at": Message(
        "The hour at which letters go out, 0 to 23, in the campaign’s time zone. If it is empty, it is the hour of the "
        "system."
    ),
    "deliver": Message("A recipient never gets more than one email in seven days."),
    "keep_for_days": Message(
        "How many days after the last day what letters say about people is kept. Then it is deleted, and the counts "
        "stay. If you leave it empty, it is kept until you erase it."
    ),
    "privacy_url": Message("The address of your own privacy notice. If it is empty, the form links to a built-in one."),
}
"""Hints in place of a setting's note, where that speaks of the file."""

_CHOICES: Mapping[tuple[str, str], Message] = {
    ("street_address", "required"): Message("Must be given"),
    ("street_address", "optional"): Message("Can be given"),
    ("street_address", "no"): Message("Not asked for"),
    ("deliver", "weekly"): Message.in_context("how often letters go out", "Every week"),
    ("deliver", "monthly"): Message.in_context("how often letters go out", "Every month"),
    ("deliver_on", "MON"): Message("Monday"),
    ("deliver_on", "TUE"): Message("Tuesday"),
    ("deliver_on", "WED"): Message("Wednesday"),
    ("deliver_on", "THU"): Message("Thursday"),
    ("deliver_on", "FRI"): Message("Friday"),
    ("deliver_on", "SAT"): Message("Saturday"),
    ("deliver_on", "SUN"): Message("Sunday"),
}

_TRANSLATED = re.compile(r"(?!organizer\.)[^.]+\.(?:title|summary)")
_NAMED = re.compile(r"`\[?([\w.-]+)\]?`")

_UNSET = Message.in_context("setting", "Not set")
_YES, _NO = Message.in_context("setting", "Yes"), Message.in_context("setting", "No")

_TEXTS, _REST = Message("What people read"), Message("More settings")

_GROUPS: Sequence[tuple[Message, tuple[str, ...]]] = (
    (_TEXTS, ("id", "title", "summary")),
    (Message("Who runs the campaign"), ("organizer.name", "organizer.email", "organizer.website")),
    (Message("Signing"), ("goal", "opens", "closes", "street_address", "own_words")),
    (Message("Place and languages"), ("region", "time_zone", "language", "languages")),
    (Message("Sending"), ("deliver", "deliver_on", "deliver_at", "approval")),
    (Message("Your website"), ("accent", "allowed_origins", "frame_origins", "sources")),
    (Message("Data protection"), ("privacy_url", "keep_for_days")),
)


@dataclass(frozen=True, slots=True)
class SettingField:
    """A field of the page, in the reader's language. `value` is its text; `choices` are values with their words."""

    name: str
    kind: Kind
    label: str
    hint: str
    value: str
    required: bool
    limit: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return the field's id on the page."""
        return f"setting-{self.name.replace('.', '-')}"

    @property
    def is_fixed(self) -> bool:
        """Say whether the page only shows it."""
        return self.name in FIXED


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Fields under one heading."""

    heading: str
    fields: tuple[SettingField, ...]


def setting_groups(
    described: Iterable[tuple[str, Setting]],
    values: Mapping[str, Value],
    errors: Mapping[str, Sequence[str]],
    language: str,
) -> tuple[SettingGroup, ...]:
    """Return the fields of all settings. `errors` are by name."""
    fields = {
        name: SettingField(
            name,
            _kind(name, setting),
            label_of(name, language),
            _hint(name, setting, language),
            as_text(values.get(name), setting),
            setting.required,
            setting.schema.get("maxLength"),
            _choices(name, setting, language),
            tuple(errors.get(name, ())),
        )
        for name, setting in described
    }
    placed = {name for _, names in _GROUPS for name in names}
    texts = tuple(fields[name] for name in fields if _TRANSLATED.fullmatch(name))
    rest = tuple(field for name, field in fields.items() if name not in placed and field not in texts)
    groups = [
        SettingGroup(
            heading.in_language(language),
            (*(fields[name] for name in names if name in fields), *(texts if heading is _TEXTS else ())),
        )
        for heading, names in _GROUPS
    ]
    return (*groups, SettingGroup(_REST.in_language(language), rest)) if rest else tuple(groups)


_MOST_DIGITS = 20
"""A longer number is a mistake, which reading the settings finds."""


def values_of(described: Iterable[tuple[str, Setting]], posted: Mapping[str, object]) -> dict[str, Value]:
    """Return the settings that a posted page has, by name. An empty field removes a setting that may be missing.

    What is no number or no list stays a text, in which reading the settings finds the mistake.
    """
    values: dict[str, Value] = {}
    for name, setting in described:
        typed = posted.get(name)
        if not isinstance(typed, str) or name in FIXED:
            continue
        # JSON can hold lone surrogates, which UTF-8 can't encode.
        values[name] = _value_of(typed.encode(errors="replace").decode().strip(), setting)
    return values


def _number_in(text: str) -> str:
    """Return a typed number without separators of thousands; another text as it is."""
    return re.sub(r"[,. ]", "", text) if re.fullmatch(r"[0-9][0-9,. ]{0,20}", text) else text


def _value_of(text: str, setting: Setting) -> Value:
    kind = _kind(setting.name, setting)
    if kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()] or None
    if not text:
        return "" if setting.required else None
    if kind == "switch" and text in {"yes", "no"}:
        return text == "yes"
    if kind == "choice":
        return next((value for value in setting.schema["enum"] if str(value) == text), text)
    if (
        kind == "number"
        and (number := _number_in(text)).isdecimal()
        and number.isascii()
        and len(number) <= _MOST_DIGITS
    ):
        return int(number)
    return text


def as_text(value: Value, setting: Setting) -> str:
    """Return a setting's value as its field has it. A setting that isn't there has its default."""
    if value is None:
        value = _default(setting)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(value)
    return "" if value is None else str(value)


def words_of(name: str, text: str, language: str) -> str:
    """Return a setting's text in words, as its choices on the page have them; another text as it is."""
    return _CHOICES[name, text].in_language(language) if (name, text) in _CHOICES else text


def setting_in(message: str, names: Iterable[str]) -> str | None:
    """Return the setting that a mistake in campaign.toml is about, by the first name in it, or None."""
    found = _NAMED.search(message)
    return found[1] if found and found[1] in set(names) else None


def label_of(name: str, language: str) -> str:
    """Return a setting's label. A text in a further language has the language's name with it."""
    table, _, key = name.rpartition(".")
    if table and table != "organizer":
        values = {"label": _LABELS[key], "language": name_of(table)}
        return Message("%(label)s (%(language)s)", values).in_language(language)
    return _LABELS[name].in_language(language) if name in _LABELS else key.replace("_", " ").capitalize()


def _hint(name: str, setting: Setting, language: str) -> str:
    return _HINTS[name].in_language(language) if name in _HINTS else translated(setting.note, language)


def _kind(name: str, setting: Setting) -> Kind:  # noqa: PLR0911  (a table)
    if name in _KINDS:
        return _KINDS[name]
    schema = setting.schema
    if "enum" in schema:
        return "choice"
    match schema.get("type"):
        case "boolean":
            return "switch"
        case "integer":
            return "number"
        case "array":
            return "lines"
        case _ if schema.get("format") == "date":
            return "date"
        case _ if str(schema.get("pattern", "")).startswith("^#"):
            return "color"
        case _:
            return "long" if schema.get("maxLength", 0) > _LONG else "text"


def _choices(name: str, setting: Setting, language: str) -> tuple[tuple[str, str], ...]:
    kind = _kind(name, setting)
    if kind == "switch":
        return ("yes", _YES.in_language(language)), ("no", _NO.in_language(language))
    words = [
        (str(value), _CHOICES[name, value].in_language(language) if (name, value) in _CHOICES else str(value))
        for value in setting.schema.get("enum", ())
    ]
    # Without it, a page that shows a setting which isn't there would set it to the first choice.
    unset = [("", _UNSET.in_language(language))] if words and not setting.required and _default(setting) is None else []
    return (*unset, *words)


def _default(setting: Setting) -> Value:
    default: Value = setting.schema.get("default")
    return default
