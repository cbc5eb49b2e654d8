"""Test the table of recipients: what people type, paste and upload."""

from __future__ import annotations

import pytest

from tests.support.spreadsheets import read_pasted
from tests.unit.workshop.trees import FILES, TARGETS
from undersigned.base.languages import languages
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages.frame import heading_of
from undersigned.workshop.target_tables import TargetTable, column_named, read_table
from undersigned.workshop.targets import COLUMNS, POSTAL_ADDRESS, read_targets
from undersigned.workshop.texts import text_of

OAKTON = ("oakton", "Mayor", "Avery Sample", "City Hall", "Oakton", "mayor@oakton.example", "60201; 60202")
ELMTON = ("elmton", "Mayor", "Blake Specimen", "Village Hall", "Elmton", "mayor@elmton.example", "60202")


HEADINGS = "Title\tName\tDepartment\tTown\tEmail\tZIP codes\n"


def rows_of(table: TargetTable) -> list[tuple[str, ...]]:
    assert table.columns == COLUMNS
    return [tuple(row.values()) for row in table.rows]


def test_a_table_is_written_as_it_was_read() -> None:
    table = read_table(TARGETS)

    assert rows_of(table) == [OAKTON, ELMTON]
    assert table.text() == TARGETS


def test_rows_are_found_by_the_line_of_a_mistake() -> None:
    text = TARGETS.replace("City Hall", '"City\nHall"').replace("mayor@elmton.example", "nobody")
    [mistake] = read_targets(text, ()).mistakes

    table = read_table(text)

    assert table.row_of(mistake.line) == 1
    assert table.cell(1, mistake.column or "") == "nobody"
    assert table.row_of(None) is table.row_of(99) is None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_separator_is_read(separator: str) -> None:
    text = TARGETS.replace("60201; 60202", '"60201; 60202"').replace(",", separator)

    assert rows_of(read_table(text)) == [OAKTON, ELMTON]


def test_a_row_that_is_too_short_or_too_long_loses_nothing() -> None:
    table = read_table("id,title,name\na\nb,Mayor,Blake,Specimen,III\n")

    assert [tuple(row.values()) for row in table.rows] == [("a", "", ""), ("b", "Mayor", "Blake, Specimen, III")]


def test_unknown_columns_stay_so_that_their_mistake_is_told() -> None:
    text = TARGETS.replace("department", "departement", 1)

    assert "departement" in read_table(text).columns
    assert "unknown column `departement`" in str(read_targets(read_table(text).text(), ()).mistakes[0])


def test_rows_of_a_spreadsheet_with_headings_as_people_write_them_get_ids() -> None:
    pasted = (
        "Position\tFull name\tAgency\tTown\tE-mail\tZIP codes\r\n"
        "Mayor\tAvery Sample\tCity Hall\tSt. Óakton\tmayor@oakton.example\t60201, 60202\r\n"
        "Mayor\tBlake Specimen\tVillage Hall\tElmton\tmayor@elmton.example\t60202\r\n"
    )

    assert rows_of(read_pasted(pasted).with_ids()) == [
        ("st-oakton", *OAKTON[1:4], "St. Óakton", OAKTON[5], "60201, 60202"),
        ELMTON,
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "Zip Code(s)",
        "Zip codes",
        "ZIP Codes Covered",
        "Zips",
        "Zips served",
        "PLZ",
        "Postcode(s)",
        "post-codes:",
        "Postal Code",
        "postal_codes",
        "Código(s) postal(es)",
        "Códigos postales",
        "CODIGO POSTAL",
    ],
)
def test_a_column_of_postal_codes_is_found_by_any_usual_heading(heading: str) -> None:
    table = read_pasted(f"Position;Name;E-Mail(s);{heading}\nMayor;José;a@b.example;60076, 60077\n")

    assert (table.cell(0, "email"), table.cell(0, "postal_codes")) == ("a@b.example", "60076, 60077")
    assert table.unused == ()


@pytest.mark.parametrize(
    ("headings", "unused"),
    [
        ("Zip Codes Covered;Zip", (2,)),
        ("Postal codes;Zip", (3,)),
        ("Fax;Zips", (2,)),
        ("Zips;", (3,)),
    ],
)
def test_columns_that_are_not_used_are_told(headings: str, unused: tuple[int, ...]) -> None:
    assert read_pasted(f"Name;Title;{headings}\nAda;Mayor;60201;60202\n").unused == unused
    assert read_pasted(f"Name;Title;{headings}\nAda;Mayor;;\n").unused == ()


@pytest.mark.parametrize("language", languages())
def test_the_headings_of_the_workshop_are_understood_in_each_language(language: str) -> None:
    headings = [heading_of(column, language) for column in COLUMNS]

    assert column_named(heading_of(POSTAL_ADDRESS, language)) == POSTAL_ADDRESS
    assert rows_of(read_pasted(f"{'\t'.join(headings)}\n{'\t'.join(OAKTON)}\n")) == [OAKTON]


def test_pasted_rows_come_after_those_that_are_there_with_ids_of_their_own() -> None:
    more = read_pasted(f"{HEADINGS}Mayor\tCasey Trial\tTown Hall\tOakton\tcasey@oakton.example\t60203\n")

    table = read_table(TARGETS).with_rows_of(more)

    assert [row["id"] for row in table.rows] == ["oakton", "elmton", "oakton-2"]
    assert compile_campaign({**FILES, "targets.csv": table.text()}).targets[2].name == "Casey Trial"


def test_a_row_of_the_same_person_replaces_theirs_and_a_shared_code_is_told_at_its_cell() -> None:
    pasted = "Mayor\tAvery Sample\tCity Hall\tOakton\t\t60203\nMayor\tCasey Trial\tHall\tPine\tc@pine.example\t60202\n"
    table = read_table(TARGETS).with_rows_of(read_pasted(HEADINGS + pasted))

    read = read_targets(table.text(), ())

    assert rows_of(table)[0] == (*OAKTON[:-1], "60203")
    assert read.mistakes == ()
    assert [(note.line, note.column) for note in read.notes] == [(4, "postal_codes")]
    assert "60202 is also on line" in read.notes[-1].message


def test_an_upload_without_ids_keeps_those_of_the_recipients_that_were_there() -> None:
    uploaded = read_pasted(
        "name;title;department;locality;email;postal codes\n"
        "Blake Specimen;Mayor;Village Hall;Elmton;new@elmton.example;60202\n"
        "Drew Newcomer;Mayor;City Hall;Oakton;mayor@oakton.example;60201\n"
        "Casey Trial;Mayor;Town Hall;Oakton;casey@oakton.example;60203\n"
    )

    table = read_table(TARGETS).replaced_by(uploaded)

    assert [(table.cell(row, "id"), table.cell(row, "name")) for row in range(3)] == [
        ("elmton", "Blake Specimen"),
        ("oakton", "Drew Newcomer"),
        ("oakton-2", "Casey Trial"),
    ]


def test_quoted_line_breaks_and_a_byte_order_mark_are_read() -> None:
    table = read_pasted('\ufeff"name","department","email"\r\n"Avery\r\nSample","City ""Old"" Hall","a@b.example"\r\n')

    assert table.cell(0, "name") == "Avery Sample"
    assert table.cell(0, "department") == 'City "Old" Hall'


def test_a_pasted_row_with_too_many_cells_or_with_unknown_ones_only_is_written_as_it_is_read() -> None:
    table = read_pasted("Name\tFax\tZIP\nAda\t1\t60201\t60202\n\t2\t\n").with_ids()

    assert [(table.cell(0, "name"), table.cell(0, "postal_codes"))] == [("Ada", "60201")]
    assert read_table(table.text()).rows == table.rows


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_nothing_gives_an_empty_table(text: str) -> None:
    assert read_table(text) == read_pasted(text) == TargetTable()


def test_a_table_that_is_none_is_a_mistake() -> None:
    with pytest.raises(MistakesError, match="save the sheet as CSV"):
        read_pasted("a,b\n" + "x" * 200_000)


def test_ten_thousand_rows_are_read_and_each_mistake_has_its_row_and_column() -> None:
    heading = "title;name;department;locality;email;postal codes"
    rows = [f"Mayor;Name {row};Hall;Town {row % 50};m{row}@t.example;{10000 + row}" for row in range(10_000)]
    rows[5_000] = rows[5_000].replace("@t", "")
    content = "\r\n".join([heading, *rows]).encode("utf-16")

    table = read_pasted(text_of("upload.csv", content)).with_ids()
    read = read_targets(table.text(), ())

    assert len(read.targets) == len(table.rows) == len({row["id"] for row in table.rows}) == 10_000
    assert [(read_table(table.text()).row_of(mistake.line), mistake.column) for mistake in read.mistakes] == [
        (5_000, "email")
    ]
