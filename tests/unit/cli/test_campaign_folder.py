from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from undersigned.domain.campaigns import Organizer, Translation
from undersigned_cli.campaign_folder import CampaignFolder, CampaignFolderError, read

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
id = "plant-trees"
title = "Plant trees"
summary = "Ask the mayor to plant trees."
language = "en"
region = "IL"
time_zone = "America/Chicago"
goal = 50
opens = 2026-01-01
closes = 2026-12-31

[organizer]
name = "Tree Friends (sample)"
email = "letters@trees.example"
website = "https://trees.example"
"""
LETTER = """\
{{ target.title }} {{ target.name }}

Plant trees.

{{ signature }}
{{ date }}
{{ signer.name }}
{{ signer.address }}
"""
TARGETS = """\
id,title,name,department,locality,email,postal_codes
oakton,Mayor,Avery Sample,City Hall,Oakton,mayor@oakton.example,60201; 60202
elmton,Mayor,Blake Specimen,Village Hall,Elmton,mayor@elmton.example,60202
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign without mistakes."""
    (tmp_path / "campaign.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "letter.md").write_text(LETTER, encoding="utf-8")
    (tmp_path / "targets.csv").write_text(TARGETS, encoding="utf-8")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def mistakes_of(folder: Path) -> list[str]:
    with pytest.raises(CampaignFolderError) as caught:
        read(folder)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_folder_without_mistakes_is_read(folder: Path) -> None:
    campaign_folder = read(folder)

    assert isinstance(campaign_folder, CampaignFolder)
    assert campaign_folder.campaign.id == "plant-trees"
    assert campaign_folder.campaign.organizer == Organizer(
        "Tree Friends (sample)", "letters@trees.example", "https://trees.example"
    )
    assert (campaign_folder.campaign.opens, campaign_folder.campaign.closes) == (date(2026, 1, 1), date(2026, 12, 31))
    assert campaign_folder.campaign.letter == campaign_folder.letter.version
    assert [target.postal_codes for target in campaign_folder.targets] == [("60201", "60202"), ("60202",)]
    assert campaign_folder.warnings == ()


def test_both_days_and_the_website_may_be_left_out(folder: Path) -> None:
    for line in ("opens = 2026-01-01\n", "closes = 2026-12-31\n", 'website = "https://trees.example"\n'):
        change(folder / "campaign.toml", line, "")

    campaign = read(folder).campaign

    assert (campaign.opens, campaign.closes, campaign.organizer.website) == (None, None, None)


def test_the_mistakes_of_all_files_are_found_at_once_by_file_and_line(folder: Path) -> None:
    change(folder / "campaign.toml", "goal = 50", "goal = 0")
    change(folder / "campaign.toml", "closes = 2026-12-31", "closes = 2025-12-31")
    change(folder / "letter.md", "Plant trees.", "Plant {{ tree.kind }}.")
    change(folder / "targets.csv", "mayor@oakton.example", "")
    change(folder / "targets.csv", "elmton,Mayor", "oakton,Mayor")

    assert [mistake[: len(start)] for mistake, start in zip(mistakes_of(folder), STARTS, strict=True)] == list(STARTS)


STARTS = (
    "campaign.toml:7: `goal` is 0; give a whole number of at least 1",
    "campaign.toml:9: `closes` is 2025-12-31, before `opens` (2026-01-01); give the last day",
    "letter.md:3: unknown merge field {{ tree.kind }}; the known ones are",
    "targets.csv:2: `email`: the email address is missing; write it like name@example.org",
    "targets.csv:3: the id `oakton` stands on line 2, too; give each target an id of its own",
)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('id = "plant-trees"', 'id = "Plant trees"', "campaign.toml:1: `id` is 'Plant trees'; use small letters"),
        ('id = "plant-trees"', "id = 7", "campaign.toml:1: `id` is 7; write a short name"),
        ('title = "Plant trees"\n', "", "campaign.toml: `title` is missing; add the campaign's name"),
        ('title = "Plant trees"', 'title = " "', "campaign.toml:2: `title` is empty; write"),
        ('title = "Plant trees"', 'title = "\\u200B"', "campaign.toml:2: `title` is empty; write"),
        (
            'title = "Plant trees"',
            'title = "Plant \\u202Etrees"',
            "campaign.toml:2: `title` has U+202E, which can't be printed; type it again without pasting",
        ),
        ("Tree Friends", "Tree\\u0000Friends", "campaign.toml:12: `organizer.name` has U+0000, which can't be printed"),
        (
            'language = "en"',
            'language = "English!"',
            "campaign.toml:4: `language` is 'English!'; write a language code",
        ),
        ("America/Chicago", "Chicago", "campaign.toml:6: `time_zone` is 'Chicago', no time zone; write one such as"),
        ("goal = 50", "goal = true", "campaign.toml:7: `goal` is true; give a whole number of at least 1"),
        ("goal = 50", 'goal = "50"', "campaign.toml:7: `goal` is '50'; give a whole number of at least 1"),
        ("goal = 50\n", "", "campaign.toml: `goal` is missing; add the number"),
        ("2026-01-01", '"2026-01-01"', "campaign.toml:8: `opens` is '2026-01-01'; write a day without quotation marks"),
        ("2026-01-01", "2026-01-01T09:00:00", "campaign.toml:8: `opens` is 2026-01-01 09:00:00; write a day"),
        (
            "goal = 50",
            "goal = 50\ncolour = 1",
            "campaign.toml:8: unknown setting `colour`; the known ones are id, title",
        ),
        ("closes =", "close =", "campaign.toml:9: unknown setting `close`; did you mean `closes`?"),
        (
            'website = "',
            'web_site = "',
            "campaign.toml:14: unknown setting `organizer.web_site`; did you mean `website`?",
        ),
        (
            "https://trees",
            "trees",
            "campaign.toml:14: `organizer.website` is 'trees.example'; write a whole web address",
        ),
        (
            "letters@trees.example",
            "letters@trees",
            "campaign.toml:13: `organizer.email`: “trees” in “letters@trees” has",
        ),
        ("[organizer]", "[organiser]", "campaign.toml:11: unknown setting `organiser`; did you mean `organizer`?"),
        ("goal = 50", "goal = fifty", "campaign.toml:7: Invalid value; write settings as name = 'text', one a line"),
        ('title = "Plant trees"', 'title = "Plant trees', "campaign.toml:2: "),
        ("goal = 50", "goal = 50\ngoal = 60", "campaign.toml:8: Cannot overwrite a value; write"),
    ],
)
def test_a_mistake_in_the_settings_is_named_with_the_way_out(folder: Path, old: str, new: str, mistake: str) -> None:
    change(folder / "campaign.toml", old, new)

    assert any(found.startswith(mistake) for found in mistakes_of(folder)), mistakes_of(folder)


def test_settings_after_a_text_of_several_lines_keep_their_lines(folder: Path) -> None:
    change(folder / "campaign.toml", '"Ask the mayor to plant trees."', '"""\ngoal = 1\n"""')
    change(folder / "campaign.toml", "goal = 50", "goal = 0")

    assert mistakes_of(folder) == ["campaign.toml:9: `goal` is 0; give a whole number of at least 1"]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("mayor@oakton.example", "mayor@oakton", "targets.csv:2: `email`: “oakton” in “mayor@oakton” has no dot"),
        ("Avery Sample", "", "targets.csv:2: `name` is empty; letters and mails name it, so fill it in"),
        ("Avery Sample", "\u3164", "targets.csv:2: `name` is empty; letters and mails name it, so fill it in"),
        (
            "Avery Sample",
            "Avery\u202e Sample",
            "targets.csv:2: `name` has U+202E, which can't be printed; type it again without pasting",
        ),
        ("oakton,", ",", "targets.csv:2: `id` is empty; give the target a short name, such as evanston"),
        ("oakton,", "Oak Ton,", "targets.csv:2: `id` is 'Oak Ton'; use small letters, digits and hyphens only"),
        ("60201; 60202", "", "targets.csv:2: `postal_codes` is empty; add the codes"),
        ("60201; 60202", "60201; 60201", "targets.csv:2: the postal code 60201 is there twice; take one out"),
        ("60201; 60202", "60201/60202", "targets.csv:2: `60201/60202` is no postal code; separate codes by `;`"),
        ("example,60202", "example,60202-1234", "targets.csv:3: the postal code 60202-1234 is spelled 60202 on line 2"),
        (
            "60201; 60202",
            "K1A 0B1; K1A0B1; 60202",
            "targets.csv:2: the postal code K1A0B1 is spelled K1A 0B1 on the same line; spell it one way",
        ),
        ("City Hall", "City Hall, Oakton", "targets.csv:2: 8 cells where the first line names 7 columns; put a text"),
        ("email,postal", "e-mail,postal", "targets.csv:1: unknown column `e-mail`; did you mean `email`?"),
        (",postal_codes", "", "targets.csv:1: missing: `postal_codes`; the first line names the columns: id,title"),
        ("name,department", "name,name", "targets.csv:1: the column `name` is there twice; take one out"),
        ("City Hall", '"City Hall', "targets.csv:2: the quotation marks don't match"),
        (
            "elmton,Mayor,Blake Specimen,Village Hall,Elmton",
            "elm,mayor,avery sample,City Hall,Oakton",
            "targets.csv:3: avery sample of City Hall stands on line 2, too; keep one row",
        ),
    ],
)
def test_a_mistake_in_the_targets_is_named_with_the_way_out(folder: Path, old: str, new: str, mistake: str) -> None:
    change(folder / "targets.csv", old, new)

    assert mistakes_of(folder)[0].startswith(mistake)


def test_addresses_in_another_script_are_kept_as_mail_carries_them(folder: Path) -> None:
    change(folder / "campaign.toml", "letters@trees.example", "letters@bücher.example")
    change(folder / "targets.csv", "mayor@oakton.example", "mayor@bücher.example")

    found = read(folder)

    assert found.campaign.organizer.email == "letters@xn--bcher-kva.example"
    assert found.targets[0].email == "mayor@xn--bcher-kva.example"


def test_one_slip_in_a_cell_is_one_mistake(folder: Path) -> None:
    change(folder / "targets.csv", "60201; 60202", "60201/60202")

    assert len(mistakes_of(folder)) == 1


def test_a_quotation_mark_inside_a_cell_is_part_of_it(folder: Path) -> None:
    change(folder / "targets.csv", "City Hall", 'The "old" Hall')

    assert read(folder).targets[0].department == 'The "old" Hall'


def test_columns_that_semicolons_separate_are_named(folder: Path) -> None:
    (folder / "targets.csv").write_text(TARGETS.replace(",", ";"), encoding="utf-8")

    assert mistakes_of(folder) == [
        "targets.csv:1: the columns are not separated by commas; save the sheet as CSV with commas"
    ]


def test_a_roster_without_rows_is_a_mistake(folder: Path) -> None:
    (folder / "targets.csv").write_text(TARGETS.partition("\n")[0], encoding="utf-8")

    assert mistakes_of(folder) == ["targets.csv: the file has no targets; add a row for each person whom letters go to"]


def test_a_mailbox_of_two_targets_is_only_a_warning(folder: Path) -> None:
    change(folder / "targets.csv", "mayor@elmton.example", "Mayor+elm@oakton.example")

    assert [str(warning) for warning in read(folder).warnings] == [
        "targets.csv:3: Mayor+elm@oakton.example is the address of line 2, too; each gets a mail of its own"
    ]


def test_a_row_after_a_cell_of_two_lines_keeps_its_line(folder: Path) -> None:
    change(folder / "targets.csv", "City Hall", '"City\nHall"')
    change(folder / "targets.csv", "mayor@elmton.example", "")

    assert mistakes_of(folder)[0].startswith("targets.csv:4: `email`")


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md", "targets.csv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    assert mistakes_of(folder) == [f"{name}: the file is missing; a campaign has one in its folder"]


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md", "targets.csv"])
def test_an_empty_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text(" \n", encoding="utf-8")

    assert mistakes_of(folder) == [f"{name}: the file is empty; campaigns/end-demand-illinois has a whole one"]


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md", "targets.csv"])
def test_a_file_in_another_encoding_is_named_with_the_line_of_its_first_odd_byte(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"rees", b"r\xe9es").replace(b"Blake", b"Bl\xe4ke"))
    line = {"campaign.toml": 1, "letter.md": 3, "targets.csv": 3}[name]

    assert mistakes_of(folder) == [f"{name}:{line}: the file is not UTF-8; save it with the encoding UTF-8"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path / "nowhere") == [
        f"{tmp_path / 'nowhere'}: there is no such folder; make it, with campaign.toml, letter.md and targets.csv"
    ]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_byte_order_marks_and_line_ends_do_not_change_the_letters_version(folder: Path, line_end: bytes) -> None:
    before = read(folder)
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", line_end))

    after = read(folder)

    assert after == before


def test_another_word_changes_the_letters_version(folder: Path) -> None:
    before = read(folder).letter.version
    change(folder / "letter.md", "Plant", "Water")

    assert read(folder).letter.version != before


def test_a_folder_without_the_newer_settings_has_one_language_and_no_sites(folder: Path) -> None:
    found = read(folder)

    assert (found.campaign.languages, dict(found.letters)) == (("en",), {"en": found.letter})
    assert (found.campaign.allowed_origins, found.campaign.accent) == ((), None)
    assert found.campaign.proof_of_work == "when-busy"


SPANISH_TABLE = '\n[es]\ntitle = "Plante  árboles"\nsummary = "Pida más árboles."\n'


@pytest.fixture
def bilingual(folder: Path) -> Path:
    """A campaign without mistakes in English and Spanish."""
    change(folder / "campaign.toml", 'language = "en"', 'language = "en"\nlanguages = ["en", "es"]')
    with (folder / "campaign.toml").open("a", encoding="utf-8") as settings:
        settings.write(SPANISH_TABLE)
    change(folder / "targets.csv", "id,title,", "id,title,title_es,")
    change(folder / "targets.csv", "oakton,Mayor,", "oakton,Mayor,Alcaldesa,")
    change(folder / "targets.csv", "elmton,Mayor,", "elmton,Mayor,,")
    (folder / "letter.es.md").write_text(LETTER.replace("Plant trees.", "Plante árboles."), encoding="utf-8")
    return folder


def test_a_further_language_brings_texts_titles_and_a_letter(bilingual: Path) -> None:
    found = read(bilingual)

    spanish = found.letters["es"]
    assert list(found.letters) == ["en", "es"]
    assert "Plante árboles." in spanish.source
    assert found.campaign.translations == {"es": Translation("Plante árboles", "Pida más árboles.", spanish.version)}
    assert [target.title_in("es") for target in found.targets] == ["Alcaldesa", "Mayor"]
    assert found.warnings == ()


def test_a_further_language_needs_no_letter_and_no_titles_of_its_own(bilingual: Path) -> None:
    (bilingual / "letter.es.md").unlink()
    (bilingual / "targets.csv").write_text(TARGETS, encoding="utf-8")

    found = read(bilingual)

    assert found.campaign.languages == ("en", "es")
    assert found.campaign.letters == {"en": found.letter.version}
    assert found.targets[0].title_in("es") == "Mayor"


def test_websites_accent_and_proof_of_work_are_kept_as_browsers_and_pages_want_them(folder: Path) -> None:
    settings = (
        'allowed_origins = ["https://www.trees.example", "http://localhost:8080", "http://127.0.0.1"]\n'
        'accent = "#7A2048"\nproof_of_work = "always"\ngoal = 50'
    )
    change(folder / "campaign.toml", "goal = 50", settings)

    campaign = read(folder).campaign

    assert campaign.allowed_origins == ("https://www.trees.example", "http://localhost:8080", "http://127.0.0.1")
    assert (campaign.accent, campaign.proof_of_work) == ("#7a2048", "always")


@pytest.mark.parametrize(
    ("origin", "way_out"),
    [
        ("https://trees.example/", "write https://trees.example"),
        ("https://trees.example/sign?x=1", "write https://trees.example"),
        ("trees.example", "write https://trees.example"),
        ("trees.example:8443/sign", "write https://trees.example:8443"),
        ("HTTPS://Trees.Example:443", "write https://trees.example"),
        ("https://árboles.example", "write https://xn--rboles-ota.example"),
        (
            "http://trees.example",
            "is not encrypted, so others could change the page around the form; write https://trees",
        ),
        ("https://*.trees.example", "would be many sites; name each one, such as https://www.example.org"),
        ("*", "would be many sites; name each one"),
        ("ftp://trees.example", "is no website's address; write it like https://www.example.org"),
        ("https://user@trees.example", "is no website's address"),
        ("", "is no website's address"),
    ],
)
def test_a_website_that_no_browser_would_name_so_is_a_mistake_with_the_right_spelling(
    folder: Path, origin: str, way_out: str
) -> None:
    change(folder / "campaign.toml", "goal = 50", f'allowed_origins = ["https://a.example", "{origin}"]\ngoal = 50')

    [mistake] = mistakes_of(folder)

    assert mistake.startswith(f"campaign.toml:7: `allowed_origins`: {origin!r} ")
    assert way_out in mistake


@pytest.mark.parametrize(
    ("setting", "mistake"),
    [
        ('allowed_origins = "https://a.example"', "`allowed_origins` is 'https://a.example'; write the websites"),
        ("allowed_origins = [1]", "`allowed_origins` is [1]; write the websites that may show the form, such as ["),
        ('allowed_origins = ["https://a.example", "https://a.example"]', "has 'https://a.example' twice; take one out"),
        ('accent = "#abc"', "`accent` is '#abc'; write # and six digits from 0 to f, such as #aabbcc"),
        ('accent = "7a2048"', "`accent` is '7a2048'; write # and six digits from 0 to f, such as #7a2048"),
        ('accent = "crimson"', "`accent` is 'crimson'; write # and six digits from 0 to f, such as #7a2048"),
        ("accent = 7", "`accent` is 7; write a color as # and six digits"),
        ('proof_of_work = "sometimes"', "`proof_of_work` is 'sometimes'; write one of never, when-busy, always"),
        ("proof_of_work = true", "`proof_of_work` is true; write one of never, when-busy, always"),
        ("proof_of_work = []", "`proof_of_work` is []; write one of never, when-busy, always"),
        ('languages = "en"', "`languages` is 'en'; write the codes of the languages in which people can sign"),
        ('languages = ["en", "en"]', "`languages` has 'en' twice; take one out"),
        ('languages = ["eo"]', "`languages` lacks 'en', which is the campaign's `language`; add it"),
        (
            'languages = ["en", "tlh"]',
            "no pages and mails in 'tlh' yet, only in 'en', 'es'; docs/translating.md says how",
        ),
        ('languages = ["en", "id"]', "'id' is the name of a setting, too; give its country, such as 'id-ID'"),
    ],
)
def test_a_mistake_in_a_newer_setting_is_named_with_the_way_out(folder: Path, setting: str, mistake: str) -> None:
    change(folder / "campaign.toml", "goal = 50", f"{setting}\ngoal = 50")

    found = mistakes_of(folder)

    assert found[0].startswith("campaign.toml:7: ")
    assert any(mistake in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "mistakes"),
    [
        (SPANISH_TABLE, "", ["campaign.toml: the table `[es]` is missing; add it, with `title` and `summary` in"]),
        ('title = "Plante  árboles"\n', "", ["campaign.toml:17: `es.title` is missing; add the campaign's name in"]),
        ('"Pida más árboles."', '" "', ["campaign.toml:19: `es.summary` is empty; write the summary in Español"]),
        (
            'summary = "Pida',
            'sumary = "Pida',
            [
                "campaign.toml:17: `es.summary` is missing",
                "campaign.toml:19: unknown setting `es.sumary`; did you mean `summary`?",
            ],
        ),
        (
            "[es]",
            "[en]\n[es]",
            ["campaign.toml:17: `[en]` is the campaign's own language; its title and summary stand"],
        ),
        ("[es]", "[fr]\n[es]", ["campaign.toml:17: `[fr]` is for a further language, which `languages` doesn't list;"]),
        ("[es]", '[es]\naccent = "#7a2048"', ["campaign.toml:18: `accent` stands below `[es]`; move it up, above"]),
    ],
)
def test_a_mistake_in_a_further_languages_table_is_named_with_the_way_out(
    bilingual: Path, old: str, new: str, mistakes: list[str]
) -> None:
    change(bilingual / "campaign.toml", old, new)

    found = mistakes_of(bilingual)

    assert [line[: len(start)] for line, start in zip(found, mistakes, strict=True)] == mistakes


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("{{ date }}", "{{ datum }}", "letter.es.md:6: unknown merge field {{ datum }}; did you mean"),
        (
            "Plante árboles.",
            "Plante árboles. {{ note }}",
            "letter.es.md: {{ note }} stands here but not in letter.md; take it out, or add it there",
        ),
        (
            "{{ target.title }} ",
            "",
            "letter.es.md: {{ target.title }} stands in letter.md but not here; add it where it belongs",
        ),
    ],
)
def test_a_translated_letter_has_the_merge_fields_of_the_original(
    bilingual: Path, old: str, new: str, mistake: str
) -> None:
    change(bilingual / "letter.es.md", old, new)

    assert mistakes_of(bilingual)[0].startswith(mistake)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("letter.fr.md", "letter.fr.md: 'fr' is not among the `languages` in campaign.toml; add it there, or rename"),
        ("letter.draft.md", "letter.draft.md: 'draft' is not among the `languages` in campaign.toml"),
        ("letter.en.md", "letter.en.md: the letter in 'en' is letter.md; keep one of the two"),
    ],
)
def test_a_letter_in_a_language_that_is_not_listed_is_a_mistake(bilingual: Path, name: str, mistake: str) -> None:
    (bilingual / name).write_text(LETTER, encoding="utf-8")

    [found] = mistakes_of(bilingual)

    assert found.startswith(mistake)


def test_a_column_of_titles_in_a_language_that_is_not_listed_is_a_mistake(bilingual: Path) -> None:
    change(bilingual / "targets.csv", "title_es", "title_fr")

    [found] = mistakes_of(bilingual)

    assert found.startswith("targets.csv:1: the column `title_fr` is for a language that `languages` in campaign.toml")


def test_a_campaign_in_a_language_without_a_catalog_is_valid_with_a_warning(folder: Path) -> None:
    change(folder / "campaign.toml", 'language = "en"', 'language = "pl"')

    [warning] = read(folder).warnings

    assert str(warning) == (
        "campaign.toml:4: there are no pages and mails in 'pl', so what stands around the letter is English; "
        "docs/translating.md says how to add one"
    )


def test_blanks_around_an_id_and_a_time_zone_are_no_part_of_them(folder: Path) -> None:
    change(folder / "campaign.toml", '"plant-trees"', '" plant-trees "')
    change(folder / "campaign.toml", '"America/Chicago"', '"America/Chicago "')

    campaign = read(folder).campaign

    assert (campaign.id, campaign.time_zone) == ("plant-trees", "America/Chicago")


def test_a_number_that_python_does_not_read_is_a_mistake(folder: Path) -> None:
    change(folder / "campaign.toml", "goal = 50", f"goal = {'9' * 5_000}")

    assert mistakes_of(folder) == ["campaign.toml: a number has thousands of digits; no setting needs that many"]


@pytest.mark.parametrize(
    ("file", "old", "new", "mistake"),
    [
        ("campaign.toml", '"Plant trees"', f'"{"x" * 301}"', "`title` has 301 characters, and 300 is the most"),
        ("campaign.toml", "goal = 50", f"goal = {10**39}", "`goal` is larger than 1,000,000,000; give the number"),
        (
            "campaign.toml",
            "goal = 50",
            f"goal = 5\nallowed_origins = {[f'https://a{n}.example' for n in range(51)]}",
            "has 51 sites, and 50",
        ),
        (
            "campaign.toml",
            "goal = 50",
            f"goal = 5\nallowed_origins = ['https://{'a.' * 200}example']",
            "is no website's",
        ),
        ("targets.csv", "Avery Sample", "x" * 301, "`name` has 301 characters, and 300 is the most; take some out"),
        ("targets.csv", "60201;", "60201;" * 10_001, "`postal_codes` has 10,002 codes, and 10,000 is the most"),
        ("letter.md", "Plant", "Plant " * 200_000, "the file has 1,200,"),
    ],
    ids=["title", "goal", "sites", "host", "name", "codes", "file"],
)
def test_more_than_a_row_of_the_table_can_hold_is_a_mistake(
    folder: Path, file: str, old: str, new: str, mistake: str
) -> None:
    change(folder / file, old, new)

    assert any(mistake in found for found in mistakes_of(folder))
