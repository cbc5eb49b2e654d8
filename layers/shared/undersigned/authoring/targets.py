"""Read `targets.csv`: a campaign's targets, and every mistake in their rows."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.authoring import settings
from undersigned.authoring.mistakes import Mistake, correct_name, too_many
from undersigned.authoring.texts import on_one_line
from undersigned.domain.addresses import canonical_email, email_mistake, mailable
from undersigned.domain.campaigns import ID_PATTERN, Target, canonical_postal_code
from undersigned.domain.characters import has_ink, unprintable_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

FILE = "targets.csv"

COLUMNS = ("id", "title", "name", "department", "locality", "email", "postal_codes")
"""The required columns. A column `title_<language>` can have the titles in another language."""

_SHOWN_IN_LETTERS = ("title", "name", "department", "locality")

_LONGEST_TEXT = 300
_MOST_POSTAL_CODES = 10_000

_TITLE_COLUMN = re.compile(r"title_[a-z0-9-]+")
_POSTAL_CODE = re.compile(r"[A-Z0-9]{3,9}")
_HAS_LETTER = re.compile(r"[A-Za-z]")

type _Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TargetList:
    """The content of targets.csv. `targets` are complete only if there are no mistakes."""

    targets: tuple[Target, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


def read_targets(text: str, languages: Collection[str] | None) -> TargetList:
    """Read the text of targets.csv.

    `languages` are the campaign's other languages, in which titles may be; None allows any language.
    """
    reader = _Reader(languages)
    reader.read(text)
    return TargetList(tuple(reader.targets), tuple(reader.mistakes), tuple(reader.warnings))


class _Reader:
    """Reads rows one by one, and remembers what must be unique."""

    def __init__(self, languages: Collection[str] | None) -> None:
        self.targets: list[Target] = []
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []
        # Column names are read in lowercase, but language codes can have uppercase letters.
        self._languages = None if languages is None else {language.lower(): language for language in languages}
        # The line on which each was first seen.
        self._line_of_id: dict[str, int] = {}
        self._line_of_person: dict[tuple[str, ...], int] = {}
        self._line_of_mailbox: dict[str, int] = {}
        # How each postal code is written, and on which line first.
        self._spellings: dict[str, tuple[str, int]] = {}

    def read(self, text: str) -> None:
        """Read the whole file."""
        rows = _rows(text)
        try:
            first = next(rows, None)
            if first is None:
                message = f"the file has only blank cells; the first line must name the columns {','.join(COLUMNS)}"
                self._mistake(None, message)
                return
            columns = self._columns(*first)
            if columns is None:
                return
            for line, cells in rows:
                self._read_row(line, columns, cells)
        except csv.Error as error:
            line = text.count("\n", 0, text.rfind('"')) + 1
            message = f"the quotation marks don't match ({error}); write a quotation mark inside quoted text twice"
            self._mistake(line, message)
        if not self.targets and not self.mistakes:
            self._mistake(None, "the file has no recipients; add a row for each person whom letters go to")

    def _mistake(self, line: int | None, message: str) -> None:
        self.mistakes.append(Mistake(FILE, line, message))

    def _columns(self, line: int, header: list[str]) -> list[str] | None:
        """Return the header's columns, or None if they have mistakes, so that rows can't be read."""
        columns = [cell.strip().lower() for cell in header]
        if len(columns) == 1 and re.search(r"[;\t]", columns[0]):
            self._mistake(line, "the columns are not separated by commas; save the sheet as CSV with commas")
            return None
        for column in dict.fromkeys(columns):
            if column not in COLUMNS and self._language_of(column) is None:
                self._mistake(line, self._unknown_column(column))
            elif columns.count(column) > 1:
                self._mistake(line, f"the column `{column}` is there twice; remove one")
        if missing := [column for column in COLUMNS if column not in columns]:
            listed = ", ".join(f"`{column}`" for column in missing)
            self._mistake(line, f"missing columns: {listed}; the first line must name the columns {','.join(COLUMNS)}")
        return None if self.mistakes else columns

    def _language_of(self, column: str) -> str | None:
        """Return the language of a column of titles, or None for any other column."""
        if not _TITLE_COLUMN.fullmatch(column):
            return None
        language = column.removeprefix("title_")
        return language if self._languages is None else self._languages.get(language)

    def _unknown_column(self, column: str) -> str:
        if _TITLE_COLUMN.fullmatch(column):
            return (
                f"the column `{column}` is for a language that `languages` in {settings.FILE} doesn't list; "
                "add the language there, or remove the column"
            )
        titles = (f"title_{language}" for language in self._languages or ())
        return f"unknown column `{column}`; {correct_name(column, (*COLUMNS, *titles))}"

    def _read_row(self, line: int, columns: list[str], cells: list[str]) -> None:
        if len(cells) != len(columns):
            self._mistake(
                line,
                f"the row has {len(cells)} cells, but the first line names {len(columns)} columns; "
                "put quotation marks around text that has a comma",
            )
            return
        row = {column: on_one_line(cell) for column, cell in zip(columns, cells, strict=True)}
        titles = {language: title for column, title in row.items() if title and (language := self._language_of(column))}
        self._check_texts(line, row)
        self._check_id(line, row["id"])
        self._check_person(line, row)
        self.targets.append(
            Target(
                id=row["id"],
                title=row["title"],
                name=row["name"],
                department=row["department"],
                locality=row["locality"],
                email=self._email(line, row["email"]),
                postal_codes=self._postal_codes(line, row["postal_codes"]),
                titles=titles,
            )
        )

    def _check_texts(self, line: int, row: _Row) -> None:
        for column in _SHOWN_IN_LETTERS:
            if not has_ink(row[column]):
                self._mistake(line, f"`{column}` is empty; fill it in, since letters and emails show it")
        for column, text in row.items():
            if column not in _SHOWN_IN_LETTERS and self._language_of(column) is None:
                continue
            if unprintable := unprintable_in(text):
                self._mistake(line, f"`{column}` {unprintable}")
            if len(text) > _LONGEST_TEXT:
                self._mistake(line, f"`{column}` has {too_many('characters', len(text), _LONGEST_TEXT)}")

    def _check_id(self, line: int, identifier: str) -> None:
        if not identifier:
            self._mistake(line, "`id` is empty; give the recipient a short name, such as evanston")
        elif not ID_PATTERN.fullmatch(identifier):
            message = f"`id` is {identifier!r}; use only lowercase letters, digits and hyphens, such as evanston"
            self._mistake(line, message)
        elif first := self._line_of_id.get(identifier):
            self._mistake(line, f"the id `{identifier}` is also on line {first}; give each recipient a different id")
        self._line_of_id.setdefault(identifier, line)

    def _check_person(self, line: int, row: _Row) -> None:
        person = tuple(row[column].casefold() for column in _SHOWN_IN_LETTERS)
        if (first := self._line_of_person.get(person)) and all(person):
            self._mistake(
                line,
                f"{row['name']} of {row['department']} is also on line {first}; "
                "keep one row, with the postal codes of both",
            )
        self._line_of_person.setdefault(person, line)

    def _email(self, line: int, email: str) -> str:
        """Return an email address with its domain in the form that DNS uses, or "" if it has a mistake."""
        if mistake := email_mistake(email):
            self._mistake(line, f"`email`: {mistake}")
            return ""
        mailbox = canonical_email(email)
        if first := self._line_of_mailbox.get(mailbox):
            message = f"{email} is also the address on line {first}; each recipient gets an email of their own"
            self.warnings.append(Mistake(FILE, line, message))
        self._line_of_mailbox.setdefault(mailbox, line)
        return mailable(email)

    def _postal_codes(self, line: int, cell: str) -> tuple[str, ...]:
        """Return a row's codes in canonical form, without duplicates."""
        typed_codes = tuple(_split_codes(cell))
        if not typed_codes:
            self._mistake(line, "`postal_codes` is empty; add the codes of the places that the recipient serves")
        if len(typed_codes) > _MOST_POSTAL_CODES:
            self._mistake(line, f"`postal_codes` has {too_many('codes', len(typed_codes), _MOST_POSTAL_CODES)}")
            return ()
        typed_as: dict[str, str] = {}
        for typed in typed_codes:
            code = canonical_postal_code(typed)
            if not _POSTAL_CODE.fullmatch(code):
                self._mistake(line, f"`{typed}` is not a postal code; separate codes with `;`, such as 60201; 60202")
                continue
            if typed_as.get(code) == typed:
                self._mistake(line, f"the postal code {typed} is there twice; remove one")
            else:
                self._check_spelling(line, code, typed)
            typed_as[code] = typed
        return tuple(typed_as)

    def _check_spelling(self, line: int, code: str, typed: str) -> None:
        spelling, first = self._spellings.setdefault(code, (typed, line))
        if typed != spelling:
            where = f"line {first}" if first != line else "the same line"
            message = f"the postal code {typed} is written {spelling} on {where}; write it one way, such as {code}"
            self._mistake(line, message)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that are not blank, each with its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _split_codes(cell: str) -> Iterator[str]:
    """Split a cell at `;` and `,`, and at spaces unless a code can contain them, as in `K1A 0B1`."""
    for piece in re.split(r"[;,]", cell):
        if _HAS_LETTER.search(piece):
            yield piece.strip()
        else:
            yield from piece.split()
