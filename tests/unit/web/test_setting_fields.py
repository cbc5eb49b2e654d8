"""Test the workshop's fields for settings: which field each kind of setting gets, and what comes back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from undersigned.authoring.described_settings import SETTINGS, Setting
from undersigned.web.workshop.setting_fields import FIXED, as_text, setting_groups, values_of

if TYPE_CHECKING:
    from undersigned.authoring.settings_document import Value

DAY = Setting("day", "A day.", {"enum": ["MON", 1, 2]})
COLOR = Setting("shade", "A color.", {"type": "string", "pattern": "^#[0-9a-f]{6}$"})
NUMBER = Setting("limit", "A limit.", {"type": "integer"})
SWITCH = Setting("fast", "Whether it is fast.", {"type": "boolean", "default": True})
LIST = Setting("sites", "Sites.", {"type": "array"})
DATE = Setting("starts", "A day.", {"type": "string", "format": "date"})
TEXT = Setting("words", "Words.", required=True)
ALL = [(setting.name, setting) for setting in (DAY, COLOR, NUMBER, SWITCH, LIST, DATE, TEXT)]


def test_a_setting_that_the_page_does_not_know_gets_a_field_all_the_same() -> None:
    [*_, rest] = setting_groups(ALL, {"day": 2}, {"limit": ["`limit` is wrong"]}, "es")
    fields = {field.name: field for field in rest.fields}
    kinds = {name: field.kind for name, field in fields.items()}
    assert kinds == {
        "day": "choice", "shade": "color", "limit": "number", "fast": "switch", "sites": "lines", "starts": "date",
        "words": "text",
    }  # fmt: skip
    assert [value for value, _ in fields["day"].choices] == ["", "MON", "1", "2"]
    assert fields["day"].value == "2"
    assert fields["fast"].value == "yes"
    assert fields["limit"].errors == ("`limit` is wrong",)
    assert fields["words"].label == "Words"


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("day", "", None),
        ("day", "2", 2),
        ("day", "MON", "MON"),
        ("day", "never", "never"),
        ("limit", "1,500", 1500),
        ("limit", "many", "many"),
        ("limit", "1" * 400, "1" * 400),
        ("fast", "no", False),
        ("fast", "perhaps", "perhaps"),
        ("sites", " a \n\n b", ["a", "b"]),
        ("sites", "", None),
        ("starts", "2030-01-31", "2030-01-31"),
        ("words", "", ""),
        ("words", "\ud800", "?"),
    ],
)
def test_what_is_typed_becomes_a_value_or_stays_what_it_is(name: str, typed: str, value: Value) -> None:
    assert values_of(ALL, {name: typed, "other": "x"}) == {name: value}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_that_is_not_there_comes_back_as_it_is(setting: Setting) -> None:
    shown = as_text(None, setting)
    if setting.name in FIXED:
        return
    [field] = [
        field
        for group in setting_groups([(setting.name, setting)], {}, {}, "en")
        for field in group.fields
        if field.name == setting.name
    ]
    assert field.value == shown
    if field.choices:
        assert shown in [value for value, _ in field.choices]
    assert as_text(values_of([(setting.name, setting)], {setting.name: shown})[setting.name], setting) == shown
