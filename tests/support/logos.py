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
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm"
    "x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAMABgD"
    "AREAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAgMEBf/EACMQAAEBBQkAAAAAAAAAAAAAAAADAQIEERMVITFCUVOBotH/xAAZAQEAAgMAAAAA"
    "AAAAAAAAAAAEAgMABQb/xAAfEQABAwQDAQAAAAAAAAAAAAAAAgMRAQQSURMUIUH/2gAMAwEAAhEDEQA/AM+o7qZ1ndGw7Dew04pFGdR+U8LmlLrD"
    "iYmgC9rR3HD2JGWhC7vVvhVxK0A4V6ITohQiKy8g7r4SSThCR//Z"
)
"""24 by 12 pixels: red and green, below them blue and black."""


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG with transparency."""
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


def turned(orientation: int, order: str = ">") -> bytes:
    """Return the JPEG as a camera that was held in another way writes it (Exif's Orientation)."""
    entry = struct.pack(f"{order}HHHIHH", 1, 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + struct.pack(f"{order}2sHI", b"MM" if order == ">" else b"II", 42, 8) + entry + bytes(4)
    return JPEG[:2] + struct.pack(">HH", 0xFFE1, len(exif) + 2) + exif + JPEG[2:]
