"""Guess which column of a spreadsheet is which of ours, by heading and cells, and take the rows as people chose."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.authoring.postal_code_words import meaning_of
from undersigned.authoring.table_texts import rows_of, separator_of
from undersigned.authoring.target_tables import TargetTable, column_named, is_column, plain_heading
from undersigned.authoring.targets import FILE, tidy
from undersigned.authoring.texts import on_lines, plain_words, text_of, with_our_line_ends
from undersigned.authoring.workbooks import is_workbook, rows_of_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

type Rows = Sequence[Sequence[str]]

_WORDS: Mapping[str, str] = {
    "postal_codes": "zip zipcode postal postcode plz",
    "email": "email mail correo",
    "postal_address": "address mailing direccion",
    "id": "id",
    "department": "department dept agency organization organisation office institution district departamento agencia",
    "locality": "town city village municipality community locality localidad ciudad municipio jurisdiction county",
    "title": "title rank position cargo titulo puesto rango grado",
    "name": "name nombre chief sheriff mayor official person contact",
}
"""Words of a heading that tell its column, the surest column first: "Department Name" is a department."""

_BY_WORD = {plain_heading(word): column for column, words in _WORDS.items() for word in words.split()}
_SURENESS = {column: place for place, column in enumerate(_WORDS)}

_TITLES = re.compile(
    r"(?:(?:acting|interim|deputy|assistant|vice|police|fire|city|county|town|village|state|us) )*"
    r"(?:chief|chief of police|sheriff|mayor|president|trustee|commissioner|superintendent|captain|lieutenant"
    r"|director|manager|administrator|alderman|alderperson|alderwoman|council ?(?:member|man|woman)|senator"
    r"|representative|governor|judge|attorney|clerk|supervisor|marshal|secretary|ceo|principal"
    r"|alcalde|alcaldesa|jef[ea](?: de(?: la)? policia)?|senador|senadora|gobernador|gobernadora|director|directora)",
)
_DEPARTMENTS = re.compile(
    r"\b(?:department|dept|office|hall|police|agency|bureau|board|council|city of|village of|town of|county of"
    r"|departamento|policia|oficina|ayuntamiento|alcaldia)\b"
)
_CODE = re.compile(
    r"[0-9]{4,6}(?:-[0-9]{3,6})?|[0-9]{1,5}\*|\*"
    # The halves of British, Canadian and Dutch codes.
    r"|[A-Z]{1,2}[0-9][A-Z0-9]?|[0-9][A-Z]{2}|[A-Z][0-9][A-Z]|[0-9][A-Z][0-9]|[A-Z]{2}",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_SHORT_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LEAST_HEADINGS = 2
_LEAST_COLUMNS = 3
"""A narrower sheet may be a list, and a line with one cell a recipient."""
_LONGEST_CELL = 2_000
_LOOKED_AT = 50
"""How many rows are looked at."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of our columns each column of a sheet is ("" if unused), and whether the first row has headings."""

    columns: tuple[str, ...]
    has_headings: bool


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


def guess(rows: Rows) -> Choice:
    """Guess which column is which. A column is used once; the surest one gets it."""
    if not rows:
        return Choice((), has_headings=False)
    width = len(rows[0])
    by_heading = [_column_of_heading(cell) for cell in rows[0]]
    by_cells = [_column_of_cells([cells[place] for cells in rows[1:_LOOKED_AT]]) for place in range(width)]
    known = sum(is_column(column_named(cell)) for cell in rows[0])
    # A first cell that is no address or code, above cells that are, is a heading.
    names_others = any(
        column in {"email", "postal_codes"} and rows[0][place] and not _is_value(rows[0][place])
        for place, column in enumerate(by_cells)
    )
    has_headings = not any(map(_is_value, rows[0])) and (known >= _LEAST_HEADINGS or names_others)
    if not has_headings:
        by_heading = [""] * width
        by_cells = [_column_of_cells([cells[place] for cells in rows[:_LOOKED_AT]]) for place in range(width)]
    is_filled = [any(cells[place] for cells in rows[has_headings:]) for place in range(width)]
    candidates = sorted(
        (not is_filled[place], sureness, place, column)
        for place in range(width)
        for sureness, column in _candidates(rows[0][place] if has_headings else "", by_heading[place], by_cells[place])
    )
    chosen: dict[int, str] = {}
    for _, _, place, column in candidates:
        if place not in chosen and column not in chosen.values():
            chosen[place] = column
    if has_headings:
        chosen.update(
            (place, "name") for place, cell in enumerate(rows[0]) if place not in chosen and _is_surname(cell)
        )
    else:
        _fill(chosen, is_filled)
    return Choice(tuple(chosen.get(place, "") for place in range(width)), has_headings)


def _is_surname(heading: str) -> bool:
    return not {"last", "surnam", "famil", "family", "apellido"}.isdisjoint(plain_heading(heading).split())


def _candidates(heading: str, by_heading: str, by_cells: str) -> Iterator[tuple[int, str]]:
    """Yield each of our columns that a column may be, after its rank (0 is the surest)."""
    exact = column_named(heading)
    if by_cells == "email":
        yield 0, by_cells
    elif is_column(exact) and exact != "email":
        yield 1, exact
    elif by_cells == "postal_codes" and by_heading in {"", "postal_codes"}:
        yield 2, by_cells
    elif by_heading:
        yield 3 + _SURENESS[by_heading], by_heading
    elif by_cells and by_cells != "postal_codes" and not (heading and by_cells == "id"):
        yield 20, by_cells


def _fill(chosen: dict[int, str], is_filled: Sequence[bool]) -> None:
    """Take the other columns of a sheet without headings in the usual order: title, name, department, town."""
    order = [column for column in ("title", "name", "department", "locality") if column not in chosen.values()]
    places = [place for place, filled in enumerate(is_filled) if filled and place not in chosen]
    chosen.update(zip(places, order, strict=False))


def _column_of_heading(heading: str) -> str:
    """Return the column that a heading means: by its whole text, or else by one of its words."""
    exact = column_named(heading)
    if is_column(exact):
        return exact
    found = [_BY_WORD[word] for word in plain_heading(heading).split() if word in _BY_WORD]
    return min(found, key=_SURENESS.__getitem__, default="")


def _column_of_cells(cells: Sequence[str]) -> str:
    """Return the column that most of these cells look like: an address, postal codes, a known title, a department."""
    filled = [cell for cell in cells if cell and len(cell) <= _LONGEST_CELL]
    if not filled:
        return ""
    kinds = Counter(map(_kind, filled))
    kind, count = kinds.most_common(1)[0]
    return kind if count * 2 > len(filled) else ""


def _is_value(cell: str) -> bool:
    """Say whether a cell is an address or postal codes. Then it is no heading."""
    return bool(_ADDRESS.search(cell)) or _are_codes(cell)


def _are_codes(cell: str) -> bool:
    """Say whether a cell has postal codes only. Checks each piece: one pattern for all would try every split."""
    pieces = re.split(r"[;,\s]+", re.sub(r" ?[–-] ?", "-", cell[:_LONGEST_CELL]).strip(" ;,"))
    return any(c in "0123456789*" for c in pieces[0]) and all(map(_CODE.fullmatch, pieces))


def _kind(cell: str) -> str:
    if _ADDRESS.search(cell):
        return "email"
    if (_are_codes(cell) and not re.fullmatch(r"(?:19|20)[0-9]{2}", cell)) or meaning_of(cell) == "others":
        return "postal_codes"
    if _SHORT_NAME.fullmatch(cell):
        return "id"
    plain = plain_words(cell)
    if _TITLES.fullmatch(plain):
        return "title"
    return "department" if _DEPARTMENTS.search(plain) else ""


def used_twice(choice: Choice) -> tuple[str, ...]:
    """Return the columns that are chosen twice by mistake. A name can be in two: the first and the last one."""
    counted = Counter(column for column in choice.columns if column not in {"", "name"})
    return tuple(column for column, count in counted.items() if count > 1)


def taken(rows: Rows, choice: Choice) -> TargetTable:
    """Return the rows as a table, with the chosen columns. `unused` names the others that are not empty."""
    below = rows[choice.has_headings :]
    columns = tuple(dict.fromkeys(column for column in choice.columns if column))
    places = {column: [place for place, one in enumerate(choice.columns) if one == column] for column in columns}
    cells = [
        {column: tidy(column, " ".join(row[place] for place in places[column])) for column in columns} for row in below
    ]
    unused = [
        (rows[0][place] if choice.has_headings else "") or f"#{place + 1}"
        for place, column in enumerate(choice.columns)
        if not column and any(row[place] for row in below)
    ]
    return replace(TargetTable(columns, tuple(row for row in cells if any(row.values()))), unused=tuple(unused))
