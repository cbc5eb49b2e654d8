"""The settings of campaign.toml: what each is for, and what it may be. The one list from which the rest is made.

`settings` reads them, `writing` writes them with their notes, and editors complete them by the JSON Schema.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from undersigned.domain.campaigns import ID_PATTERN, StreetAddress
from undersigned.domain.schedule import DAYS, LAST_DAY_OF_MONTH, LAST_HOUR, Deliver
from undersigned.domain.sources import MOST_SOURCES, NO_SOURCE, OTHER, SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

# These fit into a row of the table, an email's header and a page, with room to spare.
LONGEST_TEXT = 300
LONGEST_SUMMARY = 2_000
MOST_SITES = 50
LARGEST_GOAL = 1_000_000_000

# Links to packets work for 30 days.
SHORTEST_KEEPING, LONGEST_KEEPING = 30, 3_650

LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
"""The pattern of a language code."""

SCHEMA_FILE = "campaign.schema.json"
"""The JSON Schema, beside campaign.toml in a folder that a command made."""

_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
_SUMMARY: Mapping[str, Any] = {**_TEXT, "maxLength": LONGEST_SUMMARY}
_DAY: Mapping[str, Any] = {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting. `schema` is its JSON Schema, `note` what it is for, and `example` its line if it is not set."""

    name: str
    note: str
    schema: Mapping[str, Any] = field(default_factory=lambda: _TEXT)
    required: bool = False
    example: str = ""


ORGANIZER_SETTINGS = (
    Setting("name", "The organization's name.", required=True),
    Setting("email", "The address that replies go to.", required=True),
    Setting("website", "The organization's web address.", example='website = "https://www.example.org"'),
)

TRANSLATION_SETTINGS = (
    Setting("title", "The campaign's name in this language.", required=True),
    Setting("summary", "The summary in this language.", _SUMMARY, required=True),
)

SETTINGS = (
    Setting(
        "id",
        "The name in web addresses: lowercase letters, digits and hyphens. Don't change it once people sign.",
        {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"},
        required=True,
    ),
    Setting("title", "What people read above the form, and in the subject of their emails.", required=True),
    Setting("summary", "A sentence or two on what the letter asks for, under the title.", _SUMMARY, required=True),
    Setting(
        "language",
        'The letter\'s language, such as "en".',
        {"type": "string", "pattern": f"^{LANGUAGE}$"},
        required=True,
    ),
    Setting(
        "languages",
        "The languages that people can choose for pages and emails. Each except the letter's own has a table at the "
        "end of this file, and may have a letter of its own, such as letter.es.md.",
        {"type": "array", "items": {"type": "string", "pattern": f"^{LANGUAGE}$"}, "uniqueItems": True},
        example='languages = ["en", "es"]',
    ),
    Setting("region", 'The state where signers live, such as "IL".', required=True),
    Setting(
        "time_zone",
        'The time zone in which days begin and end, such as "America/Chicago".',
        required=True,
    ),
    Setting(
        "goal",
        "The number of signatures you hope for, shown beside the count.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_GOAL},
        required=True,
    ),
    Setting("opens", "The first day of signing. Without it, that is at once.", _DAY, example="opens = 2030-01-01"),
    Setting("closes", "The last day of signing. Without it, there is no end.", _DAY, example="closes = 2030-12-31"),
    Setting(
        "allowed_origins",
        "The websites that may show the form inside their own pages, or send their own forms here.",
        {
            "type": "array",
            "items": {"type": "string", "pattern": r"^https?://[^/?#\s]+$"},
            "maxItems": MOST_SITES,
            "uniqueItems": True,
        },
        example='allowed_origins = ["https://www.example.org"]',
    ),
    Setting(
        "frame_origins",
        "The websites that may show the form and nothing else. Other people can have pages at the same address.",
        {
            "type": "array",
            "items": {"type": "string", "pattern": r"^https?://[^/?#\s]+$"},
            "maxItems": MOST_SITES,
            "uniqueItems": True,
        },
        example='frame_origins = ["https://sites.example.edu"]',
    ),
    Setting(
        "accent",
        "The color of links and buttons, as # and six digits.",
        {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
        example='accent = "#7a2048"',
    ),
    Setting(
        "street_address",
        "Whether a signer must give street and house number, may give them, or is not asked.",
        {"enum": list(get_args(StreetAddress)), "default": "required"},
    ),
    Setting(
        "own_words",
        "Whether signers can add some words of their own, if the letter has the field {{ note }} for them.",
        {"type": "boolean", "default": True},
    ),
    Setting(
        "sources",
        "The links and sites that you want counts for, such as a flyer. A link to the form says it: ?source=flyer.",
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^(?!(?:{OTHER}|{NO_SOURCE})$){SOURCE.pattern}$"},
            "maxItems": MOST_SOURCES,
            "uniqueItems": True,
        },
        example='sources = ["flyer", "newsletter"]',
    ),
    Setting(
        "approval",
        "Whether the letters of each delivery wait until the organizer approves them.",
        {"type": "boolean", "default": False},
    ),
    Setting(
        "deliver",
        "How often letters go out: weekly or monthly. A recipient never gets more than one email in seven days.",
        {"enum": list(get_args(Deliver)), "default": "weekly"},
    ),
    Setting(
        "deliver_on",
        'The day on which letters go out: "MON" to "SUN", or if they go monthly, 1 to 31, where 31 is the last day of '
        "each month. Without it, that is the day of the stack, or the first of the month.",
        {"enum": [*DAYS, *range(1, LAST_DAY_OF_MONTH + 1)]},
        example='deliver_on = "TUE"',
    ),
    Setting(
        "deliver_at",
        "The hour at which letters go out, 0 to 23, in the campaign's time zone. Without it, that is the stack's hour.",
        {"type": "integer", "minimum": 0, "maximum": LAST_HOUR},
        example="deliver_at = 9",
    ),
    Setting(
        "privacy_url",
        "The address of your own privacy notice. Without it, the form links to a notice that comes with Undersigned.",
        {**_TEXT, "pattern": "^https://"},
        example='privacy_url = "https://www.example.org/privacy"',
    ),
    Setting(
        "keep_for_days",
        "For how many days after `closes` what letters say about people is kept. Then it is deleted by itself, and the "
        "counts stay. Without it, it is kept until you erase it.",
        {"type": "integer", "minimum": SHORTEST_KEEPING, "maximum": LONGEST_KEEPING},
        example="keep_for_days = 90",
    ),
)
"""In the order in which they are written. The table `[organizer]` and those of the languages follow."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of campaign.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A campaign of Undersigned",
        "type": "object",
        "required": [*(setting.name for setting in SETTINGS if setting.required), "organizer"],
        "properties": {
            **{setting.name: _property(setting) for setting in SETTINGS},
            "organizer": {"description": "Who runs the campaign.", **_table(ORGANIZER_SETTINGS)},
        },
        "patternProperties": {
            # `id` is a setting, and would be a language code, too.
            f"^(?!id$){LANGUAGE}$": {
                "description": "The texts above the form in a further language.",
                **_table(TRANSLATION_SETTINGS),
            },
        },
        "additionalProperties": False,
    }


def schema_text() -> str:
    """Return the JSON Schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(settings: tuple[Setting, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [setting.name for setting in settings if setting.required],
        "properties": {setting.name: _property(setting) for setting in settings},
        "additionalProperties": False,
    }


def _property(setting: Setting) -> dict[str, Any]:
    return {"description": setting.note, **setting.schema}
