"""Read `campaign.toml`: a campaign's settings, and every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from undersigned.authoring.mistakes import Mistake, MistakesError, correct_name, too_many
from undersigned.authoring.sites import is_web_address, origin_mistake
from undersigned.authoring.texts import on_one_line
from undersigned.authoring.toml_document import TomlDocument, as_written
from undersigned.domain.addresses import email_mistake, mailable
from undersigned.domain.campaigns import ID_PATTERN, Campaign, Organizer, ProofOfWork, Translation
from undersigned.domain.characters import has_ink, unprintable_in
from undersigned.domain.colors import PATTERN as COLOR_PATTERN
from undersigned.domain.languages import languages, name_of

FILE = "campaign.toml"

_SETTINGS = (
    "id", "title", "summary", "language", "languages", "time_zone", "region", "goal", "opens", "closes",
    "allowed_origins", "accent", "proof_of_work", "approval", "organizer",
)  # fmt: skip
_ORGANIZER_SETTINGS = ("name", "email", "website")
_TRANSLATION_SETTINGS = ("title", "summary")
_PROOFS_OF_WORK: tuple[ProofOfWork, ...] = get_args(ProofOfWork)

# These fit into a row of the table, an email's header and a page, with room to spare.
_LONGEST_TEXT = 300
_LONGEST_SUMMARY = 2_000
_MOST_SITES = 50
_LARGEST_GOAL = 1_000_000_000

_EXAMPLE_OF_LANGUAGES = 'languages = ["en", "es"]'
_HOW_TO_ADD_A_LANGUAGE = "docs/translating.md explains how to add a language"

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


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
            title=self._text("title", "the campaign's name as people will read it"),
            summary=self._text("summary", "a sentence or two on what the letter asks for", longest=_LONGEST_SUMMARY),
            organizer=self._organizer(),
            language=language,
            time_zone=self._time_zone(),
            region=self._text("region", 'the state where signers live, such as "IL"'),
            goal=self._goal(),
            letter="",
            opens=self._day("opens"),
            closes=self._closing_day(),
            translations={other: self._translation(other) for other in others} if language else {},
            allowed_origins=self._allowed_origins(),
            accent=self._accent(),
            proof_of_work=self._proof_of_work(),
            approval=self._approval(),
        )
        return CampaignSettings(
            campaign=None if self._mistakes else campaign,
            language=language,
            other_languages=others if language else None,
            mistakes=tuple(sorted(self._mistakes, key=lambda mistake: mistake.line or 0)),
            warnings=tuple(self._warnings),
        )

    def _mistake(self, name: str, message: str) -> None:
        self._mistakes.append(Mistake(FILE, self._document.line_of(name), message))

    def _check_names(
        self, table: Mapping[str, Any], known: tuple[str, ...], *, prefix: str = "", own_language: str = ""
    ) -> None:
        for name in table:
            if name in known:
                continue
            if prefix and name in _SETTINGS:
                message = f"`{name}` is under `[{prefix[:-1]}]`; move it above the first line in square brackets"
            elif isinstance(table[name], Mapping) and name == own_language:
                message = f"`[{name}]` is the campaign's own language; put its title and summary at the top of the file"
            elif isinstance(table[name], Mapping) and _LANGUAGE.fullmatch(name):
                message = (
                    f"`[{name}]` is a language that `languages` doesn't list; add it, as in {_EXAMPLE_OF_LANGUAGES}"
                )
            else:
                message = f"unknown setting `{prefix}{name}`; {correct_name(name, known)}"
            self._mistake(f"{prefix}{name}", message)

    def _text(self, name: str, meaning: str, *, required: bool = True, longest: int = _LONGEST_TEXT) -> str:
        """Return a text on one line, or "" if it is missing or wrong. `meaning` says what to write there."""
        value = self._document.get(name)
        if value is None:
            if required:
                self._mistake(name, f"`{name}` is missing; add {meaning}")
        elif not isinstance(value, str):
            self._mistake(name, f"`{name}` is {as_written(value)}; write {meaning}, in quotation marks")
        elif not has_ink(value):
            self._mistake(name, f"`{name}` is empty; write {meaning}")
        elif unprintable := unprintable_in(on_one_line(value)):
            self._mistake(name, f"`{name}` {unprintable}")
        elif len(value) > longest:
            self._mistake(name, f"`{name}` has {too_many('characters', len(value), longest)}")
        else:
            return on_one_line(value)
        return ""

    def _texts(self, name: str, meaning: str) -> tuple[str, ...]:
        """Return the texts of a list, without duplicates. `meaning` says what to write there."""
        values = self._document.values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
            self._mistake(name, f"`{name}` is {as_written(values)}; write {meaning}")
            return ()
        texts = tuple(dict.fromkeys(values))
        for text in texts:
            if values.count(text) > 1:
                self._mistake(name, f"`{name}` has {text!r} twice; remove one")
        return texts

    def _id(self) -> str:
        identifier = self._text("id", 'a short name in lowercase letters, such as "end-demand-illinois"')
        if identifier and not ID_PATTERN.fullmatch(identifier):
            self._mistake(
                "id",
                f"`id` is {identifier!r}; use at most 50 lowercase letters, digits and hyphens, "
                "with a letter or digit at both ends",
            )
        return identifier

    def _language(self) -> str:
        """Return the campaign's own language, or "" if it is missing or wrong."""
        language = self._text("language", 'the letter\'s language, such as "en"')
        if language and not _LANGUAGE.fullmatch(language):
            self._mistake("language", f"`language` is {language!r}; write a language code, such as 'en'")
            return ""
        return language

    def _languages(self, own: str) -> tuple[str, ...]:
        """Return the languages in `languages`."""
        listed = self._texts(
            "languages", f"the codes of the languages in which people can sign, such as {_EXAMPLE_OF_LANGUAGES}"
        )
        for language in listed:
            self._check_listed_language(language)
        if own and listed and own not in listed:
            self._mistake("languages", f"`languages` doesn't include {own!r}, the campaign's `language`; add it")
        if own and not listed and own not in languages():
            message = (
                f"pages and emails are not translated into {own!r}, so the text around the letter is in English; "
                f"{_HOW_TO_ADD_A_LANGUAGE}"
            )
            self._warnings.append(Mistake(FILE, self._document.line_of("language"), message))
        return listed

    def _check_listed_language(self, language: str) -> None:
        if language in _SETTINGS:
            message = f"{language!r} is also the name of a setting; add the country, such as 'id-ID'"
            self._mistake("languages", f"`languages`: {message}")
        elif language not in languages():
            known = ", ".join(map(repr, languages()))
            message = f"pages and emails are not translated into {language!r} yet, only into {known}"
            self._mistake("languages", f"`languages`: {message}; {_HOW_TO_ADD_A_LANGUAGE}")

    def _translation(self, language: str) -> Translation:
        """Return the campaign's texts in another language."""
        if language not in languages():
            # This mistake was reported for `languages`.
            return Translation("", "")
        table = self._document.values.get(language)
        if not isinstance(table, Mapping):
            message = f"the table `[{language}]` is missing; add it with `title` and `summary` in {name_of(language)}"
            self._mistake(language, message)
            return Translation("", "")
        self._check_names(table, _TRANSLATION_SETTINGS, prefix=f"{language}.")
        return Translation(
            title=self._text(f"{language}.title", f"the campaign's name in {name_of(language)}"),
            summary=self._text(f"{language}.summary", f"the summary in {name_of(language)}", longest=_LONGEST_SUMMARY),
        )

    def _time_zone(self) -> str:
        zone = self._text("time_zone", 'a time zone, such as "America/Chicago"')
        try:
            ZoneInfo(zone or "UTC")
        except (LookupError, ValueError, OSError):
            message = f'`time_zone` is {zone!r}, which is not a time zone; write one such as "America/Chicago"'
            self._mistake("time_zone", message)
        return zone

    def _day(self, name: str) -> date | None:
        value = self._document.get(name)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        message = f"`{name}` is {as_written(value)}; write a date without quotation marks, such as 2026-11-30"
        self._mistake(name, message)
        return None

    def _closing_day(self) -> date | None:
        opens, closes = self._document.get("opens"), self._day("closes")
        if closes and type(opens) is date and closes < opens:
            message = f"`closes` is {closes}, before `opens` ({opens}); write the last day of signing, {opens} or later"
            self._mistake("closes", message)
        return closes

    def _goal(self) -> int:
        goal = self._document.get("goal")
        if goal is None:
            self._mistake("goal", "`goal` is missing; add the number of signatures you hope for, such as 500")
        elif isinstance(goal, bool) or not isinstance(goal, int) or goal < 1:
            self._mistake("goal", f"`goal` is {as_written(goal)}; give a whole number of at least 1")
        elif goal > _LARGEST_GOAL:
            self._mistake("goal", f"`goal` is more than {_LARGEST_GOAL:,}; give the number of signatures you hope for")
        else:
            return goal
        return 1

    def _allowed_origins(self) -> tuple[str, ...]:
        origins = self._texts(
            "allowed_origins", 'the websites that may show the form, such as ["https://www.example.org"]'
        )
        if len(origins) > _MOST_SITES:
            self._mistake("allowed_origins", f"`allowed_origins` has {too_many('sites', len(origins), _MOST_SITES)}")
        for origin in origins:
            if mistake := origin_mistake(origin):
                self._mistake("allowed_origins", f"`allowed_origins`: {mistake}")
        return origins

    def _accent(self) -> str | None:
        accent = self._text("accent", 'a color as # and six digits, such as "#7a2048"', required=False)
        if accent and not COLOR_PATTERN.fullmatch(accent.lower()):
            message = f"`accent` is {accent!r}; write # and six digits from 0 to f, such as {_intended_color(accent)}"
            self._mistake("accent", message)
        return accent.lower() or None

    def _proof_of_work(self) -> ProofOfWork:
        proof = self._document.get("proof_of_work")
        if proof is None:
            return "when-busy"
        for known in _PROOFS_OF_WORK:
            if proof == known:
                return known
        message = f"`proof_of_work` is {as_written(proof)}; write one of {', '.join(_PROOFS_OF_WORK)}"
        self._mistake("proof_of_work", message)
        return "when-busy"

    def _approval(self) -> bool:
        approval = self._document.get("approval")
        if isinstance(approval, bool):
            return approval
        if approval is not None:
            self._mistake("approval", f"`approval` is {as_written(approval)}; write true or false, without quotes")
        return False

    def _organizer(self) -> Organizer:
        table = self._document.get("organizer")
        if not isinstance(table, Mapping):
            self._mistake("organizer", "the table `[organizer]` is missing; add it with `name` and `email`")
            return Organizer("", "")
        self._check_names(table, _ORGANIZER_SETTINGS, prefix="organizer.")
        return Organizer(
            name=self._text("organizer.name", "the organization's name"),
            email=self._organizers_email(),
            website=self._organizers_website(),
        )

    def _organizers_email(self) -> str:
        email = self._text("organizer.email", "the address that replies go to")
        if not email:
            return ""
        if mistake := email_mistake(email):
            self._mistake("organizer.email", f"`organizer.email`: {mistake}")
            return ""
        return mailable(email)

    def _organizers_website(self) -> str | None:
        website = self._text("organizer.website", "the organization's web address", required=False)
        if website and not is_web_address(website):
            message = f"`organizer.website` is {website!r}; write a full web address, such as https://example.org"
            self._mistake("organizer.website", message)
        return website or None


def _intended_color(text: str) -> str:
    """Return the color that was probably meant by three digits or without a #, or an example."""
    digits = text.lower().removeprefix("#")
    doubled = "".join(digit * 2 for digit in digits)
    return next((color for color in (f"#{digits}", f"#{doubled}") if COLOR_PATTERN.fullmatch(color)), "#7a2048")
