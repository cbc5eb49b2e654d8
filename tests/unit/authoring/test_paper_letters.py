"""Test that paper letters of many kinds become the letters beside them in `paper_letters`.

They hold while the importer gets simpler: a person corrects in the preview where it no longer guesses.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.paper_form import import_letter

LETTERS = sorted((Path(__file__).parent / "paper_letters").glob("*.txt"))


def imported(typed: str) -> str:
    """Return the letter, or the mistakes that a person is shown in its place."""
    try:
        return import_letter(typed)[0]
    except MistakesError as error:
        return f"{error}\n"


@pytest.mark.parametrize("file", LETTERS, ids=lambda file: file.stem)
def test_a_paper_letter_becomes_the_letter_beside_it(file: Path) -> None:
    letter = file.with_suffix(".md").read_text(encoding="utf-8")
    assert imported(file.read_text(encoding="utf-8")) == letter
    if "can't tell" not in letter:
        assert imported(letter) == letter, "and stays so if it is imported again"
