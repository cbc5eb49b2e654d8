"""Characters: which ones a typed line may contain, and which ones are visible on paper."""

from __future__ import annotations

import re
import unicodedata

AFTER_LINKS = ".,;:)]>"
"""What people copy with a link from a sentence. No link of ours ends with it."""

# Unicode's explicit directional overrides and isolates: they reorder text that is not theirs.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Categories of code points that are not text on a line: controls, surrogates, private use, unassigned, line ends.
_NOT_TEXT = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Characters that show nothing (Default_Ignorable_Code_Point), so they can carry a text that only machines read. Tags,
# operators and format marks are in no name. The others join, part or vary the letters of some scripts, at most two at a
# time: never the letters of Latin, Greek and Cyrillic.
_HIDDEN = re.compile(
    "[\u2061-\u2064\u206a-\u206f\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff]"
    "|[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]{3}"
    "|(?P<letter>[A-Za-z\u00c0-\u024f\u0370-\u052f\u1e00-\u1fff])[\u034f\u200b-\u200d\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_WEB_ADDRESS = re.compile(r"://|\bwww\.|\b(?:https?|ftp|mailto|tel|sms):|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE)
# Words joined by dots, such as a domain, and the characters beside them.
_DOTTED = re.compile(r"(?P<before>[@/:]?)(?P<words>[\w-]+(?:\.[\w-]+)+)(?P<after>[@/:?#]?)")
# Nobody has these as a name, so initials before them are a domain.
_ALWAYS_DOMAINS = frozenset({"com", "net", "org"})
_DIGITS_OF_A_PHONE_NUMBER = 7
# Unicode calls these letters and symbols, but they are blank: the Hangul fillers, and the Braille blank.
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")


def can_be_printed(text: str) -> bool:
    """Say whether a line is only text: no control characters, line ends or bidirectional controls, no hidden text."""
    if _HIDDEN.search(text):
        return False
    # `str.isprintable` is true of no character below, and looks at a whole line at once.
    return text.isprintable() or not any(
        unicodedata.category(character) in _NOT_TEXT or character in _BIDI_CONTROLS for character in text
    )


def without_hidden(text: str) -> str:
    """Return a text with its lines, and without what `can_be_printed` refuses."""
    text = "".join(character for character in text if character == "\n" or can_be_printed(character))
    while _HIDDEN.search(text):
        text = _HIDDEN.sub(r"\g<letter>", text)
    return text


def unprintable_in(line: str) -> str | None:
    """Return the first character of a line that can't be printed, as Unicode writes it: `U+0007`; or None."""
    if can_be_printed(line):
        return None
    found = next((character for character in line if not can_be_printed(character)), None)
    return f"U+{ord(found):04X}" if found else None


def has_ink(text: str) -> bool:
    """Say whether a text has a visible character: no blank, accent or invisible one such as U+200B."""
    return any(unicodedata.category(character)[0] not in "CMZ" for character in _BLANK.sub("", text))


def has_web_address(text: str) -> bool:
    """Say whether a text has something that mail programs turn into a link, also in wide characters.

    They link words with a dot between them if the last one is a top-level domain: `evil.com`, but not `St.John`.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    return bool(_WEB_ADDRESS.search(text)) or any(map(_is_domain, _DOTTED.finditer(text)))


def _is_domain(found: re.Match[str]) -> bool:
    """Say whether dotted words are a domain, not initials before a surname that is a top-level domain (`J.Ng`)."""
    *initials, last = found["words"].split(".")
    if len(last) == 1:
        return False
    is_beside_more = found["before"] or found["after"]
    is_name = last[0].isupper() or len(initials) > 1
    if all(len(word) == 1 for word in initials) and is_name and not is_beside_more:
        return last.lower() in _ALWAYS_DOMAINS
    # It is loaded only for dotted words, which few names have.
    from linkify_it.tlds import TLDS  # type: ignore[import-untyped]

    ending = last if last.isascii() else "xn--" + last.lower().encode("punycode").decode()
    return ending.upper() in TLDS


def has_phone_number(text: str) -> bool:
    """Say whether a text has as many digits as a phone number without its area code."""
    return sum(character.isdecimal() for character in text) >= _DIGITS_OF_A_PHONE_NUMBER
