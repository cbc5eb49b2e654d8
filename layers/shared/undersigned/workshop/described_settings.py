"""The settings of a campaign, each described once: its meaning, its values, and its words on the page.

From these descriptions `settings` reads campaign.toml, `writing` writes it, the workshop makes its fields, and editors
get a JSON Schema to complete the file. A setting of a campaign is an attribute of `Campaign` with the same name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from undersigned.base.languages import SOURCE, Message, name_of
from undersigned.workshop import setting_kinds as kinds
from undersigned.workshop.setting_kinds import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA_FILE = "campaign.schema.json"
"""The JSON Schema, beside campaign.toml in a folder that a command made."""

_GOAL = 100
"""A few people who ask around reach it within weeks. A goal that was met can be raised."""

_LONGEST_SUMMARY = 2_000
_LONGEST_REQUEST = 200
_LONGEST_BUTTON = 60
_LARGEST_GOAL = 1_000_000_000
# Links to packets work for 30 days.
_SHORTEST_KEEPING, _LONGEST_KEEPING = 30, 3_650

_ASKED = kinds.choice(
    {"required": Message("Required"), "optional": Message("Optional"), "no": Message("Not asked for")}
)
_ASKED_IN_FILE = 'Write "required", "optional" or "no".'


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting and its words: `meaning` fits into a sentence, `note` follows it, and `in_file` only in the file.

    `sample` is a value to show, and to test with. A campaign without the setting has the `default`; `unset` names that
    choice on the page.
    """

    name: str
    kind: kinds.Kind
    label: Message
    meaning: Message
    note: Message | None = None
    in_file: str = ""
    sample: object = field(kw_only=True)
    required: bool = False
    default: kinds.Value = None
    unset: Message | None = None

    def hint(self, language: str) -> str:
        """Return its description on the page."""
        return self._sentences(language, self.kind.hint)

    @property
    def note_in_file(self) -> str:
        """Return its description in the file."""
        return f"{self._sentences(SOURCE)} {self.in_file}".strip()

    def _sentences(self, language: str, more: Message | None = None) -> str:
        meaning, *notes = (it.in_language(language) for it in (self.meaning, self.note, more) if it)
        return " ".join((f"{meaning[:1].upper()}{meaning[1:]}.", *notes))

    @property
    def example(self) -> str:
        """Return a line of the file with the sample."""
        return f"{self.name} = {as_toml(self.sample)}"

    @property
    def without(self) -> Any:  # noqa: ANN401  (whatever the campaign has)
        """Return the value of a campaign whose setting is missing or wrong."""
        return "" if self.required else self.kind.nothing if self.default is None else self.default

    @property
    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema."""
        default = {} if self.default is None else {"default": self.default}
        return {"description": self.note_in_file, **self.kind.schema, **default}


ORGANIZER_SETTINGS = (
    Setting(
        "name",
        kinds.text(),
        Message("Organization"),
        Message("the organization’s name"),
        required=True,
        sample="Walkers of Illinois",
    ),
    Setting(
        "email",
        kinds.EMAIL,
        Message("Email address for replies"),
        Message("the address that replies go to"),
        required=True,
        sample="letters@walkers.example",
    ),
    Setting(
        "website",
        kinds.WEB_ADDRESS,
        Message("Website"),
        Message("the organization’s web address"),
        sample="https://www.example.org",
    ),
    Setting(
        "telephone",
        kinds.TELEPHONE,
        Message("Telephone"),
        Message("the number that a recipient’s office can call"),
        Message("It appears in emails to recipients, on the cover of printed letters, and in the privacy notice."),
        sample="312-555-0147",
    ),
)

TRANSLATION_SETTINGS = (
    Setting(
        "title",
        kinds.text(),
        Message("Title"),
        Message("the campaign’s name in this language"),
        required=True,
        sample="Calles seguras",
    ),
    Setting(
        "summary",
        kinds.paragraph(_LONGEST_SUMMARY),
        Message("One sentence"),
        Message("what the letter asks for, in this language"),
        required=True,
        sample="Pida calles seguras.",
    ),
    Setting(
        "next_step",
        kinds.text(longest=_LONGEST_BUTTON),
        Message("Button after confirming"),
        Message("the words of the button in this language"),
        sample="Venga a la reunión",
    ),
    Setting(
        "question",
        kinds.QUESTION,
        Message("Your own question"),
        Message("the question in this language, and then its choices"),
        sample=["¿Alquila su casa?", "Sí", "No"],
    ),
)

SETTINGS = (
    Setting(
        "id",
        kinds.SLUG,
        Message("Name in web addresses"),
        Message("a name for web addresses, in lowercase letters"),
        Message("It stays the same once people sign."),
        required=True,
        sample="safer-streets",
    ),
    Setting(
        "title",
        kinds.text(),
        Message("Title"),
        Message("the campaign’s name as people will read it"),
        Message("It appears above the form, and in the subject of emails."),
        required=True,
        sample="Safer streets",
    ),
    Setting(
        "summary",
        kinds.paragraph(_LONGEST_SUMMARY),
        Message("One sentence"),
        Message("what the letter asks for, in one sentence"),
        Message("It appears under the title on the form."),
        required=True,
        sample="Ask your mayor for safer streets.",
    ),
    Setting(
        "request",
        kinds.text(longest=_LONGEST_REQUEST),
        Message("What you ask of recipients"),
        Message("what the letters ask for, in one sentence to a recipient"),
        Message(
            "It appears in the email that brings the letters to an office, in place of the title, and is optional. "
            "Choose plain words: spam filters read that email."
        ),
        sample="Please build safe crossings at every school.",
    ),
    Setting(
        "region",
        kinds.REGION,
        Message("State"),
        Message("the state where signers live"),
        in_file='Write its postal code, such as "IL".',
        required=True,
        sample="TX",
    ),
    Setting(
        "language",
        kinds.LANGUAGE_CODE,
        Message("Language of the letter"),
        Message("the letter’s language"),
        in_file='Write its code, such as "en".',
        default=SOURCE,
        sample="es",
    ),
    Setting(
        "languages",
        kinds.LANGUAGES,
        Message("Further languages"),
        Message("the languages that people can choose for pages and emails"),
        Message("Each has a title and a sentence of its own, and may have a letter of its own."),
        in_file="They are in a table at the end of this file, and in a file such as letter.es.md.",
        sample=["en", "es"],
    ),
    Setting(
        "time_zone",
        kinds.TIME_ZONE,
        Message("Time zone"),
        Message("the time zone in which days begin and end"),
        Message("Without a choice, it is the time zone of most people in the state."),
        sample="America/Chicago",
        unset=Message("The state’s time zone"),
    ),
    Setting(
        "goal",
        kinds.number(1, _LARGEST_GOAL),
        Message("Goal"),
        Message("the number of signatures you hope for, shown beside the count"),
        default=_GOAL,
        sample=500,
    ),
    Setting(
        "show_goal",
        kinds.choice(
            {
                "from-a-tenth": Message("From a tenth of it"),
                "always": Message.in_context("when people see the goal", "Always"),
                "never": Message.in_context("when people see the goal", "Never"),
            }
        ),
        Message("When people see the goal"),
        Message("when people see the goal and how near it is"),
        Message("A bar that is nearly empty discourages."),
        in_file='Write "from-a-tenth", "always" or "never".',
        default="from-a-tenth",
        sample="always",
    ),
    Setting(
        "opens",
        kinds.DAY,
        Message("First day"),
        Message("the first day of signing"),
        Message("Without it, people can sign at once."),
        sample=date(2030, 1, 1),
    ),
    Setting(
        "closes",
        kinds.DAY,
        Message("Last day"),
        Message("the last day of signing"),
        Message("Without it, there is no end."),
        sample=date(2030, 12, 31),
    ),
    Setting(
        "allowed_origins",
        kinds.WEBSITES,
        Message("Websites with the form"),
        Message("the websites where the form shows at its full height, and which may send their own forms here"),
        sample=["https://www.example.org"],
    ),
    Setting(
        "frame_origins",
        kinds.WEBSITES,
        Message("Websites that only show the form"),
        Message("the websites where the form shows at its full height, and which may do nothing else"),
        Message("Other people have pages at the same address, as on some site builders."),
        sample=["https://sites.example.edu"],
    ),
    Setting(
        "any_website",
        kinds.YES_NO,
        Message("Any website may show the form"),
        Message("whether websites that you don’t list may show the form, too"),
        Message("People confirm by email, so a website can’t sign for anybody."),
        default=True,
        sample=False,
    ),
    Setting(
        "accent",
        kinds.COLOR,
        Message("Color"),
        Message("the color of links and buttons, as # and six digits"),
        sample="#7a2048",
    ),
    Setting(
        "paper_size",
        kinds.choice(
            {
                "us-letter": Message.in_context("size of paper", "US Letter"),
                "a4": Message.in_context("size of paper", "A4"),
            }
        ),
        Message("Paper size"),
        Message("the size of the paper that letters and forms are printed on"),
        Message("A delivery that has begun keeps its size."),
        in_file='Write "us-letter" or "a4".',
        default="us-letter",
        sample="a4",
    ),
    Setting(
        "street_address",
        _ASKED,
        Message("Street and house number"),
        Message("whether a signer must give street and house number, may give them, or is not asked"),
        in_file=_ASKED_IN_FILE,
        default="required",
        sample="optional",
    ),
    Setting(
        "town",
        _ASKED,
        Message("Town or city"),
        Message("whether a signer must give the town, may give it, or is not asked"),
        in_file=_ASKED_IN_FILE,
        default="required",
        sample="no",
    ),
    Setting(
        "state",
        _ASKED,
        Message("State on the form"),
        Message("whether a signer must give the state, may give another than the campaign’s, or is not asked"),
        in_file=_ASKED_IN_FILE,
        default="optional",
        sample="no",
    ),
    Setting(
        "own_words",
        kinds.YES_NO,
        Message("Signers’ own words"),
        Message("whether signers can add some words of their own, if the letter has a place for them"),
        in_file="That place is the merge field {{ note }}.",
        default=True,
        sample=False,
    ),
    Setting(
        "question",
        kinds.QUESTION,
        Message("Your own question"),
        Message("a question of your own to signers, and then its choices"),
        Message(
            "Without choices, people type; a single one is a box to tick. The letter has the answer only where you put "
            "it."
        ),
        in_file="That place is the merge field {{ signer.answer }}.",
        sample=["Do you rent your home?", "Yes", "No"],
    ),
    Setting(
        "question_required",
        kinds.YES_NO,
        Message("Your question must be answered"),
        Message("whether a signer must answer your question"),
        default=False,
        sample=True,
    ),
    Setting(
        "remind_signers",
        kinds.YES_NO,
        Message("Remind people to confirm"),
        Message("whether people who signed and have not confirmed get one reminder by email, after two days"),
        default=True,
        sample=False,
    ),
    Setting(
        "next_step",
        kinds.text(longest=_LONGEST_BUTTON),
        Message("Button after confirming"),
        Message("the words of a button that people see once they have confirmed"),
        Message("It shows if you also give the address that it leads to."),
        sample="Come to our meeting",
    ),
    Setting(
        "next_step_url",
        kinds.ENCRYPTED_ADDRESS,
        Message("Address of that button"),
        Message("the address that the button leads to"),
        sample="https://www.example.org/meeting",
    ),
    Setting(
        "sources",
        kinds.SOURCES,
        Message("Labels of links and websites"),
        Message("the links and sites that you want counts for, such as a flyer"),
        Message("A link to the form has its label: ?source=flyer."),
        sample=["flyer", "newsletter"],
    ),
    Setting(
        "send_now_only",
        kinds.YES_NO,
        Message("Only when somebody presses “Send now”"),
        Message("whether letters wait until somebody presses “Send now” on the dashboard"),
        default=False,
        sample=True,
    ),
    Setting(
        "deliver_on",
        kinds.WEEKDAY,
        Message("Day of delivery"),
        Message("the weekday on which letters go out"),
        Message("A recipient never gets more than one email in seven days."),
        in_file='Write "MON" to "SUN". Without it, that is the stack\'s day.',
        sample="TUE",
        unset=Message("The usual day: %(day)s"),
    ),
    Setting(
        "deliver_at",
        kinds.HOUR,
        Message("Hour of delivery"),
        Message("the hour at which letters go out"),
        Message("If you choose a day or an hour, it is in the campaign’s time zone."),
        in_file="Write 0 to 23. Without it, that is the stack's hour.",
        sample=9,
        unset=Message("The usual hour: %(hour)s"),
    ),
    Setting(
        "privacy_url",
        kinds.ENCRYPTED_ADDRESS,
        Message("Your own privacy notice"),
        Message("the address of your privacy notice"),
        Message("Without it, the form links to a notice that comes with Undersigned."),
        sample="https://www.example.org/privacy",
    ),
    Setting(
        "keep_for_days",
        kinds.number(_SHORTEST_KEEPING, _LONGEST_KEEPING),
        Message("Days until people’s data is deleted"),
        Message("how many days after the last day of signing to keep what letters say about people"),
        Message("Then we delete it, and the counts stay. Without a number, it is kept until you erase it."),
        sample=90,
    ),
)
"""In the order of the file. The tables `[organizer]` and those of the languages follow."""

GROUPS: tuple[tuple[Message | None, tuple[str, ...]], ...] = (
    (None, ("title", "summary", "request", "organizer.name", "organizer.email", "region")),
    (Message("When letters go out"), ("deliver_on", "deliver_at", "time_zone", "send_now_only")),
    (
        Message("The form"),
        (
            "goal",
            "show_goal",
            "opens",
            "closes",
            "street_address",
            "town",
            "state",
            "own_words",
            "question",
            "question_required",
            "remind_signers",
            "next_step",
            "next_step_url",
        ),
    ),
    (Message("Languages"), ("language", "languages")),
    (Message("Look"), ("accent", "paper_size")),
    (Message("How people reach you"), ("organizer.telephone", "organizer.website")),
    (Message("Websites and links"), ("id", "allowed_origins", "frame_origins", "any_website", "sources")),
    (Message("People’s data"), ("keep_for_days", "privacy_url")),
)
"""The groups of settings on the page. The first is shown open: what has no default, and what the office reads."""

TABLES: Mapping[str, tuple[Setting, ...]] = {"": SETTINGS, "organizer": ORGANIZER_SETTINGS}
"""The settings of each table of the file; all others are TRANSLATION_SETTINGS."""


def described(languages: Iterable[str]) -> dict[str, Setting]:
    """Return every setting by its dotted name: `goal`, `organizer.email` and, for these languages, `es.title`."""
    tables = {**TABLES, **dict.fromkeys(languages, TRANSLATION_SETTINGS)}
    return {f"{table}.{it.name}".lstrip("."): it for table, settings in tables.items() for it in settings}


def setting_of(name: str) -> Setting | None:
    """Return the setting with a dotted name, if there is one."""
    table, _, key = name.rpartition(".")
    settings = TABLES.get(table, TRANSLATION_SETTINGS if re.fullmatch(LANGUAGE, table) else ())
    return next((setting for setting in settings if setting.name == key), None)


def label_of(name: str) -> Message:
    """Return the label of a setting, with the language's name if it is a text in a further language."""
    table, _, _ = name.rpartition(".")
    label = described(() if table in TABLES else (table,))[name].label
    return (
        label if table in TABLES else Message("%(label)s (%(language)s)", {"label": label, "language": name_of(table)})
    )


def as_toml(value: object) -> str:
    """Return a value as TOML. JSON's texts, numbers, booleans and lists are TOML as well."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of campaign.toml."""
    tables = _table(SETTINGS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A campaign of Undersigned",
        **tables,
        "required": [*tables["required"], "organizer"],
        "properties": {
            **tables["properties"],
            "organizer": {"description": "Who runs the campaign.", **_table(ORGANIZER_SETTINGS)},
        },
        "patternProperties": {
            # `id` is a setting, though it could be a language code.
            f"^(?!id$){LANGUAGE}$": {
                "description": "The texts above the form in a further language.",
                **_table(TRANSLATION_SETTINGS),
            },
        },
    }


def schema_text() -> str:
    """Return the JSON Schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(settings: tuple[Setting, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [setting.name for setting in settings if setting.required],
        "properties": {setting.name: setting.schema for setting in settings},
        "additionalProperties": False,
    }
