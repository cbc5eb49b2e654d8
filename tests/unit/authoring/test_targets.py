from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.authoring.trees import TARGETS, change, mistakes_of
from undersigned.authoring.campaigns import compile_campaign

if TYPE_CHECKING:
    from tests.unit.authoring.trees import Files


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("mayor@oakton.example", "mayor@oakton", "targets.csv:2: `email`: “oakton” in “mayor@oakton” has no dot"),
        ("Avery Sample", "", "targets.csv:2: `name` is empty; fill it in, since letters and emails show it"),
        ("Avery Sample", "\u3164", "targets.csv:2: `name` is empty; fill it in, since letters and emails show it"),
        (
            "Avery Sample",
            "Avery\u202e Sample",
            "targets.csv:2: `name` has U+202E, which can't be printed; type the text instead of pasting it",
        ),
        ("oakton,", ",", "targets.csv:2: `id` is empty; give the recipient a short name, such as evanston"),
        ("oakton,", "Oak Ton,", "targets.csv:2: `id` is 'Oak Ton'; use only lowercase letters, digits and hyphens"),
        ("60201; 60202", "", "targets.csv:2: `postal_codes` is empty; add the codes"),
        ("60201; 60202", "60201; 60201", "targets.csv:2: the postal code 60201 is there twice; remove one"),
        ("60201; 60202", "60201/60202", "targets.csv:2: `60201/60202` is not a postal code; separate codes with `;`"),
        ("example,60202", "example,60202-1234", "targets.csv:3: the postal code 60202-1234 is written 60202 on line 2"),
        (
            "60201; 60202",
            "K1A 0B1; K1A0B1; 60202",
            "targets.csv:2: the postal code K1A0B1 is written K1A 0B1 on the same line; write it one way",
        ),
        (
            "City Hall",
            "City Hall, Oakton",
            "targets.csv:2: the row has 8 cells, but the first line names 7 columns; put",
        ),
        ("email,postal", "e-mail,postal", "targets.csv:1: unknown column `e-mail`; did you mean `email`?"),
        (
            ",postal_codes",
            "",
            "targets.csv:1: missing columns: `postal_codes`; the first line must name the columns id,title",
        ),
        ("name,department", "name,name", "targets.csv:1: the column `name` is there twice; remove one"),
        ("City Hall", '"City Hall', "targets.csv:2: the quotation marks don't match"),
        (
            "elmton,Mayor,Blake Specimen,Village Hall,Elmton",
            "elm,mayor,avery sample,City Hall,Oakton",
            "targets.csv:3: avery sample of City Hall is also on line 2; keep one row",
        ),
    ],
)
def test_a_mistake_in_the_targets_is_named_with_the_fix(files: Files, old: str, new: str, mistake: str) -> None:
    change(files, "targets.csv", old, new)

    assert mistakes_of(files)[0].startswith(mistake)


def test_an_error_in_a_cell_is_listed_once(files: Files) -> None:
    change(files, "targets.csv", "60201; 60202", "60201/60202")

    assert len(mistakes_of(files)) == 1


@pytest.mark.parametrize("blank", [",", " , \n,,\n", "\n\n,"])
def test_a_file_of_blank_cells_is_a_mistake(files: Files, blank: str) -> None:
    files["targets.csv"] = blank

    [mistake] = mistakes_of(files)
    assert mistake.startswith(
        "targets.csv: the file has only blank cells; the first line must name the columns id,title"
    )


def test_a_quotation_mark_inside_a_cell_is_part_of_it(files: Files) -> None:
    change(files, "targets.csv", "City Hall", 'The "old" Hall')

    assert compile_campaign(files).targets[0].department == 'The "old" Hall'


def test_columns_separated_by_semicolons_are_a_mistake(files: Files) -> None:
    files["targets.csv"] = TARGETS.replace(",", ";")

    assert mistakes_of(files) == [
        "targets.csv:1: the columns are not separated by commas; save the sheet as CSV with commas"
    ]


def test_a_file_without_rows_is_a_mistake(files: Files) -> None:
    files["targets.csv"] = TARGETS.partition("\n")[0]

    assert mistakes_of(files) == [
        "targets.csv: the file has no recipients; add a row for each person whom letters go to"
    ]


def test_two_targets_with_one_mailbox_are_only_a_warning(files: Files) -> None:
    change(files, "targets.csv", "mayor@elmton.example", "Mayor+elm@oakton.example")

    [warning] = compile_campaign(files).warnings

    assert str(warning) == (
        "targets.csv:3: Mayor+elm@oakton.example is also the address on line 2; "
        "each recipient gets an email of their own"
    )


def test_a_row_after_a_two_line_cell_has_the_right_line(files: Files) -> None:
    change(files, "targets.csv", "City Hall", '"City\nHall"')
    change(files, "targets.csv", "mayor@elmton.example", "")

    assert mistakes_of(files)[0].startswith("targets.csv:4: `email`")


def test_titles_in_a_language_that_is_not_listed_are_a_mistake(bilingual: Files) -> None:
    change(bilingual, "targets.csv", "title_es", "title_fr")

    [found] = mistakes_of(bilingual)

    assert found.startswith("targets.csv:1: the column `title_fr` is for a language that `languages` in campaign.toml")
