"""Test how two people's changes of the same page are merged, part by part."""

from __future__ import annotations

import pytest

from undersigned.web.workshop.merging import fingerprints, merge, read_fingerprints

PAGE = {"goal": "500", "title": "Safer streets", "gone": "x"}


@pytest.mark.parametrize(
    ("mine", "theirs", "taken", "disputed"),
    [
        ({"goal": "700"}, PAGE, {"goal": "700"}, ()),
        ({"goal": "500"}, {**PAGE, "goal": "700"}, {}, ()),
        ({"goal": "700"}, {**PAGE, "goal": "700"}, {}, ()),
        ({"goal": "700"}, {**PAGE, "goal": "800"}, {}, ("goal",)),
        ({"goal": "700", "title": "Safer streets"}, {**PAGE, "title": "Theirs"}, {"goal": "700"}, ()),
        ({"gone": None}, PAGE, {"gone": None}, ()),
        ({"gone": None}, {"goal": "500", "title": "Safer streets"}, {}, ()),
        ({"gone": None}, {**PAGE, "gone": "changed"}, {}, ("gone",)),
        ({"gone": "mine"}, {"goal": "500"}, {}, ("gone",)),
        ({"new": "mine"}, PAGE, {"new": "mine"}, ()),
    ],
)
def test_what_one_person_changed_is_taken_and_what_both_changed_is_disputed(
    mine: dict[str, str | None], theirs: dict[str, str], taken: dict[str, str | None], disputed: tuple[str, ...]
) -> None:
    found = merge(read_fingerprints(fingerprints(PAGE)), mine, theirs)
    assert (dict(found.taken), found.disputed) == (taken, disputed)


@pytest.mark.parametrize("value", [None, "", "no JSON", "[]", '{"goal": 1}', "[" * 100_000, b"bytes"])
def test_without_fingerprints_every_difference_is_disputed(value: object) -> None:
    assert read_fingerprints(value) == {}
    assert merge({}, {"goal": "700"}, PAGE).disputed == ("goal",)
