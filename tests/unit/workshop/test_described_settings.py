"""One list describes the settings. The reader, the writer, the JSON Schema and the shipped example follow it."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.unit.workshop import trees
from tests.unit.workshop.trees import FILES, SETTINGS, SPANISH_TABLE, change
from undersigned.base.assets import asset
from undersigned.campaigns.rules.campaigns import Campaign, Organizer, Translation
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.described_settings import (
    ORGANIZER_SETTINGS,
    SCHEMA_FILE,
    TRANSLATION_SETTINGS,
    as_toml,
    described,
    schema,
    schema_text,
)
from undersigned.workshop.described_settings import SETTINGS as DESCRIBED
from undersigned.workshop.pages.campaign_values import settings_values
from undersigned.workshop.setting_kinds import DAY
from undersigned.workshop.settings import read_settings
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.workshop.trees import Files

CAMPAIGNS = Path(__file__).parents[3] / "campaigns"

# A value for each setting of a campaign that differs from the small campaign's and from the default.
OTHER: dict[str, Any] = {
    **{it.name: it.sample if it.kind is DAY else it.kind.read(it.sample) for it in DESCRIBED if it.name != "languages"},
    "organizer": Organizer(*(setting.sample for setting in ORGANIZER_SETTINGS)),  # type: ignore[arg-type]
    "translations": {"es": Translation(**{it.name: it.kind.read(it.sample) for it in TRANSLATION_SETTINGS})},
    "language": "fr",
    "time_zone": "Europe/Paris",
    "opens": date(2026, 2, 1),
}

OF_THE_FILES = {"letter", "logo"}
"""Fields that a campaign has from its letters, not from campaign.toml."""


def as_json(settings: str) -> Any:
    """Return campaign.toml as editors compare it with the schema: days are texts."""
    return json.loads(json.dumps(tomllib.loads(settings), default=str))


def mistakes_of(settings: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(as_json(settings))]


def test_the_api_shows_every_setting_under_its_name() -> None:
    shown = settings_values(compile_campaign(FILES).campaign)

    assert set(shown) == {setting.name for setting in DESCRIBED} | {"organizer", "translations"}


def test_the_document_of_the_api_has_every_setting_with_its_limits() -> None:
    operation = json.loads(asset("openapi.json").content)["paths"]["/organizer/campaigns/{campaign}"]["get"]
    overview = operation["responses"]["200"]["content"]["application/json"]["schema"]
    document = overview["properties"]["settings"]
    described = {setting.name: setting.kind.schema for setting in DESCRIBED}

    assert {*document["required"]} == {*document["properties"]} == {*described, "organizer", "translations"}
    for name, known in described.items():
        for limit in {"enum", "minimum", "maximum", "format"} & document["properties"][name].keys():
            assert document["properties"][name][limit] == known[limit], name


def test_every_setting_is_described() -> None:
    described = {setting.name for setting in DESCRIBED} - {"languages"} | {"organizer", "translations"}

    assert described == {field.name for field in fields(Campaign)} - OF_THE_FILES == set(OTHER)


@pytest.mark.parametrize("name", sorted(OTHER))
def test_every_setting_can_be_written_in_the_folder_kept_in_the_table_and_read_by_the_api(name: str) -> None:
    compiled = compile_campaign(FILES)
    changed = replace(compiled.campaign, **{name: OTHER[name]})
    letters = {changed.language: replace(compiled.letter, language=changed.language)}

    again = compile_campaign(files_of(changed, letters, compiled.targets))

    assert getattr(again.campaign, name) == OTHER[name] != getattr(compiled.campaign, name)
    assert settings_values(again.campaign)[name] != settings_values(compiled.campaign)[name]
    assert Campaign.read(again.campaign.item()) == again.campaign


WRONG: dict[str, tuple[Any, ...]] = {
    "text": (7, " ", "a\u202eb", "x" * 301),
    "paragraph": ([], "", "x" * 2_001),
    "fixed": ("Plant trees", "-"),
    "email": ("", "nobody", "a@b"),
    "url": ("trees", "example.org", "javascript:alert(1)"),
    "tel": ("call us", "555-0147 or 911", "12-34", "312-555-014\uff17", 3125550147),
    "color": ("red", "#abc", 7),
    "region": (" ", True),
    "select": ("Chicago", "English!", "24", -1, 24, True, 1.5),
    "number": (0, -1, 10**12, "many", True),
    "date": ("soon", "2026-11-31", "20261130", 7),
    "choice": ("perhaps", 1, []),
    "lines": ("flyer", ["a b", "a b"], ["other"], ["*"], ["http://a.ex"], [f"https://{n}" for n in range(51)]),
    "boxes": ("en", ["tlh"], ["id"]),
    "question": ("Why?", ["Why?", ""], ["Why?", "a", "a"], ["Why\u202e?"], ["x" * 201], [f"{n}" for n in range(51)]),
}  # fmt: skip
"""Values that no setting with this control may have."""


@pytest.mark.parametrize("number", ["312-555-0147", "(312) 555-0147 ext. 12", "+1 312.555.0147 x3", "312/5550147"])
def test_a_telephone_number_is_kept_as_it_is_written(files: Files, number: str) -> None:
    change(files, "campaign.toml", "[organizer]\n", f'[organizer]\ntelephone = "{number}"\n')

    assert compile_campaign(files).campaign.organizer.telephone == number


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", described(["es"]))
def test_what_is_wrong_is_said_to_a_person_without_the_words_of_the_file(name: str, language: str) -> None:
    setting = described(["es"])[name]
    table, _, key = name.rpartition(".")
    for value in WRONG[setting.kind.control]:
        text = f"[{table}]\n{key} = {as_toml(value)}\n" if table else f"{key} = {as_toml(value)}\n"
        listed = "" if name == "languages" else 'languages = ["en", "es"]\n'
        found = [one for one in read_settings(f"{listed}{text}").mistakes if one.setting == name]

        assert found, value
        for mistake in found:
            said = mistake.on_page.in_language(language)
            assert f"`{name}`" in mistake.message
            assert not re.search(r"[`\[\]{}=]|\.toml|\.md|quotation|comillas", said), said
            assert "_" not in said, said


def test_a_setting_that_is_missing_is_asked_for_by_what_it_means() -> None:
    asked = {one.setting: str(one.on_page) for one in read_settings('languages = ["en", "es"]').mistakes}

    assert asked == {
        "id": "Write a name for web addresses, in lowercase letters.",
        "title": "Write the campaign’s name as people will read it.",
        "summary": "Write what the letter asks for, in one sentence.",
        "region": "Choose the state where signers live.",
        "organizer.name": "Write the organization’s name.",
        "organizer.email": "Write the address that replies go to.",
        "es.title": "Write the campaign’s name in this language.",
        "es.summary": "Write what the letter asks for, in this language.",
    }


@pytest.mark.parametrize(
    ("region", "zone"), [("IL", "America/Chicago"), ("NY", "America/New_York"), ("HI", "Pacific/Honolulu")]
)
def test_goal_language_and_time_zone_can_be_left_out(files: Files, region: str, zone: str) -> None:
    for line in ("goal = 50\n", 'language = "en"\n', 'time_zone = "America/Chicago"\n'):
        change(files, "campaign.toml", line, "")
    change(files, "campaign.toml", '"IL"', f'"{region}"')

    campaign = compile_campaign(files).campaign

    assert (campaign.goal, campaign.language, campaign.time_zone) == (100, "en", zone)


def test_outside_the_united_states_a_time_zone_is_asked_for(files: Files) -> None:
    change(files, "campaign.toml", 'time_zone = "America/Chicago"\n', "")
    change(files, "campaign.toml", '"IL"', '"Ontario"')

    [mistake] = read_settings(files["campaign.toml"]).mistakes

    assert mistake.message.startswith(
        "`time_zone`: Choose the time zone in which days begin and end. (such as time_zone"
    )
    assert str(mistake.on_page) == "Choose the time zone in which days begin and end."


def test_the_schema_takes_what_the_reader_takes() -> None:
    assert mistakes_of(SETTINGS) == []
    assert mistakes_of((CAMPAIGNS / "end-demand-illinois" / "campaign.toml").read_text(encoding="utf-8")) == []
    bilingual = SETTINGS.replace('language = "en"', 'language = "en"\nlanguages = ["en", "es"]') + SPANISH_TABLE
    assert mistakes_of(bilingual) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("goal = 50", "goal = 0"),
        ("goal = 50", 'goal = "50"'),
        ("goal = 50", "gaol = 50"),
        ('id = "plant-trees"', 'id = "Plant trees"'),
        ('region = "IL"', ""),
        ('region = "IL"', 'region = "IL"\nsend_now_only = "yes"'),
        ('region = "IL"', 'region = "IL"\nstreet_address = "sometimes"'),
        ('region = "IL"', 'region = "IL"\naccent = "red"'),
        ('region = "IL"', 'region = "IL"\ndeliver_on = 32'),
        ('region = "IL"', 'region = "IL"\ndeliver_at = 24'),
        ('region = "IL"', 'region = "IL"\nallowed_origins = ["https://a.example/path"]'),
        ('email = "letters@trees.example"', ""),
        ("[organizer]", '[es]\ntitle = "Árboles"\n[organizer]'),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(files: Files, old: str, new: str) -> None:
    change(files, "campaign.toml", old, new)

    assert mistakes_of(files["campaign.toml"])
    assert trees.mistakes_of(files)


def rows_of_docs() -> Iterator[str]:
    """Yield the table of docs/command-line.md."""
    for name, it in described(["es"]).items():
        without = "must be there" if it.required else "" if it.default is None else f"`{as_toml(it.default)}`"
        yield f"| `{name}` | {it.note_in_file} | `{as_toml(it.sample)}` | {without} |"


def test_the_docs_have_the_table_of_settings() -> None:
    text = (CAMPAIGNS.parent / "docs/command-line.md").read_text(encoding="utf-8")
    table = "\n".join(rows_of_docs())
    assert table in text, f"the table is now\n{table}"


def test_the_shipped_schema_is_the_current_one() -> None:
    shipped = (CAMPAIGNS / SCHEMA_FILE).read_text(encoding="utf-8")

    assert shipped == schema_text(), "run `undersigned campaign schema > campaigns/campaign.schema.json`"
    for settings in CAMPAIGNS.glob("*/campaign.toml"):
        assert settings.read_text(encoding="utf-8").startswith(f"#:schema ../{SCHEMA_FILE}\n")
