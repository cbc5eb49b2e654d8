from __future__ import annotations

import pytest

from undersigned.base import fonts
from undersigned.base.fonts import FontBook, FontsError


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@pytest.mark.parametrize("character", ["a", "ß", "ж", "א", "王", "한", "☺", "\u200d", "\ufe0f"])
def test_the_fonts_have_the_characters_that_people_write(character: str, book: FontBook) -> None:
    assert not book.lacks(character)


@pytest.mark.parametrize("character", ["\U0010fffd", "\u0378", "\U00012000"])
def test_a_character_that_no_font_has_is_recognized(character: str, book: FontBook) -> None:
    assert book.lacks(character)


@pytest.mark.parametrize(
    ("language", "face"),
    [
        ("zh", "Noto Sans CJK SC"),
        ("zh-HK", "Noto Sans CJK HK"),
        ("ja", "Noto Sans CJK JP"),
        ("ko-KR", "Noto Sans CJK KR"),
    ],
)
def test_the_face_of_a_language_comes_first(language: str, face: str, book: FontBook) -> None:
    faces = book.faces(language)
    assert faces[0] == "Source Serif 4"
    assert next(name for name in faces if "CJK" in name) == face
    assert sorted(faces) == sorted(book.faces("en"))


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FONT_PACKAGES", ("fontpkg_comic_sans",))
    with pytest.raises(FontsError, match=r"fontpkg_comic_sans is not installed; install undersigned\[pdf\]"):
        FontBook()
