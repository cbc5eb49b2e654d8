r"""Convert a letter typed for paper, with blanks to fill in by hand, to the Markdown of a campaign's letter.

A blank is a rule of three underscores or more (bare, or escaped as `\_`), a placeholder such as `(print name)` or
`[address]`, or a label with nothing after it (`Date:`). Its caption below, its shape (`__/__/____`), the words before
it or the placeholder beside it tell what belongs there. Each blank is reported. Everything else stays. People see the
letter before it is used, and correct what the rules here get wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from undersigned.authoring.letters import TAG, is_form_line
from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError, count_and_most
from undersigned.authoring.paper_labels import (
    fields_after,
    fields_of_label,
    last_sentence,
    tags,
    without_markup,
)
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Finding:
    """A blank of the paper form, by its line (1-based), and its replacement."""

    line: int
    blank: str
    outcome: str

    def __str__(self) -> str:
        """Write it as one line of a report."""
        return f"line {self.line}: “{self.blank}” → {self.outcome}"


def import_letter(text: str, file: str = "paper form") -> tuple[str, tuple[Finding, ...]]:
    """Return a paper form's text as the Markdown of a letter, with a finding for each of its blanks.

    A letter that has its merge fields already stays as it is. Raises MistakesError with every blank whose meaning is
    unknown, and TooMuchError for a text that takes long to read.
    """
    _check_size(file, text)
    lines = _read(text)
    _fill(lines)
    if mistakes := [mistake for line in lines for mistake in line.mistakes(file)]:
        raise MistakesError(mistakes)
    return _letter(lines), tuple(finding for line in lines for finding in line.findings())


_LONGEST = 30_000
_MOST_LINES = 500

# Word (U+000B), Pages (U+2028) and old systems (U+0085) break a line within a paragraph.
_SOFT_BREAK = re.compile("(?<=\\S)[\v\u0085\u2028\u2029]+")


def _check_size(file: str, text: str) -> None:
    lines = len(re.findall("[\n\r\v\u0085\u2028\u2029]", text))
    if len(text) > _LONGEST:
        message = Message(
            "the text has %(count)s characters, more than the maximum of %(most)s; leave out what is not the letter",
            count_and_most(len(text), _LONGEST),
        )
        raise TooMuchError(file, None, message)
    if lines > _MOST_LINES:
        message = Message(
            "the text has %(count)s lines, more than the maximum of %(most)s; leave out what is not the letter",
            count_and_most(lines, _MOST_LINES),
        )
        raise TooMuchError(file, None, message)


_GAP = re.compile(r" *\t[ \t]*| {2,}")
_GAP_AFTER_FIELD = re.compile(rf"(?<=\}}\}})(?:{_GAP.pattern})(?=\S)")
_RULE = r"(?:\\?_){2,}"
# “(name)” and “[name]”, but no Markdown link
_PLACEHOLDER = r"(?!(?<=\])\()\\?[(\[](?P<%s>[^()\[\]\\\n]{2,50})\\?(?:\)|\](?!\())"
_BLANK = re.compile(
    # “__/__/____”, “___ day of ______, 20__”, “______”, also with a placeholder beside it
    rf"(?P<rule>(?:\b[Xx] ?)?(?:{_RULE}(?:(?: ?/ ?| ?day of ?|,? ?20| ){_RULE})+|{_RULE}\\?_))"
    rf"(?:[ ]?{_PLACEHOLDER % 'beside'})?|{_PLACEHOLDER % 'words'}"
)
# Word's bullets are characters, some of them in the private use area.
_BULLET = re.compile(r"\A[ \t]*(?:[•●▪■◦○‣⁃∙►➢✓·\uf0a7\uf0b7\uf0d8\uf0fc][ \t]*|[-*o§–—]\t[ \t]*)(?=\S)")

# A line with more words beside its blanks is part of a sentence.
_LONGEST_FORM_LINE = 4


def _read(text: str) -> list[_Line]:
    """Return the lines of a typed text, without the traces of word processors."""
    text = re.sub("[\ufeff\u200b\f]", "", text).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    # Markdown needs no backslash before these.
    text = re.sub(r"\\([$'\"])", r"\1", text)
    has_fields = TAG.search(text)
    numbered = enumerate(text.split("\n"), start=1)
    typed = [(number, part) for number, line in numbered for part in _SOFT_BREAK.sub("\\\\\v", line).split("\v")]
    lines: list[_Line] = []
    for (_, above), (number, line), (_, below) in zip([(0, ""), *typed], typed, [*typed[1:], (0, "")], strict=False):
        is_form = not (has_fields or _is_prose(above) or _BLANK.match(below))
        lines.append(_Line.cut(number, _BULLET.sub("- ", _with_rules(line) if is_form else line)))
    return lines


def _with_rules(line: str) -> str:
    """Add a rule to each label of a line that has only labels with a colon."""
    labels = _GAP.split(line.strip().removesuffix("\\").rstrip())
    are_bare = all(without_markup(label).endswith(":") and fields_of_label(label) for label in labels)
    return "\t".join(f"{label} ____" for label in labels) if are_bare else line


def _is_prose(text: str) -> bool:
    words = TAG.sub("", _BLANK.sub("", text)).split()
    return sum(any(character.isalpha() for character in word) for word in words) > _LONGEST_FORM_LINE


@dataclass(slots=True)
class _Blank:
    """A blank after the words `before`: a rule, or a placeholder with `words`, or both beside each other.

    `fields` replace it. The report shows it as `shown`.
    """

    before: str
    shown: str
    words: str
    fields: tuple[str, ...] = ()

    def fill(self, fields: tuple[str, ...], label: str) -> None:
        """Replace it by the fields that its label asks for."""
        self.fields = fields
        self.shown = f"{label} {self.shown}"


@dataclass(slots=True)
class _Line:
    """A typed line: its `number` (1-based), its blanks, each with the words before it, and the `rest`."""

    number: int
    typed: str
    blanks: list[_Blank]
    rest: str
    is_removed: bool = False

    @classmethod
    def cut(cls, number: int, typed: str) -> _Line:
        """Find the blanks of a line. A rule and a placeholder beside each other are one."""
        is_prose = _is_prose(typed)
        blanks: list[_Blank] = []
        end = 0
        for match in _BLANK.finditer(typed):
            before, rule = typed[end : match.start()], match["rule"] or ""
            words = match["beside"] or match["words"] or ""
            # In a sentence, words in parentheses can be a remark.
            is_meant = rule or not is_prose or "[" in match.group() or fields_after(before)
            is_label = bool(is_meant and fields_of_label(words))
            if rule or is_label:
                blanks.append(_Blank(before, match.group(), words if is_label else "", _fields_of_shape(rule)))
                end = match.end() if is_label else match.end("rule")
        return cls(number, typed, blanks, typed[end:])

    @property
    def has_only_rules(self) -> bool:
        """Say whether it is only lines to write on, whose meaning is not known yet."""
        text = "".join(blank.before + blank.words for blank in self.blanks) + self.rest
        is_known = any(blank.fields for blank in self.blanks)
        return bool(self.blanks) and not is_known and not any(character.isalnum() for character in text)

    def captions(self) -> list[str]:
        """Return the labels of a line that has nothing else. None may end in a colon: a blank would follow."""
        labels = _GAP.split(self.typed.strip())
        is_other = re.search(_RULE, self.typed) or any(without_markup(label).endswith(":") for label in labels)
        return labels if not is_other and all(fields_of_label(label) for label in labels) else []

    def fill(self, above: str) -> None:
        """Fill each blank that has no caption. A rule that begins the line can follow the words `above` it."""
        for blank in self.blanks:
            begins_line = blank is self.blanks[0] and not (blank.before.strip() or blank.words)
            words = above if begins_line and fields_after(above) else blank.before
            if not blank.fields:
                blank.fill(fields_after(words) or fields_of_label(blank.words), last_sentence(words))

    def mistakes(self, file: str) -> Iterator[Mistake]:
        """Return a mistake for each blank of unknown meaning, or for something that no letter shows."""
        for blank in self.blanks:
            if not self.is_removed and not all(blank.fields or [""]):
                yield Mistake(file, self.number, _unknown(blank))

    def findings(self) -> Iterator[Finding]:
        """Return the outcome of each blank."""
        for blank in self.blanks:
            outcome = tags(*blank.fields).replace("\n", " ") or "removed: the address field already fills this line"
            yield Finding(self.number, _in_short(blank.shown), outcome)

    def written(self) -> str:
        """Write the line with its blanks filled. Parts that paper keeps apart get a line each."""
        if not self.blanks:
            return self.typed if self.typed.strip() else ""
        text = "".join(blank.before + tags(*blank.fields) for blank in self.blanks) + self.rest
        if not _is_prose(self.typed):
            text = _GAP_AFTER_FIELD.sub("\n", text)
        return _GAP.sub(" ", text).strip()


def _fields_of_shape(rule: str) -> tuple[str, ...]:
    """Return the field that a rule's shape asks for: `X____` for a signature, `__/__/____` for a day."""
    if rule[:1] in {"X", "x"}:
        return ("signature",)
    return ("date",) if re.search(r"/|day of|20", rule) else ()


def _fill(lines: list[_Line]) -> None:
    """Fill the blanks of all lines, as far as their meaning is known."""
    written = [line for line in lines if line.typed.strip()]
    for line, below in pairwise(written):
        _take_captions(line, below)
    kept = [line for line in written if not line.is_removed]
    for line, above in zip(kept, ["", *(line.rest for line in kept)], strict=False):
        line.fill(above)
    for line, other in [*pairwise(kept), *pairwise(reversed(kept))]:
        # An address is one merge field of two lines.
        if other.has_only_rules and any("signer.address" in blank.fields for blank in line.blanks):
            other.is_removed = True
    blanks = [blank for line in kept for blank in line.blanks]
    if {"signer.locality", "signer.postal_code"} <= {name for blank in blanks for name in blank.fields}:
        for blank in blanks:
            blank.fields = tuple("signer.address_line" if name == "signer.address" else name for name in blank.fields)


def _take_captions(line: _Line, below: _Line) -> None:
    """Fill rules by the captions below them, and remove these captions."""
    captions = below.captions()
    if not line.is_removed and line.has_only_rules and len(line.blanks) == len(captions):
        for blank, caption in zip(line.blanks, captions, strict=True):
            blank.fill(fields_of_label(caption), caption)
        below.is_removed = True
        below.blanks = []


def _unknown(blank: _Blank) -> Message:
    if words := " ".join(without_markup(blank.before).split()[-4:]):
        return Message(
            "can't tell what belongs in the blank after “%(words)s”; remove it, or write the merge field that "
            "belongs there, such as {{ signer.name }}",
            {"words": words},
        )
    return Message(
        "can't tell what belongs in the blank “%(blank)s”; remove it, or write the merge field that belongs "
        "there, such as {{ signer.name }}",
        {"blank": _in_short(blank.shown)},
    )


def _in_short(text: str) -> str:
    """Return a blank as a report shows it."""
    plain = re.sub(r"(?:\\?_ ?){4,}", "____ ", text).replace("*", "")
    return " ".join(plain.split()).lstrip(",.;: ")[-100:]


_ENTRY = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])\s")
# Tables, headings, quotations and ruled lines have lines of their own in Markdown.
_OWN_LINE = re.compile(r"[|#>=]|---")
# Text with a longer line is not wrapped: each of its lines is a paragraph, as Word copies them.
_UNWRAPPED = 160
# Text is wrapped at more columns than these, so shorter lines can belong to an address or a closing.
_SHORT = 60

# Where a page of a PDF ends, a sentence goes on after a blank line.
_WITHIN_SENTENCE = re.compile(rf"(?<=[^\n]{{{_SHORT}}}[^\W\d_])\n{{2,}}(?=[^\W\d_])")
# Text copied from a PDF has no blank lines. Where the next word had room on a line, a paragraph ends.
_ROOM = 0.9


def _letter(lines: list[_Line]) -> str:
    """Return the letter's Markdown."""
    text = "\n".join(line.written() for line in lines if not line.is_removed).strip("\n")
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
    goes_on = below[0].islower() or below[0].isspace() or _columns(above) > _SHORT
    if _ENTRY.match(above):
        return "\n" if goes_on and not is_unwrapped else "\n\n"
    is_salutation = above[-1] in ",:" and _columns(above) <= _SHORT < _columns(below)
    if is_salutation or (_SHORT < widest <= _UNWRAPPED and _ends_paragraph(above, below, widest)):
        return "\n\n"
    if is_form_line(above) or is_form_line(below):
        return "\n"
    if goes_on or below[0] == "{" or above[-1] in ".!?" or _columns(below) > _SHORT:
        return "\n\n" if is_unwrapped else "\n"
    return "\\\n"


def _ends_paragraph(above: str, below: str, widest: int) -> bool:
    has_room = _columns(above) + len(below.split(maxsplit=1)[0]) < _ROOM * widest
    return above[-1] in ".!?" and below[0].isupper() and has_room


def _columns(line: str) -> int:
    return len(TAG.sub("", line))
