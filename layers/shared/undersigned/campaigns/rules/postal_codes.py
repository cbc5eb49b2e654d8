"""Postal codes: their spelling, and the entries of a target's list.

| written | is |
|---|---|
| `60201` | one code |
| `602*` | all codes that begin with 602 |
| `*` | all codes that no other target lists |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.base.languages import Message

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


def patterns_for(listed: str) -> Iterator[str]:
    """Return a canonical code or a prefix, and each prefix that has all its codes, the most exact one first."""
    if len(listed) > LONGEST:
        return
    yield listed
    beginning = listed.removesuffix("*")
    yield from (f"{beginning[:known]}*" for known in range(len(beginning), 0, -1) if f"{beginning[:known]}*" != listed)


def lists(listed: Iterable[str], postal_code: str) -> bool:
    """Say whether a target's list has a postal code in any spelling. `*` doesn't count."""
    return not set(patterns_for(canonical_postal_code(postal_code))).isdisjoint(listed)


def in_words(listed: Sequence[str], language: str) -> str:
    """Say whose letters a target gets by its list: `60201, 60301`, `everyone not listed`, or `everyone`."""
    if not listed:
        return Message.in_context("whose letters", "everyone").in_language(language)
    codes = ", ".join(_in_words(entry, language) for entry in listed[:_MOST_IN_WORDS])
    more = len(listed) - _MOST_IN_WORDS
    if more <= 0:
        return codes
    return Message("%(codes)s and %(more)s more", {"codes": codes, "more": f"{more:,}"}).in_language(language)


def _in_words(entry: str, language: str) -> str:
    if entry == ALL_OTHERS:
        said = Message.in_context("whose letters", "everyone not listed")
    elif entry.endswith("*"):
        said = Message("all that begin with %(beginning)s", {"beginning": entry[:-1]})
    else:
        return entry
    return said.in_language(language)
