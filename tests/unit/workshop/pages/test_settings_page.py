"""Test the fields of the details: what comes back from each, and what people probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.workshop.trees import SETTINGS, SPANISH_TABLE
from undersigned.workshop.described_settings import GROUPS, described
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.pages.settings import changed_values, setting_groups
from undersigned.workshop.settings import values_of

if TYPE_CHECKING:
    from undersigned.workshop.setting_kinds import Value

USUAL = {"day": "Monday", "hour": "9:00 AM"}
EMPTY = DraftSettings.read("")
SMALL = DraftSettings(values_of(SETTINGS))
SPANISH = DraftSettings(values_of(f'languages = ["en", "es"]\n{SETTINGS}{SPANISH_TABLE}'))


def posted(document: DraftSettings) -> dict[str, str]:
    """Return what a browser sends of a page that nobody changes."""
    fields = [field for group in setting_groups(document, {}, "es", USUAL) for field in group.fields]
    boxes = [field for field in fields if field.control == "boxes"]
    checked = {f"{field.name}.{code}": "yes" for field in boxes for code, _ in field.choices if code in field.value}
    return {field.name: field.value for field in fields if field.control not in {"fixed", "boxes"}} | checked


@pytest.mark.parametrize("document", [EMPTY, SMALL, SPANISH])
def test_a_page_that_nobody_changes_changes_nothing(document: DraftSettings) -> None:
    assert changed_values(document, {"languages": "", **posted(document)}) == {}


def test_each_setting_is_in_one_group() -> None:
    names = [field.name for group in setting_groups(SPANISH, {}, "en", USUAL) for field in group.fields]

    assert sorted(names) == sorted(described(["es"]))
    assert {name for _, group in GROUPS for name in group} == set(described(()))


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("deliver_on", "", None),
        ("deliver_on", "2", "2"),
        ("deliver_on", "MON", "MON"),
        ("deliver_on", "never", "never"),
        ("deliver_at", "9", 9),
        ("goal", "1,500", 1500),
        ("goal", "many", "many"),
        ("goal", "1" * 400, "1" * 400),
        ("goal", "", None),
        ("send_now_only", "true", True),
        ("send_now_only", "perhaps", "perhaps"),
        ("sources", " Church flyer \n\n b\nb", ["church-flyer", "b"]),
        ("allowed_origins", "https://a.example/sign?x=1\nhttp://", ["https://a.example", "http://"]),
        ("accent", "ABC", "#aabbcc"),
        ("accent", "red", "red"),
        ("organizer.website", "b.example", "https://b.example"),
        ("opens", "2030-01-31", "2030-01-31"),
        ("title", "", ""),
        ("region", "TX", "TX"),
        ("id", "another", None),
    ],
)
def test_what_is_typed_becomes_what_was_meant_or_stays_what_it_is(name: str, typed: str, value: Value) -> None:
    changed = changed_values(SMALL, {name: typed, "other": "x"})

    assert changed.get(name) == value
    assert changed.keys() <= {name}


def test_a_region_of_another_country_is_typed() -> None:
    assert changed_values(SMALL, {"region": "", "region.other": " Ontario "}) == {"region": "Ontario"}
    assert changed_values(SMALL, {"region": "NY", "region.other": "Ontario"}) == {"region": "NY"}


def test_further_languages_are_ticked_and_the_letters_own_comes_with_them() -> None:
    assert changed_values(SMALL, {"languages": "", "languages.es": "yes"}) == {"languages": ["en", "es"]}
    assert changed_values(SPANISH, {"languages": ""}) == {"languages": None}
    assert changed_values(SMALL, {"language": "es", "languages": "", "languages.en": "yes"}) == {
        "language": "es",
        "languages": ["es", "en"],
    }


def test_a_folded_group_says_what_was_chosen_and_opens_at_an_error() -> None:
    document = SMALL.changed({"deliver_on": "SUN", "deliver_at": 17})

    [sending] = [
        group for group in setting_groups(document, {"goal": ["Why?"]}, "en", USUAL) if "When" in group.heading
    ]
    opened = [group.heading for group in setting_groups(document, {"goal": ["Why?"]}, "en", USUAL) if group.is_open]

    assert sending.now == ("Day of delivery: Sunday; Hour of delivery: 5:00\u202fPM; Time zone: Central Time (Chicago)")
    assert opened == ["The form"]
