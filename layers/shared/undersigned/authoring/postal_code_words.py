"""Words that people write in place of postal codes, such as "all others" or "todos", and their meanings."""

from __future__ import annotations

import re
from typing import Literal

from undersigned.authoring.texts import plain_words

type Meaning = Literal["others", "everyone", "either", "nobody"]

_OTHERS = (
    "all other",
    "all others",
    "all the others",
    "all else",
    "all the rest",
    "all remaining",
    "all unlisted",
    "any other",
    "anybody else",
    "anyone else",
    "anywhere else",
    "elsewhere",
    "everybody else",
    "everyone else",
    "everyone not listed",
    "everything else",
    "everywhere else",
    "not listed",
    "other",
    "others",
    "remainder",
    "remaining",
    "rest",
    "rest of the state",
    "the others",
    "the remainder",
    "the rest",
    "demas",
    "el resto",
    "las demas",
    "las otras",
    "lo demas",
    "los demas",
    "los otros",
    "los que no estan en la lista",
    "otras",
    "otros",
    "resto",
    "todas las demas",
    "todo lo demas",
    "todos los demas",
    "todos los otros",
    "todos los que no estan en la lista",
)
_EVERYONE = ("anybody", "anyone", "everybody", "everyone", "cualquiera", "todas las personas", "todo el mundo", "todos")
_EITHER = ("all", "all of them", "all the", "any", "every", "everything", "everywhere", "alle")
_EITHER_IN_SPANISH = ("cualquier", "toda", "todas", "todas las", "todo", "todos los")
_NOBODY = ("", "n a", "na", "no one", "nobody", "none", "nothing", "nadie", "ninguna", "ninguno")

_MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(_OTHERS, "others"),
    **dict.fromkeys(_EVERYONE, "everyone"),
    **dict.fromkeys(_EITHER + _EITHER_IN_SPANISH, "either"),
    **dict.fromkeys(_NOBODY, "nobody"),
}
_OF_WHAT = re.compile(
    r" (?:(?:zip|postal|post)? ?codes?|zips?|zipcodes?|postcodes?|areas?|towns?|cities|places?|people|residents?"
    r"|signers?|codigos?(?: postal(?:es)?)?|zonas?|ciudades|lugares|personas)$"
)
_LONGEST = 60


def meaning_of(text: str) -> Meaning | None:
    """Return the meaning of an entry in words; None for codes, and for words that mean nothing here.

    Case, accents, punctuation and `*` don't matter. "either" can mean everyone or all others.
    """
    if len(text) > _LONGEST:
        return None
    plain = plain_words(text)
    return _MEANINGS.get(plain) or _MEANINGS.get(_OF_WHAT.sub("", plain))
