"""Read tables as people have them: CSV with commas, semicolons or tabs, in the encodings that spreadsheets write.

Text written for a spreadsheet has no formula in it, and is read back as it was before.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from undersigned.base.csv_cells import as_typed, defused
from undersigned.base.languages import Message
from undersigned.workshop.mistakes import Mistake, MistakesError, TooMuchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SEPARATORS = {",": Message("a comma"), ";": Message("a semicolon"), "\t": Message("a tab")}
"""The characters that can separate cells, and their names."""

MOST_ROWS = 10_000
"""The most rows below the headings: as many recipients as a campaign can have."""

MOST_COLUMNS = 100

UNREADABLE = Message("we can’t read this list; paste it again, or go back to one of the “Earlier versions”")
"""For people at a page, whose own lists have all columns: a program wrote this file."""

_LONGEST_FIRST_ROW = 10_000
"""How many characters of the first row are read to find the separator of its cells."""

_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LOOKED_AT = 200
"""Bytes by which UTF-16 without a byte order mark is recognised."""


_QUOTES = Message(
    "the quotation marks don’t match; put one before and one after the text of a cell, and write a quotation mark "
    "inside it twice"
)
NO_TABLE = Message("the file can’t be read; save the sheet as CSV, and upload that file")


def encoding_of(content: bytes) -> str:
    """Return the encoding of a table that a spreadsheet wrote: UTF-8, UTF-16, or else Windows-1252."""
    if found := _UTF_16.get(content[:2]):
        return found
    # A table is mostly ASCII, which has a NUL in each second byte in UTF-16.
    first = content[:_LOOKED_AT]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(first) > 1 and first[start::2].count(0) * 4 > len(first):
            return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def separator_of(text: str, is_name: Callable[[str], bool]) -> str:
    """Return the character that separates cells: it finds the most names of columns in the first row."""
    begins = re.search(r"\S", text)
    if begins is None:
        return ","
    first = text[text.rfind("\n", 0, begins.start()) + 1 :][:_LONGEST_FIRST_ROW]

    def known(separator: str) -> tuple[int, int]:
        # A cell can have several lines.
        cells = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator))
        return sum(is_name(cell.strip().strip('"').lower()) for cell in cells), len(cells)

    with_names = max(SEPARATORS, key=lambda separator: known(separator)[0])
    if known(with_names)[0]:
        return with_names
    # Without names, a tab is never part of a cell, and a comma often is.
    return next((separator for separator in "\t;," if known(separator)[1] > 1), ",")


def rows_of(text: str, separator: str, file: str, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that are not blank, each with its first line (1-based).

    Blank cells beyond MOST_COLUMNS are left out. Raises MistakesError, and TooMuchError for more than MOST_ROWS below
    the headings, or MOST_COLUMNS. `strict` refuses quotation marks that don't match.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    begins, rows = 1, 0
    try:
        for cells in reader:
            if cells and any(cell.strip() for cell in cells):
                rows += 1
                if rows > MOST_ROWS + 1:
                    raise too_many_rows(file, begins)
                if any(cell.strip() for cell in cells[MOST_COLUMNS:]):
                    raise too_many_columns(file, begins, len(cells))
                yield begins, [as_typed(cell) for cell in cells[:MOST_COLUMNS]]
            begins = reader.line_num + 1
    except csv.Error as error:
        # A cell that never ends reaches the limit of `csv`, or the end of the table.
        wrong = Mistake(file, begins, _QUOTES, plainly=UNREADABLE) if strict else Mistake(file, begins, NO_TABLE)
        raise MistakesError([wrong]) from error


def too_many_rows(file: str, line: int) -> TooMuchError:
    """Return the error of a table with more than MOST_ROWS below the headings."""
    message = Message("the file has more than the maximum of %(most)s rows; remove some", {"most": f"{MOST_ROWS:,}"})
    return TooMuchError(file, line, message)


def too_many_columns(file: str, line: int, columns: int) -> TooMuchError:
    """Return the error of a table with more than MOST_COLUMNS."""
    message = Message(
        "the row has %(count)s columns, more than the maximum of %(most)s; remove those that aren’t about recipients",
        {"count": f"{columns:,}", "most": MOST_COLUMNS},
    )
    return TooMuchError(file, line, message)


def text_of_rows(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV with commas. Spreadsheets find no formula in it."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(map(defused, row) for row in rows)
    return written.getvalue()
