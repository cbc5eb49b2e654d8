"""Postal codes: their spelling, and the entries of a target's list.

| written | is |
|---|---|
| `60201` | one code |
| `602*` | all codes that begin with 602 |
| `60201-60209` | all codes from the first to the last; digits only |
| `*` | all codes that no other target lists |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ALL_OTHERS = "*"
"""Stands for all codes that no other target lists."""

LONGEST = 9
"""The most characters of a postal code."""

_MOST_IN_WORDS = 12

_ZIP_PLUS_FOUR = re.compile(r"(\d{5})\d{4}")


def canonical_postal_code(text: str) -> str:
    """Return the spelling by which a postal code is looked up.

    Letter case, spaces and hyphens don't matter, and a US ZIP+4 counts as its five digits:
    `60201-1234` → `60201`, `k1a 0b1` → `K1A0B1`.
    """
    compact = re.sub(r"[\s-]", "", text).upper()
    plus_four = _ZIP_PLUS_FOUR.fullmatch(compact)
    return plus_four.group(1) if plus_four else compact


def patterns_of(listed: str) -> Iterator[str]:
    """Return the patterns of an entry in a target's list: the entry itself, or the parts of a range.

    `60201-60219` → `60201` … `60209`, `6021?`, where `?` is any digit. A range has at most a hundred. So a few look-ups
    find a code in any number of ranges.
    """
    first, hyphen, last = listed.partition("-")
    if not hyphen:
        yield listed
        return
    number, digits = int(first), len(first)
    while number <= int(last):
        free = 0
        while free < digits - 1 and number % 10 ** (free + 1) == 0 and number + 10 ** (free + 1) - 1 <= int(last):
            free += 1
        yield str(number // 10**free).zfill(digits - free) + "?" * free
        number += 10**free


def patterns_for(code: str) -> Iterator[str]:
    """Return the patterns that a canonical code matches, the most exact one first; not `*`."""
    if len(code) > LONGEST:
        return
    for known in range(len(code), 0, -1):
        yield code[:known] + "?" * (len(code) - known)
        yield f"{code[:known]}*"


def patterns_around(pattern: str) -> Iterator[str]:
    """Return this pattern, and those with some of its codes that begin with fewer characters, or as many."""
    yield pattern
    beginning = pattern.rstrip("*?")
    lengths = range(len(beginning), LONGEST + 1) if pattern.endswith("*") else (len(pattern),)
    for known in range(len(beginning), 0, -1):
        for around in (f"{beginning[:known]}*", *(beginning[:known] + "?" * (length - known) for length in lengths)):
            if around != pattern:
                yield around


def lists(listed: Iterable[str], postal_code: str) -> bool:
    """Say whether a target's list has a postal code in any spelling. `*` doesn't count."""
    wanted = set(patterns_for(canonical_postal_code(postal_code)))
    return any(pattern in wanted for entry in listed for pattern in patterns_of(entry))


def in_words(listed: Sequence[str], language: str) -> str:
    """Say whose letters a target gets by its list: `60201 to 60209, 60301`, `everyone not listed`, or `everyone`."""
    if not listed:
        return Message.in_context("whose letters", "everyone").in_language(language)
    codes = ", ".join(_in_words(entry, language) for entry in listed[:_MOST_IN_WORDS])
    more = len(listed) - _MOST_IN_WORDS
    if more <= 0:
        return codes
    return Message("%(codes)s and %(more)s more", {"codes": codes, "more": f"{more:,}"}).in_language(language)


def _in_words(entry: str, language: str) -> str:
    first, hyphen, last = entry.partition("-")
    if entry == ALL_OTHERS:
        said = Message.in_context("whose letters", "everyone not listed")
    elif entry.endswith("*"):
        said = Message("all that begin with %(beginning)s", {"beginning": entry[:-1]})
    elif hyphen:
        said = Message.in_context("postal codes", "%(first)s to %(last)s", {"first": first, "last": last})
    else:
        return entry
    return said.in_language(language)
