"""Test the picture beside a shared link: its size, what it says, and that every text fits."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.logos import png
from undersigned.authoring.logos import read_logo
from undersigned.domain.counting.tallies import Count
from undersigned.rendering.font_file import FontFile
from undersigned.web.signing import share_picture as module
from undersigned.web.signing.share_picture import drawable, fit, share_picture

if TYPE_CHECKING:
    from undersigned.domain.authoring.campaigns import Logo

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "End demand in Illinois: ask your police chief to act"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def decoded(png: bytes) -> tuple[int, int, bytes]:
    """Return a PNG's width and height, and its first pixel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, color = struct.unpack(">IIBB", png[16:26])
    assert (depth, color) == (8, 6)
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    return width, height, zlib.decompressobj().decompress(png[start + 4 :][:length], 5)[1:5]


def drawn(
    monkeypatch: pytest.MonkeyPatch, title: str, count: Count, language: str = "en", logo: Logo | None = None
) -> ET.Element:
    """Return the SVG that the picture is made from."""
    sources: list[str] = []

    def keep(svg_string: str, **_options: object) -> bytes:
        sources.append(svg_string)
        return b""

    monkeypatch.setattr("resvg_py.svg_to_bytes", keep)
    share_picture.__wrapped__(title, count, None, language, logo)
    return ET.fromstring(sources[0])  # noqa: S314  (our own)


def texts(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.findall(f"{SVG}text")]


@pytest.mark.parametrize(
    ("accent", "corner"), [(None, "1f4e79"), ("#b5179e", "b5179e"), ("#111111", "111111"), ("#ffd166", "ffd166")]
)
def test_it_is_a_png_of_the_size_that_sites_show_in_the_campaigns_color(accent: str | None, corner: str) -> None:
    png = share_picture(TITLE, Count("clean-water", 12, 2000), accent, "en")
    width, height, pixel = decoded(png)
    assert (width, height) == (1200, 630)
    assert pixel.hex() == f"{corner}ff"
    assert len(png) < 100_000


@pytest.mark.parametrize(
    ("count", "language", "said"),
    [
        (Count("x", 1234, 2000), "en", ["1,234 people have signed", "Goal: 2,000"]),
        (Count("x", 1, 0), "en", ["1 person has signed"]),
        (Count("x", 0, 500), "en", ["Sign the letter"]),
        (Count("x", 49, 500), "en", ["49 people have signed"]),
        (Count("x", 1234567, 2000000), "es", ["1,234,567 personas han firmado", "Meta: 2,000,000"]),
    ],
)
def test_it_says_the_title_the_count_and_the_goal(
    monkeypatch: pytest.MonkeyPatch, count: Count, language: str, said: list[str]
) -> None:
    shown = texts(drawn(monkeypatch, TITLE, count, language))
    assert " ".join(shown[: -len(said)]) == TITLE
    assert shown[-len(said) :] == said


def test_the_words_are_really_drawn() -> None:
    # Without its font, resvg leaves out all text and says nothing.
    count = Count("x", 7, 0)
    assert len(share_picture(TITLE, count, None, "en")) > 2 * len(share_picture("日本語", count, None, "en"))


@pytest.mark.parametrize(("signatures", "filled"), [(200, ["104.0"]), (1000, ["520.0"]), (9999, ["1040.0"])])
def test_the_bar_shows_how_near_the_goal_is(
    monkeypatch: pytest.MonkeyPatch, signatures: int, filled: list[str]
) -> None:
    _, _, *bar = drawn(monkeypatch, TITLE, Count("x", signatures, 2000)).findall(f"{SVG}rect")
    assert [box.attrib["width"] for box in bar] == filled


@pytest.mark.parametrize(
    "title", ["Water", TITLE, f"{TITLE}, {TITLE}", f"We ask {LONG_WORD} now", "W" * 300, "w " * 400]
)
def test_a_title_of_any_length_fits(title: str) -> None:
    lines = fit(title)
    font = FontFile(module._FONT.path)
    assert max(font.width(line) * lines.size for line in lines.texts) <= 1040
    assert len(lines.texts) * lines.size * 1.22 <= 330
    assert lines.size >= 46
    whole = "".join(lines.texts).replace(" ", "")
    assert whole == title.replace(" ", "") or whole.endswith("…")


def test_a_short_title_is_large_and_no_word_stands_alone() -> None:
    assert fit("Water").size == 92
    assert fit(TITLE).texts == ("End demand in", "Illinois: ask your", "police chief to act")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("🚨 Clean water now 🚨", "Clean water now"),
        ("Чиста вода · Καθαρό νερό · Nước sạch", "Чиста вода · Καθαρό νερό · Nước sạch"),
        ("Cafe\u0301", "Café"),
        ("日本語のタイトル", ""),
        ("A\u202eB \t C\n", "AB C"),
        ("", ""),
    ],
)
def test_characters_that_the_font_lacks_are_left_out(text: str, kept: str) -> None:
    assert drawable(text) == kept


def test_a_title_is_text_and_never_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '</text><image href="file:///etc/passwd"/> {{ 7*7 }} &amp; <script>'
    picture = drawn(monkeypatch, hostile, Count("x", 3, 0))
    assert {element.tag for element in picture.iter()} == {f"{SVG}{name}" for name in ("svg", "rect", "text")}
    assert " ".join(texts(picture)[:-1]).replace(" ", "") == hostile.replace(" ", "")


def test_the_logo_stands_above_the_title_and_touches_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    logo = read_logo(png(640, 240))
    plain = share_picture(TITLE, Count("x", 3, 0), None, "en")
    assert share_picture(TITLE, Count("x", 3, 0), None, "en", logo) != plain
    picture = drawn(monkeypatch, "w " * 400, Count("x", 999, 1000), logo=logo)
    [image] = picture.findall(f"{SVG}image")
    assert image.attrib["href"] == logo.data
    [*title, words, goal] = picture.findall(f"{SVG}text")
    assert " ".join(text.text or "" for text in title).endswith("…")
    sizes = [float(text.attrib["font-size"]) for text in (*title, words)]
    above, *_, last = [float(text.attrib["y"]) for text in title]
    assert float(image.attrib["y"]) + float(image.attrib["height"]) < above - sizes[0]
    assert last < float(words.attrib["y"]) - sizes[-1]
    assert goal.text == "Goal: 1,000"


def test_the_same_picture_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    share_picture.cache_clear()
    first = share_picture(TITLE, Count("x", 3, 10), "#b5179e", "en")
    monkeypatch.setattr("resvg_py.svg_to_bytes", lambda **_options: b"drawn again")
    assert share_picture(TITLE, Count("x", 3, 10), "#b5179e", "en") is first
    assert share_picture(TITLE, Count("x", 4, 10), "#b5179e", "en") == b"drawn again"
    share_picture.cache_clear()
