"""Words by which filters of offices hold back emails, although a campaign may need them.

They are from a public list, LDNOOBW (https://github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words),
in English and Spanish: the words about matters of public policy. Nobody publishes the list of a filter.
"""

from __future__ import annotations

import re

from undersigned.base.names import folded

_WORDS = re.compile(
    r"\b(?:asesinato|brothel|cocain|drogas?\b|escort|genital|heroina?\b|incest|marijuana|naked|nazi|nud[eity]|pa?edophil"
    r"|porn|prostitut|rap(?:e[ds]?|ing|ists?)\b|sex)\w*"
)


def filtered_words(text: str) -> list[str]:
    """Return the words of a text that filters may hold an email back for: in lowercase, without accents, each once."""
    return list(dict.fromkeys(_WORDS.findall(folded(text))))
