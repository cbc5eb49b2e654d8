"""Read a campaign's folder, `campaign.toml`, `letter.md` and `targets.csv`, and find every mistake at once.

Of a campaign in several languages each further one has a table in campaign.toml, a column of titles in targets.csv if
they differ, and a `letter.<language>.md` if the letter can be signed in it.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from undersigned.authoring.letters import LetterSourceError, compile_letter
from undersigned.domain.addresses import canonical_email, email_mistake, mailable
from undersigned.domain.campaigns import (
    ID_PATTERN,
    Campaign,
    Organizer,
    ProofOfWork,
    Target,
    Translation,
    canonical_postal_code,
    origin_of,
)
from undersigned.domain.characters import has_ink, unprintable_in
from undersigned.domain.colors import PATTERN as COLOR_PATTERN
from undersigned.domain.errors import UndersignedError
from undersigned.domain.languages import languages, name_of
from undersigned.domain.letter_templates import fields_of
from undersigned.domain.letters import Letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SETTINGS = "campaign.toml"
LETTER = "letter.md"
TARGETS = "targets.csv"

COLUMNS = ("id", "title", "name", "department", "locality", "email", "postal_codes")

_CAMPAIGN_KEYS = (
    "id", "title", "summary", "language", "languages", "time_zone", "region", "goal", "opens", "closes",
    "allowed_origins", "accent", "proof_of_work", "organizer",
)  # fmt: skip
_ORGANIZER_KEYS = ("name", "email", "website")
_TRANSLATION_KEYS = ("title", "summary")
_PROOFS: tuple[str, ...] = get_args(ProofOfWork)

_TRIAL_HOSTS = ("localhost", "127.0.0.1")
"""Hosts of one's own computer, the only ones that are reached without encryption."""

# What a row of the table, a mail's header and a page can hold, with room to spare.
_LONGEST_FILE = 1_000_000  # bytes
_LONGEST_TEXT = 300
_LONGEST_SUMMARY = 2_000
_LONGEST_HOST = 253  # RFC 1035
_MOST_ORIGINS = 50
_MOST_POSTAL_CODES = 10_000
_LARGEST_GOAL = 1_000_000_000

_LISTED = 'languages = ["en", "es"]'
_HOW_TO_ADD_A_LANGUAGE = "docs/translating.md says how to add one"

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_POSTAL_CODE = re.compile(r"[A-Z0-9]{3,9}")
_HAS_LETTER = re.compile(r"[A-Za-z]")
_TOML_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=""")
_TOML_TABLE = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something to mend (or to look at) in a campaign's folder. `line` is 1-based; None means the whole file."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """Write it as compilers do, so that editors can jump there: `campaign.toml:7: …`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class CampaignFolderError(UndersignedError):
    """A campaign's folder has mistakes; carries all of them."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """Keep every mistake, in the order of files and lines."""
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class CampaignFolder:
    """What a folder says, once it has no mistakes. `warnings` are worth a look and stop nothing."""

    campaign: Campaign
    letter: Letter
    targets: tuple[Target, ...]
    warnings: tuple[Mistake, ...] = ()
    translated_letters: tuple[Letter, ...] = ()

    @property
    def letters(self) -> Mapping[str, Letter]:
        """Return the letters by language, the campaign's own first."""
        return {letter.language: letter for letter in (self.letter, *self.translated_letters)}


def read(folder: Path) -> CampaignFolder:
    """Read a campaign's folder. Raises CampaignFolderError with every mistake of all its files."""
    if not folder.is_dir():
        raise CampaignFolderError(
            (Mistake(str(folder), None, f"there is no such folder; make it, with {SETTINGS}, {LETTER} and {TARGETS}"),)
        )
    mistakes: list[Mistake] = []
    settings = _Settings.read(_text_of(folder / SETTINGS, mistakes), mistakes)
    written = _letter_in(folder / LETTER, mistakes)
    translated = _translated_letters(folder, settings, written, mistakes)
    roster = _RosterReader(mistakes, settings.translated if settings else ())
    roster.read(_text_of(folder / TARGETS, mistakes))
    if mistakes or settings is None or written is None:
        raise CampaignFolderError(tuple(mistakes))
    letter = Letter.of(settings.language, *written)
    others = tuple(
        Letter.of(language, *translated[language]) for language in settings.translated if language in translated
    )
    return CampaignFolder(
        settings.campaign(letter.version, {other.language: other.version for other in others}),
        letter,
        tuple(roster.targets),
        (*settings.warnings, *roster.warnings),
        others,
    )


def _text_of(path: Path, mistakes: list[Mistake]) -> str | None:
    """Return a file's text with plain line ends, or None with the mistake noted.

    The byte order mark and the line ends of other systems go, so that a letter's version is the same everywhere.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        mistakes.append(Mistake(path.name, None, "the file is missing; a campaign has one in its folder"))
        return None
    except OSError as error:
        mistakes.append(Mistake(path.name, None, f"the file can't be read ({error.strerror}); see to its permissions"))
        return None
    if len(content) > _LONGEST_FILE:
        mistakes.append(Mistake(path.name, None, f"the file has {_too_many('bytes', len(content), _LONGEST_FILE)}"))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        mistakes.append(Mistake(path.name, line, "the file is not UTF-8; save it with the encoding UTF-8"))
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        mistakes.append(Mistake(path.name, None, "the file is empty; campaigns/end-demand-illinois has a whole one"))
        return None
    return text


class _Written(NamedTuple):
    """A letter's Markdown, and the template that it was compiled to."""

    source: str
    template: str


def _letter_in(path: Path, mistakes: list[Mistake]) -> _Written | None:
    """Return the letter in a file, or None with its mistakes noted."""
    source = _text_of(path, mistakes)
    if source is None:
        return None
    try:
        return _Written(source, compile_letter(source))
    except LetterSourceError as error:
        mistakes.extend(Mistake(path.name, mistake.line, mistake.message) for mistake in error.mistakes)
        return None


def _translated_letters(
    folder: Path, settings: _Settings | None, original: _Written | None, mistakes: list[Mistake]
) -> Mapping[str, _Written]:
    """Return the letters of further languages by language; each must be listed and have the original's merge fields."""
    found: dict[str, _Written] = {}
    for path in sorted(folder.glob("letter.*.md")):
        language = path.name.removeprefix("letter.").removesuffix(".md")
        if settings and language == settings.language:
            mistakes.append(Mistake(path.name, None, f"the letter in {language!r} is {LETTER}; keep one of the two"))
        elif settings and language not in settings.translated:
            message = f"{language!r} is not among the `languages` in {SETTINGS}; add it there, or rename this file"
            mistakes.append(Mistake(path.name, None, message))
        elif letter := _letter_in(path, mistakes):
            found[language] = letter
            if original:
                mistakes.extend(_different_fields(path.name, letter, original))
    return found


def _different_fields(name: str, letter: _Written, original: _Written) -> Iterator[Mistake]:
    used, expected = fields_of(letter.template), fields_of(original.template)
    if missing := sorted(expected - used):
        fields = ", ".join(f"{{{{ {field} }}}}" for field in missing)
        yield Mistake(name, None, f"{fields} stands in {LETTER} but not here; add it where it belongs")
    if more := sorted(used - expected):
        fields = ", ".join(f"{{{{ {field} }}}}" for field in more)
        yield Mistake(name, None, f"{fields} stands here but not in {LETTER}; take it out, or add it there")


def _meant(name: str, known: Iterable[str]) -> str:
    """Return the way out for an unknown name: the nearest known one, or all of them."""
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"the known ones are {', '.join(known)}"


@dataclass(slots=True)
class _Settings:
    """The values of campaign.toml as they are checked one by one."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    mistakes: list[Mistake]
    language: str = ""
    # The languages beside the campaign's own.
    translated: tuple[str, ...] = ()
    warnings: list[Mistake] = field(default_factory=list)

    @classmethod
    def read(cls, text: str | None, mistakes: list[Mistake]) -> _Settings | None:
        """Parse and check campaign.toml, noting its mistakes; None when it can't be parsed."""
        if text is None:
            return None
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            mistakes.append(_toml_mistake(str(error), text))
            return None
        except ValueError:
            mistakes.append(Mistake(SETTINGS, None, "a number has thousands of digits; no setting needs that many"))
            return None
        except RecursionError:
            mistakes.append(Mistake(SETTINGS, None, "lists stand too deep in one another; no setting needs that"))
            return None
        found: list[Mistake] = []
        settings = cls(values, _toml_lines(text), found)
        settings._check()
        mistakes.extend(sorted(found, key=lambda mistake: mistake.line or 0))
        return settings

    def campaign(self, letter: str, translated_letters: Mapping[str, str]) -> Campaign:
        """Make the campaign of values that were found without mistakes, and of its letters' versions."""
        organizer = self.values["organizer"]
        return Campaign(
            id=_tidy(self.values["id"]),
            title=_tidy(self.values["title"]),
            summary=_tidy(self.values["summary"]),
            organizer=Organizer(
                _tidy(organizer["name"]), mailable(organizer["email"]), organizer.get("website", "").strip() or None
            ),
            language=self.language,
            time_zone=_tidy(self.values["time_zone"]),
            region=_tidy(self.values["region"]),
            goal=self.values["goal"],
            letter=letter,
            opens=self.values.get("opens"),
            closes=self.values.get("closes"),
            translations={
                language: Translation(
                    _tidy(self.values[language]["title"]),
                    _tidy(self.values[language]["summary"]),
                    translated_letters.get(language),
                )
                for language in self.translated
            },
            allowed_origins=tuple(self.values.get("allowed_origins", ())),
            accent=self.values["accent"].strip().lower() if "accent" in self.values else None,
            proof_of_work=self.values.get("proof_of_work", "when-busy"),
        )

    def _note(self, key: str, message: str) -> None:
        # A missing key has no line of its own; the table that should hold it may have one.
        line = self.lines.get(key, self.lines.get(key.partition(".")[0]) if "." in key else None)
        self.mistakes.append(Mistake(SETTINGS, line, message))

    def _check(self) -> None:
        self._check_language()
        self._check_keys(self.values, (*_CAMPAIGN_KEYS, *self.translated), "")
        identifier = self._text("id", 'a short name in small letters, such as "end-demand-illinois"')
        if identifier and not ID_PATTERN.fullmatch(identifier):
            self._note(
                "id",
                f"`id` is {identifier!r}; use small letters, digits and hyphens only, 50 at most, "
                "with a letter or digit at both ends",
            )
        self._text("title", "the campaign's name, as people will read it")
        self._text("summary", "a sentence or two on what the letter asks for", longest=_LONGEST_SUMMARY)
        self._text("region", 'the state where signers live, such as "IL"')
        self._check_time_zone()
        self._check_goal()
        self._check_days()
        self._check_origins()
        self._check_accent()
        self._check_proof_of_work()
        self._check_organizer()

    def _check_keys(self, table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key in known:
                continue
            if prefix and key in _CAMPAIGN_KEYS:
                message = f"`{key}` stands below `[{prefix[:-1]}]`; move it up, above the first line in square brackets"
            elif isinstance(table[key], Mapping) and key == self.language:
                message = f"`[{key}]` is the campaign's own language; its title and summary stand on top of the file"
            elif isinstance(table[key], Mapping) and _LANGUAGE.fullmatch(key):
                message = (
                    f"`[{key}]` is for a further language, which `languages` doesn't list; add it there: {_LISTED}"
                )
            else:
                message = f"unknown setting `{prefix}{key}`; {_meant(key, known)}"
            self._note(f"{prefix}{key}", message)

    def _text(self, key: str, meaning: str, *, required: bool = True, longest: int = _LONGEST_TEXT) -> str:
        """Return a text, or "" with the mistake noted. `key` may be `table.key`."""
        value: Any = self.values
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            if required:
                self._note(key, f"`{key}` is missing; add {meaning}")
            return ""
        if not isinstance(value, str):
            self._note(key, f"`{key}` is {_shown(value)}; write {meaning}, in quotation marks")
            return ""
        if not has_ink(value):
            self._note(key, f"`{key}` is empty; write {meaning}")
            return ""
        if unprintable := unprintable_in(_tidy(value)):
            self._note(key, f"`{key}` {unprintable}")
            return ""
        if len(value) > longest:
            self._note(key, f"`{key}` has {_too_many('characters', len(value), longest)}")
            return ""
        return value.strip()

    def _texts(self, key: str, meaning: str) -> list[str]:
        """Return a list of texts, or an empty one with the mistakes noted."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self._note(key, f"`{key}` is {_shown(value)}; write {meaning}")
            return []
        for text in dict.fromkeys(value):
            if value.count(text) > 1:
                self._note(key, f"`{key}` has {text!r} twice; take one out")
        return list(dict.fromkeys(value))

    def _check_language(self) -> None:
        self.language = self._text("language", 'the letter\'s language, such as "en"')
        if self.language and not _LANGUAGE.fullmatch(self.language):
            self._note("language", f"`language` is {self.language!r}; write a language code, such as 'en'")
            return
        listed = self._texts("languages", f"the codes of the languages in which people can sign, such as {_LISTED}")
        if self.language and listed and self.language not in listed:
            self._note("languages", f"`languages` lacks {self.language!r}, which is the campaign's `language`; add it")
        elif self.language and not listed and self.language not in languages():
            message = (
                f"there are no pages and mails in {self.language!r}, so what stands around the letter is English; "
                + _HOW_TO_ADD_A_LANGUAGE
            )
            self.warnings.append(Mistake(SETTINGS, self.lines.get("language"), message))
        self.translated = tuple(language for language in listed if language != self.language)
        for language in listed:
            self._check_listed_language(language)

    def _check_listed_language(self, language: str) -> None:
        if language in _CAMPAIGN_KEYS:
            self._note("languages", f"{language!r} is the name of a setting, too; give its country, such as 'id-ID'")
        elif language not in languages():
            known = ", ".join(map(repr, languages()))
            message = f"there are no pages and mails in {language!r} yet, only in {known}; {_HOW_TO_ADD_A_LANGUAGE}"
            self._note("languages", f"`languages`: {message}")
        elif language != self.language:
            self._check_translation(language)

    def _check_translation(self, language: str) -> None:
        texts = self.values.get(language)
        if not isinstance(texts, Mapping):
            self._note(
                language,
                f"the table `[{language}]` is missing; add it, with `title` and `summary` in {name_of(language)}",
            )
            return
        self._check_keys(texts, _TRANSLATION_KEYS, f"{language}.")
        self._text(f"{language}.title", f"the campaign's name in {name_of(language)}")
        self._text(f"{language}.summary", f"the summary in {name_of(language)}", longest=_LONGEST_SUMMARY)

    def _check_origins(self) -> None:
        origins = self._texts(
            "allowed_origins", 'the websites that may show the form, such as ["https://www.example.org"]'
        )
        if len(origins) > _MOST_ORIGINS:
            self._note("allowed_origins", f"`allowed_origins` has {_too_many('sites', len(origins), _MOST_ORIGINS)}")
        for origin in origins:
            if mistake := _origin_mistake(origin):
                self._note("allowed_origins", f"`allowed_origins`: {mistake}")

    def _check_accent(self) -> None:
        accent = self._text("accent", 'a color as # and six digits, such as "#7a2048"', required=False)
        if accent and not COLOR_PATTERN.fullmatch(accent.lower()):
            self._note(
                "accent", f"`accent` is {accent!r}; write # and six digits from 0 to f, such as {_color(accent)}"
            )

    def _check_proof_of_work(self) -> None:
        proof = self.values.get("proof_of_work")
        if proof is not None and proof not in _PROOFS:
            self._note("proof_of_work", f"`proof_of_work` is {_shown(proof)}; write one of {', '.join(_PROOFS)}")

    def _check_time_zone(self) -> None:
        zone = self._text("time_zone", 'a time zone, such as "America/Chicago"')
        if not zone:
            return
        try:
            ZoneInfo(zone)
        except (LookupError, ValueError, OSError):
            self._note("time_zone", f'`time_zone` is {zone!r}, no time zone; write one such as "America/Chicago"')

    def _check_goal(self) -> None:
        goal = self.values.get("goal")
        if goal is None:
            self._note("goal", "`goal` is missing; add the number of signatures you hope for, such as 500")
        elif isinstance(goal, bool) or not isinstance(goal, int) or goal < 1:
            self._note("goal", f"`goal` is {_shown(goal)}; give a whole number of at least 1")
        elif goal > _LARGEST_GOAL:
            self._note("goal", f"`goal` is larger than {_LARGEST_GOAL:,}; give the number of signatures you hope for")

    def _check_days(self) -> None:
        days = {key: self._day(key) for key in ("opens", "closes")}
        opens, closes = days["opens"], days["closes"]
        if opens and closes and closes < opens:
            self._note(
                "closes",
                f"`closes` is {closes}, before `opens` ({opens}); give the last day of signing, {opens} or later",
            )

    def _day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self._note(key, f"`{key}` is {_shown(value)}; write a day without quotation marks, such as 2026-11-30")
            return None
        return value

    def _check_organizer(self) -> None:
        organizer = self.values.get("organizer")
        if not isinstance(organizer, Mapping):
            self._note("organizer", "the table `[organizer]` is missing; add it, with `name` and `email` below it")
            return
        self._check_keys(organizer, _ORGANIZER_KEYS, "organizer.")
        self._text("organizer.name", "the organization's name")
        email = self._text("organizer.email", "the address that answers go to")
        if email and (mistake := email_mistake(email)):
            self._note("organizer.email", f"`organizer.email`: {mistake}")
        website = self._text("organizer.website", "the organization's web address", required=False)
        if website and not _is_web_address(website):
            self._note(
                "organizer.website",
                f"`organizer.website` is {website!r}; write a whole web address, such as https://example.org",
            )


def _origin_mistake(text: str) -> str | None:
    """Say what is wrong with a website's origin, or None when it is as browsers write it."""
    if "*" in text:
        return f"{text!r} would be many sites; name each one, such as https://www.example.org"
    origin = _origin_meant(text)
    if origin is None:
        return f"{text!r} is no website's address; write it like https://www.example.org"
    parts = urlsplit(origin)
    if parts.scheme == "http" and parts.hostname not in _TRIAL_HOSTS:
        return (
            f"{text!r} is not encrypted, so others could change the page around the form; write https://{parts.netloc}"
        )
    return None if text == origin else f"{text!r} is more or less than a site's address; write {origin}"


def _origin_meant(text: str) -> str | None:
    """Return the origin of an address as people type it: without https, with a path, or with letters beyond ASCII."""
    scheme, _, rest = text.strip().rpartition("://")
    host, *_ = rest.partition("/")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return origin_of(f"{scheme or 'https'}://{host}") if len(host) <= _LONGEST_HOST else None


def _color(text: str) -> str:
    """Return the colour that was meant by three digits or a forgotten #, or an example."""
    digits = text.lower().removeprefix("#")
    short = "".join(digit * 2 for digit in digits)
    return next((color for color in (f"#{digits}", f"#{short}") if COLOR_PATTERN.fullmatch(color)), "#7a2048")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def _shown(value: object) -> str:
    """Return a value as TOML has it, near enough to be recognized."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, (str, int, float, list)) else str(value)


def _too_many(what: str, count: int, most: int) -> str:
    return f"{count:,} {what}, and {most:,} is the most; take some out"


def _tidy(text: str) -> str:
    """Return a text on one line, without doubled blanks: titles and names stand in mail headers."""
    return " ".join(text.split())


def _toml_mistake(error: str, text: str) -> Mistake:
    place = _TOML_PLACE.search(error)
    line = int(place[1]) if place and place[1] else len(text.rstrip().split("\n"))
    return Mistake(SETTINGS, line, f"{_TOML_PLACE.sub('', error)}; write settings as name = 'text', one a line")


def _toml_lines(text: str) -> dict[str, int]:
    """Find the line of each key and table, by looking at how lines begin; texts of several lines are passed over."""
    lines: dict[str, int] = {}
    table = ""
    quotes = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not quotes:
            if heading := _TOML_TABLE.match(line):
                lines.setdefault(heading[1], number)
                table = f"{heading[1]}."
            elif key := _TOML_KEY.match(line):
                lines.setdefault(table + (key[1] or key[2] or key[3]), number)
        for mark in ('"""', "'''"):
            if quotes in {"", mark} and line.count(mark) % 2:
                quotes = "" if quotes else mark
                break
    return lines


@dataclass(slots=True)
class _RosterReader:
    """Reads targets.csv row by row, remembering what must not come twice."""

    mistakes: list[Mistake]
    languages: tuple[str, ...] = ()
    targets: list[Target] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    # Where each was first seen: ids, people, mailboxes; and each postal code, with its spelling.
    _ids: dict[str, int] = field(default_factory=dict)
    _people: dict[tuple[str, ...], int] = field(default_factory=dict)
    _mailboxes: dict[str, int] = field(default_factory=dict)
    _spellings: dict[str, tuple[str, int]] = field(default_factory=dict)

    def read(self, text: str | None) -> None:
        """Read the whole file, noting mistakes and warnings."""
        if text is None:
            return
        rows = _rows(text)
        try:
            header_line, header = next(rows)
            columns = self._columns(header_line, header)
            if columns is None:
                return
            for line, cells in rows:
                self._read_row(line, columns, cells)
        except csv.Error as error:
            line = text.count("\n", 0, text.rfind('"')) + 1
            self._note(line, f"the quotation marks don't match ({error}); write one inside a text twice")
        if not self.targets and not self.mistakes:
            self._note(None, "the file has no targets; add a row for each person whom letters go to")

    def _note(self, line: int | None, message: str) -> None:
        self.mistakes.append(Mistake(TARGETS, line, message))

    def _columns(self, line: int, header: list[str]) -> list[str] | None:
        """Return the header's columns, or None with the mistakes noted: without them no row can be read."""
        columns = [cell.strip().lower() for cell in header]
        before = len(self.mistakes)
        if len(columns) == 1 and re.search(r"[;\t]", columns[0]):
            self._note(line, "the columns are not separated by commas; save the sheet as CSV with commas")
            return None
        known = (*COLUMNS, *self._title_columns)
        for column in dict.fromkeys(columns):
            if column not in known:
                self._note(line, _unknown_column(column, known))
            elif columns.count(column) > 1:
                self._note(line, f"the column `{column}` is there twice; take one out")
        if missing := [column for column in COLUMNS if column not in columns]:
            self._note(
                line,
                f"missing: {', '.join(f'`{column}`' for column in missing)}; "
                f"the first line names the columns: {','.join(COLUMNS)}",
            )
        return columns if len(self.mistakes) == before else None

    def _read_row(self, line: int, columns: list[str], cells: list[str]) -> None:
        if len(cells) != len(columns):
            self._note(
                line,
                f"{len(cells)} cells where the first line names {len(columns)} columns; "
                "put a text that has a comma in quotation marks",
            )
            return
        row = {column: _tidy(cell) for column, cell in zip(columns, cells, strict=True)}
        for column in ("title", "name", "department", "locality"):
            if not has_ink(row[column]):
                self._note(line, f"`{column}` is empty; letters and mails name it, so fill it in")
        for column in ("title", "name", "department", "locality", *self._title_columns):
            if unprintable := unprintable_in(row.get(column, "")):
                self._note(line, f"`{column}` {unprintable}")
            if (length := len(row.get(column, ""))) > _LONGEST_TEXT:
                self._note(line, f"`{column}` has {_too_many('characters', length, _LONGEST_TEXT)}")
        self._check_id(line, row["id"])
        self._check_person(line, row)
        email = self._email(line, row["email"])
        codes = self._postal_codes(line, row["postal_codes"])
        self.targets.append(
            Target(
                id=row["id"],
                title=row["title"],
                name=row["name"],
                department=row["department"],
                locality=row["locality"],
                email=email,
                postal_codes=tuple(codes),
                titles={
                    language: title for column, language in self._title_columns.items() if (title := row.get(column))
                },
            )
        )

    @property
    def _title_columns(self) -> Mapping[str, str]:
        """Return the columns that may hold the title in further languages, each with its language."""
        return {f"title_{language}".lower(): language for language in self.languages}

    def _check_id(self, line: int, identifier: str) -> None:
        if not identifier:
            self._note(line, "`id` is empty; give the target a short name, such as evanston")
        elif not ID_PATTERN.fullmatch(identifier):
            self._note(line, f"`id` is {identifier!r}; use small letters, digits and hyphens only, such as evanston")
        elif first := self._ids.get(identifier):
            self._note(line, f"the id `{identifier}` stands on line {first}, too; give each target an id of its own")
        self._ids.setdefault(identifier, line)

    def _check_person(self, line: int, row: Mapping[str, str]) -> None:
        person = tuple(row[column].casefold() for column in ("title", "name", "department", "locality"))
        if (first := self._people.get(person)) and all(person):
            self._note(
                line,
                f"{row['name']} of {row['department']} stands on line {first}, too; "
                "keep one row, with the postal codes of both",
            )
        self._people.setdefault(person, line)

    def _email(self, line: int, email: str) -> str:
        """Return an address as mail carries it, or "" with the mistake noted."""
        if mistake := email_mistake(email):
            self._note(line, f"`email`: {mistake}")
            return ""
        mailbox = canonical_email(email)
        if first := self._mailboxes.get(mailbox):
            self.warnings.append(
                Mistake(TARGETS, line, f"{email} is the address of line {first}, too; each gets a mail of its own")
            )
        self._mailboxes.setdefault(mailbox, line)
        return mailable(email)

    def _postal_codes(self, line: int, cell: str) -> Iterable[str]:
        """Return a row's codes in their canonical form, each once."""
        codes: dict[str, str] = {}
        all_typed = list(_split_codes(cell))
        if len(all_typed) > _MOST_POSTAL_CODES:
            self._note(line, f"`postal_codes` has {_too_many('codes', len(all_typed), _MOST_POSTAL_CODES)}")
            return codes
        for typed in all_typed:
            code = canonical_postal_code(typed)
            if not _POSTAL_CODE.fullmatch(code):
                self._note(line, f"`{typed}` is no postal code; separate codes by `;`, such as 60201; 60202")
                continue
            if codes.get(code) == typed:
                self._note(line, f"the postal code {typed} is there twice; take one out")
            spelling, first = self._spellings.setdefault(code, (typed, line))
            if spelling != typed and codes.get(code) != typed:
                where = f"line {first}" if first != line else "the same line"
                self._note(
                    line, f"the postal code {typed} is spelled {spelling} on {where}; spell it one way, such as {code}"
                )
            codes[code] = typed
        if not all_typed:
            self._note(line, "`postal_codes` is empty; add the codes of the places that the target serves")
        return codes


def _unknown_column(column: str, known: tuple[str, ...]) -> str:
    if re.fullmatch(r"title_[a-z-]+", column):
        return (
            f"the column `{column}` is for a language that `languages` in {SETTINGS} doesn't list; "
            "add it there, or take the column out"
        )
    return f"unknown column `{column}`; {_meant(column, known)}"


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Read rows that are not blank, each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _split_codes(cell: str) -> Iterator[str]:
    """Split a cell at `;` and `,`, and at blanks where they can't belong to a code, as in `K1A 0B1` they do."""
    for piece in re.split(r"[;,]", cell):
        if _HAS_LETTER.search(piece):
            yield piece.strip()
        else:
            yield from piece.split()
