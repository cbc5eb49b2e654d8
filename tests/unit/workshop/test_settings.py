from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.unit.workshop.trees import SPANISH_TABLE, change, mistakes_of
from undersigned.workshop.campaigns import compile_campaign

if TYPE_CHECKING:
    from tests.unit.workshop.trees import Files


def test_both_days_and_the_website_are_optional(files: Files) -> None:
    for line in ("opens = 2026-01-01\n", "closes = 2026-12-31\n", 'website = "https://trees.example"\n'):
        change(files, "campaign.toml", line, "")

    campaign = compile_campaign(files).campaign

    assert (campaign.opens, campaign.closes, campaign.organizer.website) == (None, None, None)


def test_a_campaign_without_optional_settings_has_one_language_and_no_sites(files: Files) -> None:
    found = compile_campaign(files)

    assert (found.campaign.languages, dict(found.letters)) == (("en",), {"en": found.letter})
    assert (found.campaign.allowed_origins, found.campaign.accent) == ((), None)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (
            'id = "plant-trees"',
            'id = "Plant trees"',
            "campaign.toml: `id`: Use at most 50 lowercase letters, digits and hyphens",
        ),
        ('id = "plant-trees"', "id = 7", "campaign.toml: `id`: Write a name for web addresses, in lowercase letters."),
        ('title = "Plant trees"\n', "", "campaign.toml: `title`: Write the campaign’s name as people will read it."),
        (
            'title = "Plant trees"',
            'title = " "',
            "campaign.toml: `title`: Write the campaign’s name as people will read it.",
        ),
        (
            'title = "Plant trees"',
            'title = "\\u200B"',
            "campaign.toml: `title`: Write the campaign’s name as people will read it.",
        ),
        (
            'title = "Plant trees"',
            'title = "Plant \\u202Etrees"',
            "campaign.toml: `title`: U+202E in it can’t be printed. Type the text instead of pasting it.",
        ),
        (
            "Tree Friends",
            "Tree\\u0000Friends",
            "campaign.toml: `organizer.name`: U+0000 in it can’t be printed. Type the text instead of pasting it.",
        ),
        (
            'language = "en"',
            'language = "English!"',
            "campaign.toml: `language`: Choose the letter’s language.",
        ),
        (
            "America/Chicago",
            "Chicago",
            "campaign.toml: `time_zone`: Choose the time zone in which days begin and end.",
        ),
        ("goal = 50", "goal = true", "campaign.toml: `goal`: Write a whole number from 1 to 1,000,000,000."),
        ("2026-01-01", "2026-01-01T09:00:00", "campaign.toml: `opens`: Write year, month and day, such as 2026-11-30."),
        (
            "goal = 50",
            "goal = 50\ncolour = 1",
            "campaign.toml: unknown setting `colour`; use one of id, title",
        ),
        ("closes =", "close =", "campaign.toml: unknown setting `close`; did you mean `closes`?"),
        (
            'website = "',
            'web_site = "',
            "campaign.toml: unknown setting `organizer.web_site`; did you mean `organizer.website`?",
        ),
        (
            "https://trees",
            "trees",
            "campaign.toml: `organizer.website`: “trees.example” is not a full web address.",
        ),
        (
            "letters@trees.example",
            "letters@trees",
            "campaign.toml: `organizer.email`: “trees” in “letters@trees” has",
        ),
        (
            "[organizer]",
            "[organiser]",
            "campaign.toml: unknown setting `organiser.name`; did you mean `organizer.name`?",
        ),
        (
            "goal = 50",
            "goal = fifty",
            "campaign.toml: the file can’t be read as TOML (Invalid value (at line 7, column 8)); correct",
        ),
        ('title = "Plant trees"', 'title = "Plant trees', "campaign.toml: "),
        ('title = "Plant trees"', "title = 'Plant trees", "campaign.toml: the file can’t be read as TOML ("),
        ('title = "Plant trees"', "title = '''Plant 'trees'", "campaign.toml: the file can’t be read as TOML ("),
        ('title = "Plant trees"', 'title = """Plant\ntrees', "campaign.toml: the file can’t be read as TOML ("),
        (
            'title = "Plant trees"',
            "title = '''Plant\nit's'''\n# it's\nby = \"\"\"a \\\" it's \"\"\"\nfor = 'all",
            "campaign.toml: the file can’t be read as TOML (",
        ),
        (
            "goal = 50",
            'goal = 50\nsources = ["Flyer"]',
            "campaign.toml: `sources`: 'Flyer' is not a label; use at most 30 lowercase letters, digits and hyphens",
        ),
        (
            "goal = 50",
            'goal = 50\nsources = ["flyer", "none"]',
            "campaign.toml: `sources`: 'none' stands for letters without a label of this list; choose another",
        ),
        (
            "goal = 50",
            f"goal = 50\nsources = {[f'label-{number}' for number in range(51)]}",
            "campaign.toml: `sources`: 51 are more than the maximum of 50; remove some",
        ),
        ("goal = 50", 'goal = 50\ndeliver = "weekly"', "campaign.toml: unknown setting `deliver`"),
        (
            "goal = 50",
            'goal = 50\ndeliver_on = "Monday"',
            "campaign.toml: `deliver_on`: Choose one of these: MON, TUE, WED, THU, FRI, SAT, SUN.",
        ),
        (
            "goal = 50",
            "goal = 50\ndeliver_on = 15",
            "campaign.toml: `deliver_on`: Choose one of these: MON, TUE, WED, THU, FRI, SAT, SUN.",
        ),
        (
            "goal = 50",
            "goal = 50\ndeliver_on = true",
            "campaign.toml: `deliver_on`: Choose one of these: MON, TUE, WED, THU, FRI, SAT, SUN.",
        ),
        (
            "goal = 50",
            "goal = 50\ndeliver_at = 24",
            "campaign.toml: `deliver_at`: Write a whole number from 0 to 23.",
        ),
        (
            "goal = 50",
            "goal = 50\ngoal = 60",
            "campaign.toml: the file can’t be read as TOML (Cannot overwrite a value",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_named_with_the_fix(files: Files, old: str, new: str, mistake: str) -> None:
    change(files, "campaign.toml", old, new)

    assert any(found.startswith(mistake) for found in mistakes_of(files)), mistakes_of(files)


@pytest.mark.parametrize(
    ("lines", "cadence"),
    [
        ("", (None, None)),
        ('deliver_on = "THU"\ndeliver_at = 0', ("THU", 0)),
        ('deliver_on = "SUN"', ("SUN", None)),
        ("deliver_at = 18", (None, 18)),
    ],
)
def test_a_cadence_is_read_from_its_settings(files: Files, lines: str, cadence: object) -> None:
    change(files, "campaign.toml", "goal = 50", f"goal = 50\n{lines}")

    campaign = compile_campaign(files).campaign

    assert (campaign.deliver_on, campaign.deliver_at) == cadence
    assert campaign.has_own_cadence == bool(lines)


def test_spaces_around_an_id_and_a_time_zone_are_ignored(files: Files) -> None:
    change(files, "campaign.toml", '"plant-trees"', '" plant-trees "')
    change(files, "campaign.toml", '"America/Chicago"', '"America/Chicago "')

    campaign = compile_campaign(files).campaign

    assert (campaign.id, campaign.time_zone) == ("plant-trees", "America/Chicago")


def test_a_number_that_python_cannot_read_is_a_mistake(files: Files) -> None:
    change(files, "campaign.toml", "goal = 50", f"goal = {'9' * 5_000}")

    [mistake] = mistakes_of(files)
    assert mistake.startswith("campaign.toml: the file can’t be read as TOML (Exceeds the limit")


def test_websites_and_accent_are_stored_as_browsers_and_pages_need_them(files: Files) -> None:
    settings = (
        'allowed_origins = ["https://www.trees.example", "http://localhost:8080", "http://127.0.0.1"]\n'
        'accent = "#7A2048"\ngoal = 50'
    )
    change(files, "campaign.toml", "goal = 50", settings)

    campaign = compile_campaign(files).campaign

    assert campaign.allowed_origins == ("https://www.trees.example", "http://localhost:8080", "http://127.0.0.1")
    assert campaign.accent == "#7a2048"


def test_a_campaign_can_have_a_privacy_notice_of_its_own(files: Files) -> None:
    assert compile_campaign(files).campaign.privacy_url is None

    files["campaign.toml"] = f'privacy_url = "https://example.org/privacy#data"\n{files["campaign.toml"]}'
    assert compile_campaign(files).campaign.privacy_url == "https://example.org/privacy#data"


def test_personal_data_is_kept_for_so_many_days_after_the_last_day(files: Files) -> None:
    assert compile_campaign(files).campaign.kept_until is None

    files["campaign.toml"] = f"keep_for_days = 30\n{files['campaign.toml']}"
    campaign = compile_campaign(files).campaign

    assert campaign.kept_until == date(2027, 1, 30)
    assert [campaign.is_over(date(2027, 1, day)) for day in (30, 31)] == [False, True]


def test_without_a_last_day_nothing_says_when_personal_data_goes(files: Files) -> None:
    change(files, "campaign.toml", "closes = 2026-12-31\n", "keep_for_days = 30\n")

    [mistake] = mistakes_of(files)

    assert "`keep_for_days`: The days count from the last day of signing. Choose that, too." in mistake


@pytest.mark.parametrize(
    ("line", "needed"), [("send_now_only = true\n", True), ("send_now_only = false\n", False), ("", False)]
)
def test_letters_wait_for_send_now_only_if_the_campaign_file_says_so(files: Files, line: str, *, needed: bool) -> None:
    change(files, "campaign.toml", "goal = 50", f"{line}goal = 50")

    assert compile_campaign(files).campaign.send_now_only is needed


@pytest.mark.parametrize(
    ("origin", "fix"),
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
        ("https://*.trees.example", "covers more than one site; list each one, such as https://www.example.org"),
        ("*", "covers more than one site; list each one"),
        ("ftp://trees.example", "is not a website address; write it like https://www.example.org"),
        ("https://user@trees.example", "is not a website address"),
        ("", "is not a website address"),
    ],
)
def test_a_website_must_be_written_as_browsers_write_it(files: Files, origin: str, fix: str) -> None:
    change(files, "campaign.toml", "goal = 50", f'allowed_origins = ["https://a.example", "{origin}"]\ngoal = 50')

    [mistake] = mistakes_of(files)

    assert mistake.startswith(f"campaign.toml: `allowed_origins`: {origin!r} ")
    assert fix in mistake


@pytest.mark.parametrize(
    ("setting", "mistake"),
    [
        (
            'allowed_origins = "https://a.example"',
            "`allowed_origins`: Write a list, with one on each line.",
        ),
        (
            'allowed_origins = ["https://a.example", "https://a.example"]',
            "`allowed_origins`: 'https://a.example' is there twice; remove one",
        ),
        (
            'accent = "#abc"',
            "`accent`: “#abc” is not a color. Write # and six digits or letters from a to f.",
        ),
        (
            'accent = "7a2048"',
            "`accent`: “7a2048” is not a color. Write # and six digits or letters from a to f.",
        ),
        (
            'accent = "crimson"',
            "`accent`: “crimson” is not a color. Write # and six digits or letters from a to f.",
        ),
        (
            "accent = 7",
            '`accent`: Write the color of links and buttons, as # and six digits. (such as accent = "#7a2048")',
        ),
        ('street_address = "sometimes"', "`street_address`: Choose one of these: required, optional, no."),
        ('send_now_only = "yes"', "`send_now_only`: Choose one of these: true, false."),
        *(
            (
                f'privacy_url = "{address}"',
                f"`privacy_url`: “{address}” is not a full web address. Copy it from your browser. (such as",
            )
            for address in (
                "http://example.org/privacy",
                "example.org/privacy",
                "javascript:alert(1)",
                "https://ada@example.org/privacy",
                "https://example.org/privacy notice",
            )
        ),
        ("keep_for_days = 29", "`keep_for_days`: Write a whole number from 30 to 3,650."),
        ("privacy_url = 1", "`privacy_url`: Write the address of your privacy notice."),
        ('languages = "en"', "`languages`: Write a list, with one on each line."),
        ('languages = ["en", "en"]', "`languages`: 'en' is there twice; remove one"),
        ('languages = ["eo"]', "`languages`: The letter’s own language is missing. Add it."),
        (
            'languages = ["en", "tlh"]',
            "`languages`: Pages and emails are not translated into 'tlh'. Take it out.",
        ),
        ('languages = ["en", "id"]', "`languages`: Pages and emails are not translated into 'id'. Take it out."),
    ],
)
def test_a_mistake_in_an_optional_setting_is_named_with_the_fix(files: Files, setting: str, mistake: str) -> None:
    change(files, "campaign.toml", "goal = 50", f"{setting}\ngoal = 50")

    found = mistakes_of(files)

    assert found[0].startswith("campaign.toml: ")
    assert any(mistake in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "mistakes"),
    [
        (
            SPANISH_TABLE,
            "",
            ["campaign.toml: `es.title`: Write", "campaign.toml: `es.summary`: Write what the letter asks for"],
        ),
        (
            'title = "Plante  árboles"\n',
            "",
            ["campaign.toml: `es.title`: Write the campaign’s name in this"],
        ),
        (
            '"Pida más árboles."',
            '" "',
            ["campaign.toml: `es.summary`: Write what the letter asks for, in this language"],
        ),
        (
            'summary = "Pida',
            'sumary = "Pida',
            [
                "campaign.toml: unknown setting `es.sumary`; did you mean `es.summary`?",
                "campaign.toml: `es.summary`: Write",
            ],
        ),
        (
            "[es]",
            '[fr]\ntitle = "Arbres"\n[es]',
            ["campaign.toml: `fr.title` is in a language that `languages` doesn’t list; add it, as in languages ="],
        ),
        (
            "[es]",
            '[es]\naccent = "#7a2048"',
            ["campaign.toml: unknown setting `es.accent`; did you mean `accent`?"],
        ),
    ],
)
def test_a_mistake_in_a_translations_table_is_named_with_the_fix(
    bilingual: Files, old: str, new: str, mistakes: list[str]
) -> None:
    change(bilingual, "campaign.toml", old, new)

    found = mistakes_of(bilingual)

    assert [line[: len(start)] for line, start in zip(found, mistakes, strict=True)] == mistakes


def test_a_campaign_in_a_language_without_a_catalog_is_valid_with_a_warning(files: Files) -> None:
    change(files, "campaign.toml", 'language = "en"', 'language = "pl"')

    [warning] = compile_campaign(files).warnings

    assert str(warning) == (
        "campaign.toml: `language`: Pages and emails are not translated into this language. They are in English."
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('request = "Arrest buyers of SEX, and not Prostituted women; sex is no work."', "sex, prostituted"),
        ('request = "Pongan fin a la compra de sexo y a la venta de heroína."', "sexo, heroina"),
        ('request = "Plant trees in Essex Street, where the heroine of our town grew rapeseed for grapes."', ""),
    ],
)
def test_words_by_which_filters_hold_back_emails_are_a_warning(files: Files, line: str, words: str) -> None:
    files["campaign.toml"] = f"{line}\n{files['campaign.toml']}"
    found = [warning.message for warning in compile_campaign(files).warnings]
    said = f"Filters may hold that back for these words: {words}. Say it in other words if you can."
    assert found == ([f"`request`: This is in the email to a recipient. {said}"] if words else [])


def test_the_title_is_looked_at_for_such_words_too(files: Files) -> None:
    change(files, "campaign.toml", 'title = "', 'title = "No more sex trafficking: ')
    [warning] = compile_campaign(files).warnings
    assert (warning.setting, warning.on_page.values["words"]) == ("title", "sex")


def test_a_mistyped_reply_address_is_only_a_warning(files: Files) -> None:
    change(files, "campaign.toml", "letters@trees.example", "helpers@gmial.com")

    [warning] = compile_campaign(files).warnings

    assert (warning.setting, warning.message) == (
        "organizer.email",
        "`organizer.email`: Did you mean helpers@gmail.com?",
    )
