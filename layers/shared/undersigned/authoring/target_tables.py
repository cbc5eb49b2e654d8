"""Tables of targets: `targets.csv` as rows of cells to type in, and what people paste or upload.

What is read here can have any mistake: `targets` finds them all when the draft is checked, by line and column.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError
from undersigned.authoring.table_texts import TooLargeError, UnreadableRowError, rows_of, separator_of, text_of_rows
from undersigned.authoring.targets import COLUMNS, FILE
from undersigned.authoring.texts import on_one_line, with_our_line_ends
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

type Row = tuple[str, ...]

NAMES: Mapping[str, str] = {
    **{column: column for column in COLUMNS},
    **dict.fromkeys(("position", "job title", "function", "role", "título", "cargo"), "title"),
    **dict.fromkeys(("recipient", "full name", "person", "official", "nombre"), "name"),
    **dict.fromkeys(("agency", "organization", "organisation", "office", "institution", "departamento"), "department"),
    **dict.fromkeys(("town", "city", "village", "municipality", "place", "community", "localidad"), "locality"),
    **dict.fromkeys(("e-mail", "mail", "email address", "e-mail address", "correo"), "email"),
    **dict.fromkeys(("short name", "nombre corto"), "id"),
    **dict.fromkeys(("postal code", "postcode", "post code", "código postal", "plz"), "postal_codes"),
    **dict.fromkeys(("zip", "zip code", "zipcode"), "postal_codes"),
}
"""The column that each heading of a spreadsheet means, also those of the workshop's table. See `_plain`."""

_TITLES = re.compile(r"title_[a-z0-9-]+")
_LEAST_HEADINGS = 2
"""A first row with fewer known headings is a recipient."""

_SOME_CODE = (
    r"(?:(?!(?:19|20)[0-9]{2}\b)[0-9]{4,6}(?:-[0-9]{3,6})?|[0-9]{1,5}\*|\*"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{4} ?[A-Z]{2})"
)
_SURE_CODES = re.compile(rf"{_SOME_CODE}(?:[;,\s]+{_SOME_CODE})*", re.IGNORECASE)
"""Cells that can hardly be anything but postal codes. Years and phone numbers are none."""

_IDS_OF_LOCALITY = ("locality", "name", "title")
_CODES = re.compile(r"[0-9*?;,\s–-]*[0-9*][0-9*?;,\s–-]*")
_LONGEST_ID = 40
_LONGEST_HEADING = 60


@dataclass(frozen=True, slots=True)
class TargetTable:
    """Rows of cells, each as long as `columns`. `lines` are those of the rows in the text they were read from.

    `unused` are the headings of what was pasted with them and is in no column; #8 is the eighth one, without a heading.
    """

    columns: tuple[str, ...] = COLUMNS
    rows: tuple[Row, ...] = ()
    lines: tuple[int, ...] = ()
    unused: tuple[str, ...] = ()

    def cell(self, row: int, column: str) -> str:
        """Return a cell, or an empty text if the table has no such column."""
        return self.rows[row][self.columns.index(column)] if column in self.columns else ""

    def row_of(self, line: int | None) -> int | None:
        """Return the number (0-based) of the row on a line of the text, or None if no row begins there."""
        return self.lines.index(line) if line in self.lines else None

    def text(self) -> str:
        """Return the table as targets.csv: commas, a line for each row that is not blank."""
        return text_of_rows([self.columns, *(row for row in self.rows if any(row))])

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

    def without_codes_of(self, before: TargetTable) -> tuple[str, ...]:
        """Return the names in the rows that have no postal codes here, and had some before."""
        had = {before.cell(row, "id") for row in range(len(before.rows)) if before.cell(row, "postal_codes")}
        return tuple(
            self.cell(row, "name")
            for row in range(len(self.rows))
            if self.cell(row, "id") in had and not self.cell(row, "postal_codes")
        )

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
    separator = separator_of(text, _is_name)
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
    table, and if what seems to be the postal codes has a heading that says nothing of them: without postal codes, each
    recipient would get everyone's letters.
    """
    text = with_our_line_ends(text.removeprefix("\ufeff"))
    separator = separator_of(text, _is_name)
    rows = [cells for _, cells in _rows(text, separator)]
    if not rows:
        return TargetTable()
    headings = [on_one_line(cell) for cell in rows[0]]
    columns = _columns(headings)
    if sum(map(_is_column, columns)) >= _LEAST_HEADINGS:
        rows = rows[1:]
    else:
        columns = _guessed(rows)
        headings = [""] * len(columns)
    fitted = [_fitted(cells, len(columns), separator) for cells in rows]
    filled = [any(row[place] for row in fitted) for place in range(len(columns))]
    places: dict[str, int] = {}
    # Of two columns with the same meaning, an empty one loses nothing.
    for place in sorted(range(len(columns)), key=lambda place: not filled[place]):
        if _is_column(columns[place]):
            places.setdefault(columns[place], place)
    known = sorted(places, key=places.__getitem__)
    chosen = (tuple(row[places[column]] for column in known) for row in fitted)
    table = TargetTable(tuple(known), tuple(row for row in chosen if any(row)))
    unused = {
        place: heading or f"#{place + 1}"
        for place, heading in enumerate(headings)
        if filled[place] and place not in places.values()
    }
    if not any(table.cell(row, "postal_codes") for row in range(len(table.rows))):
        for place, heading in unused.items():
            _refuse_codes(heading, [row[place] for row in fitted])
    return replace(table.as_columns(tuple(dict.fromkeys((*COLUMNS, *known)))), unused=tuple(unused.values()))


def _refuse_codes(heading: str, cells: Sequence[str]) -> None:
    """Raise MistakesError for an unused column whose cells are mostly postal codes."""
    if sum(bool(_SURE_CODES.fullmatch(cell)) for cell in cells) * 2 > sum(map(bool, cells)):
        message = Message(
            "the column `%(column)s` looks like postal codes; call it `Postal codes`, or leave it out if it has "
            "something else",
            {"column": heading[:_LONGEST_HEADING]},
        )
        raise MistakesError([Mistake(FILE, None, message)])


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    try:
        return list(rows_of(text, separator, strict=False))
    except TooLargeError as error:
        raise TooMuchError(FILE, error.line, error.message) from error
    except UnreadableRowError as error:
        message = Message("the table can't be read; save the sheet as CSV, and upload that file")
        raise MistakesError([Mistake(FILE, error.line, message)]) from error


def _plain(heading: str) -> str:
    """Return a heading without what people write differently: case, accents, punctuation, and an s at a word's end."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", heading.lower()) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", re.sub(r"[()]", "", letters)).split()
    return " ".join(re.sub(r"(?<=.)e?s?$", "", word) for word in words)


_COLUMNS_BY_PLAIN_NAME = {_plain(name): column for name, column in NAMES.items()}
_BEFORE_MORE_WORDS = tuple(f"{name} " for name, column in _COLUMNS_BY_PLAIN_NAME.items() if column == "postal_codes")


def _column(heading: str) -> str:
    name = on_one_line(heading).lower()
    if len(name) > _LONGEST_HEADING:
        return name
    return _COLUMNS_BY_PLAIN_NAME.get(_plain(name), name)


def _columns(headings: Sequence[str]) -> list[str]:
    """Return the column of each heading. Postal codes can have a longer one, such as ZIP Codes Covered."""
    columns = [_column(heading) for heading in headings]
    longer = [
        place
        for place, heading in enumerate(headings)
        if _plain(heading[:_LONGEST_HEADING]).startswith(_BEFORE_MORE_WORDS)
    ]
    if "postal_codes" not in columns and len(longer) == 1:
        columns[longer[0]] = "postal_codes"
    return columns


def _is_column(column: str) -> bool:
    return column in COLUMNS or bool(_TITLES.fullmatch(column))


def _is_name(heading: str) -> bool:
    return _is_column(_column(heading))


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
