from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signatures import adas_form, adas_signature, changed
from undersigned.base.csv_cells import csv_line, defused
from undersigned.organizing.rules.exports import COLUMNS, ExportFilter, row

SIGNED = datetime(2026, 11, 24, 18, 0, 5, 123456, tzinfo=UTC)
ADA = adas_signature(
    campaign="trees",
    signer="0123456789abcdef0123456789abcdef",
    signature="Ada",
    note="Two lines,\nand a comma",
    updates=True,
    letter="ab12",
    signed_at=SIGNED,
    signed_on=date(2026, 11, 24),
    confirmed_at=SIGNED,
    confirmed_on=date(2026, 11, 24),
    bundle="2026-11-30#0002",
    language="es",
)


def test_a_row_has_a_cell_for_each_column() -> None:
    assert dict(zip(COLUMNS, row(ADA, "en"), strict=True)) == {
        "identifiers": "undersigned:0123456789abcdef0123456789abcdef",
        "full_name": "Ada Specimen",
        "email_address": "ada@signers.example",
        "address_lines": "1 Sample Street",
        "locality": "Evanston",
        "region": "IL",
        "postal_code": "60201",
        "preferred_language": "es",
        "action_date": "2026-11-24T18:00:05Z",
        "comments": "Two lines,\nand a comma",
        "target": "evanston",
        "status": "confirmed",
        "confirmed_at": "2026-11-24T18:00:05Z",
        "withdrawn_at": "",
        "updates": "yes",
        "letter": "ab12",
        "letter_language": "en",
        "has_drawing": "no",
        "period": "2026-11-30",
        "bundle": "2026-11-30#0002",
        "quarantine": "",
        "on_hold": "no",
        "source": "",
    }


def test_another_csv_reader_reads_the_same_cells() -> None:
    line = csv_line(row(changed(ADA, name='Ada "the" Specimen, Ó’Nótaí 王'), "en"))
    assert line.endswith(b"\r\n")
    [cells] = csv.reader(io.StringIO(line.decode(), newline=""))
    assert cells[1] == 'Ada "the" Specimen, Ó’Nótaí 王'
    assert cells[9] == ADA.words.note


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1 847 555 0100", "'+1 847 555 0100"),
        ("-Ada", "'-Ada"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("  =1+1", "'  =1+1"),
        ("\u200b\u00a0=1+1", "'\u200b\u00a0=1+1"),
        ("＝1+1", "'＝1+1"),
        ("Ada\n=1+1", "Ada\n'=1+1"),
        ("Ada;=1+1", "Ada;'=1+1"),
        ('Ada;"=1+1', "Ada;'\"=1+1"),
        ("Ada = Bo + @home - x", "Ada = Bo + @home - x"),
        ("Anne-Marie O’Neill", "Anne-Marie O’Neill"),
        ("", ""),
    ],
)
def test_a_formula_gets_an_apostrophe_in_front(text: str, cell: str) -> None:
    assert defused(text) == cell


@given(st.text(alphabet="=+-@;\t\r\n ,\"'ab\u200b"))
def test_no_cell_begins_with_a_formula_for_any_separator(text: str) -> None:
    line = csv_line(["Ada", text, "Bo"]).decode()
    for separator in (",", ";", "\t"):
        for cells in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
            assert not any(cell.lstrip(" \u200b").startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize(
    ("wanted", "included"),
    [
        (ExportFilter(), True),
        (ExportFilter(target="evanston"), True),
        (ExportFilter(target="wilmette"), False),
        (ExportFilter(status="confirmed"), True),
        (ExportFilter(status="quarantined"), False),
        (ExportFilter(target="evanston", status="pending"), False),
    ],
)
def test_a_filter_selects_letters_by_target_and_status(wanted: ExportFilter, *, included: bool) -> None:
    assert wanted.matches(ADA) is included


def test_a_quarantined_letter_has_a_status_of_its_own() -> None:
    quarantined = adas_form(quarantine="no form")
    assert ExportFilter(status="quarantined").matches(quarantined)
    assert not ExportFilter(status="pending").matches(quarantined)
    cells = dict(zip(COLUMNS, row(quarantined, "en"), strict=True))
    assert (cells["status"], cells["quarantine"]) == ("quarantined", "no form")


def test_an_erased_letter_is_never_exported() -> None:
    assert not ExportFilter().matches(replace(ADA, status="erased"))
