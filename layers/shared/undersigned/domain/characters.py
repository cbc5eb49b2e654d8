"""Characters: which ones a typed line may contain, and which ones are visible on paper."""

from __future__ import annotations

import re
import unicodedata

# Unicode's explicit directional overrides and isolates: they reorder text that is not theirs.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Categories of code points that are not text on a line: controls, surrogates, private use, unassigned, line ends.
_NOT_TEXT = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Unicode calls these letters and symbols, but they are blank: the Hangul fillers, and the Braille blank.
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")


def can_be_printed(text: str) -> bool:
    """Say whether a line is only text: no control characters, no line ends, no bidirectional controls."""
    return not any(unicodedata.category(character) in _NOT_TEXT or character in _BIDI_CONTROLS for character in text)


def unprintable_in(line: str) -> str | None:
    """Return an error message if a line of a person's file has a character that can't be printed, else None."""
    found = next((character for character in line if not can_be_printed(character)), None)
    return f"has U+{ord(found):04X}, which can't be printed; type the text instead of pasting it" if found else None


def has_ink(text: str) -> bool:
    """Say whether a text has a visible character, not only blanks, invisible characters such as U+200B, and accents."""
    return any(unicodedata.category(character)[0] not in "CMZ" for character in _BLANK.sub("", text))
