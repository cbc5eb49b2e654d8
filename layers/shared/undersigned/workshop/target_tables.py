"""Tables of targets: `targets.csv` as rows of cells to type in, and rows that are added to it.

A table can have any mistake here: `targets` finds them all when the draft is checked, by line and column.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.workshop.table_texts import rows_of, separator_of, text_of_rows
from undersigned.workshop.targets import COLUMNS, FILE, POSTAL_ADDRESS, TITLE_COLUMN, tidy
from undersigned.workshop.texts import on_one_line, plain_words, slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

type Row = Mapping[str, str]

NAMES: Mapping[str, str] = {
    **{column: column for column in (*COLUMNS, POSTAL_ADDRESS)},
    **dict.fromkeys(("position", "job title", "function", "role", "título", "cargo"), "title"),
    **dict.fromkeys(("recipient", "full name", "person", "official", "nombre"), "name"),
    **dict.fromkeys(("department or school", "departamento o escuela", "departamento"), "department"),
    **dict.fromkeys(("agency", "organization", "organisation", "office", "institution"), "department"),
    **dict.fromkeys(("town", "city", "village", "municipality", "place", "community", "localidad"), "locality"),
    **dict.fromkeys(("e-mail", "mail", "email address", "e-mail address", "correo"), "email"),
    **dict.fromkeys(("address", "mailing address", "postal address", "dirección postal"), POSTAL_ADDRESS),
    **dict.fromkeys(("name in web addresses", "nombre en direcciones web"), "id"),
    **dict.fromkeys(("postal code", "postcode", "post code", "código postal", "plz"), "postal_codes"),
    **dict.fromkeys(("zip", "zip code", "zipcode"), "postal_codes"),
}
"""The column of each heading that a spreadsheet or the workshop's table may have. See `plain_heading`."""

_LEAST_HEADINGS = 2
"""A first row with fewer known headings is a recipient."""

_IDS_OF_LOCALITY = ("locality", "name", "title")
_LONGEST_HEADING = 60


@dataclass(frozen=True, slots=True)
class TargetTable:
    """Rows of cells by column. `lines` says on which line (1-based) of its text each row began.

    `unused` are the columns of a sheet (0-based) that the table leaves out.
    """

    columns: tuple[str, ...] = COLUMNS
    rows: tuple[Row, ...] = ()
    lines: tuple[int, ...] = ()
    unused: tuple[int, ...] = ()

    def cell(self, row: int, column: str) -> str:
        """Return a cell, or an empty text if the table has no such column."""
        return self.rows[row].get(column, "")

    def row_of(self, line: int | None) -> int | None:
        """Return the number (0-based) of the row on a line of the text, or None if no row begins there."""
        return self.lines.index(line) if line in self.lines else None

    def text(self) -> str:
        """Return the table as targets.csv: commas, a line for each row that is not blank."""
        return text_of_rows([self.columns, *(row.values() for row in self.rows if any(row.values()))])

    def with_address(self, target: str, before: str, after: str) -> TargetTable:
        """Return the table with a recipient's address changed, if the address is still what it was."""
        rows = (
            {**row, "email": after} if (row.get("id"), row.get("email")) == (target, before) else row
            for row in self.rows
        )
        return replace(self, rows=tuple(rows))

    def as_columns(self, columns: Sequence[str]) -> TargetTable:
        """Return the table with these columns, in this order."""
        rows = tuple({column: row.get(column, "") for column in columns} for row in self.rows)
        return replace(self, columns=tuple(columns), rows=rows)

    def with_rows_of(self, other: TargetTable) -> TargetTable:
        """Return the table with another one's rows, each in place of the same recipient's row, or else at the end.

        A recipient's id stays, and so does a cell that is empty in the new row.
        """
        columns = tuple(dict.fromkeys((*self.columns, *COLUMNS, *other.columns)))
        rows, added = list(self.as_columns(columns).rows), other.as_columns(columns).rows
        same = _same_recipients(self, other)
        for number, row in enumerate(added):
            if number not in same:
                rows.append(row)
                continue
            before = rows[same[number]]
            merged = {column: cell or before[column] for column, cell in row.items()}
            rows[same[number]] = {**merged, "id": before["id"] or row["id"]}
        return TargetTable(columns, tuple(rows)).with_ids()

    def known_in(self, other: TargetTable) -> int:
        """Return how many of another table's recipients this one has."""
        return len(_same_recipients(self, other))

    def replaced_by(self, other: TargetTable) -> TargetTable:
        """Return another table in place of this one. Recipients without an id in it keep the id that they have here.

        With a new id they would be somebody else, and waiting letters would go to a person who is no longer listed.
        """
        columns = tuple(dict.fromkeys((*COLUMNS, *other.columns)))
        return other.as_columns(columns).with_ids(self)

    def without_codes_of(self, before: TargetTable) -> tuple[str, ...]:
        """Return the names of recipients who had postal codes before, and have none here."""
        had = {row.get("id", "") for row in before.rows if row.get("postal_codes")}
        return tuple(row["name"] for row in self.rows if row["id"] in had and not row["postal_codes"])

    def with_ids(self, before: TargetTable | None = None) -> TargetTable:
        """Return the table with an id in each row: the row's id so far, or an id made of its locality."""
        table = self if "id" in self.columns else self.as_columns(("id", *self.columns))
        taken = {row["id"] for row in table.rows if row["id"]}
        known = _same_recipients(before, table) if before else {}
        numbers: Counter[str] = Counter()
        rows = []
        for number, row in enumerate(table.rows):
            if row["id"] or not any(row.values()):
                rows.append(row)
                continue
            had = before.cell(known[number], "id") if before and number in known else ""
            identifier = had if had and had not in taken else _free(_name_of(row), taken, numbers)
            taken.add(identifier)
            rows.append({**row, "id": identifier})
        return replace(table, rows=tuple(rows))


def read_table(text: str) -> TargetTable:
    """Read the text of a targets.csv, whatever its mistakes. Raises MistakesError if it is no table at all.

    Cells beyond the columns join the last one, so that nothing is lost.
    """
    separator = separator_of(text, _is_name)
    rows = list(rows_of(text, separator, FILE, strict=False))
    if not rows:
        return TargetTable()
    (_, header), *others = rows
    columns = tuple(column_named(cell) for cell in header)
    if len(set(columns)) < len(columns) or sum(column in COLUMNS for column in columns) < _LEAST_HEADINGS:
        columns, others = COLUMNS, rows
    fitted = tuple(tidy(zip(columns, _fitted(cells, len(columns), separator), strict=True)) for _, cells in others)
    return TargetTable(columns, fitted, tuple(line for line, _ in others))


def plain_heading(heading: str) -> str:
    """Return a heading without case, accents, punctuation, and an s at the end of a word."""
    words = plain_words(re.sub(r"[()]", "", heading)).split()
    return " ".join(re.sub(r"(?<=.)e?s?$", "", word) for word in words)


_COLUMNS_BY_PLAIN_NAME = {plain_heading(name): column for name, column in NAMES.items()}


def column_named(heading: str) -> str:
    """Return the column that a whole heading names, or the heading itself."""
    name = on_one_line(heading).lower()
    if len(name) > _LONGEST_HEADING:
        return name
    return _COLUMNS_BY_PLAIN_NAME.get(plain_heading(name), name)


def is_column(name: str) -> bool:
    """Say whether a table of targets can have this column."""
    return name in {*COLUMNS, POSTAL_ADDRESS} or bool(TITLE_COLUMN.fullmatch(name))


def _is_name(heading: str) -> bool:
    return is_column(column_named(heading))


def _fitted(cells: Sequence[str], length: int, separator: str) -> Sequence[str]:
    fitting = list(cells[:length])
    if len(cells) > length:
        fitting[-1] = f"{separator} ".lstrip("\t").join(cell for cell in cells[length - 1 :] if cell.strip())
    return fitting + [""] * (length - len(fitting))


_FEATURES = (("id",), ("email",), ("name", "locality"), ("department", "locality"))
"""The columns that identify a recipient, the surest first: an office gets a new chief, or a chief a new address."""


def _same_recipients(before: TargetTable, after: TargetTable) -> dict[int, int]:
    """Find the recipients who are in both tables. Return the row (0-based) in the first table by the row in the second.

    A value identifies a recipient only if one row of each table has it: members of a council share department and town.
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    for feature in _FEATURES:
        had, has = _rows_by(before, feature), _rows_by(after, feature)
        for value, numbers in has.items():
            others = had.get(value, [])
            if len(numbers) == len(others) == 1 and numbers[0] not in found and others[0] not in taken:
                found[numbers[0]] = others[0]
                taken.add(others[0])
    return found


def _rows_by(table: TargetTable, columns: Sequence[str]) -> Mapping[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(table.rows):
        value = tuple(row.get(column, "").casefold() for column in columns)
        if all(value):
            found.setdefault(value, []).append(number)
    return found


def _name_of(row: Row) -> str:
    return next(filter(None, (slug_of(row.get(column, "")) for column in _IDS_OF_LOCALITY)), "recipient")


def _free(slug: str, taken: set[str], numbers: Counter[str]) -> str:
    """Return the slug, with the next number if it is taken."""
    identifier = slug
    while identifier in taken:
        numbers[slug] += 1
        identifier = f"{slug}-{numbers[slug] + 1}"
    return identifier
