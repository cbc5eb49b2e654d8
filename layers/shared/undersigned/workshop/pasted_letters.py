"""Read a letter that was pasted, or typed for paper, as the Markdown of a campaign's letter.

A blank to fill in by hand becomes a placeholder: `____ (print name)` is `[print name]`, and one without words beside it
is `[fill in]`. Words alone on a line, such as `(signature)`, are one, too. The compiler lists each placeholder that is
no merge field, so that somebody names it. Lists keep their entries, and lines that a word processor wrapped are joined.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

from undersigned.base.languages import Message, languages
from undersigned.campaigns.rules.letter_fields import SIGN_ONLINE, too_much_in
from undersigned.workshop.letters import ADDRESS, FILE, RULE, TAG, is_form_line
from undersigned.workshop.mistakes import TooMuchError
from undersigned.workshop.typed_letters import merged_letter, unboxed

_FILL_IN = Message("[fill in]")
"""The placeholder of a blank without words beside it."""

# Word (U+000B), Pages (U+2028) and old systems (U+0085) break a line within a paragraph.
_SOFT_BREAK = re.compile("(?<=\\S)[\v\u0085\u2028\u2029]+")
# Word's bullets are characters, some of them in the private use area.
_BULLET = re.compile(r"^[ \t]*+(?:[•●▪■◦○‣⁃∙►➢✓·\uf0a7\uf0b7\uf0d8\uf0fc][ \t]*|[-*o§–—]\t[ \t]*)(?=\S)", re.MULTILINE)
# Converters put a backslash before each underscore.
_ANY_RULE = RULE.replace("_", r"\\?_")
# Documents that are pasted have a line break before each line.
_GAP = r"(?:\s|\\(?=\n))"
_CAPTION = r"[(\[]([^()\[\]{}\\\n.!?;:]{2,50})[)\]](?!\()"
_BLANK = re.compile(
    rf"{ADDRESS}"
    # A caption below lines to write on: at most four, so that the time stays linear.
    rf"|^[ \t]*+(?:[Xx] ?)?(?P<rules>(?>{_ANY_RULE}(?:{_GAP}++{_ANY_RULE}){{0,3}}))"
    rf"(?P<below>(?:{_GAP}*+{_CAPTION})++)[ \t]*+(?=\\?$)"
    rf"|(?:\b[Xx] ?)?(?P<rule>(?>{_ANY_RULE}(?:[ \t]++{_ANY_RULE})*))(?P<beside>(?:[ \t]*+{_CAPTION})*+)"
    rf"|^[ \t]*+(?P<alone>(?:(?=\(){_CAPTION}[ \t]*+)++)(?=\\?$)",
    re.MULTILINE,
)


def pasted_letter(typed: str, language: str) -> str:
    """Return a typed or pasted text as the text of `letter.md`. `language` is the page's.

    The foot of a paper form is removed. A letter that has its merge fields already doesn't change. Raises TooMuchError
    for a text that takes long to read.
    """
    if too_much := too_much_in(typed):
        raise TooMuchError(FILE, None, too_much)
    text = _with_placeholders(_foot().sub("", _without_traces(typed)), language)
    return _joined(merged_letter(text, language))


def _without_traces(text: str) -> str:
    """Return a text without what word processors leave in it."""
    text = re.sub("[\ufeff\u200b\f]", "", text).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    # Markdown needs no backslash before these.
    text = re.sub(r"\\([$'\"])", r"\1", text)
    text = unboxed(re.sub(r"(?<=\S)[ \t]+\\$", r"\\", text, flags=re.MULTILINE))
    return _BULLET.sub("- ", _SOFT_BREAK.sub("\\\\\n", text))


@cache
def _foot() -> re.Pattern[str]:
    """Match what stands below the letter on a paper form, in each language, to the end of the text."""
    begins = (replace(SIGN_ONLINE, values={"address": ""}).in_language(known) for known in languages())
    return re.compile(rf"^[ \t]*(?:{'|'.join(map(re.escape, begins))})https?://.*\Z", re.DOTALL | re.MULTILINE)


def _with_placeholders(text: str, language: str) -> str:
    fill_in = _FILL_IN.in_language(language)

    def placeholder(part: re.Match[str]) -> str:
        rules = (part["rules"] or part["rule"] or "").replace("\\", "")
        # Two underscores are emphasis.
        if not ("___" in rules or "_/_" in rules or part["alone"]):
            return part.group()
        captions = re.findall(_CAPTION, part["below"] or part["beside"] or part["alone"] or "")
        return "\n".join(f"[{words}]" for words in captions) or fill_in

    return _BLANK.sub(placeholder, text)


_ENTRY = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])\s")
# Tables, headings, quotations and ruled lines have lines of their own in Markdown.
_OWN_LINE = re.compile(r"[|#>=]|---")
# Text with a longer line is not wrapped: each of its lines is a paragraph, as Word copies them.
_UNWRAPPED = 160
# Text is wrapped at more columns than these, so shorter lines can belong to an address or a closing.
_SHORT = 60

# In letterheads: “12 Oak St.”, “office@oakton.example”.
_ABBREVIATED, _REACHED = re.compile(r"\b[A-Z][A-Za-z]{0,3}\.$"), re.compile(r"www\.|https?://|\S+@\S+$")

# Where a page of a PDF ends, a sentence goes on after a blank line.
_WITHIN_SENTENCE = re.compile(rf"(?<=[^\n]{{{_SHORT}}}[^\W\d_])\n{{2,}}(?=[^\W\d_])")
# Text copied from a PDF has no blank lines. Where the next word had room on a line, a paragraph ends.
_ROOM = 0.9


def _joined(text: str) -> str:
    """Join the lines of each paragraph that was wrapped."""
    text = "\n".join(line if line.strip() else "" for line in text.split("\n")).strip("\n")
    text = _WITHIN_SENTENCE.sub(lambda gap: "\n" if gap.string[gap.end()].islower() else gap.group(), text)
    return "\n\n".join(_block(block.split("\n")) for block in re.split(r"\n{2,}", text)) + "\n"


def _block(lines: list[str]) -> str:
    """Join lines that have no blank line between them, so that Markdown keeps them apart where paper does."""
    widest = max(map(_columns, lines))
    parts = (_between(above, below, widest) + below for above, below in pairwise(lines))
    return "".join([lines[0], *parts])


def _between(above: str, below: str, widest: int) -> str:
    is_unwrapped = widest > _UNWRAPPED
    if above.endswith(("\\", "  ")) or _ENTRY.match(below) or _OWN_LINE.match(above) or _OWN_LINE.match(below):
        return "\n"
    is_address = widest <= _SHORT and bool(_ABBREVIATED.search(above) or _REACHED.match(below))
    goes_on = below[0].islower() or below[0].isspace() or _columns(above) > _SHORT
    if _ENTRY.match(above):
        return "\n" if goes_on and not is_unwrapped else "\n\n"
    is_salutation = above[-1] in ",:" and _columns(above) <= _SHORT < _columns(below)
    if is_salutation or (_SHORT < widest <= _UNWRAPPED and _ends_paragraph(above, below, widest)):
        return "\n\n"
    if is_form_line(above) or is_form_line(below):
        return "\n"
    if not is_address and (goes_on or below[0] == "{" or above[-1] in ".!?" or _columns(below) > _SHORT):
        return "\n\n" if is_unwrapped else "\n"
    return "\\\n"


def _ends_paragraph(above: str, below: str, widest: int) -> bool:
    has_room = _columns(above) + len(below.split(maxsplit=1)[0]) < _ROOM * widest
    return above[-1] in ".!?" and below[0].isupper() and has_room


def _columns(line: str) -> int:
    return len(TAG.sub("", line))
