"""Test what becomes of an uploaded logo, and which are refused."""

from __future__ import annotations

import base64
import random
import struct
import zlib

import pytest

from tests.support.logos import END, JPEG, chunk, header, png, turned
from undersigned.workshop import logos
from undersigned.workshop.logos import FILE, MOST_BYTES, logo_of, read_logo
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.rules.drafts import DraftFilesError, check_files

MOVES = "The logo moves. Use a picture that stands still."
NEITHER = "The logo is neither a PNG nor a JPEG. Save the picture as one of these."
UNREADABLE = "The logo can’t be read, or shows nothing on white. Save the picture again, as a PNG."
WIDE = "The logo has 20,000 × {} pixels. Use at most 4,000 on each side."


def pixels(picture: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", picture, 16)
    return width, height


@pytest.mark.parametrize(
    ("size", "stored", "shown"),
    [
        ((640, 240), (320, 120), (160, 60)),
        ((200, 200), (120, 120), (60, 60)),
        ((900, 30), (320, 11), (160, 6)),
        ((50, 20), (50, 20), (50, 20)),
        ((240, 60), (240, 60), (160, 40)),
    ],
)
def test_a_logo_is_scaled_down_to_its_place(
    size: tuple[int, int], stored: tuple[int, int], shown: tuple[int, int]
) -> None:
    logo = read_logo(png(*size))
    assert (pixels(logo.png), logo.size) == (stored, shown)
    assert len(logo.png) < 10_000


def test_a_picture_full_of_details_becomes_smaller_until_it_fits() -> None:
    drawn = random.Random(1)  # noqa: S311  (the same details in each run)
    logo = read_logo(png(320, 120, lambda _x, _y: (*drawn.randbytes(3), 255)))
    assert 5_000 < len(logo.png) <= 10_000
    width, height = pixels(logo.png)
    assert abs(width / height - 320 / 120) < 0.1


@pytest.mark.parametrize("size", [(640, 240), (900, 300), (1001, 37), (53, 700)])
def test_what_was_encoded_is_encoded_to_the_same_bytes(size: tuple[int, int]) -> None:
    """Otherwise a draft that is made of what was published has another logo."""
    once = read_logo(png(*size))
    assert read_logo(once.png) == once
    assert logo_of({FILE: once.text}) == (once, ())


def test_a_jpeg_is_read() -> None:
    assert read_logo(JPEG).size == (24, 12)


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (0, (24, 12), "red"),
        (1, (24, 12), "red"),
        (2, (24, 12), "green"),
        (3, (24, 12), "black"),
        (4, (24, 12), "blue"),
        (5, (12, 24), "red"),
        (6, (12, 24), "blue"),
        (7, (12, 24), "black"),
        (8, (12, 24), "green"),
        (9, (24, 12), "red"),
    ],
)
def test_a_photo_of_a_camera_held_in_any_way_is_upright(
    orientation: int, size: tuple[int, int], corner: str, order: str
) -> None:
    logo = read_logo(turned(orientation, order))
    start = logo.png.index(b"IDAT") + 4
    colors = zlib.decompressobj().decompress(logo.png[start:], 4)[1:]
    brightest = ("red", "green", "blue")[colors.index(max(colors))] if max(colors) > 99 else "black"
    assert (logo.size, brightest) == (size, corner)


def test_nothing_but_pixels_is_kept() -> None:
    hidden = chunk(b"tEXt", b"Author\0Ada") + chunk(b"zTXt", b"Note\0\0" + zlib.compress(bytes(50_000_000)))
    assert read_logo(png(64, 64, more=hidden)) == read_logo(png(64, 64))
    assert b"Ada" not in read_logo(png(64, 64, more=hidden)).png


@pytest.mark.asvs("5.2.1", "5.2.2")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (header(20_000, 10) + END, WIDE.format("10")),
        (header(20_000, 20_000) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + END, WIDE.format("20,000")),
        (JPEG.replace(b"\x00\x0c\x00\x18", b"\x00\x0c\x4e\x20"), WIDE.format("12")),
        (bytes(MOST_BYTES + 1), "The logo has more than 2 MB. Save it smaller."),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NEITHER),
        (b"<!doctype html><script>alert(1)</script>", NEITHER),
        (b"GIF89a\x01\x00\x01\x00", NEITHER),
        (b"", NEITHER),
        (png(64, 64)[:-40], UNREADABLE),
        (header(64, 64) + chunk(b"IDAT", b"nothing") + END, UNREADABLE),
        (header(0, 64) + END, UNREADABLE),
        (header(64, 64)[:20], UNREADABLE),
        (JPEG[:-40], UNREADABLE),
        (JPEG[:4] + JPEG[-2:], UNREADABLE),
        (png(64, 64, lambda _x, _y: (255, 255, 255, 255)), UNREADABLE),
        (png(64, 64, more=chunk(b"acTL", bytes(8))), MOVES),
    ],
)
def test_a_hostile_or_broken_picture_is_refused_with_one_sentence(content: bytes, says: str) -> None:
    with pytest.raises(MistakesError) as refused:
        read_logo(content)
    [mistake] = refused.value.mistakes
    assert (mistake.file, mistake.message) == (FILE, says)
    assert logo_of({FILE: base64.b64encode(content).decode()}) == (None, (mistake,))


def test_a_large_picture_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(logos, "_drawn", decode)
    with pytest.raises(MistakesError):
        read_logo(header(4_001, 10) + END)


def test_a_file_that_is_no_picture_is_a_mistake() -> None:
    _, [mistake] = logo_of({FILE: "not Base64!"})
    assert mistake.message == UNREADABLE


def test_a_draft_has_one_logo() -> None:
    check_files({FILE: "iVBO"})
    with pytest.raises(DraftFilesError):
        check_files({"logo.svg": "<svg/>"})
