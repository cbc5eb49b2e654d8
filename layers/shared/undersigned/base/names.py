"""People's names, and searches for them."""

from __future__ import annotations

import unicodedata

SHORTEST_SEARCH, LONGEST_SEARCH = 2, 100
"""How many characters a search for a name may have. Fewer would find almost everybody."""


def folded(text: str) -> str:
    """Return a text without accents, case and surplus spaces: `rossi` for `Rössi`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(mark for mark in decomposed if not unicodedata.combining(mark)).split())


def is_named(name: str, wanted: str) -> bool:
    """Return whether each word of `wanted` is in a name, in any order, whatever the case and the accents."""
    within = folded(name)
    return all(word in within for word in folded(wanted).split())
