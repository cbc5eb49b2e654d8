"""Pictures to upload as a logo, made without a library."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RED = (194, 34, 34)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\x00\x00\x00\x00IEND\xaeB`\x82"

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////"
    "////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCAAMABgD"
    "ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFgEBAQEAAAAAAAAAAAAAAAAAAAIE/8QAFBEB"
    "AAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AmAhoAAf/2Q=="
)
"""24 by 12 red pixels."""


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int) -> bytes:
    """Return how a PNG with transparency begins."""
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))


def png(
    width: int, height: int, color: Callable[[int, int], tuple[int, ...]] | None = None, more: bytes = b""
) -> bytes:
    """Return a PNG: a red disc without a background, or with a color for each position. `more` are further chunks."""
    middle, radius = (width / 2, height / 2), min(width, height) / 2

    def disc(x: int, y: int) -> tuple[int, ...]:
        return (*RED, 255) if (x - middle[0]) ** 2 + (y - middle[1]) ** 2 < radius**2 else (0, 0, 0, 0)

    rows = (b"\0" + b"".join(bytes((color or disc)(x, y)) for x in range(width)) for y in range(height))
    return header(width, height) + more + chunk(b"IDAT", zlib.compress(b"".join(rows))) + END
