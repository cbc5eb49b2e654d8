from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.unit.workshop.trees import LETTER, TARGETS, change, mistakes_of
from undersigned.campaigns.rules.campaigns import Organizer, Translation
from undersigned.workshop.campaigns import compile_campaign

if TYPE_CHECKING:
    from tests.unit.workshop.trees import Files


def test_files_without_mistakes_compile_to_a_campaign(files: Files) -> None:
    compiled = compile_campaign(files)

    assert compiled.campaign.id == "plant-trees"
    assert compiled.campaign.organizer == Organizer(
        "Tree Friends (sample)", "letters@trees.example", "https://trees.example"
    )
    assert (compiled.campaign.opens, compiled.campaign.closes) == (date(2026, 1, 1), date(2026, 12, 31))
    assert compiled.campaign.letter == compiled.letter.version
    assert [target.postal_codes for target in compiled.targets] == [("60201", "60202"), ("60202",)]
    assert compiled.warnings == ()


def test_the_mistakes_of_all_files_are_listed_together_by_file_and_line(files: Files) -> None:
    change(files, "campaign.toml", "goal = 50", "goal = 0")
    change(files, "campaign.toml", "closes = 2026-12-31", "closes = 2025-12-31")
    change(files, "letter.md", "Plant trees.", "Plant {{ tree.kind }}.")
    change(files, "targets.csv", "mayor@oakton.example", "nobody")
    change(files, "targets.csv", "elmton,Mayor", "oakton,Mayor")

    assert [mistake[: len(start)] for mistake, start in zip(mistakes_of(files), STARTS, strict=True)] == list(STARTS)


STARTS = (
    "campaign.toml: `goal`: Write a whole number from 1 to 1,000,000,000.",
    "campaign.toml: `closes`: This is before the first day. Choose a later one.",
    "letter.md:3: unknown merge field {{ tree.kind }}; use one of",
    "targets.csv:2: `email`: “nobody” is not a whole email address; write it like name@example.org",
    "targets.csv:3: `id`: this name in web addresses is also on line 2; give each recipient a different one",
)


def test_addresses_in_another_script_are_stored_as_email_carries_them(files: Files) -> None:
    change(files, "campaign.toml", "letters@trees.example", "letters@bücher.example")
    change(files, "targets.csv", "mayor@oakton.example", "mayor@bücher.example")

    found = compile_campaign(files)

    assert found.campaign.organizer.email == "letters@xn--bcher-kva.example"
    assert found.targets[0].email == "mayor@xn--bcher-kva.example"


def test_a_changed_word_changes_the_letter_version(files: Files) -> None:
    before = compile_campaign(files).letter.version
    change(files, "letter.md", "Plant", "Water")

    assert compile_campaign(files).letter.version != before


def test_a_second_language_has_texts_titles_and_a_letter(bilingual: Files) -> None:
    found = compile_campaign(bilingual)

    spanish = found.letters["es"]
    assert list(found.letters) == ["en", "es"]
    assert "Plante árboles." in spanish.source
    assert found.campaign.translations == {"es": Translation("Plante árboles", "Pida más árboles.", spanish.version)}
    assert [target.title_in("es") for target in found.targets] == ["Alcaldesa", "Mayor"]
    assert found.warnings == ()


def test_a_second_language_works_without_a_letter_and_titles_of_its_own(bilingual: Files) -> None:
    del bilingual["letter.es.md"]
    bilingual["targets.csv"] = TARGETS

    found = compile_campaign(bilingual)

    assert found.campaign.languages == ("en", "es")
    assert found.campaign.letters == {"en": found.letter.version}
    assert found.targets[0].title_in("es") == "Mayor"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("{{ date }}", "{{ datum }}", "letter.es.md:6: unknown merge field {{ datum }}; did you mean"),
        (
            "Plante árboles.",
            "Plante árboles. {{ note }}",
            "letter.es.md: this letter has {{ note }}, but the letter in its own language doesn’t; remove it here",
        ),
        (
            "{{ target.title }} ",
            "",
            "letter.es.md: the letter in its own language has {{ target.title }}, but this one doesn’t; add it",
        ),
    ],
)
def test_a_translated_letter_has_the_merge_fields_of_the_original(
    bilingual: Files, old: str, new: str, mistake: str
) -> None:
    change(bilingual, "letter.es.md", old, new)

    assert mistakes_of(bilingual)[0].startswith(mistake)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("letter.fr.md", "letter.fr.md: this letter’s language is not one of the campaign’s other languages; add it"),
        ("letter.draft.md", "letter.draft.md: this letter’s language is not one of the campaign’s other languages"),
        ("letter.en.md", "letter.en.md: this letter’s language is not one of the campaign’s other languages"),
    ],
)
def test_a_letter_in_a_language_that_is_not_listed_is_a_mistake(bilingual: Files, name: str, mistake: str) -> None:
    bilingual[name] = LETTER

    [found] = mistakes_of(bilingual)

    assert found.startswith(mistake)


@pytest.mark.parametrize(
    ("file", "old", "new", "mistake"),
    [
        (
            "campaign.toml",
            '"Plant trees"',
            f'"{"x" * 301}"',
            "`title`: It has 301 characters, more than the maximum of 300. Remove some.",
        ),
        ("campaign.toml", "goal = 50", f"goal = {10**39}", "Write a whole number from 1 to 1,000,000,000."),
        (
            "campaign.toml",
            "goal = 50",
            f"goal = 5\nallowed_origins = {[f'https://a{n}.example' for n in range(51)]}",
            "51 are more than the maximum of 50; remove some",
        ),
        (
            "campaign.toml",
            "goal = 50",
            f"goal = 5\nallowed_origins = ['https://{'a.' * 200}example']",
            "is not a website address; write",
        ),
        (
            "targets.csv",
            "Avery Sample",
            "x" * 301,
            "`name`: It has 301 characters, more than the maximum of 300. Remove some.",
        ),
        (
            "targets.csv",
            "60201;",
            "60201;" * 10_001,
            "`postal_codes`: 10,002 codes, more than the maximum of 10,000;",
        ),
        ("letter.md", "Plant", "Plant " * 4_000, "the letter has 24,1"),
    ],
    ids=["title", "goal", "sites", "host", "name", "codes", "letter"],
)
def test_text_too_long_for_a_row_of_the_table_is_a_mistake(
    files: Files, file: str, old: str, new: str, mistake: str
) -> None:
    change(files, file, old, new)

    assert any(mistake in found for found in mistakes_of(files))


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("goal = 50", "goal = fifty", "campaign.toml: the file can’t be read as TOML ("),
        ('language = "en"', 'language = "English"', "campaign.toml: `language`: Choose the letter’s language."),
    ],
)
def test_a_mistake_in_the_settings_adds_no_mistakes_about_translations(
    bilingual: Files, old: str, new: str, mistake: str
) -> None:
    change(bilingual, "campaign.toml", old, new)

    [found] = mistakes_of(bilingual)

    assert found.startswith(mistake)


def test_a_missing_file_is_listed_with_the_mistakes_of_the_others(files: Files) -> None:
    del files["letter.md"]
    change(files, "targets.csv", "mayor@oakton.example", "nobody")

    missing, mistake = mistakes_of(files)

    assert missing == "letter.md: the file is missing; add it to the campaign’s folder"
    assert mistake.startswith("targets.csv:2: ")
