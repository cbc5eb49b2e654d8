"""Tables of targets: `targets.csv` as rows of cells to type in, and what people paste or upload.

What is read here can have any mistake: `targets` finds them all when the draft is checked, by line and column.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.authoring.mistakes import Mistake, MistakesError
from undersigned.authoring.table_texts import UnreadableRowError, rows_of, separator_of
from undersigned.authoring.targets import COLUMNS, FILE
from undersigned.authoring.texts import on_one_line, with_our_line_ends
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

type Row = tuple[str, ...]

NAMES: Mapping[str, str] = {
    **{column: column for column in COLUMNS},
    **dict.fromkeys(("position", "job title", "function", "role"), "title"),
    **dict.fromkeys(("recipient", "full name", "person", "official"), "name"),
    **dict.fromkeys(("agency", "organization", "organisation", "office", "institution"), "department"),
    **dict.fromkeys(("town", "city", "village", "municipality", "place", "community"), "locality"),
    **dict.fromkeys(("e-mail", "mail", "email address", "e-mail address"), "email"),
    **dict.fromkeys(
        ("postal codes", "postal code", "postal_code", "zip", "zips", "zip code", "zip codes", "zipcode", "zipcodes"),
        "postal_codes",
    ),
    **dict.fromkeys(("postcode", "postcodes"), "postal_codes"),
}
"""The column that each heading of a spreadsheet means, in lowercase."""

_TITLES = re.compile(r"title_[a-z0-9-]+")
_LEAST_HEADINGS = 2
"""A first row with fewer known headings is a recipient."""

_IDS_OF_LOCALITY = ("locality", "name", "title")
_CODES = re.compile(r"[0-9*?;,\s–-]*[0-9*][0-9*?;,\s–-]*")
_LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class TargetTable:
    """Rows of cells, each as long as `columns`. `lines` are those of the rows in the text they were read from."""

    columns: tuple[str, ...] = COLUMNS
    rows: tuple[Row, ...] = ()
    lines: tuple[int, ...] = ()

    def cell(self, row: int, column: str) -> str:
        """Return a cell, or an empty text if the table has no such column."""
        return self.rows[row][self.columns.index(column)] if column in self.columns else ""

    def row_of(self, line: int | None) -> int | None:
        """Return the number (0-based) of the row on a line of the text, or None if no row begins there."""
        return self.lines.index(line) if line in self.lines else None

    def text(self) -> str:
        """Return the table as targets.csv: commas, a line for each row that is not blank."""
        written = io.StringIO()
        rows = csv.writer(written, lineterminator="\n")
        rows.writerow(self.columns)
        rows.writerows(row for row in self.rows if any(row))
        return written.getvalue()

    def as_columns(self, columns: Sequence[str]) -> TargetTable:
        """Return the table with these columns, in this order."""
        places = [self.columns.index(column) if column in self.columns else None for column in columns]
        rows = tuple(tuple("" if place is None else row[place] for place in places) for row in self.rows)
        return replace(self, columns=tuple(columns), rows=rows)

    def with_rows_of(self, other: TargetTable) -> TargetTable:
        """Return the table with another one's rows after its own."""
        columns = tuple(dict.fromkeys((*self.columns, *other.columns)))
        rows = (*self.as_columns(columns).rows, *other.as_columns(columns).rows)
        return TargetTable(columns, rows).with_ids()

    def replaced_by(self, other: TargetTable) -> TargetTable:
        """Return another table in place of this one. Rows without an id keep the one that they had here.

        They are recognised by their email address, or else by name and locality: with another id, they would be
        somebody else, and the letters that wait would go to who is no longer listed.
        """
        columns = tuple(dict.fromkeys((*COLUMNS, *other.columns)))
        return other.as_columns(columns).with_ids(self)

    def with_ids(self, before: TargetTable | None = None) -> TargetTable:
        """Return the table with an id in each row: the one that the row had before, or one made of its locality."""
        table = self if "id" in self.columns else self.as_columns(("id", *self.columns))
        place = table.columns.index("id")
        taken = {row[place] for row in table.rows if row[place]}
        known = _ids_by_features(before) if before else {}
        numbers: Counter[str] = Counter()
        rows = []
        for number, row in enumerate(table.rows):
            if row[place] or not any(row):
                rows.append(row)
                continue
            had = next((known[feature] for feature in _features(table, number) if feature in known), "")
            identifier = had if had and had not in taken else _free(_slug(table, number), taken, numbers)
            taken.add(identifier)
            rows.append((*row[:place], identifier, *row[place + 1 :]))
        return replace(table, rows=tuple(rows))


def read_table(text: str) -> TargetTable:
    """Read the text of a targets.csv, whatever its mistakes. Raises MistakesError if it is no table at all.

    Cells beyond the columns join the last one, so that nothing is lost.
    """
    separator = separator_of(text, NAMES)
    rows = _rows(text, separator)
    if not rows:
        return TargetTable()
    (_, header), *others = rows
    columns = tuple(_column(cell) for cell in header)
    if len(set(columns)) < len(columns) or sum(column in COLUMNS for column in columns) < _LEAST_HEADINGS:
        columns, others = COLUMNS, rows
    fitted = tuple(_fitted(cells, len(columns), separator) for _, cells in others)
    return TargetTable(columns, fitted, tuple(line for line, _ in others))


def read_pasted(text: str) -> TargetTable:
    """Read rows from a spreadsheet, pasted or uploaded: with headings as people write them, or without any.

    Without headings, the cells tell what they are: the one with @ is the address, and those of digits are the postal
    codes. The others are title, name, department and locality, in this order. Raises MistakesError if the text is no
    table.
    """
    text = with_our_line_ends(text.removeprefix("\ufeff"))
    separator = separator_of(text, NAMES)
    rows = [cells for _, cells in _rows(text, separator)]
    if not rows:
        return TargetTable()
    columns = [_column(cell) for cell in rows[0]]
    if sum(column in COLUMNS or bool(_TITLES.fullmatch(column)) for column in columns) >= _LEAST_HEADINGS:
        rows = rows[1:]
    else:
        columns = _guessed(rows)
    known = [
        column
        for place, column in enumerate(columns)
        if column not in columns[:place] and (column in COLUMNS or _TITLES.fullmatch(column))
    ]
    places = [columns.index(column) for column in known]
    fitted = (_fitted(cells, len(columns), separator) for cells in rows)
    chosen = (tuple(row[place] for place in places) for row in fitted)
    table = TargetTable(tuple(known), tuple(row for row in chosen if any(row)))
    return table.as_columns(tuple(dict.fromkeys((*COLUMNS, *known))))


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    try:
        return list(rows_of(text, separator, strict=False))
    except UnreadableRowError as error:
        message = Message("the table can't be read; save the sheet as CSV, and upload that file")
        raise MistakesError([Mistake(FILE, error.line, message)]) from error


def _column(heading: str) -> str:
    name = on_one_line(heading).lower()
    return NAMES.get(name, name)


def _fitted(cells: Sequence[str], length: int, separator: str) -> Row:
    fitting = [on_one_line(cell) for cell in cells[:length]]
    if len(cells) > length:
        rest = (on_one_line(cell) for cell in cells[length - 1 :])
        fitting[-1] = f"{separator} ".lstrip("\t").join(cell for cell in rest if cell)
    return (*fitting, *[""] * (length - len(fitting)))


def _guessed(rows: Sequence[Sequence[str]]) -> list[str]:
    """Guess the columns of rows without headings from their cells."""
    width = max(map(len, rows))
    by_place = [[cells[place].strip() for cells in rows if place < len(cells)] for place in range(width)]
    guessed = [""] * width
    for place, cells in enumerate(by_place):
        filled = [cell for cell in cells if cell]
        if "email" not in guessed and any("@" in cell for cell in filled):
            guessed[place] = "email"
        elif "postal_codes" not in guessed and filled and all(_CODES.fullmatch(cell) for cell in filled):
            guessed[place] = "postal_codes"
    others = [column for column in COLUMNS if column not in {"email", "postal_codes"}]
    free = [place for place, column in enumerate(guessed) if not column]
    if len(free) < len(others):
        others.remove("id")
    for place, column in zip(free, others, strict=False):
        guessed[place] = column
    return guessed


def _ids_by_features(table: TargetTable) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for number in range(len(table.rows)):
        for feature in _features(table, number):
            found.setdefault(feature, table.cell(number, "id"))
    return found


def _features(table: TargetTable, row: int) -> Iterable[tuple[str, ...]]:
    """Return by what a row is recognised, the surest first."""
    email, name, locality = (table.cell(row, column).casefold() for column in ("email", "name", "locality"))
    if email:
        yield ("email", email)
    if name and locality:
        yield ("name", name, locality)


def _slug(table: TargetTable, row: int) -> str:
    for column in _IDS_OF_LOCALITY:
        plain = unicodedata.normalize("NFKD", table.cell(row, column)).encode("ascii", "ignore").decode().lower()
        if slug := re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_ID].strip("-"):
            return slug
    return "recipient"


def _free(slug: str, taken: set[str], numbers: Counter[str]) -> str:
    """Return the slug, or with the next number if it is taken."""
    identifier = slug
    while identifier in taken:
        numbers[slug] += 1
        identifier = f"{slug}-{numbers[slug] + 1}"
    return identifier
