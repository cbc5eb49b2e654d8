"""Turn a campaign's letter into the text that people edit on its page, and back.

In `letter.md` a place to fill in is a merge field, `{{ signer.locality }}`. On the page it is words in brackets, in the
page's language: `[your town]`. Brackets of links, and those after a backslash, are text.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from undersigned.base.languages import languages
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.workshop.letters import PART, TAG, is_form_line

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def placeholders(language: str) -> Mapping[str, str]:
    """Return the words of each merge field in a language, by its tag in `letter.md`."""
    return {f"{{{{ {name} }}}}": says.in_language(language) for name, says in FIELDS.items()}


@cache
def _tags(language: str) -> Mapping[str, str]:
    """Return the tags by their words. A page knows the words of all languages, its own first."""
    return {_plain(words): tag for known in (*languages(), language) for tag, words in placeholders(known).items()}


def _plain(words: str) -> str:
    """Return words as they are compared: in lowercase, and with one kind of apostrophe."""
    return " ".join(words.split()).replace("'", "’").lower()


def _with_spaces(tag: str) -> str:
    return " ".join((tag[:2], *tag[2:-2].split(), tag[-2:]))


def typed_letter(letter: str, language: str) -> str:
    """Return the text of `letter.md` with placeholders for its merge fields."""
    words = placeholders(language)

    def shown(part: re.Match[str]) -> str:
        known = words.get(_with_spaces(part["tag"])) if part["tag"] else None
        # A round bracket right after it would make a link of it.
        return part.group() if known is None else f"[{known}]{'\\(' if part['round'] else ''}"

    return PART.sub(shown, letter)


def merged_letter(typed: str, language: str) -> str:
    """Return a typed text with merge fields for its placeholders; other brackets stay."""
    tags = _tags(language)
    return PART.sub(lambda part: tags.get(_plain(part["words"] or ""), part.group()), typed)


# Other lines begin or end a list, a quotation or the like.
_END, _BEGIN = r"(?<=[^\W_]|[,.;:!?)\]’”])", r"(?=[^\W\d_]|\d{1,9}+(?![.)])|[\[(“‘])"
_BREAK, _SPACES = re.compile(rf"{_END}\\\n{_BEGIN}"), re.compile(rf"{_END} {{2,}}\n{_BEGIN}")


def boxed_letter(letter: str, language: str) -> str:
    """Return what the letter's field shows: its typed text, with two spaces for the backslash of a line break.

    Both are Markdown's. Nobody sees the spaces, and `unboxed` puts the backslash back.
    """
    return _BREAK.sub("  \n", typed_letter(letter, language))


def unboxed(text: str) -> str:
    """Return the text of the letter's field with a backslash at each line break."""
    return _SPACES.sub("\\\\\n", text)


def readable_letter(letter: str, language: str) -> str:
    """Return a letter, which may have mistakes, with its merge fields as text in brackets, known or not."""
    # A name with a dot would be taken for a web address.
    lines = letter.split("\n")
    for place, (above, below) in enumerate(pairwise([*lines])):
        if above and below and (is_form_line(above) or is_form_line(below)):
            lines[place] = above.removesuffix("\\") + "\\"
    typed = TAG.sub(
        lambda tag: f"[{tag[0].strip('{} ')}]".replace(".", "\\."), typed_letter("\n".join(lines), language)
    )
    typed = re.sub(r"[{}]", "", typed)
    return PART.sub(lambda part: f"\\[{part['words']}\\]" if part["words"] else part.group(), typed)
