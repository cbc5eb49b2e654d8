from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.signatures import adas_form, adas_signature, changed
from undersigned.base.csv_cells import csv_line, defused
from undersigned.organizing.rules.exports import COLUMNS, SUPPORTER_COLUMNS, ExportFilter, row, supporter_row

if TYPE_CHECKING:
    from undersigned.signing.rules.forms import FormOrLetter

SIGNED = datetime(2026, 11, 24, 18, 0, 5, 123456, tzinfo=UTC)
ADA = adas_signature(
    campaign="trees",
    signer="0123456789abcdef0123456789abcdef",
    signature="Ada",
    note="Two lines,\nand a comma",
    question="Why?",
    answer="Trees",
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
        "question": "Why?",
        "answer": "Trees",
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


# Supporters


def supporter(**words: str) -> dict[str, str]:
    return dict(zip(SUPPORTER_COLUMNS, supporter_row(changed(ADA, **words)), strict=True))


def test_a_supporter_has_a_cell_for_each_column() -> None:
    assert supporter() == {
        "email": "ada@signers.example",
        "first_name": "Ada",
        "last_name": "Specimen",
        "zip_code": "60201",
        "postal_code": "60201",
        "source": "",
        "consented_at": "2026-11-24T18:00:05Z",
        "withdrawn_at": "",
    }


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("María José García López", "María", "José García López"),
        ("Ada", "Ada", ""),
        ("王小明", "王小明", ""),
        ("Anne-Marie O’Neill", "Anne-Marie", "O’Neill"),
    ],
)
def test_a_name_is_split_after_its_first_word_and_keeps_every_word(name: str, first: str, last: str) -> None:
    cells = supporter(name=name)
    assert (cells["first_name"], cells["last_name"]) == (first, last)


def test_action_network_matches_the_columns_by_the_names_of_its_fields() -> None:
    """https://help.actionnetwork.org/hc/en-us/articles/203112959-File-formats-for-list-uploads.

    "If you name them the same name as our field names, we will match them automatically": its own files name them so.
    """
    assert {"email", "first_name", "last_name", "zip_code"} <= {*SUPPORTER_COLUMNS}


@pytest.mark.parametrize(
    ("column", "name", "title"),
    [
        ("email", "email", "Email"),
        ("first_name", "first_name", "First Name"),
        ("last_name", "last_name", "Last Name"),
        ("postal_code", "postal_code", "Postal Code"),
        ("source", "source", "Contact Source"),
    ],
)
def test_civicrm_matches_the_columns_by_the_names_and_titles_of_its_fields(column: str, name: str, title: str) -> None:
    """https://docs.civicrm.org/user/en/latest/common-workflows/importing-data-into-civicrm/.

    First and last name are columns of their own, and so is the postal code. A heading is matched without regard to its
    case, and with a space, a hyphen or an underscore between its words (CRM_Import_Forms::getHeaderPatterns).
    """
    [matched] = [
        heading
        for heading in SUPPORTER_COLUMNS
        if any(re.fullmatch(re.sub("[ _-]", "[-_ ]?", known), heading, re.IGNORECASE) for known in (name, title))
    ]
    assert matched == column


def test_mailchimp_takes_each_cell() -> None:
    """https://mailchimp.com/help/format-guidelines-for-your-import-file/.

    A labeled column has one email address for each person, without spaces and with ASCII before the @. A text has at
    most 255 bytes, and more is clipped.
    """
    cells = supporter(name="Ada " + "x" * 96)
    assert re.fullmatch(r"[!-?A-~]+@[^ ]+", cells["email"])
    assert max(len(cell.encode()) for cell in cells.values()) <= 255
    assert all(re.fullmatch("[a-z_]+", column) for column in SUPPORTER_COLUMNS)


def test_a_formula_in_a_supporters_name_is_text() -> None:
    [cells] = csv.reader(io.StringIO(csv_line(supporter_row(changed(ADA, name="=HYPERLINK(A1) +1"))).decode()))
    assert cells[1:3] == ["'=HYPERLINK(A1)", "'+1"]


LATER = SIGNED.replace(day=26)


@pytest.mark.parametrize(
    ("signature", "agreed", "ended"),
    [
        (ADA, SIGNED, None),
        (changed(ADA, updates=False), None, None),
        (replace(ADA, news_ended_at=LATER), None, LATER),
        (replace(ADA, news_ended_at=SIGNED.replace(day=1)), SIGNED, None),
        (replace(changed(ADA, updates=False), news_ended_at=SIGNED.replace(day=1)), None, SIGNED.replace(day=1)),
        (replace(ADA, status="withdrawn", withdrawn_at=LATER), None, LATER),
        (replace(ADA, status="withdrawn", withdrawn_at=LATER, news_ended_at=SIGNED), None, SIGNED),
        (replace(changed(ADA, updates=False), status="withdrawn", withdrawn_at=LATER), None, None),
        (replace(ADA, status="erased", news_ended_at=LATER), None, None),
        (replace(ADA, cleared_at=LATER, news_ended_at=LATER), None, None),
        (adas_form(updates=True), None, None),
    ],
)
def test_a_supporter_is_in_the_file_of_those_who_agreed_or_of_those_who_ended_that(
    signature: FormOrLetter, agreed: datetime | None, ended: datetime | None
) -> None:
    assert (signature.agreed_at, signature.no_news_since) == (agreed, ended)
    assert ExportFilter(news="agreed").matches(signature) is bool(agreed)
    assert ExportFilter(news="ended").matches(signature) is bool(ended)


def test_new_supporters_are_those_confirmed_since() -> None:
    confirmed_later = replace(ADA, confirmed_at=LATER)
    assert ExportFilter(news="agreed", since=LATER).matches(confirmed_later)
    assert not ExportFilter(news="agreed", since=LATER).matches(ADA)
    ended = replace(ADA, news_ended_at=LATER)
    assert ExportFilter(news="ended", since=LATER).matches(ended)
    assert not ExportFilter(news="ended", since=LATER.replace(day=27)).matches(ended)
