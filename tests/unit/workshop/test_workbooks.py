"""Test reading .xlsx and .ods: what people see in their spreadsheet is what is taken, within limits."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.support.spreadsheets import ods, xlsx, zipped
from undersigned.workshop.mistakes import MistakesError, TooMuchError
from undersigned.workshop.workbooks import rows_of_workbook

SHARED = "<si><t>Name</t></si><si><r><t>Avery </t></r><r><t>Señor</t></r><rPh><t>no</t></rPh></si>"


def test_a_sheet_of_excel_is_read_as_people_see_it() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>ZIP</t></is></c></row>'
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>60201.0</v></c></row>'
        '<row r="4"><c r="A4" t="str"><v>Zero</v></c><c r="B4" s="1"><v>2134</v></c></row>'
        '<row r="5"><c r="B5" s="2"><v>21341234</v></c></row>'
        '<row r="6"><c t="str"><v>Text</v></c><c t="str"><v>02134</v></c></row>'
    )

    assert rows_of_workbook(xlsx(rows, shared=SHARED)) == [
        ["Name", "ZIP"],
        ["Avery Señor", "60201"],
        ["Zero", "02134"],
        ["", "02134-1234"],
        ["Text", "02134"],
    ]


def test_hidden_rows_columns_and_sheets_stay_out() -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1"><v>3</v></c></row>'
        '<row r="2" hidden="1"><c r="A2"><v>4</v></c></row>'
    )

    found = rows_of_workbook(xlsx(rows, before='<cols><col min="2" max="2" hidden="1"/></cols>'))

    assert found == [["1", "3"]]


def test_a_sheet_of_libreoffice_is_read_as_people_see_it() -> None:
    rows = (
        '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>'
        '<table:table-column table:number-columns-repeated="9"/>'
        "<table:table-row><table:table-cell><text:p>Avery<text:s/>Señor</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="2134"><text:p>02134</text:p></table:table-cell>'
        "<table:table-cell><text:p>hidden</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="60201"><text:p>60,201</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        '<table:table-row table:visibility="filter"><table:table-cell><text:p>filtered</text:p></table:table-cell>'
        '</table:table-row><table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    )

    assert rows_of_workbook(ods(rows)) == [["Avery Señor", "02134", "60201"]]


@pytest.mark.asvs("1.5.1")
@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"\xd0\xcf\x11\xe0old", "older format of Excel, or has a password"),
        (b"PK\x03\x04 but nothing else", "can’t be read; save the sheet as CSV"),
        (zipped({"word/document.xml": "<a/>"}), "can’t be read; save the sheet as CSV"),
        (xlsx("<row><c t='s'><v>7</v></c></row>"), "can’t be read; save the sheet as CSV"),
        (xlsx("<row><c></row>"), "can’t be read; save the sheet as CSV"),
        (
            zipped({"content.xml": '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'}),
            "can’t be read; save the sheet as CSV",
        ),
        (xlsx(" " * 21_000_000), "more than the maximum of 20 MB when it is unpacked"),
        (xlsx("<row><c><v>1</v></c></row>" * 10_002), "more than the maximum of 10,000 rows"),
        (xlsx('<row><c r="DA1"><v>1</v></c></row>'), "the row has 105 columns, more than the maximum of 100"),
        (xlsx(f"<row>{'<c><v>1</v></c>' * 100}</row>" * 3_001), "more than the maximum of 300,000 cells"),
    ],
    ids=["old", "broken", "no sheet", "no text", "no XML", "entity", "bomb", "rows", "columns", "cells"],
)
def test_what_can_not_be_read_is_a_mistake_with_the_way_out(content: bytes, mistake: str) -> None:
    with pytest.raises(MistakesError, match=mistake):
        rows_of_workbook(content)


def peak_of(content: bytes) -> None:
    """Read a file, and check that this takes less memory than an eighth of what the function has."""
    tracemalloc.start()
    try:
        rows_of_workbook(content)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 200_000_000


REPEATED, BACK = (
    f'<table:table-cell table:number-columns-repeated="{count}"><text:p>x</text:p></table:table-cell>'
    for count in (300, -300)
)
LONG_TEXT = "<si><t>" + "x" * 15_000_000 + "</t></si>"
SPANS = "<text:p>" + "<text:span>" * 900 + "x" * 10_000_000 + "</text:span>" * 900 + "</text:p>"


@pytest.mark.asvs("5.2.3")
@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (xlsx("<row><c t='s'><v>0</v></c></row>" * 10_000, shared=LONG_TEXT), "characters"),
        (xlsx("<row><c t='inlineStr'><is><t>" + "x" * 40_000 + "</t></is></c></row>"), "a cell has more than"),
        (xlsx(f"<row>{'<c t="s"><v>0</v></c>' * 99}</row>" * 9, shared=f"<si><t>{'x' * 30_000}</t></si>"), "sheet has"),
        (xlsx(f"<row>{'<c/>' * 4_500_000}</row>"), "empty cells"),
        (
            ods(f"<table:table-row><table:table-cell><text:p>{SPANS}</text:p></table:table-cell></table:table-row>"),
            "ch",
        ),
        (ods(f"<table:table-row>{REPEATED * 20_000}</table:table-row>"), "columns"),
        (ods(f"<table:table-row>{BACK * 5_000}</table:table-row>"), "columns"),
    ],
    ids=["shared", "cell", "sheet", "cells", "spans", "repeated", "backwards"],
)
def test_a_small_file_takes_no_more_memory_than_a_large_one(content: bytes, mistake: str) -> None:
    assert len(content) < 100_000
    with pytest.raises(TooMuchError, match=mistake):
        peak_of(content)


@pytest.mark.parametrize(
    "content",
    [
        xlsx("<row><c s='1'><v>1</v></c></row>" * 1_000, zeros="0" * 1_000_000),
        xlsx("<row><c><v>1</v></c></row>", before='<cols><col min="-900000000" max="1" hidden="1"/></cols>'),
        ods(
            '<table:table-column table:visibility="collapse" table:number-columns-repeated="300"/>'
            f'<table:table-row table:number-rows-repeated="10000">{REPEATED}</table:table-row>' * 5_000
        ),
    ],
    ids=["format", "hidden columns", "hidden rows"],
)
def test_what_is_not_shown_takes_no_memory(content: bytes) -> None:
    assert len(content) < 100_000
    peak_of(content)


@pytest.mark.parametrize("content", [xlsx("<row/>" * 901), xlsx("", shared="<si/>" * 901), ods("<a/>" * 901)])
def test_the_elements_of_all_parts_are_counted(content: bytes) -> None:
    with pytest.raises(TooMuchError, match="too many empty cells and formats"):
        rows_of_workbook(content, most_elements=900)
