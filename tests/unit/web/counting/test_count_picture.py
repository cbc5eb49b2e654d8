"""Test the picture of the count: well-formed, labeled, and correct for extreme counts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from undersigned.domain.counting.tallies import Count
from undersigned.web.counting.count_picture import count_picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(signatures: int, goal: int, language: str = "en") -> ET.Element:
    return ET.fromstring(count_picture(Count("clean-water", signatures, goal), language))  # noqa: S314  (our own)


def widths(picture: ET.Element) -> list[float]:
    """Return the widths of the boxes: the panel, the bar and the bar's frame."""
    return [float(box.attrib["width"]) for box in picture.findall(f"{SVG}rect")]


@pytest.mark.parametrize(
    ("signatures", "goal", "words", "bar"),
    [
        (1, 10, "1 person has signed. Goal: 10", 26.4),
        (1234, 2000, "1,234 people have signed. Goal: 2,000", 162.9),
        (2000, 2000, "2,000 people have signed. Goal: 2,000", 264),
        (2345, 2000, "2,345 people have signed. Goal: 2,000", 264),
        (123456789, 999999999, "123,456,789 people have signed. Goal: 999,999,999", 32.6),
    ],
)
def test_the_words_and_the_bar_show_the_same_count(signatures: int, goal: int, words: str, bar: float) -> None:
    picture = drawn(signatures, goal)
    assert picture.attrib["role"] == "img"
    assert picture.findtext(f"{SVG}title") == words
    assert ". ".join(text.text or "" for text in picture.findall(f"{SVG}text")) == words
    assert widths(picture) == [299, bar, 264]


@pytest.mark.parametrize("goal", [0, 71])
def test_without_a_goal_or_a_tenth_of_it_there_is_no_bar(goal: int) -> None:
    picture = drawn(7, goal)
    assert picture.findtext(f"{SVG}title") == "7 people have signed"
    assert widths(picture) == [299]


@pytest.mark.parametrize("signatures", [0, 999_999_999])
def test_the_words_fit_on_the_panel_in_wide_fonts(signatures: int) -> None:
    words = drawn(signatures, 1).find(f"{SVG}text")
    assert words is not None
    assert words.text
    # In DejaVu Sans Bold, the widest font of Linux, such words take 0.65 of the font size per character.
    assert len(words.text) * float(words.attrib["font-size"]) * 0.65 <= 264


def test_the_picture_is_in_the_requested_language() -> None:
    picture = drawn(1234567, 2000000, "es")
    assert picture.attrib["lang"] == "es"
    assert picture.findtext(f"{SVG}title") == "1,234,567 personas han firmado. Meta: 2,000,000"
