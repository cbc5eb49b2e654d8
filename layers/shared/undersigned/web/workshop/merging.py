"""Merge what two people changed at once, part by part: a setting, or a recipient.

A page keeps a fingerprint of each part as it was. With it, a part that only one of them changed needs no question.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Merged:
    """`taken` are the parts that only this person changed, None for one that they removed.

    `disputed` are the parts that both changed, each in another way: a person decides.
    """

    taken: Mapping[str, str | None] = field(default_factory=dict)
    disputed: tuple[str, ...] = ()


def fingerprint(text: str | None) -> str:
    """Return the fingerprint of a part's text; an empty one if there is no such part."""
    return "" if text is None else hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGITS]


def fingerprints(parts: Mapping[str, str]) -> str:
    """Return the fingerprints of parts, as a hidden field of the page has them."""
    return json.dumps({name: fingerprint(text) for name, text in parts.items()}, separators=(",", ":"))


def read_fingerprints(value: object) -> Mapping[str, str]:
    """Return the fingerprints in a page's hidden field; none if it is missing or was changed."""
    try:
        known = json.loads(value) if isinstance(value, str) else {}
    except (ValueError, RecursionError):
        return {}
    pairs = known.items() if isinstance(known, dict) else ()
    return {name: digest for name, digest in pairs if isinstance(digest, str)}


def merge(was: Mapping[str, str], mine: Mapping[str, str | None], theirs: Mapping[str, str]) -> Merged:
    """Merge the parts that a person sent with those that are there now. `was` has the fingerprints of the page."""
    taken: dict[str, str | None] = {}
    disputed: list[str] = []
    for name, text in mine.items():
        before, now = was.get(name, ""), theirs.get(name)
        if text == now or fingerprint(text) == before:
            continue
        if fingerprint(now) == before:
            taken[name] = text
        else:
            disputed.append(name)
    return Merged(taken, tuple(disputed))
