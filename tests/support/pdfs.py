"""Read the PDF of a packet as programs do."""

from __future__ import annotations

import io
import re
import subprocess
from html import unescape

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def languages_in(pdf: bytes) -> set[str]:
    """Return the languages that the document and its parts declare."""
    reader = PdfReader(io.BytesIO(pdf))
    size = reader.trailer["/Size"]
    assert isinstance(size, int)
    each = [reader.get_object(number) for number in range(1, size)]
    return {str(one["/Lang"]) for one in each if isinstance(one, DictionaryObject) and "/Lang" in one}


def boxes_of(pdf: bytes) -> set[tuple[int, int]]:
    """Return the sizes of its pages, in points."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in pages}


def word_boxes(pdf: bytes, page: int) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return a page's words as Poppler sees them: left, top, right and bottom are in points from its top left."""
    command = ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), "-", "-"]
    found = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()  # noqa: S603
    words = re.findall(r'<word xMin="(.*)" yMin="(.*)" xMax="(.*)" yMax="(.*)">(.*)</word>', found)
    return [(unescape(word), (float(x), float(y), float(right), float(low))) for x, y, right, low, word in words]
