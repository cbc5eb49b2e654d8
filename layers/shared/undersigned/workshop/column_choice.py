"""Match the columns of a spreadsheet to ours by their headings, and take the rows as people chose."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from undersigned.workshop.table_texts import rows_of, separator_of
from undersigned.workshop.target_tables import TargetTable, column_named, is_column, plain_heading
from undersigned.workshop.targets import FILE, tidy
from undersigned.workshop.texts import on_lines, text_of, with_our_line_ends
from undersigned.workshop.workbooks import is_workbook, rows_of_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

type Rows = Sequence[Sequence[str]]

_WORDS: Mapping[str, str] = {
    "postal_codes": "zip zipcode postal postcode plz",
    "email": "email mail correo",
    "postal_address": "address mailing direccion",
    "id": "id",
    "department": "department dept agency organization organisation office institution school district departamento "
    "agencia",
    "locality": "town city village municipality community locality localidad ciudad municipio jurisdiction county",
    "title": "title rank position cargo titulo puesto rango grado",
    "name": "name nombre principal chief sheriff mayor official person contact",
}
"""Words of a heading that tell its column, the surest column first: "Department Name" is a department."""

_BY_WORD = {plain_heading(word): column for column, words in _WORDS.items() for word in words.split()}
_SURENESS = {column: place for place, column in enumerate(_WORDS)}

FIRST_ROWS = 5
"""How many rows are searched for headings."""

_LEAST_HEADINGS = 2
_LEAST_COLUMNS = 3
"""A narrower sheet may be a list, and a line with one cell a recipient."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of our columns each column of a sheet is ("" if unused), and which row (1-based; 0 if none) has headings.

    The rows above the headings are left out. `same` has a text for all rows, by column: it fills in empty cells.
    """

    columns: tuple[str, ...]
    headings: int
    same: Mapping[str, str] = field(default_factory=dict)


def rows_in(content: bytes, pasted: str) -> list[list[str]]:
    """Return the rows of a file (CSV, .xlsx, .ods), or of a pasted text if it is empty, all of the same length.

    Lines of a table that have only one cell, such as a title or a note, are left out. Raises MistakesError if there is
    no table, and TooMuchError if it is over a limit.
    """
    if is_workbook(content):
        rows = rows_of_workbook(content)
    else:
        rows = [list(cells) for cells in _rows_of_text(text_of(FILE, content) if content else pasted)]
    width = max(map(len, rows), default=0)
    even = [[*map(on_lines, cells), *[""] * (width - len(cells))] for cells in rows]
    in_table = [cells for cells in even if sum(map(bool, cells)) > 1]
    return in_table if width >= _LEAST_COLUMNS and in_table else even


def _rows_of_text(text: str) -> Iterator[Sequence[str]]:
    text = with_our_line_ends(text.removeprefix("\ufeff"))
    separator = separator_of(text, lambda heading: is_column(column_named(heading)))
    return (cells for _, cells in rows_of(text, separator, FILE, strict=False))


def by_headings(rows: Rows) -> Choice:
    """Match the columns by the heading row: of the first rows, the one that names the most columns.

    A column is used once; the surest heading gets it. Without headings, no column is chosen.
    """
    found = [replace(_by_heading(headings), headings=number) for number, headings in enumerate(rows[:FIRST_ROWS], 1)]
    best = max(found, key=lambda choice: sum(map(bool, choice.columns)), default=Choice((), 0))
    return best if any(best.columns) else replace(best, headings=0)


def by_row(rows: Rows, choice: Choice) -> Choice:
    """Return a choice with the columns that its row of headings names; if that names none, the columns stay."""
    found = _by_heading(rows[choice.headings - 1]).columns if choice.headings else ()
    return replace(choice, columns=found) if any(found) else choice


def _by_heading(headings: Sequence[str]) -> Choice:
    is_known = any(is_column(column_named(cell)) for cell in headings)
    if not is_known or sum(map(bool, map(_meanings, headings))) < _LEAST_HEADINGS or "@" in "".join(headings):
        return Choice(("",) * len(headings), 0)
    candidates = sorted(
        (sureness, place, column) for place, cell in enumerate(headings) for sureness, column in _meanings(cell)
    )
    chosen: dict[int, str] = {}
    for _, place, column in candidates:
        if place not in chosen and column not in chosen.values():
            chosen[place] = column
    chosen.update((place, "name") for place, cell in enumerate(headings) if place not in chosen and _is_surname(cell))
    return Choice(tuple(chosen.get(place, "") for place in range(len(headings))), 1)


def _meanings(heading: str) -> list[tuple[int, str]]:
    """Return our columns that a heading may mean, each after its rank: by its whole text, or by its words."""
    exact = column_named(heading)
    if is_column(exact):
        return [(-1, exact)]
    found = {_BY_WORD[word] for word in plain_heading(heading).split() if word in _BY_WORD}
    return [(_SURENESS[column], column) for column in found]


def _is_surname(heading: str) -> bool:
    return not {"last", "surnam", "famil", "family", "apellido"}.isdisjoint(plain_heading(heading).split())


def used_twice(choice: Choice) -> tuple[str, ...]:
    """Return the columns that are chosen twice by mistake. A name can be in two: the first and the last one."""
    counted = Counter(column for column in choice.columns if column not in {"", "name"})
    return tuple(column for column, count in counted.items() if count > 1)


def taken(rows: Rows, choice: Choice) -> TargetTable:
    """Return the rows as a table, with the chosen columns. `unused` are the others that are not empty."""
    below = rows[choice.headings :]
    cells = _cells(below, choice)
    filled = [{column: cell or choice.same.get(column, "") for column, cell in row.items()} for row in cells]
    columns = _columns(choice)
    unused = [place for place, column in enumerate(choice.columns) if not column and any(row[place] for row in below)]
    return TargetTable(columns, tuple(filled), unused=tuple(unused))


def unneeded(rows: Rows, choice: Choice) -> tuple[str, ...]:
    """Return the columns whose text for all rows fills in no cell: each has a text already."""
    cells = _cells(rows[choice.headings :], choice)
    return tuple(column for column in choice.same if cells and all(row[column] for row in cells))


def _columns(choice: Choice) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (*choice.columns, "name", *choice.same))))


def _cells(below: Rows, choice: Choice) -> list[Mapping[str, str]]:
    """Return the rows that are not blank, by our columns."""
    columns = _columns(choice)
    places = {column: [place for place, one in enumerate(choice.columns) if one == column] for column in columns}
    rows = (tidy((column, " ".join(row[place] for place in places[column])) for column in columns) for row in below)
    return [row for row in rows if any(row.values())]
