"""Read a sheet of an .xlsx or .ods file as rows of texts, without hidden rows and columns.

Uses the standard library: python-calamine reports neither hidden rows nor the format that gives a number such as 02134
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

# TreeBuilder parses nothing: expat does, without entities.
from xml.etree.ElementTree import TreeBuilder  # nosec B405
from xml.parsers import expat

from undersigned.base.languages import Message
from undersigned.workshop.mistakes import Mistake, MistakesError, TooMuchError
from undersigned.workshop.table_texts import MOST_COLUMNS, MOST_ROWS, NO_TABLE, too_many_columns, too_many_rows
from undersigned.workshop.targets import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from xml.etree.ElementTree import Element  # nosec B405

MOST_UNPACKED = 20_000_000
"""The most unpacked bytes that are read, of all parts of a file together."""

MOST_CELLS = 300_000
MOST_CHARACTERS = 4_000_000
"""The most characters of a sheet, as many as a CSV file may have."""

_LONGEST_CELL = 32_767
"""Excel has the same limit."""
_MOST_ELEMENTS = 1_500_000
"""The most elements of all parts together: five for each cell."""
_MOST_INSIDE = 200_000
"""The most elements of a row or a list of styles, which are in memory at once."""
_LONGEST_FORMAT = 40
_MOST_PLACES = MOST_COLUMNS * 4
"""Beyond these columns, a sheet has too many, whichever are hidden."""

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CELL_NAME = re.compile(r"([A-Z]{1,3})[0-9]*")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]*)?(?:[Ee][+-]?[0-9]{1,3})?")
_ZEROS = re.compile(r"0[0-]*")
_TRUE = {"1", "true"}
_HIDDEN_IN_ODS = {"collapse", "filter"}
_MOST_DIGITS = 1e15
"""Excel keeps 15 digits of a number."""


def is_workbook(content: bytes) -> bool:
    """Say whether a file is a workbook, also of a kind that can't be read here."""
    return content.startswith((_ZIP, _OLD_EXCEL))


def rows_of_workbook(content: bytes, most_elements: int = _MOST_ELEMENTS) -> list[list[str]]:
    """Return the first visible sheet's rows, without blank ones.

    Raises MistakesError if the file can't be read, and TooMuchError if it is over a limit.
    """
    if content.startswith(_OLD_EXCEL):
        message = Message("the file is in an older format of Excel, or has a password; save it as .xlsx without one")
        raise MistakesError([Mistake(FILE, None, message)])
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            parts = _Parts(file, most_elements)
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
    most_elements: int
    left: int = MOST_UNPACKED
    elements: int = 0
    characters: int = 0

    def has(self, name: str) -> bool:
        return name in self.file.namelist()

    def read(
        self, name: str, found: Mapping[str, Callable[[Element], None]], begin: Callable[[str], None] = lambda _: None
    ) -> None:
        """Pass each whole element to the function that `found` has for its name, and other elements' names to `begin`.

        Names have no namespaces. Nothing else is kept, since a sheet can be much larger than its rows.
        """
        content = self._unpacked(name)
        builder, depth, inside = TreeBuilder(), 0, 0

        def start(name: str, given: Mapping[str, str]) -> None:
            nonlocal depth, inside
            self.elements += 1
            inside = inside + 1 if depth else 0
            if self.elements > self.most_elements or inside > _MOST_INSIDE:
                message = Message("the file has too many empty cells and formats; copy the cells into a new sheet")
                raise TooMuchError(FILE, None, message)
            if depth or _local(name) in found:
                depth += 1
                builder.start(_local(name), {_local(key): given[key] for key in given})
            else:
                begin(_local(name))

        def end(name: str) -> None:
            nonlocal builder, depth
            if depth:
                depth -= 1
                element = builder.end(_local(name))
                if not depth:
                    builder = TreeBuilder()
                    found[element.tag](element)

        def add(text: str) -> None:
            if depth:
                self.characters += len(text)
                if self.characters > MOST_CHARACTERS:
                    raise _too_many_characters()
                builder.data(text)

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.EntityDeclHandler = _refuse_entity
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = add
        parser.Parse(content, True)  # noqa: FBT003  (the parser takes no names)

    def _unpacked(self, name: str) -> bytes:
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
        return content


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_entity(*_: object) -> None:
    message = "an entity is declared"
    raise ValueError(message)


def _too_many_characters() -> TooMuchError:
    values = {"most": f"{MOST_CHARACTERS:,}"}
    message = Message("the sheet has more than the maximum of %(most)s characters; remove some columns", values)
    return TooMuchError(FILE, None, message)


@dataclass
class _Rows:
    """The rows that were read, within the limits."""

    rows: list[list[str]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    """Columns, 0-based."""
    cells: int = 0
    characters: int = 0

    def hide(self, first: int, end: int) -> None:
        self.hidden.update(range(max(first, 0), min(end, MOST_COLUMNS * 3)))

    def add(self, cells: Mapping[int, str], times: int = 1) -> None:
        shown = {place: cell for place, cell in cells.items() if place not in self.hidden and cell.strip()}
        for _ in range(times if shown else 0):
            self._add_shown(shown)

    def _add_shown(self, shown: Mapping[int, str]) -> None:
        number = len(self.rows) + 1
        self.cells += len(shown)
        longest = max(map(len, shown.values()))
        self.characters += sum(map(len, shown.values()))
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
        if longest > _LONGEST_CELL:
            values = {"most": f"{_LONGEST_CELL:,}"}
            message = Message("a cell has more than the maximum of %(most)s characters; shorten it", values)
            raise TooMuchError(FILE, number, message)
        if self.characters > MOST_CHARACTERS:
            raise _too_many_characters()
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
    rows, texts, formats = _Rows(), list[str](), _formats(parts)

    def column(it: Element) -> None:
        if it.get("hidden") in _TRUE:
            rows.hide(int(it.attrib["min"]) - 1, int(it.attrib["max"]))

    def row(it: Element) -> None:
        cells: dict[int, str] = {}
        place = -1
        for cell in it.iterfind("c"):
            place = _column_of(cell.attrib["r"]) if "r" in cell.attrib else place + 1
            cells[place] = _xlsx_cell(cell, texts, formats)
        if it.get("hidden") not in _TRUE:
            rows.add(cells)

    if parts.has("xl/sharedStrings.xml"):
        parts.read("xl/sharedStrings.xml", {"si": lambda it: texts.append(_xlsx_text(it).strip())})
    parts.read(_first_sheet(parts), {"col": column, "row": row})
    return rows.rows


def _first_sheet(parts: _Parts) -> str:
    """Return the part with the first sheet that is not hidden."""
    sheets: list[Element] = []
    addresses: dict[str, str] = {}
    parts.read("xl/workbook.xml", {"sheet": sheets.append})
    relation = {"Relationship": lambda it: addresses.update({it.attrib["Id"]: it.attrib["Target"]})}
    parts.read("xl/_rels/workbook.xml.rels", relation)
    shown = [it.attrib["id"] for it in sheets if it.get("state", "visible") == "visible"]
    return posixpath.normpath(posixpath.join("/xl", addresses[shown[0]])).lstrip("/")


def _formats(parts: _Parts) -> list[str]:
    """Return the format of each style if it only places digits, such as 00000; otherwise an empty text."""
    codes: dict[str, str] = {}
    styles: list[str] = []

    def read_code(it: Element) -> None:
        code = it.attrib["formatCode"][:_LONGEST_FORMAT]
        codes[it.attrib["numFmtId"]] = re.sub(r'[\\"]', "", code).partition(";")[0]

    if parts.has("xl/styles.xml"):
        styles_of_cells = {"cellXfs": lambda it: styles.extend(xf.get("numFmtId", "") for xf in it.iterfind("xf"))}
        parts.read("xl/styles.xml", {"numFmt": read_code, **styles_of_cells})
    shown = (codes.get(style, "") for style in styles)
    return [it if _ZEROS.fullmatch(it) else "" for it in shown]


def _xlsx_cell(cell: Element, texts: list[str], formats: list[str]) -> str:
    typed, style = cell.findtext("v", ""), int(cell.get("s", 0))
    match cell.get("t", "n"):
        case "s":
            return texts[int(typed)] if typed else ""
        case "n":
            return _number_as_text(typed, formats[style] if style < len(formats) else "")
        case "e":
            return ""
        case "inlineStr":
            return "".join(map(_xlsx_text, cell.iterfind("is")))
        case _:
            return typed


def _xlsx_text(it: Element) -> str:
    """Return a text, which may be in pieces. Leaves out rPh, which tells how a word is pronounced."""
    return "".join(piece.text or "" for path in ("t", "r/t") for piece in it.iterfind(path))


def _column_of(name: str) -> int:
    found = _CELL_NAME.fullmatch(name)
    number = 0
    for letter in found[1] if found else "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


# OpenDocument's


def _rows_of_ods(parts: _Parts) -> list[list[str]]:
    """Return the rows of the first sheet that has any."""
    rows, columns, is_first = _Rows(), 0, True

    def begin(name: str) -> None:
        nonlocal columns, is_first
        if name == "table":
            is_first, columns = not rows.rows, 0
            rows.hidden.clear()

    def column(it: Element) -> None:
        nonlocal columns
        first, columns = columns, columns + int(it.get("number-columns-repeated", 1))
        if it.get("visibility") in _HIDDEN_IN_ODS:
            rows.hide(first, columns)

    def row(it: Element) -> None:
        if not is_first or it.get("visibility") in _HIDDEN_IN_ODS:
            return
        cells: dict[int, str] = {}
        place = 0
        for cell in it:
            repeated = max(int(cell.get("number-columns-repeated", 1)), 1)
            if (text := _ods_cell(cell)).strip():
                cells.update(dict.fromkeys(range(place, min(place + repeated, max(place, _MOST_PLACES) + 1)), text))
            place += repeated
        rows.add(cells, min(int(it.get("number-rows-repeated", 1)), MOST_ROWS + 2))

    parts.read("content.xml", {"table-column": column, "table-row": row}, begin)
    return rows.rows


def _ods_cell(cell: Element) -> str:
    text = " ".join(filter(None, map(_ods_text, cell.iterfind("p"))))
    number = cell.get("value", "") if cell.get("value-type") == "float" else ""
    return _number_as_text(number) if number and not re.fullmatch(r"[0-9-]+", text) else text


def _ods_text(it: Element) -> str:
    """Return the text of a paragraph or a part of one, without notes."""
    if it.tag == "annotation":
        return ""
    inner = "".join(_ods_text(part) + (part.tail or "") for part in it)
    return " " if it.tag in {"s", "line-break", "tab"} else (it.text or "") + inner
