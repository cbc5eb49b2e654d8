"""The merge fields and the limits of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, Message] = {
    "target.title": Message("recipient’s title"),
    "target.name": Message("recipient’s name"),
    "target.department": Message("recipient’s department"),
    "target.locality": Message("recipient’s town"),
    "signer.name": Message("your name"),
    "signer.address": Message("your address"),
    "signer.address_line": Message("your street"),
    "signer.locality": Message("your town"),
    "signer.region": Message("your state"),
    "signer.postal_code": Message("your postal code"),
    "signer.answer": Message("your answer"),
    "signature": Message("signature"),
    "date": Message("date"),
    "note": Message("your own words"),
}
"""The merge fields of letters, each with the words of its placeholder. “Your” is the signer's."""

SIGN_ONLINE = Message("Or sign on the web: %(address)s")
"""Begins what stands below a letter on paper."""

LONGEST_LETTER = 20_000
"""The most characters in a letter's Markdown: about seven pages of a packet for each signer."""

MOST_TAGS = 200
"""The most merge fields in a letter. No field is longer than the note, so the output has a limit."""


def too_much_in(text: str, longest: int = LONGEST_LETTER) -> Message | None:
    """Return an error message if a letter is too long or has too many merge fields, else None. Parses nothing."""
    if len(text) > longest:
        return Message(
            "the letter has %(count)s characters, more than the maximum of %(most)s; shorten it",
            {"count": f"{len(text):,}", "most": f"{longest:,}"},
        )
    tags = text.count("{{")
    if tags > MOST_TAGS:
        return Message(
            "the letter has %(count)s places to fill in, more than the maximum of %(most)s; remove some",
            {"count": f"{tags:,}", "most": MOST_TAGS},
        )
    return None
