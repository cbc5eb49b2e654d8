"""Test that what the activity log keeps of a change is read as the change that was made."""

from __future__ import annotations

import pytest

from undersigned.workshop.rules.changes import Change, in_short

CHANGES = {
    "new campaign": Change("new campaign"),
    "settings (title, goal)": Change("settings", names=("title", "goal")),
    "letter en 0123456789ab": Change("letter", "en", ("0123456789ab",)),
    "evanston added": Change("added", "evanston"),
    "evanston (name, email)": Change("changed", "evanston", ("name", "email")),
    "evanston retired": Change("retired", "evanston"),
    "and 7 more": Change("more", "7"),
}


@pytest.mark.parametrize("text", CHANGES)
def test_a_change_is_written_and_read(text: str) -> None:
    assert (str(CHANGES[text]), Change.read(text)) == (text, CHANGES[text])


@pytest.mark.parametrize("text", ["", "evanston", "a (b", "evanston held", "new campaign now", "and more"])
def test_another_text_is_no_change(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        Change.read(text)


def test_the_log_names_forty_changes() -> None:
    assert in_short([]) == ""
    assert in_short([Change("added", f"a{number}") for number in range(43)]).endswith("a39 added; and 3 more")
