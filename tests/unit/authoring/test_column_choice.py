"""Test which column of a spreadsheet is guessed to be which, and what is taken of a choice."""

from __future__ import annotations

import pytest

from tests.growth import check_growth_of
from undersigned.authoring.column_choice import Choice, guess, rows_in, taken, used_twice
from undersigned.web.authoring.columns import as_pasted


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
            "A,B,Chief,a@x.example,all others",
            "name name title email postal_codes",
        ),
        ("Who,How to reach,Where", "A B,a@x.example,02134", "- email postal_codes"),
        ("Name,Mailing address,Email", "A,1 Ridge Avenue,a@x.example", "name postal_address email"),
        ("Name,Email,Zip,Office address", "A,,02134,1 Ridge Avenue", "name email postal_codes postal_address"),
        ("Name,Address,Zip", "A,a@x.example,02134", "name email postal_codes"),
        ("Name,Email,Email (backup)", "A,a@x.example,b@x.example", "name email -"),
    ],
)
def test_columns_are_guessed_by_heading_and_cells(headings: str, cells: str, columns: str) -> None:
    choice = guess(rows_in(b"", f"{headings}\n{cells}\n"))

    assert choice == Choice(tuple(columns.replace("-", "").split(" ")), has_headings=True)


@pytest.mark.parametrize("order", ["title name", "name title"])
def test_without_headings_a_known_title_tells_title_and_name_apart(order: str) -> None:
    cells = {"title": ("Police Chief", "Sheriff"), "name": ("Avery Sample", "Blake Doe")}
    first, second = order.split()
    rows = "".join(
        f"{cells[first][n]}\t{cells[second][n]}\tPolice Department\tOakton\ta{n}@x.example\t6020{n}\n" for n in range(2)
    )

    choice = guess(rows_in(b"", rows))

    assert choice == Choice((first, second, "department", "locality", "email", "postal_codes"), has_headings=False)


@pytest.mark.parametrize("cell", ["60201-" * 300, "60201 " * 300 + "x", "AA1 1AA," * 200 + "!", "acting " * 280])
def test_no_cell_takes_long_to_guess(cell: str) -> None:
    def read(part: str) -> None:
        guess(rows_in(b"", f"Name;Mail;Other\n{f'A;a@x.example;{part}\n' * 60}"))

    check_growth_of(read, cell)


def test_the_lines_of_a_postal_address_are_kept_and_those_of_other_cells_are_joined() -> None:
    rows = rows_in(b"", 'Full name\tMailing address\n"Ada\nLovelace"\t"1  Ridge\n\nOakton"\n')

    assert taken(rows, guess(rows)).rows == ({"name": "Ada Lovelace", "postal_address": "1 Ridge\nOakton"},)
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

    table = taken(rows, Choice(("name", "name", "email", ""), has_headings=True))

    assert (table.columns, table.rows, table.unused) == (
        ("name", "email"),
        ({"name": "Ada Lovelace", "email": "a@x.example"},),
        ("Fax",),
    )
    assert used_twice(Choice(("name", "name", "email", "email"), has_headings=True)) == ("email",)
