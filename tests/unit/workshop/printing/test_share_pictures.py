"""Test the picture beside a shared link: its size and color, and that every title fits."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from shutil import which

import pytest
from pypdf import PdfReader

from tests.support.emails import FOLDER
from tests.support.logos import png
from tests.support.pdfs import word_boxes
from undersigned.delivering.printing.typesetter import Typesetter, TypesettingError
from undersigned.workshop.logos import read_logo
from undersigned.workshop.printing.share_pictures import share_pictures

CAMPAIGN = replace(FOLDER.campaign, translations={}, title="End demand in Illinois: ask your police chief to act")
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def drawn(**changes: object) -> bytes:
    """Return the picture of a campaign."""
    [picture] = share_pictures(replace(CAMPAIGN, **changes)).values()  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize(
    ("accent", "corner"), [(None, "1f4e79"), ("#b5179e", "b5179e"), ("#111111", "111111"), ("#ffd166", "ffd166")]
)
def test_it_is_a_png_of_the_size_that_sites_show_in_the_campaigns_color(accent: str | None, corner: str) -> None:
    picture = drawn(accent=accent)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, color = struct.unpack(">IIBB", picture[16:26])
    assert (width, height, depth, color) == (1200, 630, 8, 6)
    start = picture.index(b"IDAT") + 4
    assert zlib.decompressobj().decompress(picture[start:], 5)[1:5].hex() == f"{corner}ff"
    assert len(picture) < 100_000


def test_each_language_has_its_title_and_a_logo_stands_above_it() -> None:
    pictures = share_pictures(FOLDER.campaign)
    assert pictures.keys() == {"en", "es"}
    assert len({*pictures.values(), drawn(), drawn(logo=read_logo(png(640, 240)))}) == 4


@pytest.fixture
def as_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a PDF in place of the PNG: its words and their places can be read."""

    def pages(typesetter: Typesetter, document: str, _ppi: float, template: bytes) -> list[bytes]:
        pdf = typesetter._made(template, document)
        assert isinstance(pdf, bytes)
        return [pdf]

    monkeypatch.setattr(Typesetter, "pictures", pages)


@pytest.mark.usefixtures("as_pdf")
@pytest.mark.parametrize("logo", [None, read_logo(png(640, 480))], ids=["no logo", "logo"])
@pytest.mark.parametrize(
    "title",
    [
        "Water",
        CAMPAIGN.title,
        "INTERNATIONALIZATION FOR EVERYBODY",
        f"We ask {LONG_WORD} now",
        "W" * 300,
        "w " * 150,
        "日本語のタイトル" * 37,
        "Чиста вода · Καθαρό νερό · Nước sạch · שלום",
        '#text(size: 900pt)[x] $x^2$ <label> \\ "quoted" {{ 7*7 }}',
    ],
)
def test_a_title_of_any_length_and_script_is_drawn_whole_as_text(title: str, logo: object) -> None:
    [page] = PdfReader(io.BytesIO(pdf := drawn(title=title, logo=logo))).pages
    said = page.extract_text().translate(dict.fromkeys(map(ord, " \n\u200b")))
    assert sorted(said) == sorted(title.replace(" ", ""))
    if which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    for word, (left, top, right, bottom) in word_boxes(pdf, 1):
        assert 79 <= left < right <= 1121, word
        assert 0 <= top < bottom <= 630, word


def test_a_title_that_typst_refuses_is_drawn_without_its_unusual_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Typesetter.pictures

    def refuse(typesetter: Typesetter, document: str, *options: object) -> list[bytes]:
        if "\u0d4e" in document:
            raise TypesettingError
        return made(typesetter, document, *options)  # type: ignore[arg-type]

    monkeypatch.setattr(Typesetter, "pictures", refuse)
    assert drawn(title="Water \u0d4e") == drawn(title="Water \ufffd")
