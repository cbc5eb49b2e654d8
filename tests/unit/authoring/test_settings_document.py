"""Test how settings in campaign.toml are changed without touching what people wrote around them."""

from __future__ import annotations

from functools import cache

import pytest

from tests.unit.authoring.trees import FILES, OTHER_VALUES
from undersigned.authoring.mistakes import MistakesError, UnknownSettingError
from undersigned.authoring.settings import read_settings
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.authoring.starting import empty_files, example_files

SETTINGS_FILE = FILES["campaign.toml"]


@cache
def _whole() -> SettingsDocument:
    """Return a new campaign's settings with all of them changed."""
    return SettingsDocument.read(empty_files("new")["campaign.toml"]).changed({**OTHER_VALUES, "language": "en"})


@pytest.mark.parametrize("name", OTHER_VALUES)
@pytest.mark.parametrize("text", [SETTINGS_FILE, empty_files("new")["campaign.toml"], example_files()["campaign.toml"]])
def test_each_setting_can_be_written_and_is_read_as_it_was_written(text: str, name: str) -> None:
    document = SettingsDocument.read(text)

    changed = SettingsDocument.read(document.changed({name: OTHER_VALUES[name]}).text)

    before, after = document.values, changed.values
    assert after[name] == OTHER_VALUES[name]
    kept = {other for other in before if other != name and not other.startswith("es.")}
    assert {other: after[other] for other in kept} == {other: before[other] for other in kept}


@pytest.mark.parametrize("name", [name for name in OTHER_VALUES if name not in {"language", "languages", "id"}])
def test_a_setting_that_is_removed_is_gone_and_comes_back_where_it_was(name: str) -> None:
    whole = SettingsDocument.read(empty_files("new")["campaign.toml"]).changed({**OTHER_VALUES, "language": "en"})

    without = whole.changed({name: None})
    again = without.changed({name: OTHER_VALUES[name]})

    assert without.values[name] is None
    assert again.values == whole.values


def test_the_whole_file_with_every_setting_has_no_mistakes() -> None:
    whole = SettingsDocument.read(empty_files("new")["campaign.toml"]).changed({**OTHER_VALUES, "language": "en"})

    assert read_settings(whole.text).mistakes == ()


def test_comments_and_order_stay() -> None:
    text = 'goal = 5 # five for now\n\n# Our name.\ntitle = "Old" \n\n# The end.\n[organizer]\nname = "N" # us\n'

    changed = SettingsDocument.read(text).changed({"goal": 6, "organizer.name": "M", "title": "New"})

    assert changed.text == (
        'goal = 6 # five for now\n\n# Our name.\ntitle = "New" \n\n# The end.\n[organizer]\nname = "M" # us\n'
    )


def test_an_example_in_a_comment_becomes_the_setting_and_the_comment_again() -> None:
    text = empty_files("new")["campaign.toml"]

    changed = SettingsDocument.read(text).changed({"closes": "2031-05-06"})

    assert "\ncloses = 2031-05-06\n" in changed.text
    assert "#closes" not in changed.text
    assert changed.changed({"closes": None}).text == text


def test_a_day_that_is_none_is_kept_so_that_its_mistake_is_told() -> None:
    changed = SettingsDocument.read(SETTINGS_FILE).changed({"closes": "soon"})

    assert changed.values["closes"] == "soon"
    assert [mistake.line for mistake in read_settings(changed.text).mistakes] == [changed.line_of("closes")]


def test_a_language_that_is_removed_loses_its_table() -> None:
    two = SettingsDocument.read(SETTINGS_FILE).changed({"languages": ["en", "es"], "es.title": "T", "es.summary": "R"})

    one = two.changed({"languages": None})

    assert "[es]" not in one.text
    assert read_settings(one.text).mistakes == ()


def test_a_language_that_becomes_the_campaigns_own_loses_its_table() -> None:
    two = SettingsDocument.read(SETTINGS_FILE).changed({"languages": ["en", "es"], "es.title": "T", "es.summary": "R"})

    assert "[es]" not in two.changed({"language": "es"}).text


@pytest.mark.parametrize("name", ["gaol", "organizer.fax", "es.body", "a.b.c", "", ".", "goal.x", "organizer"])
def test_an_unknown_setting_is_refused(name: str) -> None:
    with pytest.raises(UnknownSettingError, match="There is no setting"):
        SettingsDocument.read(SETTINGS_FILE).changed({name: "x"})


@pytest.mark.parametrize("value", [{"a": 1}, [1], 1.5])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(UnknownSettingError, match="must be a text"):
        SettingsDocument.read(SETTINGS_FILE).changed({"title": value})  # type: ignore[dict-item]


@pytest.mark.parametrize("text", ["title = ", "[a", "a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_not_changed(text: str) -> None:
    with pytest.raises(MistakesError):
        SettingsDocument.read(text)
