"""Smaller PDFs: what Typst writes as plain text, such as the structure that screen readers follow, is compressed."""

from __future__ import annotations

import re
import zlib
from itertools import batched, pairwise

_OBJECTS_IN_STREAM = 200
_TRAILER = re.compile(rb"trailer\s*<<(?P<entries>.*)>>\s*startxref\s+(?P<table>\d+)\s+%%EOF\s*\Z", re.DOTALL)
_TABLE = re.compile(rb"xref\s+0 (?P<size>\d+)\s+(?P<rows>(?:\d{10} \d{5} [fn][ \r\n]{2})+)\Z")
_ROW_BYTES = 20
_HEADER = re.compile(rb"(?P<number>\d+) 0 obj\s+")
_STREAM = re.compile(rb"endstream\s+endobj\Z")

type _Entry = tuple[int, int, int]
"""Whether and how an object is stored, where, and its index or generation (ISO 32000-1, 7.5.8.3)."""

_WIDTHS = (1, 4, 2)
_FREE: _Entry = (0, 0, 0xFFFF)


def pack(pdf: bytes) -> bytes:
    """Put all objects but streams into object streams (ISO 32000-1, 7.5.7). They keep their numbers and their bytes.

    A PDF in another form than Typst's is returned as it is: a larger packet is better than none.
    """
    trailer = _TRAILER.search(pdf, max(pdf.rfind(b"trailer"), 0))
    table = _TABLE.match(pdf, int(trailer["table"]), trailer.start()) if trailer else None
    if not trailer or not table:
        return pdf
    size, places = int(table["size"]), _places(table["rows"])
    starts = [*sorted(places), table.start()]
    packed = bytearray(pdf[: starts[0]])
    entries, others = dict.fromkeys(range(size), _FREE), []
    for start, end in pairwise(starts):
        written = pdf[start:end].rstrip()
        header = _HEADER.match(written)
        if not header or int(header["number"]) != places[start] or not written.endswith(b"endobj"):
            return pdf
        if _STREAM.search(written, len(written) - 20):
            entries[places[start]] = (1, len(packed), 0)
            packed += written + b"\n"
        else:
            others.append((places[start], written[header.end() : -len(b"endobj")].rstrip()))
    for number, objects in enumerate(batched(others, _OBJECTS_IN_STREAM, strict=False), size):
        entries[number] = (1, len(packed), 0)
        entries |= {inside: (2, number, index) for index, (inside, _) in enumerate(objects)}
        packed += _object_stream(number, objects)
    number = len(entries)
    entries[number] = (1, len(packed), 0)
    kept = re.sub(rb"/Size \d+", b"/Size %d" % len(entries), trailer["entries"])
    at = len(packed)
    packed += _stream(number, b"/Type/XRef/W[%d %d %d]" % _WIDTHS + kept, b"".join(map(_row, entries.values())))
    return bytes(packed + b"startxref\n%d\n%%%%EOF\n" % at)


def _places(rows: bytes) -> dict[int, int]:
    """Read where each object is: its number, by its place in the file."""
    each = (rows[start : start + _ROW_BYTES] for start in range(0, len(rows), _ROW_BYTES))
    return {int(row[:10]): number for number, row in enumerate(each) if row[17:18] == b"n"}


def _object_stream(number: int, objects: tuple[tuple[int, bytes], ...]) -> bytes:
    offset, index = 0, []
    for inside, value in objects:
        index.append(b"%d %d" % (inside, offset))
        offset += len(value) + 1
    first = b" ".join(index) + b"\n"
    data = first + b"\n".join(value for _, value in objects)
    return _stream(number, b"/Type/ObjStm/N %d/First %d" % (len(objects), len(first)), data)


def _row(entry: _Entry) -> bytes:
    return b"".join(value.to_bytes(width) for value, width in zip(entry, _WIDTHS, strict=True))


def _stream(number: int, entries: bytes, data: bytes) -> bytes:
    compressed = zlib.compress(data)
    head = b"%d 0 obj\n<<%b/Filter/FlateDecode/Length %d>>\nstream\n" % (number, entries, len(compressed))
    return head + compressed + b"\nendstream\nendobj\n"
