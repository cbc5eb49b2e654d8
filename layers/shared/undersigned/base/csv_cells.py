"""Cells of CSV files for spreadsheets, which must find no formula in them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Tells Excel that a CSV file is UTF-8."""

# A spreadsheet may read this as a formula (OWASP, "CSV Injection"): at the start of a cell, and after a semicolon, a
# tab or a line end, where a program with another separator starts a cell. Spaces and quotes before it don't matter.
_BEFORE_FORMULA = r'(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])'
_FORMULA = re.compile(rf"(^|[;\t\r\n]){_BEFORE_FORMULA}|^(?=[\t\r\n])")
_DEFUSED = re.compile(rf"(^|[;\t\r\n])'{_BEFORE_FORMULA}|^'(?=[\t\r\n])")


def csv_line(cells: Iterable[str]) -> bytes:
    """Return cells as a line of CSV (RFC 4180) in which no spreadsheet finds a formula."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(defused, cells))
    return line.getvalue().encode()


def defused(text: str) -> str:
    """Return a cell's text with an apostrophe before anything that a spreadsheet may read as a formula."""
    return _FORMULA.sub(r"\1'", text)


def as_typed(cell: str) -> str:
    """Return the text of a cell without the apostrophes that `defused` puts there."""
    return _DEFUSED.sub(lambda found: found[1] or "", cell)
