"""Test which column of a spreadsheet is which by its heading, and what is taken of a choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from undersigned.workshop.column_choice import Choice, by_headings, by_row, rows_in, taken, unneeded, used_twice
from undersigned.workshop.pages.columns import as_pasted


@pytest.mark.parametrize(
    ("headings", "cells", "columns"),
    [
        (
            "Chief's Full Name,Rank,Agency Name,City,E-mail Addr.,Zip codes served,Phone",
            "A B,Chief,Oakton PD,Oakton,a@x.example,60201 60202,555-123-4567",
            "name title department locality email postal_codes -",
        ),
        (
            "Nombre,Cargo,Departamento,Municipio,Correo electrónico,Códigos postales",
            "A,Jefe,Policía,Oakton,a@x.example,60201",
            "name title department locality email postal_codes",
        ),
        (
            "First Name,Last Name,Position,Email,Zip",
            "A,B,Chief,a@x.example,*",
            "name name title email postal_codes",
        ),
        ("Name,Mailing address,Email", "A,1 Ridge Avenue,a@x.example", "name postal_address email"),
        ("Name,Email,Zip,Office address", "A,,02134,1 Ridge Avenue", "name email postal_codes postal_address"),
        ("Name,Title,Who,Where", "A B,Chief,a@x.example,02134", "name title - -"),
        ("Name,Email,Email (backup)", "A,a@x.example,b@x.example", "name email -"),
    ],
)
def test_a_column_is_chosen_by_its_heading(headings: str, cells: str, columns: str) -> None:
    choice = by_headings(rows_in(b"", f"{headings}\n{cells}\n"))

    assert choice == Choice(tuple(columns.replace("-", "").split(" ")), headings=1)


@pytest.mark.parametrize(
    "rows", ["Mayor\tAvery\tCity Hall\tOakton\ta@x.example\t60201\n", "Mayor\tAvery\tCity Hall\t60201\n"]
)
def test_a_first_row_that_is_a_recipient_chooses_no_column(rows: str) -> None:
    width = rows.count("\t") + 1

    assert by_headings(rows_in(b"", rows)) == Choice(("",) * width, headings=0)


def test_headings_may_stand_below_other_rows_which_are_left_out() -> None:
    rows = rows_in(
        b"",
        "Elementary schools\tFranklin County\t\t\tUpdated\n"
        "School\tContact\t\tWhere\tNotes\n"
        "School Name\tPrincipal\tE-mail\tCity\tZip\n"
        "Clinton Elementary\tJane Doe\tj@x.example\tColumbus\t43202\n",
    )
    choice = by_headings(rows)

    assert choice == Choice(("department", "name", "email", "locality", "postal_codes"), headings=3)
    assert [row["department"] for row in taken(rows, choice).rows] == ["Clinton Elementary"]


def test_the_lines_of_a_postal_address_are_kept_and_those_of_other_cells_are_joined() -> None:
    rows = rows_in(b"", 'Full name\tMailing address\n"Ada\nLovelace"\t"1  Ridge\n\nOakton"\n')

    assert taken(rows, by_headings(rows)).rows == ({"name": "Ada Lovelace", "postal_address": "1 Ridge\nOakton"},)
    assert rows_in(b"", as_pasted(rows)) == rows


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "headings", ['"Title\n(of the chief)"|Town|"Email, or\tform; if any"', '"Police Chief\nAvery"|Elm|a@x.example']
)
def test_a_first_cell_with_several_lines_ends_no_row(headings: str, separator: str) -> None:
    rows = rows_in(b"", f"{headings}\nChief|Oakton|c@x.example\n".replace("|", separator))
    assert [len(row) for row in rows] == [3, 3]
    assert rows[1] == ["Chief", "Oakton", "c@x.example"]


def test_what_is_chosen_is_taken_and_the_rest_is_named() -> None:
    rows = rows_in(b"", "First\tLast\tMail\tFax\nAda\tLovelace\ta@x.example\t1\n")

    table = taken(rows, Choice(("name", "name", "email", ""), headings=1))

    assert (table.columns, table.rows, table.unused) == (
        ("name", "email"),
        ({"name": "Ada Lovelace", "email": "a@x.example"},),
        (3,),
    )
    assert used_twice(Choice(("name", "name", "email", "email"), headings=1)) == ("email",)


def test_a_value_for_all_rows_fills_in_the_cells_that_are_empty() -> None:
    rows = rows_in(b"", "School\tWho\tTitle\nOak High\tAda\t\n\t\t\nElm High\tKim\tDean\n")
    choice = replace(by_headings(rows), same={"title": "Principal", "locality": "Oakton"})

    assert [(row["title"], row["locality"]) for row in taken(rows, choice).rows] == [
        ("Principal", "Oakton"),
        ("Dean", "Oakton"),
    ]
    assert unneeded(rows, choice) == ()
    assert unneeded(rows, replace(choice, same={"department": "High", "title": "Dean"})) == ("department",)
    assert unneeded(rows, Choice(("", "", ""), 1, {"title": "Dean"})) == ()


def test_another_row_of_headings_chooses_the_columns_again_if_it_names_any() -> None:
    rows = rows_in(b"", "Name\tTown\tZip\nPrincipal\tSchool\tE-mail\nAda\tOak High\ta@x.example\n")
    first = by_headings(rows)

    assert first == Choice(("name", "locality", "postal_codes"), headings=1)
    assert by_row(rows, replace(first, headings=2)).columns == ("name", "department", "email")
    assert by_row(rows, replace(first, headings=3)).columns == first.columns
    assert by_row(rows, replace(first, headings=0)).columns == first.columns


def test_the_names_of_a_sheet_may_stand_with_the_addresses() -> None:
    rows = rows_in(b"", "Town\tMail\nOakton\tAda Lovelace <a@x.example>\n")

    assert taken(rows, by_headings(rows)).rows == (
        {"locality": "Oakton", "email": "a@x.example", "name": "Ada Lovelace"},
    )
