"""Read packed PDFs with pypdf: each object has to be the same as before, and programs have to find it."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject

from undersigned.domain.letters import Block, Run
from undersigned.rendering import packets
from undersigned.rendering.fonts import FontBook
from undersigned.rendering.object_streams import pack
from undersigned.rendering.packets import PacketLetter, typeset

WORDS = "endstream endobj 7 0 obj trailer << /Size 1 >> startxref 9 %%EOF"
"""What a signer could write to confuse a program that looks for the ends of objects."""


@pytest.fixture(scope="module")
def plain() -> bytes:
    """Typeset letters as Typst writes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packets, "pack", lambda pdf: pdf)
        return letters()


def letters() -> bytes:
    words = (Block("paragraph", [Run(WORDS)]), Block("paragraph", [Run("Ann", signature=True)]))
    each = [PacketLetter(words, "en", f"Ann {number} {WORDS}", "Evanston") for number in range(30)]
    return typeset(None, each, FontBook()).pdf


def small(value: bytes) -> bytes:
    """Write a PDF by hand, in Typst's form, with one more object."""
    written = b"%PDF-1.7\n"
    places = []
    for number, each in enumerate((b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 0/Kids[]>>", value), 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n\n" % (number, each)
    rows = b"".join(b"%010d 00000 n\r\n" % place for place in places)
    table = b"xref\n0 4\n0000000000 65535 f\r\n" + rows
    return written + table + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(written)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def objects(pdf: bytes) -> list[bytes]:
    """Write each object out as pypdf reads it, without those that only hold others."""
    reader = read(pdf)
    size = reader.trailer["/Size"]
    assert isinstance(size, int)
    each = [reader.get_object(number) for number in range(1, size)]
    return [_written(one) for one in each if one is not None and _type(one) not in {"/ObjStm", "/XRef"}]


def _type(one: PdfObject) -> object:
    return one.get("/Type") if isinstance(one, DictionaryObject) else None


def _written(one: PdfObject) -> bytes:
    stream = io.BytesIO()
    one.write_to_stream(stream)
    return stream.getvalue()


def test_each_object_is_the_same_as_before(plain: bytes) -> None:
    packed = pack(plain)
    assert len(objects(plain)) > 200
    assert objects(packed) == objects(plain)
    for entry in ("/Root", "/Info", "/ID"):
        assert _written(read(packed).trailer.raw_get(entry)) == _written(read(plain).trailer.raw_get(entry))


def test_the_structure_of_a_packet_is_compressed(plain: bytes) -> None:
    assert plain.count(b"/StructElem") > 50
    packed = letters()
    assert packed == pack(plain)
    assert b"/StructElem" not in packed
    assert len(packed) < 0.6 * len(plain)


def test_each_page_has_the_same_words(plain: bytes) -> None:
    assert [page.extract_text() for page in read(pack(plain)).pages] == [
        page.extract_text() for page in read(plain).pages
    ]


@pytest.mark.parametrize(
    "value",
    [
        b"(endstream\nendobj)",
        b"(endobj\n4 0 obj)",
        b"(xref\n0 1)",
        b"<</Title(trailer <</Size 1>> startxref 9 %%EOF)>>",
        b"/endstream",
        b"[1 0 R 2 0 R]",
        b"17",
        b"<</Length 20>>\nstream\nendobj 5 0 obj\nends\nendstream",
    ],
)
def test_an_object_ends_where_it_ends(value: bytes) -> None:
    packed = pack(small(value))
    assert packed != small(value)
    assert objects(packed) == objects(small(value))


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b"trailer", b"TRAILER"),
        (b"0 4\n", b"1 4\n"),
        (b"3 0 obj", b"9 0 obj"),
        (b"3 0 obj", b"3 0 xxx"),
        (b"17\nendobj", b"17\nendxxx"),
        (b"%%EOF", b""),
    ],
)
def test_a_pdf_in_another_form_is_left_as_it_is(part: bytes, instead: bytes) -> None:
    other = small(b"17").replace(part, instead)
    assert other != small(b"17")
    assert pack(other) == other


def test_a_packed_pdf_is_left_as_it_is(plain: bytes) -> None:
    assert pack(pack(plain)) == pack(plain)
    assert pack(b"") == b""
