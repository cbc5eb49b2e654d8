"""Read a sheet of an .xlsx or .ods file as rows of texts, without what is hidden.

With the standard library: python-calamine tells neither hidden rows nor the format in which a number such as 02134 has
its zero, and openpyxl reads no .ods. Nothing is read beyond the limits, and no entity of XML is expanded.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING
from xml.parsers import expat

from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError
from undersigned.authoring.table_texts import MOST_COLUMNS, MOST_ROWS, NO_TABLE, too_many_columns, too_many_rows
from undersigned.authoring.targets import FILE
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

type Attributes = Mapping[str, str]

MOST_UNPACKED = 20_000_000
"""The most bytes of all parts of a file that are read, unpacked."""

MOST_CELLS = 300_000

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CELL_NAME = re.compile(r"([A-Z]{1,3})[0-9]*")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]*)?(?:[Ee][+-]?[0-9]{1,3})?")
_ZEROS = re.compile(r"0[0-]*")
_HIDDEN_IN_ODS = {"collapse", "filter"}
_MOST_DIGITS = 1e15
"""Excel keeps 15 digits of a number."""


def is_workbook(content: bytes) -> bool:
    """Say whether a file is a workbook, also of a kind that can't be read here."""
    return content.startswith((_ZIP, _OLD_EXCEL))


def rows_of_workbook(content: bytes) -> list[list[str]]:
    """Return the rows of the first visible sheet that are not blank.

    Raises MistakesError for a file that can't be read, and TooMuchError for one with more than a limit.
    """
    if content.startswith(_OLD_EXCEL):
        message = Message("the file is in an older format of Excel, or has a password; save it as .xlsx without one")
        raise MistakesError([Mistake(FILE, None, message)])
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            parts = _Parts(file)
            return _rows_of_ods(parts) if parts.has("content.xml") else _rows_of_xlsx(parts)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        KeyError,
        ValueError,
        IndexError,
        NotImplementedError,
        RuntimeError,  # a part has a password
    ) as error:
        raise MistakesError([Mistake(FILE, None, NO_TABLE)]) from error


@dataclass
class _Parts:
    """The parts of a file, which together have at most MOST_UNPACKED bytes."""

    file: zipfile.ZipFile
    left: int = MOST_UNPACKED

    def has(self, name: str) -> bool:
        return name in self.file.namelist()

    def parse(
        self,
        name: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] = lambda _: None,
        text: Callable[[str], None] = lambda _: None,
    ) -> None:
        with self.file.open(name) as part:
            content = part.read(self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            message = Message(
                "the file has more than the maximum of %(most)s MB when it is unpacked; copy the cells into a new "
                "sheet",
                {"most": MOST_UNPACKED // 1_000_000},
            )
            raise TooMuchError(FILE, None, message)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.EntityDeclHandler = _refuse_entity
        parser.StartElementHandler = lambda name, given: start(_local(name), {_local(key): given[key] for key in given})
        parser.EndElementHandler = lambda name: end(_local(name))
        parser.CharacterDataHandler = text
        parser.Parse(content, True)  # noqa: FBT003  (the parser takes no names)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_entity(*_: object) -> None:
    message = "an entity is declared"
    raise ValueError(message)


@dataclass
class _Rows:
    """The rows that are read, as long as they are within the limits."""

    rows: list[list[str]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    """Columns, 0-based."""
    cells: int = 0

    def add(self, cells: Mapping[int, str]) -> None:
        shown = {place: cell for place, cell in cells.items() if cell.strip() and place not in self.hidden}
        if not shown:
            return
        number = len(self.rows) + 1
        self.cells += len(shown)
        # A hidden column leaves no gap.
        last = max(shown) - sum(place < max(shown) for place in self.hidden)
        if number > MOST_ROWS + 1:
            raise too_many_rows(FILE, number)
        if last >= MOST_COLUMNS:
            raise too_many_columns(FILE, number, last + 1)
        if self.cells > MOST_CELLS:
            values = {"most": f"{MOST_CELLS:,}"}
            message = Message("the sheet has more than the maximum of %(most)s cells; remove some columns", values)
            raise TooMuchError(FILE, number, message)
        places = [place for place in range(max(shown) + 1) if place not in self.hidden]
        self.rows.append([shown.get(place, "") for place in places])


def _number_as_text(text: str, zeros: str = "") -> str:
    """Return a number as people see it: `60201.0` is 60201, and 2134 in the format 00000 is 02134."""
    if not _NUMBER.fullmatch(text) or abs(float(text)) >= _MOST_DIGITS or float(text) % 1:
        return text
    digits = str(int(float(text)))
    if not zeros:
        return digits
    filled = list(digits.zfill(zeros.count("0")))
    # The last digits belong to the last places of the format.
    tail = [filled.pop() if place == "0" else place for place in reversed(zeros)]
    return "".join(filled) + "".join(reversed(tail))


# Excel's


def _rows_of_xlsx(parts: _Parts) -> list[list[str]]:
    sheet = _XlsxSheet(_shared_texts(parts), _formats(parts))
    parts.parse(_first_sheet(parts), sheet.start, sheet.end, sheet.text)
    return sheet.found.rows


def _first_sheet(parts: _Parts) -> str:
    """Return the part with the first sheet that is not hidden."""
    sheets: list[str] = []
    addresses: dict[str, str] = {}

    def sheet(name: str, given: Attributes) -> None:
        if name == "sheet" and given.get("state", "visible") == "visible":
            sheets.append(given["id"])

    def relation(name: str, given: Attributes) -> None:
        if name == "Relationship":
            addresses[given["Id"]] = given["Target"]

    parts.parse("xl/workbook.xml", sheet)
    parts.parse("xl/_rels/workbook.xml.rels", relation)
    return posixpath.normpath(posixpath.join("/xl", addresses[sheets[0]])).lstrip("/")


def _shared_texts(parts: _Parts) -> list[str]:
    texts: list[str] = []
    inside: list[str] = []

    def start(name: str, _: Attributes) -> None:
        inside.append(name)
        if name == "si":
            texts.append("")

    def text(characters: str) -> None:
        # rPh says how a word is pronounced.
        if inside[-1:] == ["t"] and "rPh" not in inside:
            texts[-1] += characters

    if parts.has("xl/sharedStrings.xml"):
        parts.parse("xl/sharedStrings.xml", start, lambda _: inside.__delitem__(-1), text)
    return texts


def _formats(parts: _Parts) -> list[str]:
    """Return the formats of each style that only place the digits of a number, such as 00000; empty for any other."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside: list[str] = []

    def start(name: str, given: Attributes) -> None:
        inside.append(name)
        if name == "numFmt":
            codes[given["numFmtId"]] = re.sub(r'[\\"]', "", given["formatCode"]).partition(";")[0]
        elif name == "xf" and "cellXfs" in inside:
            code = codes.get(given.get("numFmtId", ""), "")
            styles.append(code if _ZEROS.fullmatch(code) else "")

    if parts.has("xl/styles.xml"):
        parts.parse("xl/styles.xml", start, lambda _: inside.__delitem__(-1))
    return styles


@dataclass
class _XlsxSheet:
    """Reads a sheet's cells as the parser meets them."""

    texts: list[str]
    formats: list[str]
    found: _Rows = field(default_factory=_Rows)
    cells: dict[int, str] = field(default_factory=dict)
    is_hidden: bool = False
    place: int = -1
    kind: str = ""
    style: int = 0
    typed: list[str] = field(default_factory=list)
    reads: bool = False

    def start(self, name: str, given: Attributes) -> None:
        match name:
            case "col" if given.get("hidden") in {"1", "true"}:
                first, last = int(given["min"]), int(given["max"])
                self.found.hidden.update(range(first - 1, min(last, MOST_COLUMNS * 3)))
            case "row":
                self.is_hidden, self.cells, self.place = given.get("hidden") in {"1", "true"}, {}, -1
            case "c":
                self.place = _column_of(given["r"]) if "r" in given else self.place + 1
                self.kind, self.style, self.typed = given.get("t", "n"), int(given.get("s", 0)), []
            case "v" | "t":
                self.reads = True
            case "rPh":
                self.kind = "rPh"

    def text(self, characters: str) -> None:
        if self.reads and self.kind != "rPh":
            self.typed.append(characters)

    def end(self, name: str) -> None:
        match name:
            case "v" | "t":
                self.reads = False
            case "c":
                self.cells[self.place] = self._cell("".join(self.typed))
            case "row" if not self.is_hidden:
                self.found.add(self.cells)

    def _cell(self, typed: str) -> str:
        match self.kind:
            case "s":
                return self.texts[int(typed)] if typed else ""
            case "n":
                return _number_as_text(typed, self.formats[self.style] if self.style < len(self.formats) else "")
            case "e":
                return ""
            case _:
                return typed


def _column_of(name: str) -> int:
    found = _CELL_NAME.fullmatch(name)
    number = 0
    for letter in found[1] if found else "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


# OpenDocument's


def _rows_of_ods(parts: _Parts) -> list[list[str]]:
    sheet = _OdsSheet()
    parts.parse("content.xml", sheet.start, sheet.end, sheet.text)
    return sheet.found.rows


@dataclass
class _OdsSheet:
    """Reads the cells of the first sheet that has some, as the parser meets them."""

    found: _Rows = field(default_factory=_Rows)
    cells: dict[int, str] = field(default_factory=dict)
    is_first: bool = True
    place: int = 0
    column: int = 0
    repeated: int = 1
    rows_repeated: int = 1
    is_hidden: bool = False
    number: str = ""
    typed: list[str] = field(default_factory=list)
    in_paragraph: bool = False
    in_note: bool = False

    def start(self, name: str, given: Attributes) -> None:
        match name:
            case "table":
                self.is_first, self.column = not self.found.rows, 0
                self.found.hidden.clear()
            case "table-column":
                last = self.column + int(given.get("number-columns-repeated", 1))
                if given.get("visibility") in _HIDDEN_IN_ODS:
                    self.found.hidden.update(range(self.column, min(last, MOST_COLUMNS * 3)))
                self.column = last
            case "table-row":
                self.is_hidden = given.get("visibility") in _HIDDEN_IN_ODS
                self.rows_repeated = int(given.get("number-rows-repeated", 1))
                self.cells, self.place = {}, 0
            case "table-cell" | "covered-table-cell":
                self.repeated = int(given.get("number-columns-repeated", 1))
                self.number = given.get("value", "") if given.get("value-type") == "float" else ""
                self.typed = []
            case "annotation":
                self.in_note = True
            case "p" if not self.in_note:
                self.typed += " " if self.typed else ""
                self.in_paragraph = True
            case "s" | "line-break" | "tab" if self.in_paragraph:
                self.typed.append(" ")

    def text(self, characters: str) -> None:
        if self.in_paragraph:
            self.typed.append(characters)

    def end(self, name: str) -> None:
        match name:
            case "annotation":
                self.in_note = False
            case "p":
                self.in_paragraph = False
            case "table-cell" | "covered-table-cell":
                cell = "".join(self.typed)
                if self.number and not re.fullmatch(r"[0-9-]+", cell):
                    cell = _number_as_text(self.number)
                if cell.strip():
                    self.cells.update(dict.fromkeys(range(self.place, self.place + min(self.repeated, 1_000)), cell))
                self.place += self.repeated
            case "table-row" if self.is_first and self.cells and not self.is_hidden:
                for _ in range(min(self.rows_repeated, MOST_ROWS + 2)):
                    self.found.add(self.cells)
