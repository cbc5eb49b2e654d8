from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.support.growth import check_growth
from tests.unit.workshop.trees import TARGETS, change, mistakes_of
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.postal_codes import canonical_postal_code
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.postal_code_cells import PostalCodeCells
from undersigned.workshop.target_tables import read_table
from undersigned.workshop.targets import MOST_NOTES
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from tests.unit.workshop.trees import Files


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("mayor@oakton.example", "mayor@oakton", "targets.csv:2: `email`: “oakton” in “mayor@oakton” has no dot"),
        ("Avery Sample", "", "targets.csv:2: `name`: fill this in: letters and emails show it"),
        ("Avery Sample", "\u3164", "targets.csv:2: `name`: fill this in: letters and emails show it"),
        (
            "Avery Sample",
            "Avery\u202e Sample",
            "targets.csv:2: `name`: U+202E in it can’t be printed. Type the text instead of pasting it.",
        ),
        ("oakton,", ",", "targets.csv:2: `id`: give the recipient a name for web addresses, such as evanston"),
        (
            "oakton,",
            "Oak Ton,",
            "targets.csv:2: `id`: use only lowercase letters, digits and hyphens, such as evanston",
        ),
        ("60201; 60202", "60201; 60201", "targets.csv:2: `postal_codes`: 60201 is there twice; remove one"),
        (
            "60201; 60202",
            "60201 and 60202",
            "targets.csv:2: `postal_codes`: 60201 and 60202 is not a postal code; separate codes with semicolons",
        ),
        ("example,60202", "example,60202-1234", "targets.csv:3: `postal_codes`: 60202-1234 is written 60202 on line 2"),
        (
            "60201; 60202",
            "K1A 0B1; K1A0B1; 60202",
            "targets.csv:2: `postal_codes`: K1A0B1 is written K1A 0B1 on the same line; write it one way",
        ),
        (
            "60201; 60202",
            "60201 – 60209",
            "targets.csv:2: `postal_codes`: 60201-60209 looks like a range; write each code, or a prefix, such as 602*",
        ),
        (
            "60201; 60202",
            "602-604",
            "targets.csv:2: `postal_codes`: 602-604 looks like a range; write each code, or a prefix, such as 602*",
        ),
        ("60201; 60202", "60201*9", "targets.csv:2: `postal_codes`: 60201*9 is not a postal code"),
        (
            "60201; 60202\nelmton,Mayor,Blake Specimen,Village Hall,Elmton,mayor@elmton.example,60202",
            "*\nelmton,Mayor,Blake Specimen,Village Hall,Elmton,mayor@elmton.example,60202; *",
            "targets.csv:3: `postal_codes`: line 2 has “*” already; only one recipient can have all other codes",
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
        ("City Hall", '"City Hall', "targets.csv:2: the quotation marks don’t match"),
        ("City Hall,Oakton", '"City" Hall,"Oakton"', "targets.csv:2: the quotation marks don’t match"),
        (
            "elmton,Mayor,Blake Specimen,Village Hall,Elmton",
            "elm,mayor,avery sample,City Hall,Oakton",
            "targets.csv:3: `name`: avery sample of City Hall is also on line 2; keep one row",
        ),
    ],
)
def test_a_mistake_in_the_targets_is_named_with_the_fix(files: Files, old: str, new: str, mistake: str) -> None:
    change(files, "targets.csv", old, new)

    assert mistakes_of(files)[0].startswith(mistake)


def test_recipients_without_an_email_address_get_their_letters_by_hand(files: Files) -> None:
    for address in ("mayor@oakton.example", "mayor@elmton.example"):
        change(files, "targets.csv", address, "")

    compiled = compile_campaign(files)

    assert [target.by_hand for target in compiled.targets] == [True, True]
    assert compiled.warnings == ()


@pytest.mark.parametrize(
    "cell",
    ["Robin Sample <mayor@oakton.example>", '""Robin Sample"" < mayor@oakton.example >', "<mayor@oakton.example>"],
)
def test_the_address_in_angle_brackets_is_taken(files: Files, cell: str) -> None:
    change(files, "targets.csv", "mayor@oakton.example", f'"{cell}"')

    [target, _] = compile_campaign(files).targets

    assert (target.name, target.email) == ("Avery Sample", "mayor@oakton.example")


def test_a_name_before_the_address_fills_in_the_name_that_is_missing(files: Files) -> None:
    change(files, "targets.csv", "Avery Sample", "")
    change(files, "targets.csv", "mayor@oakton.example", '"""Sample, Robin"" <mayor@oakton.example>"')

    [target, _] = compile_campaign(files).targets

    assert (target.name, target.email) == ("Sample, Robin", "mayor@oakton.example")


def test_a_postal_address_keeps_its_lines_and_is_written_as_it_was_read(files: Files) -> None:
    change(files, "targets.csv", "email,postal_codes", "email,postal_codes,postal_address")
    change(files, "targets.csv", "60201; 60202", '60201; 60202,"City Hall \n\n  2100 Ridge  Avenue\nOakton, IL 60201"')
    change(files, "targets.csv", "example,60202", "example,60202,")
    compiled = compile_campaign(files)

    assert compiled.targets[0].postal_address == "City Hall\n2100 Ridge Avenue\nOakton, IL 60201"
    assert compiled.targets[1].postal_address == ""
    written = files_of(compiled.campaign, compiled.letters, compiled.targets)
    assert compile_campaign(written).targets == compiled.targets
    assert read_table(files["targets.csv"]).cell(0, "postal_address") == compiled.targets[0].postal_address


@pytest.mark.parametrize(
    ("address", "mistake"),
    [
        ("1" * 301, "`postal_address`: It has 301 characters, more than the maximum of 300. Remove some."),
        ("1 Ridge\u202e Avenue", "`postal_address`: U+202E in it can’t be printed. Type the text"),
    ],
)
def test_a_postal_address_that_cannot_be_printed_is_a_mistake(files: Files, address: str, mistake: str) -> None:
    change(files, "targets.csv", "email,postal_codes", "email,postal_codes,postal_address")
    change(files, "targets.csv", "60201; 60202", f"60201; 60202,{address}")
    change(files, "targets.csv", "example,60202", "example,60202,")

    assert mistakes_of(files)[0].startswith(f"targets.csv:2: {mistake}")


def test_an_error_in_a_cell_is_listed_once(files: Files) -> None:
    change(files, "targets.csv", "60201; 60202", "60201 or 60202")

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


@pytest.mark.parametrize(("separator", "called"), [(";", "a semicolon"), ("\t", "a tab")])
def test_a_row_with_too_many_cells_names_what_separates_them(files: Files, separator: str, called: str) -> None:
    files["targets.csv"] = (
        TARGETS.replace(";", " ").replace(",", separator).replace("City Hall", f"City{separator}Hall")
    )

    [mistake] = mistakes_of(files)
    assert mistake.startswith("targets.csv:2: the row has 8 cells, but the first line names 7 columns; ")
    assert mistake.endswith(f"put quotation marks around text that has {called}")


def test_rows_are_read_although_there_is_an_unknown_column(files: Files) -> None:
    change(files, "targets.csv", "postal_codes", "postal_codes,telephone")
    change(files, "targets.csv", "mayor@oakton.example,60201; 60202", "mayor@oakton,60201; 60202,312-555-0147")
    change(files, "targets.csv", "example,60202", "example,60202,312-555-0148")
    unknown, of_row = mistakes_of(files)
    assert unknown.startswith("targets.csv:1: unknown column `telephone`; ")
    assert of_row.startswith("targets.csv:2: `email`: ")


def test_columns_separated_by_something_else_are_a_mistake(files: Files) -> None:
    files["targets.csv"] = TARGETS.replace(",", "|")

    assert "missing columns" in mistakes_of(files)[-1]


def test_a_file_without_rows_is_a_mistake(files: Files) -> None:
    files["targets.csv"] = TARGETS.partition("\n")[0]

    assert mistakes_of(files) == ["targets.csv: add a row for each person whom letters go to"]


def test_two_targets_with_one_mailbox_are_only_a_warning(files: Files) -> None:
    change(files, "targets.csv", "mayor@elmton.example", "Mayor+elm@oakton.example")

    [warning] = compile_campaign(files).warnings

    assert str(warning) == (
        "targets.csv:3: `email`: Mayor+elm@oakton.example is also the address on line 2; "
        "each recipient gets an email of their own"
    )


def test_a_mistyped_address_is_only_a_warning(files: Files) -> None:
    change(files, "targets.csv", "mayor@elmton.example", "mayor.of.elmton@gmial.com")

    [warning] = compile_campaign(files).warnings

    assert str(warning) == "targets.csv:3: `email`: Did you mean mayor.of.elmton@gmail.com?"
    assert warning.column == "email"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("MARIA LOPEZ-O’NEIL", "Maria Lopez-O’Neil"), ("josé peña", "José Peña")],
)
def test_a_name_in_capitals_or_without_any_is_only_a_warning(files: Files, name: str, meant: str) -> None:
    change(files, "targets.csv", "Avery Sample", name)

    compiled = compile_campaign(files)

    assert compiled.targets[0].name == name
    assert [str(warning) for warning in compiled.warnings] == [
        f"targets.csv:2: `name`: letters show the name as it stands; did you mean {meant}?"
    ]


@pytest.mark.parametrize("name", ["Maria DE LA CRUZ", "van der Berg", "J. R.", "MAYOR", "王 小明", "José  Peña"])
def test_any_other_name_stands_as_it_is(files: Files, name: str) -> None:
    change(files, "targets.csv", "Avery Sample", name)

    assert compile_campaign(files).warnings == ()


def test_a_row_after_a_two_line_cell_has_the_right_line(files: Files) -> None:
    change(files, "targets.csv", "City Hall", '"City\nHall"')
    change(files, "targets.csv", "mayor@elmton.example", "nobody")

    assert mistakes_of(files)[0].startswith("targets.csv:4: `email`")


def test_titles_in_a_language_that_is_not_listed_are_a_mistake(bilingual: Files) -> None:
    change(bilingual, "targets.csv", "title_es", "title_fr")

    [found] = mistakes_of(bilingual)

    assert found.startswith("targets.csv:1: the column `title_fr` is for a language that `languages` in campaign.toml")


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("", ()),
        ("*", ("*",)),
        ("602*; k1a *", ("602*", "K1A*")),
        ("60201, 60209 60300", ("60201", "60209", "60300")),
        ("60201/60209 | 60300 & 60301 /", ("60201", "60209", "60300", "60301")),
        ("432 15", ("43215",)),
        ("432 15 432 16, 43217", ("43215", "43216", "43217")),
        ("60201-1234", ("60201",)),
        ("62701; *", ("62701", "*")),
    ],
)
def test_postal_codes_are_single_ones_prefixes_or_all_others(files: Files, cell: str, codes: tuple[str, ...]) -> None:
    change(files, "targets.csv", "60201; 60202", f'"{cell}"')

    assert compile_campaign(files).targets[0].postal_codes == codes


def test_only_groups_of_three_and_two_digits_are_one_code() -> None:
    codes, [mistake] = PostalCodeCells().read(2, "101 102 432 15 123 45* 10115 80")

    assert codes == ("101", "102", "43215", "123", "45*", "10115")
    assert str(mistake).startswith("80 is not a postal code; separate codes with semicolons")


def test_the_recipient_of_all_others_gets_the_letters_of_a_code_that_nobody_lists(files: Files) -> None:
    change(files, "targets.csv", "60201; 60202", "*")

    served = Roster.of(compile_campaign(files).targets).serving("99501")

    assert [target.id for target in served] == ["oakton"]


@pytest.mark.parametrize(
    ("cell", "mistake"),
    [
        *(
            (
                cell,
                f"{cell} has no digit, so it is not a postal code; write codes, * for all that no other recipient has",
            )
            for cell in ("Evanston", "everyone", "all others", "n/a", ";")
        ),
        *((cell, f"{cell} is not a postal code; separate codes") for cell in ("Ward 5", "60201 to 60209", "evanston*")),
    ],
)
def test_any_other_word_is_a_mistake_with_the_way_out(files: Files, cell: str, mistake: str) -> None:
    change(files, "targets.csv", "60201; 60202", cell)

    [found] = mistakes_of(files)

    assert found.startswith(f"targets.csv:2: `postal_codes`: {mistake}")


@pytest.mark.parametrize(
    "code",
    [
        "60201",
        "K1A 0B1",
        "SW1A 1AA",
        "M1 1AE",
        "1234 AB",
        "D02 X285",
        "VLT 1117",
        "C1425CLA",
        "LV-1010",
        "FIQQ 1ZZ",
        "01310-100",
    ],
)
def test_the_postal_codes_of_the_world_are_taken(files: Files, code: str) -> None:
    change(files, "campaign.toml", 'region = "IL"', 'region = "Elsewhere"')
    change(files, "targets.csv", "60201; 60202", code)

    [taken] = compile_campaign(files).targets[0].postal_codes

    assert taken == canonical_postal_code(code)


@pytest.mark.parametrize("prefix", ["K*", "SW*", "VLT*", "FIQQ*", "SW1A*", "6*"])
def test_a_prefix_needs_no_digit(files: Files, prefix: str) -> None:
    change(files, "targets.csv", "60201; 60202", prefix)

    assert compile_campaign(files).targets[0].postal_codes == (prefix,)


@pytest.mark.parametrize(
    ("region", "cell", "codes", "warning"),
    [
        (
            "MA",
            "2139; 02140",
            ("02139", "02140"),
            "the spreadsheet left out zeros at the beginning, which we added again: 02139",
        ),
        ("NY", "501", ("00501",), "the spreadsheet left out zeros at the beginning, which we added again: 00501"),
        ("MA", "*; 60201", ("*", "60201"), "check these codes, which are not in Massachusetts: 60201"),
        ("MA", "602*", ("602*",), "check these codes, which are not in Massachusetts: 602*"),
        ("MA", "021*; 02139-1234", ("021*", "02139"), ""),
        ("CH", "2139", ("2139",), ""),
    ],
)
def test_a_zip_code_gets_the_zeros_back_that_a_spreadsheet_removes(
    files: Files, region: str, cell: str, codes: tuple[str, ...], warning: str
) -> None:
    change(files, "campaign.toml", 'region = "IL"', f'region = "{region}"')
    change(files, "targets.csv", "60201; 60202", cell)
    change(files, "targets.csv", ",60202", ",")

    compiled = compile_campaign(files)

    assert compiled.targets[0].postal_codes == codes
    expected = [f"targets.csv:2: `postal_codes`: {warning}"] if warning else []
    assert [str(one) for one in compiled.warnings] == expected


@pytest.mark.parametrize("cell", ["2139", "602", "60201; 602011"])
def test_a_number_that_is_no_zip_code_of_the_state_is_a_question(files: Files, cell: str) -> None:
    change(files, "targets.csv", "60201; 60202", cell)

    [mistake] = mistakes_of(files)

    assert "is not a ZIP code, which has five digits; write all of them" in mistake


def test_a_code_that_two_targets_share_is_named_with_both_lines(files: Files) -> None:
    [note] = compile_campaign(files).notes

    assert str(note) == (
        "targets.csv:3: `postal_codes`: 60202 is also on line 2; people there choose who gets their letter"
    )
    assert note.column == "postal_codes"


@pytest.mark.parametrize(
    ("first", "second", "notes"),
    [
        ("602*", "60202", ["3: `postal_codes`: 60202 is also on line 2"]),
        ("60202", "602*", ["2: `postal_codes`: 60202 is also on line 3"]),
        ("602*", "6020*", ["3: `postal_codes`: 6020* is also on line 2"]),
        ("6020*", "60202; 60204", ["3: `postal_codes`: 60202 and 60204 are also on line 2"]),
        ("6020*", "60201 60202 60203 60204", ["3: `postal_codes`: 60201, 60202, 60203 and 1 more are also on line 2"]),
        ("602*", "603*", []),
        ("60201", "*", []),
        ("", "60202", ["2: `postal_codes`: everyone can choose this recipient, beside their own"]),
        ("", "", []),
    ],
)
def test_what_targets_share_is_said_once(files: Files, first: str, second: str, notes: list[str]) -> None:
    change(files, "targets.csv", "60201; 60202", first)
    change(files, "targets.csv", "elmton.example,60202", f"elmton.example,{second}")

    said = [str(note).removeprefix("targets.csv:").partition(";")[0] for note in compile_campaign(files).notes]

    assert said == notes


def test_ten_thousand_rows_take_no_more_time_each_and_no_more_are_read(files: Files) -> None:
    row = "t{0},Mayor,Avery {0},City Hall {0},Oakton {0},mayor@oakton{0}.example,{1:05}; {2:04}*\n"
    rows = [row.format(number, number, number % 1_000) for number in range(10_001)]

    def read(share: float) -> None:
        files["targets.csv"] = TARGETS.partition("\n")[0] + "\n" + "".join(rows[: int(len(rows) * share)])
        with suppress(MistakesError):
            compile_campaign(files)

    check_growth(read)
    [mistake] = mistakes_of(files)
    assert mistake == "targets.csv:10002: the file has more than the maximum of 10,000 rows; remove some"


def test_a_form_offers_no_more_than_fifty_recipients(files: Files) -> None:
    row = "t{0},Mayor,Avery {0},City Hall {0},Oakton {0},mayor@oakton{0}.example,{1}\n"
    header = TARGETS.partition("\n")[0] + "\n"

    files["targets.csv"] = header + "".join(row.format(number, "") for number in range(51))
    [mistake] = mistakes_of(files)
    assert mistake == (
        "targets.csv:52: `postal_codes`: there are more than 50 recipients without postal codes, too many to choose "
        "from; remove some"
    )

    files["targets.csv"] = header + "".join(row.format(number, "602*") for number in range(51))
    assert "more than 50 recipients for 602*" in mistakes_of(files)[0]


def test_a_file_has_at_most_a_hundred_thousand_codes(files: Files) -> None:
    change(files, "campaign.toml", 'region = "IL"', 'region = "Elsewhere"')
    cells = [range(10_000 + 9_100 * place, 10_000 + 9_100 * (place + 1)) for place in range(11)]
    row = "t{0},Mayor,Avery {0},City Hall {0},Oakton {0},mayor@oakton{0}.example,{1}\n"
    files["targets.csv"] = TARGETS.partition("\n")[0] + "\n"
    files["targets.csv"] += "".join(row.format(place, " ".join(map(str, codes))) for place, codes in enumerate(cells))

    [mistake] = mistakes_of(files)

    assert mistake.startswith(
        "targets.csv:12: `postal_codes`: the file has more than the maximum of 100,000 codes; write"
    )


def test_only_the_first_notes_are_told_of_codes_that_many_share(files: Files) -> None:
    # Each row shares its prefix's codes with 49 others, and all of them are told.
    rows = (
        f"t{row},Mayor,Name {row},Hall,Town,m{row}@t.example,{60000 + row // 2}; {600 + row // 2 % 25}*"
        for row in range(200)
    )
    files["targets.csv"] = "\n".join([TARGETS.splitlines()[0], *rows])

    assert len(compile_campaign(files).notes) == MOST_NOTES
