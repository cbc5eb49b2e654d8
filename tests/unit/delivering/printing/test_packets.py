"""Read packets with pypdf to check the text of each page and what a screen reader gets."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.support.pdfs import boxes_of, languages_in, word_boxes
from undersigned.base.fonts import FontBook
from undersigned.campaigns.rules.campaigns import Organizer
from undersigned.campaigns.rules.drawings import HEIGHT, WIDTH, Drawing
from undersigned.campaigns.rules.letters import Block, Run, SignerDetails, read_blocks, render_html
from undersigned.delivering.printing import packets
from undersigned.delivering.printing.packets import Packet, PacketCover, PacketLetter, typeset, typeset_paper
from undersigned.delivering.printing.typesetter import Typesetter, TypesettingError
from undersigned.signing.rules.form_fields import FORM_FIELDS
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from undersigned.campaigns.rules.campaigns import PaperSize

FOLDER = Path(__file__).parents[4] / "campaigns" / "end-demand-illinois"
CAMPAIGN = campaign_folder.read(FOLDER)
TARGET = CAMPAIGN.targets[0]
SIGNED_ON = date(2026, 11, 2)
LIMITS = {field.name: field.limit for field in FORM_FIELDS}


@pytest.fixture(scope="module")
def fonts() -> FontBook:
    return FontBook()


def signer(name: str = "Maya Ellison", **details: Any) -> SignerDetails:
    standard: dict[str, Any] = {
        "address_line": "100 Maple Avenue",
        "locality": "Evanston",
        "region": "IL",
        "postal_code": "60201",
        "signature": name,
        "note": "",
        "signed_on": SIGNED_ON,
    }
    return SignerDetails(name=name, **(standard | details))


def campaign_letter(name: str = "Maya Ellison", **details: Any) -> PacketLetter:
    return letter_of(CAMPAIGN.letter.template, signer(name, **details))


def letter_of(template: str, by: SignerDetails, language: str = "en") -> PacketLetter:
    blocks = read_blocks(render_html(template, TARGET, by, language))
    return PacketLetter(blocks, language, by.name, by.locality)


def short_letter(name: str, language: str = "en") -> PacketLetter:
    """Make a letter with little more than a name, so that a page has little other text."""
    words = [Block("paragraph", [Run(name)]), Block("paragraph", [Run(name, signature=True)])]
    return PacketLetter(tuple(words), language, name, "Evanston")


def cover_of(letters: int, *, first: int = 1, total: int | None = None, number: int = 1, of: int = 1) -> PacketCover:
    return PacketCover(
        language="en",
        campaign_title=CAMPAIGN.campaign.title,
        organizer=CAMPAIGN.campaign.organizer,
        target=TARGET,
        delivered_on=date(2026, 11, 30),
        number=number,
        of=of,
        first=first,
        last=first + letters - 1,
        total=total or letters,
    )


def packet_of(letters: Sequence[PacketLetter], fonts: FontBook) -> Packet:
    return typeset(cover_of(len(letters)), letters, fonts)


def read(packet: Packet) -> Any:  # pypdf types its objects too loosely to be of use
    return PdfReader(io.BytesIO(packet.pdf))


def letters_in(packet: Packet) -> Any:
    """Return the pages after the cover and a short index."""
    return read(packet).pages[2:]


def words_on(page: Any) -> str:
    # Where a long word may break, the text has an invisible character. Its glyph may have it in other words, too.
    # Another one stands after a name in the index, if its letters may go from right to left.
    return re.sub(r"\s+", " ", re.sub("[\u200b\u200e]", "", page.extract_text()))


def bookmarks_in(packet: Packet) -> list[str]:
    def titles(outline: list[Any]) -> Iterator[str]:
        for entry in outline:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield entry.title

    return list(titles(read(packet).outline))


def fonts_on(page: Any) -> set[str]:
    return {font["/BaseFont"].partition("+")[2] for font in page["/Resources"]["/Font"].values()}


def elements_in(packet: Packet) -> list[Any]:
    """Return the elements of the structure tree, which a screen reader follows."""

    def walk(node: Any) -> Iterator[Any]:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node
            if "/K" in node:
                yield from walk(node["/K"])

    return list(walk(read(packet).root_object["/StructTreeRoot"]["/K"]))


def tags_in(packet: Packet) -> list[str]:
    return [element["/S"] for element in elements_in(packet)]


def figures_in(packet: Packet) -> list[Any]:
    return [element for element in elements_in(packet) if element["/S"] == "/Figure"]


def test_a_cover_names_sender_target_and_letters(fonts: FontBook) -> None:
    cover = cover_of(2, first=251, total=1252, number=2, of=6)
    words = words_on(read(typeset(cover, [campaign_letter(), campaign_letter()], fonts)).pages[0])
    for part in (
        "November 30, 2026",
        f"{TARGET.title} {TARGET.name}",
        TARGET.department,
        "2 signed letters",
        "Letters 251–252 of 1,252",
        "2 of 6",
        CAMPAIGN.campaign.title,
        f"SENT BY {CAMPAIGN.campaign.organizer.name}",
    ):
        assert part in words


def test_a_cover_counts_the_letters_that_its_packet_holds(fonts: FontBook) -> None:
    """Only packets with an erased letter are made again, so a cover counts no letter of another one."""
    cover = replace(cover_of(3, first=251, total=1252, number=2, of=6), without=(252,))
    words = words_on(read(typeset(cover, [campaign_letter(), campaign_letter()], fonts)).pages[0])
    for part in (" 2 signed letters ", "Letters 251–253 of 1,252", "ERASED 1 letter"):
        assert part in words


def test_a_packet_of_one_letter_uses_the_singular(fonts: FontBook) -> None:
    words = words_on(read(packet_of([campaign_letter()], fonts)).pages[0])
    assert "1 signed letter " in words
    assert "Letter 1 of 1" in words


def test_cover_and_footers_are_in_the_campaigns_language(fonts: FontBook) -> None:
    cover = replace(cover_of(2, first=1001, total=1252, number=2, of=6), language="es")
    packet = typeset(cover, [short_letter("Ana", "es"), short_letter("Bo", "en")], fonts)
    first, index, second, third = (words_on(page) for page in read(packet).pages)
    for part in (
        "30 de noviembre de 2026",
        "PARA",
        "2 cartas firmadas",
        "Cartas 1,001–1,002 de 1,252",
        "EN ESTE ARCHIVO",
        "2 de 6",
        f"ENVIADO POR {CAMPAIGN.campaign.organizer.name}",
        "Para contestar, escriba a ",
    ):
        assert part in first
    assert "Índice · archivo 2 de 6 Página 2" in index
    assert "Carta 1,001 de 1,252 · archivo 2 de 6 Número de referencia 2026-11-30-1001 Página 3" in second
    assert "Carta 1,002 de 1,252 · archivo 2 de 6" in third
    assert read(packet).root_object["/Lang"] == "es"
    assert read(packet).metadata.title == f"{CAMPAIGN.campaign.title}: Cartas 1,001–1,002 de 1,252"
    assert packet.accessible


def test_a_single_letters_title_is_in_its_own_language(fonts: FontBook) -> None:
    assert read(typeset(None, [short_letter("Ana", "es")], fonts)).metadata.title == "Carta de Ana"


def test_every_letter_has_a_page_of_its_own_with_all_its_parts(fonts: FontBook) -> None:
    names = ["Maya Ellison", "José Núñez", "Aoife O’Brien"]
    pages = read(packet_of([campaign_letter(name) for name in names], fonts)).pages
    assert len(pages) == 2 + len(names)
    for number, (page, name) in enumerate(zip(pages[2:], names, strict=True), start=1):
        words = words_on(page)
        assert f"{TARGET.title} {TARGET.name} {TARGET.department} Dear" in words
        assert "without buyers there would be no prostitution" in words
        assert f"Sincerely, {name} November 2, 2026 {name} 100 Maple Avenue Evanston, IL 60201" in words
        assert f"Letter {number} of 3 · file 1 of 1" in words
        assert not any(other in words for other in names if other != name)
        assert "Caveat-Regular" in fonts_on(page)


@pytest.mark.parametrize(("paper_size", "box"), [("us-letter", (612, 792)), ("a4", (595, 842))])
def test_every_page_has_the_size_of_its_paper(paper_size: PaperSize, box: tuple[int, int], fonts: FontBook) -> None:
    cover = replace(cover_of(1), by_hand=True)
    packet = typeset(cover, [campaign_letter()], fonts, paper_size)
    alone = typeset(None, [campaign_letter()], fonts, paper_size)
    on_paper = typeset_paper([campaign_letter()], "A letter", "Ann", fonts, paper_size)
    assert [boxes_of(pdf) for pdf in (packet.pdf, alone.pdf, on_paper)] == [{box}] * 3


def test_bookmarks_name_each_signer_below_the_cover(fonts: FontBook) -> None:
    packet = typeset(cover_of(2, first=7, total=8), [campaign_letter("Ann"), campaign_letter("Bo")], fonts)
    assert bookmarks_in(packet) == ["2 signed letters", "Index", "7\u2002Ann, Evanston", "8\u2002Bo, Evanston"]


def index_of(packet: Packet) -> str:
    return words_on(read(packet).pages[1])


def test_the_index_says_whose_letter_is_on_which_page_and_when_it_was_confirmed(fonts: FontBook) -> None:
    long = campaign_letter("Ann", note="\n".join("x" * 100))
    second = replace(short_letter("Bo"), confirmed_at=datetime(2026, 11, 21, 16, 5, tzinfo=UTC))
    packet = typeset(cover_of(2, first=1007, total=1008), [long, second], fonts)
    pages = [words_on(page) for page in read(packet).pages]
    assert (
        "1,007 Ann, Evanston 3 2026-11-30-1007 1,008 Bo, Evanston 6 2026-11-30-1008 · Nov 21, 2026, 4:05 PM" in pages[1]
    )
    assert pages[5].startswith("1,008 Bo, Evanston")
    assert "Letter 1,008 of 1,008 · file 1 of 1 Reference number 2026-11-30-1008 Page 6" in pages[5]


def test_the_index_names_no_signer_of_an_erased_letter_and_leaves_its_number_out(fonts: FontBook) -> None:
    cover = replace(cover_of(3), without=(2,))
    index = index_of(typeset(cover, [short_letter("Ann"), short_letter("Cyd")], fonts))
    assert index.partition("email. ")[2].startswith(
        "1 Ann, Evanston 3 2026-11-30-1 3 Cyd, Evanston 4 2026-11-30-3 Index"
    )


def test_250_letters_are_in_the_index_with_their_pages(fonts: FontBook) -> None:
    pages = read(packet_of([short_letter(f"Signer {number}") for number in range(1, 251)], fonts)).pages
    words = [words_on(page) for page in pages]
    letters = next(number for number, page in enumerate(words) if "Letter 1 of 250" in page)
    index = " ".join(words[1:letters])
    for number in range(1, 251):
        page = letters + number
        assert f"{number} Signer {number}, Evanston {page} 2026-11-30-{number} " in index
        assert (
            f"Letter {number} of 250 · file 1 of 1 Reference number 2026-11-30-{number} Page {page}" in words[page - 1]
        )


@pytest.mark.skipif(which("pdftotext") is None, reason="poppler-utils is not installed")
def test_a_page_number_stands_on_the_right_of_a_name_and_town_from_right_to_left(fonts: FontBook) -> None:
    packet = packet_of([replace(short_letter("דוד לוי"), signer_locality="חיפה")], fonts)
    boxes = word_boxes(packet.pdf, 2)
    [page] = [box for word, box in boxes if word == "3"]
    names = [box for word, box in boxes if "\u0590" < word[0] < "\u0600"]
    assert len(names) == 3
    assert all(box[2] < page[0] for box in names)


@pytest.mark.parametrize(
    "note", ["", "I live two blocks away and see it every week. Please act.", "My own words. " * 35]
)
@pytest.mark.parametrize("paper_size", ["us-letter", "a4"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_real_letter_stays_on_one_page(note: str, language: str, paper_size: PaperSize, fonts: FontBook) -> None:
    template = CAMPAIGN.letters[language].template
    by = signer("Bartholomew Featherstonehaugh-Montgomery", note=note.strip(), locality="Arlington Heights")
    letter = letter_of(template, by, language)
    assert len(letters_in(typeset(cover_of(1), [letter], fonts, paper_size))) == 1


def test_a_long_note_continues_on_pages_with_the_same_footer(fonts: FontBook) -> None:
    note = "\n".join(f"{number}." for number in range(100))
    first, second, third = map(words_on, letters_in(packet_of([campaign_letter(note=note)], fonts)))
    assert "0. 1. 2. 3." in first
    assert "Sincerely" not in first + second
    assert "98. 99. Sincerely, Maya Ellison" in third
    assert all("Letter 1 of 1" in page for page in (first, second, third))


def test_a_letter_after_a_long_one_starts_at_the_top_of_a_page(fonts: FontBook) -> None:
    long = campaign_letter(note="\n".join("x" * 100))
    pages = read(packet_of([long, campaign_letter("Bo")], fonts)).pages
    assert words_on(pages[-1]).startswith("2 Bo, Evanston Police Chief")


def test_a_shared_paragraph_may_be_longer_than_a_page(fonts: FontBook) -> None:
    template = "<p>" + "All of these words. " * 400 + "</p><p>{{ signer.name }}</p>"
    letters = [letter_of(template, signer(name)) for name in ("Ann", "Bo")]
    pages = [words_on(page).count("All of these words.") for page in read(packet_of(letters, fonts)).pages]
    assert pages[:2] == [0, 0]
    assert all(pages[2:])
    assert len(pages) == 2 + 2 * 2
    assert sum(pages) == 800


def test_all_markdown_of_a_letter_is_typeset(fonts: FontBook) -> None:
    template = (
        "<h2>Why</h2><ul><li>first <strong>thing</strong></li></ul><ol><li>one</li><li>two</li></ol>"
        '<blockquote><p>Said <em>so</em></p></blockquote><p><a href="https://example.org/x">Read</a><br>more</p>'
    )
    packet = packet_of([letter_of(template, signer())], fonts)
    words = words_on(letters_in(packet)[0])
    assert "Why • first thing 1. one 2. two Said so Read more" in words
    assert {"/H3", "/LI", "/Strong", "/Em", "/Link", "/BlockQuote"} <= set(tags_in(packet))
    annotations = [note.get_object() for note in letters_in(packet)[0]["/Annots"]]
    assert [note["/A"]["/URI"] for note in annotations] == ["https://example.org/x"]


def test_a_single_letter_has_neither_cover_nor_footer_nor_bookmarks(fonts: FontBook) -> None:
    packet = typeset(None, [campaign_letter("Ann")], fonts)
    pages = read(packet).pages
    assert len(pages) == 1
    assert words_on(pages[0]).startswith("Police Chief")
    assert words_on(pages[0]).endswith("60201")
    assert bookmarks_in(packet) == []
    assert read(packet).metadata.title == "Letter from Ann"
    assert packet.accessible


def test_a_packet_declares_and_meets_pdf_ua_1(fonts: FontBook) -> None:
    packet = packet_of([campaign_letter()], fonts)
    root = read(packet).root_object
    xmp = root["/Metadata"].get_data().decode()
    assert packet.accessible
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read(packet).metadata.title == f"{CAMPAIGN.campaign.title}: Letter 1 of 1"
    assert read(packet).metadata.author == CAMPAIGN.campaign.organizer.name


def letter_tags(tags: list[str]) -> list[str]:
    """Return those after the heading of the index and its paragraphs."""
    return tags[tags.index("/H2", tags.index("/H2") + 1) :]


def test_shared_paragraphs_are_tagged_like_others(fonts: FontBook) -> None:
    alone, both = (tags_in(packet_of([campaign_letter()] * count, fonts)) for count in (1, 2))
    own = letter_tags(alone)
    assert own.count("/P") == len(campaign_letter().blocks)
    assert letter_tags(both) == own * 2


@pytest.mark.parametrize(
    ("tag", "lang"), [("en", "en"), ("en-US", "en-US"), ("zh-Hant-TW", "zh-TW"), ("es-419", "es"), ("ar", "ar")]
)
def test_any_language_tag_of_a_campaign_is_accepted(tag: str, lang: str, fonts: FontBook) -> None:
    packet = typeset(None, [short_letter("Maya", tag)], fonts)
    assert packet.accessible
    assert read(packet).root_object["/Lang"] == lang


def test_a_letter_in_another_language_than_the_cover_is_tagged_with_its_language(fonts: FontBook) -> None:
    assert languages_in(packet_of([short_letter("Ana", "en")], fonts).pdf) == {"en"}
    assert languages_in(packet_of([short_letter("Ana", "es")], fonts).pdf) == {"en", "es"}


def test_each_language_with_chinese_characters_has_its_own_face(fonts: FontBook) -> None:
    def face(language: str) -> set[str]:
        return fonts_on(read(typeset(None, [short_letter("骨", language)], fonts)).pages[0])

    assert len({frozenset(face(language)) for language in ("zh", "zh-TW", "ja", "ko")}) == 4


def test_equal_letters_give_equal_bytes(fonts: FontBook) -> None:
    letters = [campaign_letter("Ann"), campaign_letter("王小明")]
    packet = packet_of(letters, fonts)
    assert packet_of(letters, FontBook()) == packet
    assert packet_of(letters[:1] * 2, fonts).pdf != packet.pdf


def test_a_packet_has_its_deliverys_date_and_a_single_letter_has_none(fonts: FontBook) -> None:
    dated, undated = (typeset(cover, [short_letter("Ann")], fonts) for cover in (cover_of(1), None))
    assert read(dated).metadata.creation_date.date() == date(2026, 11, 30)
    assert read(undated).metadata.creation_date is None


def test_another_process_makes_the_same_bytes(fonts: FontBook) -> None:
    script = (
        "import hashlib\n"
        "from undersigned.campaigns.rules.letters import Block, Run\n"
        "from undersigned.base.fonts import FontBook\n"
        "from undersigned.delivering.printing.packets import PacketLetter, typeset\n"
        "letter = PacketLetter((Block('paragraph', [Run('Ωμέγα 王')]),), 'en', 'Ann', 'Evanston')\n"
        "print(hashlib.sha256(typeset(None, [letter], FontBook()).pdf).hexdigest())\n"
    )
    letter = PacketLetter((Block("paragraph", [Run("Ωμέγα 王")]),), "en", "Ann", "Evanston")
    # Neither the hash seed nor the time zone may change the PDF.
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"}
    other = subprocess.run(  # noqa: S603  (this Python, our script)
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == hashlib.sha256(typeset(None, [letter], fonts).pdf).hexdigest()


NAMES = {
    "Latin": "Zofia Łukasiewicz Núñez",
    "Vietnamese": "Nguyễn Thị Hạnh",
    "Greek": "Ἀλέξανδρος Νικολάου",
    "Cyrillic": "Ђорђе Каренина",
    "Arabic": "محمد الأحمد",
    "Arabic with vowel signs": "مُحَمَّد",
    "Hebrew": "דוד לוי",
    "Hebrew with points": "דָּוִד",
    "Devanagari": "अनीता शर्मा",
    "Bengali": "রবীন্দ্রনাথ",
    "Tamil": "தமிழரசி",
    "Thai": "สมชาย ใจดี",
    "Khmer": "សុខា",
    "Amharic": "አበበ በቂላ",
    "Armenian": "Հայկ Պետրոսյան",
    "Georgian": "ნინო",
    "Chinese": "王小明",
    "Japanese": "山田太郎 さくら",
    "Japanese with a variation selector": "葛\U000e0100城",
    "Korean": "김민준",
    "Emoji": "Ana 👍🏽 👩‍👩‍👧 🇺🇸",
    "Decomposed": "Zoe\u0308 Nu\u0301n\u0303ez",
}
# Glyphs of these scripts are syllables or parts of letters in drawing order, so only the bookmark has the text.
SHAPED = {"Vietnamese", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Thai", "Khmer", "Emoji"}


@pytest.mark.parametrize("script", NAMES)
def test_names_in_many_scripts_are_typeset(script: str, fonts: FontBook) -> None:
    name = NAMES[script]
    packet = packet_of([short_letter(name)], fonts)
    assert packet.accessible  # PDF/UA-1 allows no missing glyph
    assert packet.replaced == {}
    assert bookmarks_in(packet)[-1] == f"1\u2002{name}, Evanston"
    words = words_on(letters_in(packet)[0])
    assert packets.REPLACEMENT not in words
    if script.split(maxsplit=1)[0] not in SHAPED:
        composed = unicodedata.normalize("NFC", words)
        # In the heading, the paragraph and the signature.
        assert composed.count(unicodedata.normalize("NFC", name)) == 3


@pytest.mark.parametrize("character", ["\U0010fffd", "\u0378", "\U00012000", "\u13a0", "\ufdd0", "\ud800"])
def test_a_character_that_no_font_has_is_replaced_and_counted(character: str, fonts: FontBook) -> None:
    packet = packet_of([short_letter(f"Ann {character}x"), short_letter("王小明")], fonts)
    assert packet.accessible
    # In the index, in bookmark and heading, the paragraph and the signature.
    assert packet.replaced == {f"U+{ord(character):04X}": 4}
    _, index, first, second = map(words_on, read(packet).pages)
    assert "1 Ann \ufffdx, Evanston 3" in index
    assert first.count("Ann \ufffdx") == 3
    assert second.count("王小明") == 3


REFUSED = "a\u1cd4\u030f"  # each mark is in some font, but no font has both with their base


def test_marks_that_cannot_be_combined_change_no_other_text(fonts: FontBook) -> None:
    packet = packet_of([short_letter("王小明"), short_letter(f"{REFUSED} שלום"), short_letter("שלום")], fonts)
    _, index, *pages = map(words_on, read(packet).pages)
    assert packet.accessible
    assert packet.replaced["U+1CD4"] == packet.replaced["U+030F"] == 4
    assert "2 a\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd, Evanston 4" in index
    assert pages[0].count("王小明") == 3
    assert pages[1].count("a\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd") == 3
    assert packets.REPLACEMENT not in pages[2]


class PanicException(BaseException):
    """A panic in Rust as Python sees it. pyo3 exports no class for it."""


class PanickingCompiler:
    """A compiler that panics at one text, and otherwise behaves like the real one."""

    def __init__(self, real: Any, text: str) -> None:
        self._real = real
        self._text = text

    def compile(self, **options: Any) -> Any:
        packet = json.loads((options["sys_inputs"] or {}).get("packet", '{"letters": []}'))
        placed = [
            (letter["label"], letter["listed"], [packet["blocks"][n] for n in letter["blocks"]])
            for letter in packet["letters"]
        ]
        if self._text in repr(placed):
            os.write(2, f"thread panicked at {self._text}".encode())
            raise PanicException
        return self._real.compile(**options)


@pytest.mark.asvs("1.4.1")
def test_a_text_that_makes_typst_panic_is_set_plainly_and_not_logged(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fonts: FontBook
) -> None:
    real = typst.Compiler
    monkeypatch.setattr(typst, "Compiler", lambda **options: PanickingCompiler(real(**options), "王"))
    packet = packet_of([short_letter("Ann"), short_letter("王小明"), short_letter("明")], fonts)
    assert packet.accessible
    _, index, _, second, third = map(words_on, read(packet).pages)
    assert "2 \ufffd\ufffd\ufffd, Evanston 4 2026-11-30-2" in index
    assert "3 明, Evanston 5 2026-11-30-3" in index
    assert second.count("\ufffd\ufffd\ufffd") == 3
    assert third.count("明") == 3
    assert packet.replaced == {"U+5C0F": 4, "U+660E": 4, "U+738B": 4}
    assert "王" not in capfd.readouterr().err


def test_an_interrupt_is_not_a_panic(monkeypatch: pytest.MonkeyPatch, fonts: FontBook) -> None:
    class Interrupted:
        def compile(self, **_options: Any) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(typst, "Compiler", lambda **_options: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        packet_of([short_letter("Ann")], fonts)


def test_letters_that_cannot_be_made_accessible_are_still_typeset(
    monkeypatch: pytest.MonkeyPatch, fonts: FontBook
) -> None:
    real = Typesetter.compile

    def no_accessible(self: Typesetter, document: str, *, accessible: bool = True) -> bytes:
        if accessible:
            raise TypesettingError
        return real(self, document, accessible=False)

    monkeypatch.setattr(Typesetter, "compile", no_accessible)
    packet = packet_of([short_letter("Ann")], fonts)
    assert not packet.accessible
    assert "Ann" in words_on(letters_in(packet)[0])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ann\x00\x07 \x1b[31mLee", "Ann [31mLee"),
        ("Ann\u202eeeL", "AnneeL"),
        ("Ann\u2066\u2069\ufeffLee", "AnnLee"),
        ("Ann\tLee", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
    ],
)
def test_controls_and_direction_overrides_are_left_out(typed: str, shown: str, fonts: FontBook) -> None:
    packet = packet_of([short_letter(typed)], fonts)
    assert packet.replaced == {}
    assert words_on(letters_in(packet)[0]).count(shown) == 3


@pytest.mark.parametrize("joiner", ["\u200b", "\u200c", "\u200d", "\u2060", "\u00ad"])
def test_joiners_and_other_invisible_characters_are_accepted(joiner: str, fonts: FontBook) -> None:
    packet = packet_of([short_letter(f"An{joiner}na")], fonts)
    assert packet.accessible
    assert packet.replaced == {}
    assert re.sub(rf"[{joiner}\u00ad-]", "", words_on(letters_in(packet)[0])).count("Anna") == 3


HOSTILE = [
    '#import "x"',
    "$x$ and #panic()",
    r"\u{41} \ \\ \n",
    "</p><script>alert(1)</script>",
    "{{ 7*7 }} {% if note %}",
    "*strong* _emph_ `raw` @ref <label> ~ -- --- ...",
    "// comment /* too */",
    '", "x": [1], "',
    "= Heading",
]


@pytest.mark.asvs("1.3.3")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_typeset_as_it_was_typed(text: str, fonts: FontBook) -> None:
    packet = packet_of([campaign_letter(text, note=text, address_line=text)], fonts)
    assert packet.accessible
    assert packet.replaced == {}
    # In the bookmark's heading, the note, the signature, the name and the address.
    assert words_on(letters_in(packet)[0]).count(text) == 5
    assert f"1 {text}, Evanston 3" in words_on(read(packet).pages[1])
    assert bookmarks_in(packet)[-1] == f"1\u2002{text}, Evanston"


@pytest.mark.skipif(which("pdftoppm") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize("word", ["W" * 100, "Supercalifragilistic" * 5, "w" * 25, "Ω" * 100, "王" * 100, "👍" * 100])
def test_a_long_word_does_not_run_off_the_page(word: str, fonts: FontBook) -> None:
    packet = packet_of([short_letter(word)], fonts)
    [page] = letters_in(packet)
    assert packet.accessible
    assert page.extract_text().replace("\u200b", "").replace("\n", "").count(word) >= 2
    assert max(inked_columns(packet, 3)) < 612 - 60
    assert max(inked_columns(packet, 2)) < 612 - 72 + 1
    assert not inked_columns(packet, 2, below=98) & {*range(300, 312)}, "an entry of the index fits its column"


MM = 72 / 25.4


class Envelope(NamedTuple):
    """An envelope and its window, from the lower left, with a sheet that slips to each side; in millimeters."""

    size: tuple[float, float]
    window: tuple[float, float, float, float]
    sheet: tuple[float, float] = (210, 297)
    slip: tuple[float, float] = (5, 5.5)


NO_10 = Envelope((241.3, 104.775), (22.225, 12.7, 136.525, 41.275), (215.9, 279.4), (6, 6))
"""9 1/2 by 4 1/8 inches, with a window of 4 1/2 by 1 1/8."""
DL = (
    Envelope((220, 110), (20, 15, 110, 60)),
    Envelope((220, 110), (20, 15, 110, 50)),
    Envelope((220, 110), (20, 20, 110, 55)),
)
"""With a window of 90 by 45 mm, as DIN 680 has it, and by 35 mm at two heights."""
LONG_ADDRESS = {
    "title": "Interim Deputy Superintendent of the Bureau of Community and Family Services of Cook County and "
    + "W" * 5,
    "name": "Bartholomew Maximilian Featherstonehaugh-Montgomery y Fernández de la Cruz Ågård Łukasiewicz " + "W" * 7,
    "department": "Office of the Superintendent of Police, Department of Public Safety and Emergency Services " * 2,
    "postal_address": ("1454 Elmwood Avenue, Building C, Second Floor, Room 201, Evanston, IL 60201-1234. " * 4)[:300],
}


def window_on_sheet(envelope: Envelope, right: float, down: float) -> tuple[float, float, float, float]:
    """Return where the window is on a sheet that is folded in thirds, in points: left, top, right and bottom.

    The sheet lies in the middle of the envelope, and has slipped so far to the right and down.
    """
    fold = envelope.sheet[1] / 3
    left = (envelope.size[0] - envelope.sheet[0]) / 2 + right
    low = (envelope.size[1] - fold) / 2 - down
    x0, y0, x1, y1 = envelope.window
    return ((x0 - left) * MM, (fold - (y1 - low)) * MM, (x1 - left) * MM, (fold - (y0 - low)) * MM)


@pytest.mark.skipif(which("pdftotext") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize(
    ("language", "paper_size", "envelopes"),
    [("en", "us-letter", (NO_10,)), ("es", "a4", DL)],
    ids=["us-letter", "a4"],
)
@pytest.mark.parametrize(
    "address",
    [
        {"postal_address": "1454 Elmwood Avenue, Evanston, IL 60201"},
        {"postal_address": "1454 Elmwood Avenue\nSecond Floor\nEvanston, IL 60201"},
        {"postal_address": ""},
        {"postal_address": "\n".join("W" * 150)},
        {"postal_address": "W" * 300, "locality": ""},
        {"postal_address": "王小明 " * 75, "locality": ""},
        {"postal_address": "דוד לוי " * 37, "locality": ""},
        LONG_ADDRESS,
        {name: "W" * len(text) for name, text in LONG_ADDRESS.items()} | {"locality": ""},
    ],
    ids=["usual", "lines", "none", "150 lines", "one word", "Chinese", "Hebrew", "longest", "widest"],
)
def test_only_the_whole_address_shows_in_the_window_wherever_the_sheet_slips(
    address: dict[str, Any], language: str, paper_size: PaperSize, envelopes: tuple[Envelope, ...], fonts: FontBook
) -> None:
    target = replace(TARGET, titles={}, **address)
    cover = replace(cover_of(1), language=language, by_hand=True, target=target)
    pdf = typeset(cover, [short_letter("Ann")], fonts, paper_size).pdf
    windows = [
        window_on_sheet(envelope, side * envelope.slip[0], height * envelope.slip[1])
        for envelope in envelopes
        for side in (-1, 0, 1)
        for height in (-1, 0, 1)
    ]
    always, ever = (
        [max(sides) if (side < 2) == inner else min(sides) for side, sides in enumerate(zip(*windows, strict=True))]
        for inner in (True, False)
    )
    ink = [(x, y) for x, y in inked_points(pdf, 1) if ever[0] < x < ever[2] and ever[1] < y < ever[3]]
    assert ink
    assert all(always[0] < x < always[2] and always[1] < y < always[3] for x, y in ink)
    seen = [word for word, (x, y, _, _) in word_boxes(pdf, 1) if ever[0] < x < ever[2] and ever[1] < y < ever[3]]
    whole = "".join(f"{target.title}{target.name}{target.department}{target.postal_address or target.locality}".split())
    letters = unicodedata.normalize("NFKC", "".join(seen)).replace("\u200b", "")
    assert Counter(letters.replace(",", "")) == Counter(whole.replace(",", ""))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("1 Evanston Road, Suite 2, Evanston, IL 60201", ["1 Evanston Road, Suite 2", "Evanston, IL 60201"]),
        ("1 Evanston Road", ["1 Evanston Road", "Evanston"]),
    ],
)
def test_a_postal_address_in_one_line_breaks_before_the_town(address: str, shown: list[str], fonts: FontBook) -> None:
    target = replace(TARGET, postal_address=address)
    sheet = read(typeset(replace(cover_of(1), by_hand=True, target=target), [short_letter("Ann")], fonts)).pages[0]
    assert sheet.extract_text().splitlines()[-4:-1] == [TARGET.department, *shown]


def test_on_both_sides_of_the_paper_each_part_of_what_goes_by_hand_begins_on_a_right_hand_page(fonts: FontBook) -> None:
    letters = [campaign_letter("Ann", note="\n".join("x" * 40)), *(short_letter(f"Signer {n}") for n in range(60))]
    packet = typeset(replace(cover_of(61), by_hand=True), letters, fonts)
    emailed, printed = read(packet_of(letters, fonts)).pages, read(packet).pages
    begins = [
        r"End Demand",
        r"End Demand .* TO ",
        "Index Each",
        "1 Ann",
        *(f"{n + 2} Signer {n}, Evanston Signer" for n in range(60)),
    ]
    words = [words_on(page) for page in printed]
    assert [next(n for n, page in enumerate(words) if re.match(begin, page)) % 2 for begin in begins] == [0] * 64
    assert [page for page in words if page] != words
    without_page = [
        [re.sub(r"\d+ 2026-11-30|Page \d+", "", page) for page in pages if page]
        for pages in (map(words_on, emailed), words[1:])
    ]
    assert without_page[0] == without_page[1]
    assert f"61 Signer 59, Evanston {len(printed)} 2026-11-30-61" in " ".join(words[:8])
    assert f"Reference number 2026-11-30-61 Page {len(printed)}" in words[-1]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in packet.pdf


@pytest.mark.skipif(which("pdftotext") is None, reason="poppler-utils is not installed")
def test_a_long_address_ends_before_its_code_on_the_cover(fonts: FontBook) -> None:
    """A token has no place to break a line."""
    url = "https://letters.example/packets-sent/" + "aBcD" * 40
    pdf = typeset(replace(cover_of(1), cover_url=url), [short_letter("Ann")], fonts).pdf
    # The code is an inch wide, as the margin is.
    code = (8.5 - 1 - 1) * 72
    lines = [box for word, box in word_boxes(pdf, 1) if "BcDaBcD" in word]
    assert lines
    assert all(right < code for _, _, right, _ in lines)


@pytest.mark.skipif(which("pdftoppm") is None, reason="poppler-utils is not installed")
def test_the_longest_addresses_stay_inside_the_margins_of_the_cover(fonts: FontBook) -> None:
    """Lines of an address may break anywhere, also where people are told to write to it."""
    email = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 53}.org"
    website = f"https://{'b' * 63}.{'c' * 63}.example/{'d' * 150}"
    url = f"https://{'b' * 63}.{'c' * 63}.{'d' * 53}.org/packets-sent/{'a' * 50}~{'b' * 50}.{'aBcD' * 11}"
    cover = replace(cover_of(1), organizer=Organizer("Oak & Elm", email, website), cover_url=url)
    packet = typeset(cover, [short_letter("Ann")], fonts)
    for page in (1, 2):
        assert all(71 <= across <= 612 - 71 for across in inked_columns(packet, page))


def test_a_postal_address_that_names_the_recipient_is_the_whole_address(fonts: FontBook) -> None:
    lines = [f"Chief {TARGET.name.upper()}", TARGET.department, "1454 Elmwood Avenue", "Evanston, IL 60201"]
    target = replace(TARGET, postal_address="\n".join(lines))
    sheet = read(typeset(replace(cover_of(1), by_hand=True, target=target), [short_letter("Ann")], fonts)).pages[0]
    assert sheet.extract_text().splitlines()[-5:-1] == lines
    assert sheet.extract_text().upper().count(TARGET.name.upper()) == 1


def test_a_cover_says_how_many_letters_came_so_far_and_how_to_reach_the_organizer(fonts: FontBook) -> None:
    organizer = Organizer("Oak & Elm", "oak@example.org", "https://oak.example/a_b", "+1 847 555 0100")
    url = "https://letters.example/packets-sent/" + "a1b2-" * 20
    packet = typeset(
        replace(cover_of(2), so_far=1147, organizer=organizer, cover_url=url),
        [short_letter("Ann"), short_letter("Bo")],
        fonts,
    )
    page = read(packet).pages[0]
    for part in (
        "SO FAR 1,147 letters, these included",
        "SENT BY Oak & Elm TELEPHONE +1 847 555 0100 FOR REPLIES oak@example.org WEBSITE https://oak.example/a_b",
        "To answer, write to oak@example.org.",
    ):
        assert part in words_on(page)
    assert url in words_on(page).replace(" ", "")
    assert [note.get_object()["/A"]["/URI"] for note in page["/Annots"]][:1] == [url]
    assert packet.accessible
    assert [figure["/Alt"] for figure in figures_in(packet)] == [f"QR code of {url}"]
    assert "SO FAR" not in words_on(read(packet_of([short_letter("Ann")], fonts)).pages[0])


def inked_points(pdf: bytes, page: int) -> list[tuple[float, float]]:
    """Return the points of a page that have ink, in points from its top left."""
    command = ["pdftoppm", "-r", "144", "-gray", "-f", str(page), "-l", str(page), "-"]
    image = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout  # noqa: S603
    header, pixels = re.fullmatch(rb"(P5\s+\d+\s+\d+\s+\d+\s)(.*)", image, re.DOTALL).groups()  # type: ignore[union-attr]
    width = int(header.split()[1])
    return [(place % width / 2, place // width / 2) for place, gray in enumerate(pixels) if gray < 0xF0]


def inked_columns(packet: Packet, page: int, below: int = 0) -> set[int]:
    """Return the columns of a page, in points, that have ink. pdftoppm draws the page at 72 dots per inch."""
    command = ["pdftoppm", "-r", "72", "-gray", "-f", str(page), "-l", str(page), "-"]  # of Debian's poppler-utils
    image = subprocess.run(command, input=packet.pdf, capture_output=True, check=True).stdout  # noqa: S603
    header, pixels = re.fullmatch(rb"(P5\s+\d+\s+\d+\s+\d+\s)(.*)", image, re.DOTALL).groups()  # type: ignore[union-attr]
    width = int(header.split()[1])
    return {position % width for position, gray in enumerate(pixels[below * width :]) if gray < 0x80}


SCRIBBLE = [[40, 120, 80, 30, 110, 150, 180, 60, 260, 140, 420, 90, 560, 110], [300, 40], [120, 170, 500, 165]]


def drawing_of(strokes: list[list[int]]) -> str:
    drawing = Drawing.posted(strokes)
    return drawing.text if drawing else ""


def test_a_drawn_signature_replaces_the_typed_one_and_is_read_out_as_it(fonts: FontBook) -> None:
    packet = packet_of([campaign_letter(drawing=drawing_of(SCRIBBLE)), campaign_letter("Bo")], fonts)
    page, typed = letters_in(packet)
    strokes = re.findall(r"^.* w .* l\b.*\nS$", page.get_contents().get_data().decode("latin-1"), re.MULTILINE)
    assert packet.accessible
    assert [figure["/Alt"] for figure in figures_in(packet)] == ["Maya Ellison"]
    assert len(strokes) == 1
    assert not page.images
    assert "Caveat-Regular" not in fonts_on(page)
    assert words_on(page).count("Maya Ellison") == 2  # in the bookmark's heading and the name line
    assert "Caveat-Regular" in fonts_on(typed)


@pytest.mark.parametrize(
    ("strokes", "width", "height"),
    [
        (SCRIBBLE, (130, 190), (36, 43.2)),
        ([[0, 0, WIDTH, HEIGHT]], (105, 115), (36, 43.2)),
        ([[0, 100, WIDTH, 100]], (180, 190), (1, 5)),
        ([[300, 0, 300, HEIGHT]], (1, 5), (36, 43.2)),
    ],
    ids=["signature", "whole box", "line", "upright"],
)
def test_a_drawn_signature_is_half_an_inch_high_and_fits_its_column(
    strokes: list[list[int]], width: tuple[float, float], height: tuple[float, float], fonts: FontBook
) -> None:
    [figure] = figures_in(packet_of([campaign_letter(drawing=drawing_of(strokes))], fonts))
    left, bottom, right, top = map(float, figure["/A"][0]["/BBox"])
    assert width[0] <= right - left <= width[1]
    assert height[0] <= top - bottom <= height[1]
    assert left >= 70
    assert right <= 612 - 70


def test_a_letter_with_a_long_note_and_a_drawn_signature_stays_on_one_page(fonts: FontBook) -> None:
    note = ("My own words. " * 35).strip()
    letter = campaign_letter(
        "Bartholomew Featherstonehaugh-Montgomery",
        note=note,
        locality="Arlington Heights",
        drawing=drawing_of([[0, 0, 0, HEIGHT, WIDTH, 0]]),
    )
    assert len(letters_in(packet_of([letter], fonts))) == 1


def test_equal_drawings_give_equal_bytes(fonts: FontBook) -> None:
    letters = [campaign_letter(drawing=drawing_of(SCRIBBLE)), campaign_letter(drawing=drawing_of(SCRIBBLE[:1]))]
    packet = packet_of(letters, fonts)
    assert packet_of(letters, FontBook()) == packet
    assert packet_of(letters[::-1], fonts).pdf != packet.pdf


@pytest.mark.parametrize("text", [*HOSTILE, "W" * 100, "Ann \N{CJK UNIFIED IDEOGRAPH-738B}"])
def test_any_typed_signature_labels_a_drawn_one(text: str, fonts: FontBook) -> None:
    packet = packet_of([campaign_letter("Ann", signature=text, drawing=drawing_of(SCRIBBLE))], fonts)
    assert packet.accessible
    assert [figure["/Alt"] for figure in figures_in(packet)] == [text]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)), min_size=1, max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_any_drawing_is_typeset_and_accessible(fonts: FontBook, strokes: list[list[tuple[int, int]]]) -> None:
    drawing = drawing_of([[side for point in stroke for side in point] for stroke in strokes])
    packet = packet_of([campaign_letter(drawing=drawing), campaign_letter("Bo")], fonts)
    assert packet.accessible
    assert len(figures_in(packet)) == (1 if drawing else 0)
    assert "Sincerely, Bo November 2, 2026" in words_on(read(packet).pages[-1])


def resident() -> int:
    """Return the resident memory of this process in MB (Linux only)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux has /proc/self/statm")
def test_typesetting_more_packets_takes_no_more_memory(fonts: FontBook) -> None:
    def typeset_two(start: int) -> int:
        for first in (start, start + 80):
            packet_of([campaign_letter(f"Signer {number}") for number in range(first, first + 80)], fonts)
        return resident()

    before = typeset_two(0)
    assert max(typeset_two(start) for start in range(1_000, 4_000, 1_000)) - before < 25


def form_text(field: str) -> st.SearchStrategy[str]:
    marks = st.characters(categories=["Mn", "Mc", "Me", "Cf"])
    right_to_left = st.characters(min_codepoint=0x590, max_codepoint=0x8FF)
    character = st.one_of(st.characters(codec=None), marks, right_to_left, st.sampled_from(" aé\"\\'#\u200d\u202e\n"))
    return st.text(character, max_size=LIMITS[field])


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    by=st.builds(
        signer,
        name=form_text("name"),
        address_line=form_text("address_line"),
        locality=form_text("locality"),
        region=form_text("region"),
        postal_code=form_text("postal_code"),
        signature=form_text("signature"),
        note=form_text("note"),
    )
)
def test_any_text_that_a_form_accepts_is_typeset_and_accessible(by: SignerDetails, fonts: FontBook) -> None:
    packet = packet_of([letter_of(CAMPAIGN.letter.template, by), campaign_letter("Bo")], fonts)
    assert packet.accessible
    pages = read(packet).pages
    assert "Sincerely, Bo November 2, 2026 Bo 100 Maple Avenue" in words_on(pages[-1])
