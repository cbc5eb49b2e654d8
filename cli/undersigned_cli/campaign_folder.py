"""Read a campaign's folder, `campaign.toml`, `letter.md` and `targets.csv`, and find every mistake at once."""

from __future__ import annotations

import csv
import difflib
import io
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from undersigned.domain.addresses import canonical_email, email_mistake
from undersigned.domain.campaigns import ID_PATTERN, Campaign, Organizer, Target, canonical_postal_code
from undersigned.domain.errors import UndersignedError
from undersigned.domain.letters import Letter
from undersigned_cli.letter_source import LetterSourceError, compile_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SETTINGS = "campaign.toml"
LETTER = "letter.md"
TARGETS = "targets.csv"

COLUMNS = ("id", "title", "name", "department", "locality", "email", "postal_codes")

_CAMPAIGN_KEYS = (
    "id", "title", "summary", "language", "time_zone", "region", "goal", "opens", "closes", "organizer",
)  # fmt: skip
_ORGANIZER_KEYS = ("name", "email", "website")

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


def read(folder: Path) -> CampaignFolder:
    """Read a campaign's folder. Raises CampaignFolderError with every mistake of all three files."""
    if not folder.is_dir():
        raise CampaignFolderError(
            (Mistake(str(folder), None, f"there is no such folder; make it, with {SETTINGS}, {LETTER} and {TARGETS}"),)
        )
    mistakes: list[Mistake] = []
    settings = _Settings.read(_text_of(folder / SETTINGS, mistakes), mistakes)
    source = _text_of(folder / LETTER, mistakes)
    template = _template_of(source, mistakes)
    roster = _RosterReader(mistakes)
    roster.read(_text_of(folder / TARGETS, mistakes))
    if mistakes or settings is None or source is None or template is None:
        raise CampaignFolderError(tuple(mistakes))
    letter = Letter.of(settings.language, source, template)
    return CampaignFolder(settings.campaign(letter.version), letter, tuple(roster.targets), tuple(roster.warnings))


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


def _template_of(source: str | None, mistakes: list[Mistake]) -> str | None:
    if source is None:
        return None
    try:
        return compile_letter(source)
    except LetterSourceError as error:
        mistakes.extend(Mistake(LETTER, mistake.line, mistake.message) for mistake in error.mistakes)
        return None


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
        found: list[Mistake] = []
        settings = cls(values, _toml_lines(text), found)
        settings._check()
        mistakes.extend(sorted(found, key=lambda mistake: mistake.line or 0))
        return settings

    def campaign(self, letter: str) -> Campaign:
        """Make the campaign of values that were found without mistakes."""
        organizer = self.values["organizer"]
        return Campaign(
            id=self.values["id"],
            title=_tidy(self.values["title"]),
            summary=_tidy(self.values["summary"]),
            organizer=Organizer(
                _tidy(organizer["name"]), organizer["email"].strip(), organizer.get("website", "").strip() or None
            ),
            language=self.language,
            time_zone=self.values["time_zone"],
            region=_tidy(self.values["region"]),
            goal=self.values["goal"],
            letter=letter,
            opens=self.values.get("opens"),
            closes=self.values.get("closes"),
        )

    def _note(self, key: str, message: str) -> None:
        # A missing key has no line of its own; the table that should hold it may have one.
        line = self.lines.get(key, self.lines.get(key.partition(".")[0]) if "." in key else None)
        self.mistakes.append(Mistake(SETTINGS, line, message))

    def _check(self) -> None:
        self._check_keys(self.values, _CAMPAIGN_KEYS, "")
        identifier = self._text("id", 'a short name in small letters, such as "end-demand-illinois"')
        if identifier and not ID_PATTERN.fullmatch(identifier):
            self._note(
                "id",
                f"`id` is {identifier!r}; use small letters, digits and hyphens only, 50 at most, "
                "with a letter or digit at both ends",
            )
        self._text("title", "the campaign's name, as people will read it")
        self._text("summary", "a sentence or two on what the letter asks for")
        self._text("region", 'the state where signers live, such as "IL"')
        self.language = self._text("language", 'the letter\'s language, such as "en"')
        if self.language and not _LANGUAGE.fullmatch(self.language):
            self._note("language", f"`language` is {self.language!r}; write a language code, such as 'en'")
        self._check_time_zone()
        self._check_goal()
        self._check_days()
        self._check_organizer()

    def _check_keys(self, table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                self._note(f"{prefix}{key}", f"unknown setting `{prefix}{key}`; {_meant(key, known)}")

    def _text(self, key: str, meaning: str, *, required: bool = True) -> str:
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
        if not value.strip():
            self._note(key, f"`{key}` is empty; write {meaning}")
        return value.strip()

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
        for column in dict.fromkeys(columns):
            if column not in COLUMNS:
                self._note(line, f"unknown column `{column}`; {_meant(column, COLUMNS)}")
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
            if not row[column]:
                self._note(line, f"`{column}` is empty; letters and mails name it, so fill it in")
        self._check_id(line, row["id"])
        self._check_person(line, row)
        self._check_email(line, row["email"])
        codes = self._postal_codes(line, row["postal_codes"])
        self.targets.append(
            Target(row["id"], row["title"], row["name"], row["department"], row["locality"], row["email"], tuple(codes))
        )

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

    def _check_email(self, line: int, email: str) -> None:
        if mistake := email_mistake(email):
            self._note(line, f"`email`: {mistake}")
            return
        mailbox = canonical_email(email)
        if first := self._mailboxes.get(mailbox):
            self.warnings.append(
                Mistake(TARGETS, line, f"{email} is the address of line {first}, too; each gets a mail of its own")
            )
        self._mailboxes.setdefault(mailbox, line)

    def _postal_codes(self, line: int, cell: str) -> Iterable[str]:
        """Return a row's codes in their canonical form, each once."""
        codes: dict[str, str] = {}
        all_typed = list(_split_codes(cell))
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
