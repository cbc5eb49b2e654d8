"""Read `campaign.toml`: a campaign's settings, and every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from undersigned.authoring.described_settings import (
    LANGUAGE,
    LARGEST_GOAL,
    LONGEST_KEEPING,
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    MOST_SITES,
    ORGANIZER_SETTINGS,
    SETTINGS,
    SHORTEST_KEEPING,
    TRANSLATION_SETTINGS,
)
from undersigned.authoring.mistakes import Mistake, MistakesError, correct_name, count_and_most
from undersigned.authoring.sites import is_web_address, origin_mistake
from undersigned.authoring.texts import on_one_line
from undersigned.authoring.toml_document import TomlDocument, as_written
from undersigned.domain.addresses import email_mistake, mailable
from undersigned.domain.campaigns import (
    ID_PATTERN,
    Campaign,
    Organizer,
    StreetAddress,
    Translation,
    origin_of,
)
from undersigned.domain.characters import has_ink, unprintable_in
from undersigned.domain.colors import PATTERN as COLOR_PATTERN
from undersigned.domain.languages import Message, languages, name_of
from undersigned.domain.schedule import DAYS, LAST_DAY_OF_MONTH, LAST_HOUR, Deliver
from undersigned.domain.sources import MOST_SOURCES, NO_SOURCE, OTHER, SOURCE

FILE = "campaign.toml"

_SETTINGS = (*(setting.name for setting in SETTINGS), "organizer")
_ORGANIZER_SETTINGS = tuple(setting.name for setting in ORGANIZER_SETTINGS)
_TRANSLATION_SETTINGS = tuple(setting.name for setting in TRANSLATION_SETTINGS)
_STREET_ADDRESSES: tuple[StreetAddress, ...] = get_args(StreetAddress)
_DELIVERS: tuple[Deliver, ...] = get_args(Deliver)

_EXAMPLE_OF_LANGUAGES = 'languages = ["en", "es"]'
_HOW_TO_ADD_A_LANGUAGE = Message("docs/translating.md explains how to add a language")

_LANGUAGE = re.compile(LANGUAGE)


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """The content of campaign.toml. `campaign` has no letters yet, and is None if there are mistakes.

    `other_languages` are those except the campaign's own; None if they are unknown because of a mistake.
    """

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
        return CampaignSettings(mistakes=error.mistakes)
    return _Reader(document).read()


class _Reader:
    """Reads the settings one by one. A setting with a mistake gets a substitute value."""

    def __init__(self, document: TomlDocument) -> None:
        self._document = document
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []

    def read(self) -> CampaignSettings:
        language = self._language()
        listed = self._languages(language)
        others = tuple(other for other in listed if other != language)
        self._check_names(self._document.values, (*_SETTINGS, *others), own_language=language)
        campaign = Campaign(
            id=self._id(),
            title=self._text("title", Message("the campaign's name as people will read it")),
            summary=self._text(
                "summary", Message("a sentence or two on what the letter asks for"), longest=LONGEST_SUMMARY
            ),
            organizer=self._organizer(),
            language=language,
            time_zone=self._time_zone(),
            region=self._text("region", Message('the state where signers live, such as "IL"')),
            goal=self._goal(),
            letter="",
            opens=self._day("opens"),
            closes=self._closing_day(),
            translations={other: self._translation(other) for other in others} if language else {},
            allowed_origins=self._origins("allowed_origins"),
            frame_origins=self._origins("frame_origins"),
            accent=self._accent(),
            approval=self._switch("approval", default=False),
            privacy_url=self._privacy_url(),
            street_address=self._choice("street_address", _STREET_ADDRESSES, "required"),
            own_words=self._switch("own_words", default=True),
            keep_for_days=self._keep_for_days(),
            sources=self._sources(),
            deliver=self._choice("deliver", _DELIVERS, "weekly"),
            deliver_on=self._deliver_on(),
            deliver_at=self._deliver_at(),
        )
        return CampaignSettings(
            campaign=None if self._mistakes else campaign,
            language=language,
            other_languages=others if language else None,
            mistakes=tuple(sorted(self._mistakes, key=lambda mistake: mistake.line or 0)),
            warnings=tuple(self._warnings),
        )

    def _mistake(self, name: str, message: Message) -> None:
        self._mistakes.append(Mistake(FILE, self._document.line_of(name), message))

    def _check_names(
        self, table: Mapping[str, Any], known: tuple[str, ...], *, prefix: str = "", own_language: str = ""
    ) -> None:
        for name in table:
            if name in known:
                continue
            if prefix and name in _SETTINGS:
                message = Message(
                    "`%(name)s` is under `[%(table)s]`; move it above the first line in square brackets",
                    {"name": name, "table": prefix[:-1]},
                )
            elif isinstance(table[name], Mapping) and name == own_language:
                message = Message(
                    "`[%(name)s]` is the campaign's own language; put its title and summary at the top of the file",
                    {"name": name},
                )
            elif isinstance(table[name], Mapping) and _LANGUAGE.fullmatch(name):
                message = Message(
                    "`[%(name)s]` is a language that `languages` doesn't list; add it, as in %(example)s",
                    {"name": name, "example": _EXAMPLE_OF_LANGUAGES},
                )
            else:
                message = Message(
                    "unknown setting `%(name)s`; %(way_out)s",
                    {"name": f"{prefix}{name}", "way_out": correct_name(name, known)},
                )
            self._mistake(f"{prefix}{name}", message)

    def _text(self, name: str, meaning: Message, *, required: bool = True, longest: int = LONGEST_TEXT) -> str:
        """Return a text on one line, or "" if it is missing or wrong. `meaning` says what to write there."""
        value = self._document.get(name)
        values: dict[str, object] = {"name": name, "value": as_written(value), "meaning": meaning}
        if value is None:
            if required:
                self._mistake(name, Message("`%(name)s` is missing; add %(meaning)s", values))
        elif not isinstance(value, str):
            message = Message("`%(name)s` is %(value)s; write %(meaning)s, in quotation marks", values)
            self._mistake(name, message)
        elif not has_ink(value):
            self._mistake(name, Message("`%(name)s` is empty; write %(meaning)s", values))
        elif unprintable := unprintable_in(on_one_line(value)):
            message = Message(
                "`%(name)s` has %(character)s, which can't be printed; type the text instead of pasting it",
                {"name": name, "character": unprintable},
            )
            self._mistake(name, message)
        elif len(value) > longest:
            message = Message(
                "`%(name)s` has %(count)s characters, more than the maximum of %(most)s; remove some",
                {"name": name, **count_and_most(len(value), longest)},
            )
            self._mistake(name, message)
        else:
            return on_one_line(value)
        return ""

    def _texts(self, name: str, meaning: Message) -> tuple[str, ...]:
        """Return the texts of a list, without duplicates. `meaning` says what to write there."""
        values = self._document.values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
            written: dict[str, object] = {"name": name, "value": as_written(values), "meaning": meaning}
            self._mistake(name, Message("`%(name)s` is %(value)s; write %(meaning)s", written))
            return ()
        texts = tuple(dict.fromkeys(values))
        for text in texts:
            if values.count(text) > 1:
                message = Message("`%(name)s` has %(text)s twice; remove one", {"name": name, "text": repr(text)})
                self._mistake(name, message)
        return texts

    def _id(self) -> str:
        identifier = self._text("id", Message('a short name in lowercase letters, such as "end-demand-illinois"'))
        if identifier and not ID_PATTERN.fullmatch(identifier):
            message = Message(
                "`id` is %(id)s; use at most 50 lowercase letters, digits and hyphens, with a letter or digit at both "
                "ends",
                {"id": repr(identifier)},
            )
            self._mistake("id", message)
        return identifier

    def _language(self) -> str:
        """Return the campaign's own language, or "" if it is missing or wrong."""
        language = self._text("language", Message('the letter\'s language, such as "en"'))
        if language and not _LANGUAGE.fullmatch(language):
            message = Message(
                "`language` is %(language)s; write a language code, such as 'en'", {"language": repr(language)}
            )
            self._mistake("language", message)
            return ""
        return language

    def _languages(self, own: str) -> tuple[str, ...]:
        """Return the languages in `languages`."""
        meaning = Message(
            "the codes of the languages in which people can sign, such as %(example)s",
            {"example": _EXAMPLE_OF_LANGUAGES},
        )
        listed = self._texts("languages", meaning)
        for language in listed:
            self._check_listed_language(language)
        if own and listed and own not in listed:
            message = Message(
                "`languages` doesn't include %(language)s, the campaign's `language`; add it", {"language": repr(own)}
            )
            self._mistake("languages", message)
        if own and not listed and own not in languages():
            message = Message(
                "pages and emails are not translated into %(language)s, so the text around the letter is in English; "
                "%(how)s",
                {"language": repr(own), "how": _HOW_TO_ADD_A_LANGUAGE},
            )
            self._warnings.append(Mistake(FILE, self._document.line_of("language"), message))
        return listed

    def _check_listed_language(self, language: str) -> None:
        if language in _SETTINGS:
            message = Message(
                "`languages`: %(language)s is also the name of a setting; add the country, such as 'id-ID'",
                {"language": repr(language)},
            )
            self._mistake("languages", message)
        elif language not in languages():
            known = ", ".join(map(repr, languages()))
            message = Message(
                "`languages`: pages and emails are not translated into %(language)s yet, only into %(known)s; %(how)s",
                {"language": repr(language), "known": known, "how": _HOW_TO_ADD_A_LANGUAGE},
            )
            self._mistake("languages", message)

    def _translation(self, language: str) -> Translation:
        """Return the campaign's texts in another language."""
        if language not in languages():
            # This mistake was reported for `languages`.
            return Translation("", "")
        table = self._document.values.get(language)
        if not isinstance(table, Mapping):
            message = Message(
                "the table `[%(table)s]` is missing; add it with `title` and `summary` in %(language)s",
                {"table": language, "language": name_of(language)},
            )
            self._mistake(language, message)
            return Translation("", "")
        self._check_names(table, _TRANSLATION_SETTINGS, prefix=f"{language}.")
        in_language = {"language": name_of(language)}
        return Translation(
            title=self._text(f"{language}.title", Message("the campaign's name in %(language)s", in_language)),
            summary=self._text(
                f"{language}.summary", Message("the summary in %(language)s", in_language), longest=LONGEST_SUMMARY
            ),
        )

    def _time_zone(self) -> str:
        zone = self._text("time_zone", Message('a time zone, such as "America/Chicago"'))
        try:
            ZoneInfo(zone or "UTC")
        except (LookupError, ValueError, OSError):
            message = Message(
                '`time_zone` is %(zone)s, which is not a time zone; write one such as "America/Chicago"',
                {"zone": repr(zone)},
            )
            self._mistake("time_zone", message)
        return zone

    def _day(self, name: str) -> date | None:
        value = self._document.get(name)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        message = Message(
            "`%(name)s` is %(value)s; write a date without quotation marks, such as 2026-11-30",
            {"name": name, "value": as_written(value)},
        )
        self._mistake(name, message)
        return None

    def _closing_day(self) -> date | None:
        opens, closes = self._document.get("opens"), self._day("closes")
        if closes and type(opens) is date and closes < opens:
            message = Message(
                "`closes` is %(closes)s, before `opens` (%(opens)s); write the last day of signing, %(opens)s or later",
                {"closes": closes, "opens": opens},
            )
            self._mistake("closes", message)
        return closes

    def _goal(self) -> int:
        goal = self._document.get("goal")
        if goal is None:
            message = Message("`goal` is missing; add the number of signatures you hope for, such as 500")
            self._mistake("goal", message)
        elif isinstance(goal, bool) or not isinstance(goal, int) or goal < 1:
            message = Message("`goal` is %(value)s; give a whole number of at least 1", {"value": as_written(goal)})
            self._mistake("goal", message)
        elif goal > LARGEST_GOAL:
            message = Message(
                "`goal` is more than %(most)s; give the number of signatures you hope for",
                {"most": f"{LARGEST_GOAL:,}"},
            )
            self._mistake("goal", message)
        else:
            return goal
        return 1

    def _origins(self, name: str) -> tuple[str, ...]:
        origins = self._texts(name, Message('the websites that may show the form, such as ["https://www.example.org"]'))
        if len(origins) > MOST_SITES:
            message = Message(
                "`%(name)s` has %(count)s sites, more than the maximum of %(most)s; remove some",
                {"name": name, **count_and_most(len(origins), MOST_SITES)},
            )
            self._mistake(name, message)
        for origin in origins:
            if mistake := origin_mistake(origin):
                self._mistake(name, Message("`%(name)s`: %(mistake)s", {"name": name, "mistake": mistake}))
        return origins

    def _sources(self) -> tuple[str, ...]:
        sources = self._texts("sources", Message('labels of links and sites, such as ["flyer", "newsletter"]'))
        if len(sources) > MOST_SOURCES:
            message = Message(
                "`sources` has %(count)s labels, more than the maximum of %(most)s; remove some",
                count_and_most(len(sources), MOST_SOURCES),
            )
            self._mistake("sources", message)
        for source in sources:
            if source in {OTHER, NO_SOURCE}:
                message = Message(
                    "`sources`: %(source)s stands for letters without a label of this list; choose another",
                    {"source": repr(source)},
                )
                self._mistake("sources", message)
            elif not SOURCE.fullmatch(source):
                message = Message(
                    "`sources`: %(source)s is not a label; use at most 30 lowercase letters, digits and hyphens",
                    {"source": repr(source)},
                )
                self._mistake("sources", message)
        return sources

    def _accent(self) -> str | None:
        accent = self._text("accent", Message('a color as # and six digits, such as "#7a2048"'), required=False)
        if accent and not COLOR_PATTERN.fullmatch(accent.lower()):
            message = Message(
                "`accent` is %(color)s; write # and six digits from 0 to f, such as %(meant)s",
                {"color": repr(accent), "meant": _intended_color(accent)},
            )
            self._mistake("accent", message)
        return accent.lower() or None

    def _choice[Choice: str](self, name: str, known: tuple[Choice, ...], default: Choice) -> Choice:
        """Return one of the known values, or the default if the setting is missing or wrong."""
        value = self._document.get(name)
        for choice in known:
            if value == choice:
                return choice
        if value is not None:
            message = Message(
                "`%(name)s` is %(value)s; write one of %(known)s",
                {"name": name, "value": as_written(value), "known": ", ".join(known)},
            )
            self._mistake(name, message)
        return default

    def _switch(self, name: str, *, default: bool) -> bool:
        value = self._document.get(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            message = Message(
                "`%(name)s` is %(value)s; write true or false, without quotes",
                {"name": name, "value": as_written(value)},
            )
            self._mistake(name, message)
        return default

    def _keep_for_days(self) -> int | None:
        days = self._document.get("keep_for_days")
        if days is None:
            return None
        if isinstance(days, bool) or not isinstance(days, int) or not SHORTEST_KEEPING <= days <= LONGEST_KEEPING:
            message = Message(
                "`keep_for_days` is %(value)s; give a whole number from %(fewest)s to %(most)s: for how many days "
                "after `closes` signers' personal data is kept",
                {"value": as_written(days), "fewest": SHORTEST_KEEPING, "most": f"{LONGEST_KEEPING:,}"},
            )
            self._mistake("keep_for_days", message)
        elif self._document.get("closes") is None:
            message = Message(
                "`keep_for_days` counts from the last day of signing; add it, such as closes = 2026-11-30"
            )
            self._mistake("keep_for_days", message)
        else:
            return days
        return None

    def _deliver_on(self) -> str | int | None:
        day, deliver = self._document.get("deliver_on"), self._document.get("deliver")
        if day is None:
            return None
        is_of_month = isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= LAST_DAY_OF_MONTH
        if deliver == "monthly" and not is_of_month:
            message = Message(
                "`deliver_on` is %(value)s, and letters go monthly; give a day from 1 to %(last)s, where %(last)s is "
                "the last day of each month",
                {"value": as_written(day), "last": LAST_DAY_OF_MONTH},
            )
        elif deliver != "monthly" and day not in DAYS:
            values = {"value": as_written(day), "known": ", ".join(DAYS)}
            message = Message("`deliver_on` is %(value)s; write one of %(known)s", values)
            if is_of_month:
                message = Message(
                    '`deliver_on` is %(value)s; write one of %(known)s, or add deliver = "monthly" for a day of the '
                    "month",
                    values,
                )
        elif isinstance(day, str | int):
            return day
        self._mistake("deliver_on", message)
        return None

    def _deliver_at(self) -> int | None:
        hour = self._document.get("deliver_at")
        if hour is None or (isinstance(hour, int) and not isinstance(hour, bool) and 0 <= hour <= LAST_HOUR):
            return hour
        message = Message(
            "`deliver_at` is %(value)s; give a full hour from 0 to %(last)s, without quotation marks",
            {"value": as_written(hour), "last": LAST_HOUR},
        )
        self._mistake("deliver_at", message)
        return None

    def _privacy_url(self) -> str | None:
        address = self._text("privacy_url", Message("the address of your privacy notice"), required=False)
        if address and not (origin_of(address) or "").startswith("https://"):
            message = Message(
                "`privacy_url` is %(address)s; write the full address of your privacy notice, such as "
                "https://example.org/privacy",
                {"address": repr(address)},
            )
            self._mistake("privacy_url", message)
        return address or None

    def _organizer(self) -> Organizer:
        table = self._document.get("organizer")
        if not isinstance(table, Mapping):
            message = Message("the table `[organizer]` is missing; add it with `name` and `email`")
            self._mistake("organizer", message)
            return Organizer("", "")
        self._check_names(table, _ORGANIZER_SETTINGS, prefix="organizer.")
        return Organizer(
            name=self._text("organizer.name", Message("the organization's name")),
            email=self._organizers_email(),
            website=self._organizers_website(),
        )

    def _organizers_email(self) -> str:
        email = self._text("organizer.email", Message("the address that replies go to"))
        if not email:
            return ""
        if mistake := email_mistake(email):
            self._mistake("organizer.email", Message("`organizer.email`: %(mistake)s", {"mistake": mistake}))
            return ""
        return mailable(email)

    def _organizers_website(self) -> str | None:
        website = self._text("organizer.website", Message("the organization's web address"), required=False)
        if website and not is_web_address(website):
            message = Message(
                "`organizer.website` is %(website)s; write a full web address, such as https://example.org",
                {"website": repr(website)},
            )
            self._mistake("organizer.website", message)
        return website or None


def _intended_color(text: str) -> str:
    """Return the color that was probably meant by three digits or without a #, or an example."""
    digits = text.lower().removeprefix("#")
    doubled = "".join(digit * 2 for digit in digits)
    return next((color for color in (f"#{digits}", f"#{doubled}") if COLOR_PATTERN.fullmatch(color)), "#7a2048")
