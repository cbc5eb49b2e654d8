"""Test reading a font's characters and widths; the numbers are those that fontTools reads from the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

import undersigned
from undersigned.rendering.font_file import FontFile

FONT = FontFile(Path(undersigned.__file__).parent / "assets" / "share.ttf")


def test_it_has_latin_greek_and_cyrillic_letters_and_no_others() -> None:
    assert all(FONT.has(character) for character in "Aé ñßğΩж€“”…ớ")
    assert not any(FONT.has(character) for character in "日שع🚨\u202e\uffff\0")


@pytest.mark.parametrize(("text", "width"), [("", 0), ("Ask your chief Київ", 9.925), ("日", 0)])
def test_a_texts_width_is_the_sum_of_its_characters(text: str, width: float) -> None:
    assert FONT.width(text) == pytest.approx(width)
