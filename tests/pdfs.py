"""Read the PDF of a packet as programs do."""

from __future__ import annotations

import io

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def languages_in(pdf: bytes) -> set[str]:
    """Return the languages that the document and its parts declare."""
    reader = PdfReader(io.BytesIO(pdf))
    size = reader.trailer["/Size"]
    assert isinstance(size, int)
    each = [reader.get_object(number) for number in range(1, size)]
    return {str(one["/Lang"]) for one in each if isinstance(one, DictionaryObject) and "/Lang" in one}
