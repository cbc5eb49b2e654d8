"""Read `targets.csv`: a campaign's targets, and every mistake in their rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from undersigned.base.characters import has_ink
from undersigned.base.email_addresses import canonical_email, email_mistake, mailable
from undersigned.base.languages import Message
from undersigned.base.typos import meant_by
from undersigned.campaigns.rules.campaigns import ID_PATTERN, Target
from undersigned.workshop import settings
from undersigned.workshop.mistakes import Mistake, MistakesError, correct_name, on_line
from undersigned.workshop.postal_code_cells import PostalCodeCells
from undersigned.workshop.setting_kinds import LONGEST_TEXT, wrong_text
from undersigned.workshop.table_texts import SEPARATORS, UNREADABLE, rows_of, separator_of
from undersigned.workshop.texts import on_lines, on_one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

FILE = "targets.csv"

COLUMNS = ("id", "title", "name", "department", "locality", "email", "postal_codes")
"""The required columns. A column `title_<language>` can have the titles in another language."""

POSTAL_ADDRESS = "postal_address"
"""An optional column: where letters by hand or post go. Its cells can have several lines."""

_SHOWN_IN_LETTERS = ("title", "name", "department", "locality")

MOST_NOTES = 1_000
"""The most notes that are kept. Each pair of recipients who share codes is a note, so there can be millions."""

_ALL_COLUMNS = {"columns": ",".join(COLUMNS)}
TITLE_COLUMN = re.compile(r"title_[a-z0-9-]+")
_NAMED_ADDRESS = re.compile(r"([^<>@]*)< ?([^<> ]+) ?>")

type _Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TargetList:
    """The content of targets.csv. `targets` are complete only if there are no mistakes.

    `notes` are the first MOST_NOTES.
    """

    targets: tuple[Target, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()


def tidy(cells: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a row without repeated spaces: each cell on one line, or in the lines of a postal address.

    An email program copies `Robin Sample <mayor@oakton.example>`: the address stays, and the name if there is none.
    """
    row = {column: on_lines(cell) if column == POSTAL_ADDRESS else on_one_line(cell) for column, cell in cells}
    if found := _NAMED_ADDRESS.fullmatch(row.get("email", "")):
        row["email"] = found[2]
        if row.get("name") == "":
            row["name"] = found[1].strip('" ')
    return row


def read_targets(text: str, languages: Collection[str] | None, region: str = "") -> TargetList:
    """Read the text of targets.csv. `region` is where signers live: a state has ZIP codes only.

    `languages` are the campaign's other languages. Titles may be in these; None allows any language.
    """
    reader = _Reader(languages, region)
    reader.read(text)
    reader.warnings += reader.codes_to_check()
    notes = () if reader.mistakes else tuple(islice(reader.notes(), MOST_NOTES))
    return TargetList(tuple(reader.targets), tuple(reader.mistakes), tuple(reader.warnings), notes)


class _Reader:
    """Reads rows one by one, and remembers the values that must be unique."""

    def __init__(self, languages: Collection[str] | None, region: str) -> None:
        self.targets: list[Target] = []
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []
        # Column names are read in lowercase, but language codes can have uppercase letters.
        self._languages = None if languages is None else {language.lower(): language for language in languages}
        # The line on which each was first seen.
        self._line_of_id: dict[str, int] = {}
        self._line_of_person: dict[tuple[str, ...], int] = {}
        self._line_of_mailbox: dict[str, int] = {}
        self._postal_code_cells = PostalCodeCells(region)

    def read(self, text: str) -> None:
        """Read the whole file."""
        separator = separator_of(text, COLUMNS.__contains__)
        rows = rows_of(text, separator, FILE)
        try:
            first = next(rows, None)
            if first is None:
                message = Message(
                    "the file has only blank cells; the first line must name the columns %(columns)s", _ALL_COLUMNS
                )
                self._mistake(None, message, plainly=UNREADABLE)
                return
            columns = self._columns(*first)
            if columns is None:
                return
            for line, cells in rows:
                self._read_row(line, columns, cells, SEPARATORS[separator])
        except MistakesError as error:
            self.mistakes += error.mistakes
        if not self.targets and not self.mistakes:
            self._mistake(None, Message("add a row for each person whom letters go to"))

    def _mistake(
        self, line: int | None, message: Message, column: str | None = None, plainly: Message | None = None
    ) -> None:
        self.mistakes.append(Mistake(FILE, line, message, column, plainly=plainly))

    def _columns(self, line: int, header: list[str]) -> list[str] | None:
        """Return the header's columns, or None if they have mistakes, so that rows can't be read."""
        columns = [cell.strip().lower() for cell in header]
        for column in dict.fromkeys(columns):
            if column not in {*COLUMNS, POSTAL_ADDRESS} and self._language_of(column) is None:
                self._mistake(line, self._unknown_column(column), plainly=UNREADABLE)
            elif columns.count(column) > 1:
                message = Message("the column `%(column)s` is there twice; remove one", {"column": column})
                self._mistake(line, message, plainly=UNREADABLE)
        if missing := [column for column in COLUMNS if column not in columns]:
            listed = ", ".join(f"`{column}`" for column in missing)
            message = Message(
                "missing columns: %(missing)s; the first line must name the columns %(columns)s",
                {"missing": listed, **_ALL_COLUMNS},
            )
            self._mistake(line, message, plainly=UNREADABLE)
        return None if missing or len({*columns}) < len(columns) else columns

    def _language_of(self, column: str) -> str | None:
        """Return the language of a column of titles, or None for any other column."""
        if not TITLE_COLUMN.fullmatch(column):
            return None
        language = column.removeprefix("title_")
        return language if self._languages is None else self._languages.get(language)

    def _unknown_column(self, column: str) -> Message:
        if TITLE_COLUMN.fullmatch(column):
            return Message(
                "the column `%(column)s` is for a language that `languages` in %(file)s doesn’t list; add the language "
                "there, or remove the column",
                {"column": column, "file": settings.FILE},
            )
        titles = (f"title_{language}" for language in self._languages or ())
        values = {"column": column, "way_out": correct_name(column, (*COLUMNS, POSTAL_ADDRESS, *titles))}
        return Message("unknown column `%(column)s`; %(way_out)s", values)

    def _read_row(self, line: int, columns: list[str], cells: list[str], separator: Message) -> None:
        if len(cells) != len(columns):
            message = Message(
                "the row has %(cells)s cells, but the first line names %(columns)s columns; put quotation marks around "
                "text that has %(separator)s",
                {"cells": len(cells), "columns": len(columns), "separator": separator},
            )
            self._mistake(line, message)
            return
        row = tidy(zip(columns, cells, strict=True))
        titles = {language: title for column, title in row.items() if title and (language := self._language_of(column))}
        self._check_texts(line, row)
        self._check_letter_case(line, row["name"])
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
                postal_address=row.get(POSTAL_ADDRESS, ""),
            )
        )

    def _check_texts(self, line: int, row: _Row) -> None:
        for column in _SHOWN_IN_LETTERS:
            if not has_ink(row[column]):
                self._mistake(line, Message("fill this in: letters and emails show it"), column)
        for column, text in row.items():
            if column not in {*_SHOWN_IN_LETTERS, POSTAL_ADDRESS} and self._language_of(column) is None:
                continue
            if wrong := wrong_text(text, LONGEST_TEXT):
                self._mistake(line, wrong, column)

    def _check_letter_case(self, line: int, name: str) -> None:
        """Ask about a name that a sheet has in capitals, or without any."""
        meant = name.title()
        if " " in name and name in {name.upper(), name.lower()} and name != meant:
            asks = Message("letters show the name as it stands; did you mean %(name)s?", {"name": meant})
            self.warnings.append(Mistake(FILE, line, asks, "name"))

    def _check_id(self, line: int, identifier: str) -> None:
        if not identifier:
            self._mistake(line, Message("give the recipient a name for web addresses, such as evanston"), "id")
        elif not ID_PATTERN.fullmatch(identifier):
            self._mistake(line, Message("use only lowercase letters, digits and hyphens, such as evanston"), "id")
        elif first := self._line_of_id.get(identifier):
            message = Message(
                "this name in web addresses is also %(line)s; give each recipient a different one",
                {"line": on_line(first)},
            )
            self._mistake(line, message, "id")
        self._line_of_id.setdefault(identifier, line)

    def _check_person(self, line: int, row: _Row) -> None:
        person = tuple(row[column].casefold() for column in _SHOWN_IN_LETTERS)
        if (first := self._line_of_person.get(person)) and all(person):
            message = Message(
                "%(name)s of %(department)s is also %(line)s; keep one row, with the postal codes of both",
                {"name": row["name"], "department": row["department"], "line": on_line(first)},
            )
            self._mistake(line, message, "name")
        self._line_of_person.setdefault(person, line)

    def _email(self, line: int, email: str) -> str:
        """Return an email address with its domain in the form that DNS uses, or "" if it has a mistake or is none."""
        if not email:
            return ""
        if mistake := email_mistake(email):
            self._mistake(line, mistake, "email")
            return ""
        if meant := meant_by(email):
            self.warnings.append(Mistake(FILE, line, Message("Did you mean %(address)s?", {"address": meant}), "email"))
        mailbox = canonical_email(email)
        if first := self._line_of_mailbox.get(mailbox):
            message = Message(
                "%(email)s is also the address %(line)s; each recipient gets an email of their own",
                {"email": email, "line": on_line(first)},
            )
            self.warnings.append(Mistake(FILE, line, message, "email"))
        self._line_of_mailbox.setdefault(mailbox, line)
        return mailable(email)

    def _postal_codes(self, line: int, cell: str) -> tuple[str, ...]:
        """Return the codes that a row lists; none if the target is everyone's."""
        codes, mistakes = self._postal_code_cells.read(line, cell)
        for mistake in mistakes:
            self._mistake(line, mistake, "postal_codes")
        return codes

    def codes_to_check(self) -> Iterator[Mistake]:
        """Return a warning for codes that were changed, or that lie outside the state."""
        for line, message in self._postal_code_cells.to_check:
            yield Mistake(FILE, line, message, "postal_codes")

    def notes(self) -> Iterator[Mistake]:
        """Return notes about targets that share codes, so that signers have to choose."""
        for line, note in self._postal_code_cells.notes():
            yield Mistake(FILE, line, note, "postal_codes")
