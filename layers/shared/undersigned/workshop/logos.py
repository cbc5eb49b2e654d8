"""Read an organizer's logo: a PNG or JPEG, decoded, turned upright, put on white, scaled down and encoded again.

Only the pixels of the uploaded file are kept. White keeps a dark logo readable on a dark page or email.
"""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import Logo
from undersigned.workshop.mistakes import Mistake, MistakesError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "logo.png"
"""The logo's name among a campaign's files. The file's text is a PNG or a JPEG in Base64."""

MOST_BYTES = 2_000_000
"""The most bytes of an uploaded picture."""

TOO_LARGE = Message("The logo has more than %(most)s MB. Save it smaller.", {"most": MOST_BYTES // 10**6})

_MOST_PIXELS = 4_000
"""The most pixels of a side. The decoder takes four bytes for each pixel."""

_WIDTH, _HEIGHT = 320, 120
_ENCODED = 10_000
"""The most bytes of the encoded logo, which each email and each visit to the form carries."""
_SMALLER = 0.8

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_IHDR = b"\x00\x00\x00\x0dIHDR"
_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""The chunks that pixels need. Others can hold compressed texts and color profiles of any size."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers before a frame's size (ITU-T T.81, table B.1)."""
_EXIF = 0xE1
_ORIENTATION = re.compile(
    rb"Exif\0\0.*?(?:\x01\x12\0\x03\0\0\0\x01\0|\x12\x01\x03\0\x01\0\0\0)([\x02-\x08])", re.DOTALL
)
"""How a camera was held (Exif 2.32, tag Orientation), in either order of bytes. The decoder ignores it."""
_UPRIGHT = "1 0 0 1 0 0"
_TURNS = {
    2: "-1 0 0 1 1 0",
    3: "-1 0 0 -1 1 1",
    4: "1 0 0 -1 0 1",
    5: "0 1 1 0 0 0",
    6: "0 1 -1 0 1 0",
    7: "0 -1 -1 0 1 1",
    8: "0 -1 1 0 0 1",
}
"""SVG's matrices that turn a picture upright in a square of 1 by 1. A matrix that begins with 0 swaps width and
height."""


def logo_of(files: Mapping[str, str]) -> tuple[Logo | None, tuple[Mistake, ...]]:
    """Return the logo among a campaign's files, if there is one, or what is wrong with it."""
    if FILE not in files:
        return None, ()
    try:
        return read_logo(base64.b64decode(files[FILE])), ()
    except ValueError:  # It is not in Base64.
        return None, _unreadable().mistakes
    except MistakesError as error:
        return None, error.mistakes


def read_logo(content: bytes) -> Logo:
    """Read an uploaded picture. Raises MistakesError; a file that is too large is not decoded."""
    if len(content) > MOST_BYTES:
        raise _mistake(TOO_LARGE)
    if content.startswith(_PNG):
        png = _encoded("png", *_png(content))
    elif content.startswith(_JPEG):
        png = _encoded("jpeg", content, *_jpeg(content))
    else:
        raise _mistake(Message("The logo is neither a PNG nor a JPEG. Save the picture as one of these."))
    return Logo(base64.b64encode(png).decode())


def _png(content: bytes) -> tuple[bytes, int, int]:
    """Return a PNG with nothing but its pixels, and its width and height."""
    kept, position = [_PNG], len(_PNG)
    while position + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        chunk = content[position : position + 12 + length]
        position += len(chunk)
        if kind == b"acTL":
            raise _mistake(Message("The logo moves. Use a picture that stands still."))
        if kind in _CHUNKS:
            kept.append(chunk)
        if kind == b"IEND" and kept[1].startswith(_IHDR):
            return b"".join(kept), *struct.unpack_from(">II", kept[1], 8)
    raise _unreadable()


def _jpeg(content: bytes) -> tuple[int, int, str]:
    """Return the upright width and height of a JPEG, and the matrix that turns it. Refuses a JPEG that is cut off."""
    position, turn = 2, _UPRIGHT
    while _JPEG_END in content[-64:] and position + 9 <= len(content):
        marker, kind, length = struct.unpack_from(">BBH", content, position)
        if marker != 0xFF:  # noqa: PLR2004
            break
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 5)
            return (height, width, turn) if turn.startswith("0") else (width, height, turn)
        if kind == _EXIF and (held := _ORIENTATION.match(content, position + 4, position + 2 + length)):
            turn = _TURNS[held[1][0]]
        position += 2 + length
    raise _unreadable()


def _encoded(media: str, content: bytes, width: int, height: int, turn: str = _UPRIGHT) -> bytes:
    """Decode a picture, and encode it as a PNG that is small enough."""
    if max(width, height) > _MOST_PIXELS:
        values = {"width": f"{width:,}", "height": f"{height:,}", "most": f"{_MOST_PIXELS:,}"}
        raise _mistake(
            Message("The logo has %(width)s × %(height)s pixels. Use at most %(most)s on each side.", values)
        )
    if not width or not height:
        raise _unreadable()
    scale = min(1.0, _WIDTH / width, _HEIGHT / height)
    png = _drawn(media, content, (width * scale, height * scale), turn)
    size = _size(png)
    if png == _drawn("png", b"", size):
        raise _unreadable()
    while len(png) > _ENCODED:
        png = _drawn("png", png, (size[0] * _SMALLER, size[1] * _SMALLER))
        size = _size(png)
    return png


def _drawn(media: str, content: bytes, size: tuple[float, float], turn: str = _UPRIGHT) -> bytes:
    """Draw a picture on white, as a PNG. It stays white if the picture can't be decoded."""
    from resvg_py import svg_to_bytes

    width, height = (max(1, round(side)) for side in size)
    address = f"data:image/{media};base64,{base64.b64encode(content).decode()}"
    # In pixels if nothing turns it: in a square of 1 by 1, even a picture of the right size would be resampled.
    across, down = (width, height) if turn == _UPRIGHT else (1, 1)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {across} {down}"'
        f' preserveAspectRatio="none"><image width="{across}" height="{down}" preserveAspectRatio="none"'
        f' transform="matrix({turn})" href="{address}"/></svg>'
    )
    return svg_to_bytes(svg_string=svg, background="#ffffff", skip_system_fonts=True)


def _size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def _unreadable() -> MistakesError:
    return _mistake(Message("The logo can’t be read, or shows nothing on white. Save the picture again, as a PNG."))


def _mistake(says: Message) -> MistakesError:
    return MistakesError([Mistake(FILE, None, says)])
