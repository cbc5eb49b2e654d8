"""Spreadsheets for tests: their rows with the columns of their headings, and workbooks as programs write them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from undersigned.workshop.column_choice import by_headings, rows_in, taken
from undersigned.workshop.target_tables import TargetTable
from undersigned.workshop.targets import COLUMNS


def read_pasted(text: str) -> TargetTable:
    """Return the table of a person who pastes this text and takes the columns as their headings say."""
    rows = rows_in(b"", text)
    if not rows:
        return TargetTable()
    table = taken(rows, by_headings(rows))
    columns = tuple(dict.fromkeys((*COLUMNS, *table.columns)))
    return replace(table.as_columns(columns), unused=table.unused)


def zipped(parts: dict[str, str]) -> bytes:
    """Return a ZIP file with these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return written.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def xlsx(rows: str, *, before: str = "", shared: str = "", zeros: str = "00000") -> bytes:
    """Return an .xlsx file as Excel writes it, with the XML of the second sheet's rows: the first sheet is hidden.

    Style 1 is the format `zeros`, and 2 is 00000-0000.
    """
    return zipped(
        {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Old" sheetId="1" state="hidden" r:id="rId1"/><sheet name="New" sheetId="2" r:id="rId2"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>',
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts><numFmt numFmtId="164" formatCode="{zeros}"/>'
            '<numFmt numFmtId="165" formatCode="00000\\-0000"/></numFmts><cellStyleXfs><xf/></cellStyleXfs>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData><row><c t="str"><v>secret</v></c></row>'
            "</sheetData></worksheet>",
            "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>',
        }
    )


def ods(rows: str) -> bytes:
    """Return an .ods file as LibreOffice writes it, with the XML of its rows."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = f'<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet>'
    return zipped(
        {"content.xml": f"<office:document-content{names}><office:body>{body}</office:body></office:document-content>"}
    )
