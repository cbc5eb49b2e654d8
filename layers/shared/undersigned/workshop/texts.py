"""Reading text from files and cells that people write."""

from __future__ import annotations

import re
import unicodedata

from undersigned.base.languages import Message
from undersigned.base.names import folded
from undersigned.workshop.mistakes import Mistake, MistakesError, count_and_most
from undersigned.workshop.table_texts import NO_TABLE, encoding_of

_LONGEST_FILE = 1_000_000  # bytes
_LONGEST_TABLE = 4_000_000
_LONGEST_SLUG = 40


def text_of(file: str, content: bytes) -> str:
    """Return a file's text. Raises MistakesError if it is too long, empty or not in UTF-8.

    A table can also be in UTF-16 or Windows-1252, as spreadsheets write them. Removes a byte order mark and converts
    the line ends of other systems, so that a letter's version is the same on all systems.
    """
    longest = _LONGEST_TABLE if file.endswith(".csv") else _LONGEST_FILE
    if len(content) > longest:
        values = count_and_most(len(content), longest)
        message = Message("the file has %(count)s bytes, more than the maximum of %(most)s; remove some", values)
        raise MistakesError([Mistake(file, None, message)])
    encoding = encoding_of(content) if file.endswith(".csv") else "utf-8"
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = Message("the file is not in UTF-8; save it with UTF-8 encoding")
        raise MistakesError([Mistake(file, line, message, plainly=NO_TABLE)]) from error
    text = with_our_line_ends(text)
    if not text.strip():
        raise MistakesError([Mistake(file, None, Message("the file is empty; fill it in, or choose another one"))])
    return text


def encoding_warning(file: str, content: bytes) -> Mistake | None:
    """Return a warning if a table is in neither UTF-8 nor UTF-16, so that its encoding is only assumed."""
    if not file.endswith(".csv") or encoding_of(content) != "cp1252":
        return None
    message = Message("the file is not in UTF-8, and is read as Windows-1252; check the names that have accents")
    return Mistake(file, None, message)


def with_our_line_ends(text: str) -> str:
    """Return a text whose lines end in a line feed, whichever system or browser wrote it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def on_one_line(text: str) -> str:
    """Return a text on one line, without repeated spaces, because email headers contain titles and names."""
    return " ".join(text.split())


def on_lines(text: str) -> str:
    """Return the lines of a text that are not blank, each without repeated spaces."""
    return "\n".join(filter(None, map(on_one_line, text.splitlines())))


def plain_words(text: str) -> str:
    """Return the words of a text without case, accents and punctuation."""
    return " ".join(re.sub(r"[\W_]+", " ", folded(text)).split())


def slug_of(text: str) -> str:
    """Return a name for web addresses of the first words of a text; empty if it has no letter or digit of ASCII."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    whole_words, _, _ = slug[: _LONGEST_SLUG + 1].rpartition("-")
    return slug if len(slug) <= _LONGEST_SLUG else whole_words or slug[:_LONGEST_SLUG]
