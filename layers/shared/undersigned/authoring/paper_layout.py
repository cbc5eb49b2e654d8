r"""Keep the layout of a pasted letter in its Markdown: lists, the lines of an address or a closing, and paragraphs.

Word processors and mail programs mark list entries with characters and tabs (`•→Text`), end a line within a paragraph
with U+000B, and either put each paragraph on one long line (Word) or wrap it at some 72 columns (mail). Markdown needs
`- Text`, a backslash at the end of a line, and a blank line between paragraphs. Text that is Markdown already keeps its
layout. Nothing here changes, adds or moves a word. Lines that can be either stay one paragraph, as Markdown has them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from undersigned.authoring.letters import TAG
from undersigned.authoring.paper_labels import is_closing, without_markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Where Word (U+000B), Pages (U+2028) and old systems (U+0085) break a line within a paragraph.
_SOFT_BREAK = re.compile("[\v\u0085\u2028\u2029]")
_SOFT_BREAKS = re.compile("[\v\u0085\u2028\u2029][\v\u0085\u2028\u2029 \t]*[\v\u0085\u2028\u2029]")
# Those in the private use area are Word's bullets, in its fonts Symbol and Wingdings.
_BULLETS = "•●▪■◦○‣⁃∙►▶➢➤✓✔❖◆\uf0a7\uf0a8\uf0b7\uf0d8\uf076\uf0fc"
_MARK = re.compile(
    rf"(?P<indent>[ \t]*)(?:(?P<bullet>[{_BULLETS}])[ \t]*"
    r"|(?P<letter>[oqvüØ§–—·−])(?:[ ]*\t[ \t]*|[ ]{2,})"  # the letters are bullets of Courier New and Wingdings
    r"|(?P<dash>[–—·−])[ ]"
    r"|(?P<native>[-*+])[ \t]+"
    r"|(?P<number>\d{1,9})(?P<point>[.)])[ \t]+)(?=\S)"
)
_MARK_AS_TEXT = re.compile(r"[ \t]*(?:\d{1,9}\\[.)]|–)[ \t]+(?=\S)")
_ENUMERATOR = re.compile(r"[ \t]*(?:\((?:[A-Za-z]|[ivx]{1,4}|\d{1,3})\)|(?:[A-Za-z]|[ivx]{1,4})[.)])[ \t]+(?=\S)")
# What is a mark of Markdown at the start of a list entry, or makes a ruled line of it.
_MARKDOWN = re.compile(r"[-*+](?:\s|$)|[-*](?=[-*\s]*$)")
_NUMBERED = re.compile(r"([ \t]*\d{1,9})([.)])(?=\s|$)")
# A blank counts neither as words nor as columns, because its merge field has others.
_BLANK = re.compile(rf"\\?[(\[][^()\[\]\\\n]{{2,50}}\\?[)\]]|(?:\b[Xx] ?)?(?:\\?_){{2,}}|{TAG.pattern}")
_SALUTATION = re.compile(r"(?i)\W*(?:dear|to whom|hello|estimad[oa]s?|querid[oa]s?)\b.*[,:]\W*")
_OTHER_CLOSING = re.compile(
    r"(?i)\W*(?:thanks?|thank you|gracias|cordially|cordialmente|atentamente|best|love"
    r"|(?:with|in) (?:\w+ )?(?:solidarity|respect|regards|thanks|gratitude|appreciation|hope|faith|peace|unity|love)"
    r"|con (?:\w+ )?(?:respeto|gratitud|aprecio|esperanza)|en solidaridad)\b.*,\W*"
)
_SENTENCE_END = re.compile(r"(?:[^\W\d]{4}|\d)\.[”\"’')*_]*$|[!?][”\"’')*_]*$")
# After these, something more follows.
_LEADS_ON = re.compile(r"(?i)(?:^|\s)(?:and|or|of|the|an?|to|in|for|by|with|on|at|from|y|o|de|la|el|los|las|del|&)$")

# Parts of tables, and ruled lines: the compiler refuses them with a message, and must still see them.
_RULED = re.compile(r"\s*\||[\s|:*=-]*[-=*]{3,}[\s|:*=-]*$")
_END_OF_QUOTATION = ("”", '"', "»", "’", "'")

# A line of an address or a closing has at most so many characters and words.
_LONGEST_LINE = 60
_MOST_WORDS = 8
_WORDS_OF_CLOSING = 4

# Markdown takes a list after more spaces for text.
_DEEPEST = 3

# Nobody wraps text at more columns, so a longer line is a whole paragraph.
_UNWRAPPED = 160
# If the next word would have left so many columns free, a person ended the line.
_MARGIN = 10
_LONGEST_WORD = 30


@dataclass(slots=True)
class LaidLine:
    """A line of the Markdown, by the line (1-based) that it was typed on. `breaks`: a line break follows it."""

    number: int
    text: str
    breaks: bool = False


def lay_out(lines: Sequence[str]) -> list[LaidLine]:
    """Return typed lines as lines of Markdown that keep the layout."""
    typed = [LaidLine(number, part) for number, line in enumerate(lines, start=1) for part in _parts(line)]
    dashes = _dashes(typed)
    for line, below in pairwise([*typed, LaidLine(0, "")]):
        _show_break(line, below, dashes)
    blocks = [list(block) for _, block in groupby(typed, key=lambda line: bool(line.text))]
    width = max((_columns(line.text) for line in typed), default=0)
    layout = _Layout(width, dashes)
    for block in blocks:
        layout.read(block)
    return layout.laid


@dataclass(slots=True)
class _Layout:
    """Lays out one block after the other: lines without a blank line between, or blank lines.

    `dashes` says how many lines begin with each dash: one alone is punctuation. If the last block ended in a list, that
    has the mark `list_mark`, after `indent` columns. If it is numbered, `number` is the last one. `is_unwrapped` says
    that each line of the block is a paragraph, as Word copies them, so that a line's length says nothing.
    """

    width: int
    dashes: Counter[str]
    is_unwrapped: bool = False
    laid: list[LaidLine] = field(default_factory=list)
    list_mark: str = ""
    lead: str = ""
    indent: int = 0
    shown_indent: str = ""
    number: int = 0
    is_closed: bool = False

    def read(self, block: list[LaidLine]) -> None:
        """Lay out a block."""
        plain: list[LaidLine] = []
        in_entry = False
        self.is_unwrapped = any(_columns(line.text) > _UNWRAPPED for line in block)
        ends = _start_of_short_lines(block)
        for position, line in enumerate(block):
            above = block[position - 1] if position else None
            mark = self._mark(line, above, in_entry=in_entry)
            if mark and self._begins_entry(mark, in_entry=in_entry):
                self._read_plain(plain)
                plain = []
                self._add_entry(line, mark, in_entry=in_entry)
                in_entry = True
            elif (
                in_entry
                and above
                and (above.text.endswith("\\") or not self._ends_list(above, line, may_close=position >= ends))
            ):
                self.laid[-1].breaks |= mark is not None or bool(_ENUMERATOR.match(line.text))
                self.laid.append(_as_text(line))
            else:
                if in_entry:
                    self._separate(line)
                    in_entry = False
                # A paragraph ends a list, unless it is indented below a blank line.
                if line.text and not (position == 0 and line.text.startswith("  ")):
                    self.list_mark, self.number = "", 0
                plain.append(line)
        self._read_plain(plain)

    def _mark(self, line: LaidLine, above: LaidLine | None, *, in_entry: bool) -> re.Match[str] | None:
        """Return the mark of a list that a line begins with."""
        mark = _MARK.match(line.text)
        if mark is None or not mark["dash"]:
            return mark
        # Within a sentence, and after a line break, a dash is no bullet.
        begins = above is None or in_entry or self.is_unwrapped or above.text.rstrip()[-1:] in ".:;!?"
        is_apart = above is not None and _is_salutation(above.text)
        is_broken = above is not None and above.text.endswith("\\")
        is_name = self.is_closed or (above is not None and above.text.rstrip().endswith(_END_OF_QUOTATION))
        is_bullet = (begins or is_apart) and not (is_broken or is_name) and self.dashes[mark["dash"]] > 1
        return mark if is_bullet else None

    def _begins_entry(self, mark: re.Match[str], *, in_entry: bool) -> bool:
        """Say whether a mark begins a list entry. A number doesn't if Markdown would show another one."""
        number = int(mark["number"] or 1)
        is_next = self.list_mark == mark["point"] and number == self.number + 1
        return number == 1 or is_next or (in_entry and self._is_nested(mark))

    def _is_nested(self, mark: re.Match[str]) -> bool:
        """Say whether a mark is one of Markdown for a list in a list."""
        return not (mark["bullet"] or mark["dash"] or mark["letter"]) and self._depth(mark) >= len(self.lead)

    def _depth(self, mark: re.Match[str]) -> int:
        return len(mark["indent"].expandtabs(4)) - self.indent

    def _add_entry(self, line: LaidLine, mark: re.Match[str], *, in_entry: bool) -> None:
        own = mark["point"] or mark["bullet"] or mark["dash"] or mark["letter"] or mark["native"]
        is_bullet = not (mark["native"] or mark["number"])
        words = line.text[mark.end() :]
        # Bullets can be below a number. A number is below a bullet only if it is indented.
        after_bullets = self.list_mark not in ".)"
        is_new = (mark["number"] and after_bullets) or (mark["native"] and self.list_mark in "-*+")
        is_other = own != self.list_mark and not is_new
        if in_entry and self._is_nested(mark):
            self.laid.append(line)
        elif in_entry and (is_other or self._depth(mark) > 1):
            # How a word processor indents says too little of levels. So an entry of a lower one is a line of the entry.
            self.laid[-1].breaks = True
            lead = f"{mark['number']}\\{own}" if mark["number"] else "–"
            self.laid.append(LaidLine(line.number, f"  {lead} {words}"))
        else:
            is_sibling = in_entry and own == self.list_mark
            self.list_mark = own
            self.lead = f"{mark['number']}{own} " if mark["number"] else f"{mark['native'] or '-'} "
            self.indent = len(mark["indent"].expandtabs(4))
            self.number = int(mark["number"] or 0)
            if not is_sibling:
                self.shown_indent = "" if is_bullet or self.indent > _DEEPEST else " " * self.indent
            self.laid.append(
                LaidLine(line.number, f"{self.shown_indent}{self.lead}{_escaped(words) if is_bullet else words}")
            )

    def _ends_list(self, above: LaidLine, line: LaidLine, *, may_close: bool) -> bool:
        """Say whether a line without a mark is no longer part of the list entry above it.

        It can be a closing only if nothing but short lines follow.
        """
        begins = not line.text[0].isspace() and not _begins_in_lower_case(line.text)
        if begins and ((may_close and _is_closing(line.text)) or _is_salutation(line.text)):
            return True
        if _ENUMERATOR.match(line.text) or line.text[0].isspace():
            return False
        if self.is_unwrapped:
            return True
        free = _columns_left(above.text, line.text, self.width)
        return line.text[0].isupper() and above.text.rstrip()[-1:] in ".;!?" and free is not None and free >= _MARGIN

    def _read_plain(self, lines: list[LaidLine]) -> None:
        """Lay out lines that are in no list. A salutation and a closing are apart from what is above."""
        if lines and not lines[0].text:
            self.laid += lines
            return
        parts = _apart(lines)
        for part in parts:
            if len(parts) > 1:
                self._separate(part[0])
            if _is_closing(part[0].text):
                self.is_closed = True
            if self.is_unwrapped:
                self._read_paragraphs(part)
            else:
                self._read_paragraph(part)

    def _separate(self, line: LaidLine) -> None:
        """Put a blank line before a line, unless there is one."""
        if self.laid and self.laid[-1].text:
            self.laid.append(LaidLine(line.number, ""))

    def _read_paragraph(self, lines: list[LaidLine]) -> None:
        """Lay out a block that is one wrapped paragraph, or that has the lines of an address or a closing."""
        are_lines = _are_lines([line.text for line in lines], self.width, any_case=self.is_closed)
        are_enumerated = sum(_is_enumerated(line.text) for line in lines) > 1
        for above, below in pairwise(lines):
            is_enumerated = are_enumerated and _is_enumerated(below.text)
            above.breaks = is_enumerated or (are_lines and not _leads_on(above.text))
        self.laid += [_as_text(line) for line in lines]

    def _read_paragraphs(self, lines: list[LaidLine]) -> None:
        """Lay out lines each of which is a paragraph, except that short ones below each other are lines."""
        for position, line in enumerate(lines):
            above = lines[position - 1] if position else None
            if above and not (above.text.endswith("\\") or _RULED.match(above.text) or _RULED.match(line.text)):
                above.breaks = _is_short(above.text) and _is_short(line.text)
                if not above.breaks:
                    self._separate(line)
            self.laid.append(_as_text(line))


def _parts(line: str) -> Iterator[str]:
    """Cut a line at its soft breaks. Each becomes a backslash. A line of blanks becomes empty."""
    parts = _SOFT_BREAK.split(_SOFT_BREAKS.sub("\v\v", line))
    for position, part in enumerate(parts):
        is_broken = part.strip() and any(following.strip() for following in parts[position + 1 : position + 2])
        text = part if part.strip() else ""
        yield f"{part.rstrip()}\\" if is_broken and not part.endswith("\\") else text


def _show_break(line: LaidLine, below: LaidLine, dashes: Counter[str]) -> None:
    """Replace two spaces at the end of a line by a backslash, which one sees; before a list entry, by nothing."""
    if line.text.endswith("  ") and line.text.strip():
        mark = _MARK.match(below.text)
        is_entry = mark is not None and (not mark["dash"] or dashes[mark["dash"]] > 1)
        line.text = line.text.rstrip(" ") + ("" if is_entry or not below.text else "\\")


def _dashes(lines: list[LaidLine]) -> Counter[str]:
    """Return how many lines begin with each dash, without those after a line break or a quotation."""
    marks = [
        _MARK.match(line.text)
        for above, line in pairwise([LaidLine(0, ""), *lines])
        if not above.text.rstrip().endswith(("\\", *_END_OF_QUOTATION))
    ]
    return Counter(mark["dash"] for mark in marks if mark and mark["dash"])


def _apart(lines: list[LaidLine]) -> list[list[LaidLine]]:
    """Cut lines above and below each salutation, and above a closing below which all lines are short."""
    parts: list[list[LaidLine]] = [[]]
    ends = _start_of_short_lines(lines)
    for position, line in enumerate(lines):
        if _is_salutation(line.text):
            parts += [[line], []]
            continue
        is_broken = position and lines[position - 1].text.endswith("\\")
        if parts[-1] and position >= ends and _is_closing(line.text) and not is_broken:
            parts.append([])
        parts[-1].append(line)
    return [part for part in parts if part]


def _start_of_short_lines(lines: list[LaidLine]) -> int:
    """Return from which position on all lines are short and none begins a list entry."""
    start = len(lines)
    while start and _is_short(lines[start - 1].text) and not _MARK.match(lines[start - 1].text):
        start -= 1
    return start


def _is_enumerated(text: str) -> bool:
    return _ENUMERATOR.match(text) is not None or _NUMBERED.match(text) is not None


def _as_text(line: LaidLine) -> LaidLine:
    """Return a line that begins no list entry, also if it begins with a number or a letter, as one of a list does."""
    if mark := _NUMBERED.match(line.text):
        line.text = f"{mark[1]}\\{line.text[mark.end(1) :]}"
    elif mark := _ENUMERATOR.match(line.text):
        line.text = f"{mark[0].rstrip()} {line.text[mark.end() :]}"
    return line


def _escaped(words: str) -> str:
    """Return the words of a list entry, so that Markdown finds no other list and no ruled line in them."""
    if mark := _NUMBERED.match(words):
        return f"{mark[1]}\\{words[mark.end(1) :]}"
    return f"\\{words}" if _MARKDOWN.match(words) else words


def _bare(text: str) -> str:
    return _BLANK.sub("", text.removesuffix("\\")).strip()


def _words(text: str) -> list[str]:
    """Return the words of a line without the mark of a list, which has another width in Markdown."""
    mark = _MARK.match(text) or _MARK_AS_TEXT.match(text)
    return _bare(text[mark.end() :] if mark else text).split()


def _columns(text: str) -> int:
    """Return how wide a line is. A long word, such as a web address, is on one line in wrapped text, too."""
    lengths = [len(word) for word in _words(text)]
    longest = max(lengths, default=0)
    return sum(lengths) + len(lengths) - (longest if longest > _LONGEST_WORD else 0)


def _columns_left(above: str, below: str, width: int) -> int | None:
    """Return how many columns the next word would have left free; None if a blank is on one of the lines."""
    if _BLANK.search(above) or _BLANK.search(below):
        return None
    return width - _columns(above) - len(next(iter(_words(below)), ""))


def _is_short(text: str) -> bool:
    """Say whether a line can be one of an address or a closing: a few words that are no sentence."""
    bare = _bare(text)
    return len(bare) <= _LONGEST_LINE and len(bare.split()) <= _MOST_WORDS and not _SENTENCE_END.search(bare)


def _is_salutation(text: str) -> bool:
    return _is_short(text) and _SALUTATION.fullmatch(text) is not None


def _is_closing(text: str) -> bool:
    can_be_one = _is_short(text) and len(_bare(text).split()) <= _WORDS_OF_CLOSING
    return can_be_one and (is_closing(text) or _OTHER_CLOSING.fullmatch(text) is not None)


def _leads_on(text: str) -> bool:
    return bool(_LEADS_ON.search(without_markup(_bare(text))))


def _begins_in_lower_case(line: str) -> bool:
    """Say whether a line goes on with a sentence. An email or web address is no word of one."""
    first = next(iter(_bare(line).split()), "")
    return first[:1].islower() and not re.search(r"@|\w\.\w|://", first)


def _are_lines(lines: list[str], width: int, *, any_case: bool) -> bool:
    """Say whether lines below each other are lines of an address or a closing, not a wrapped paragraph."""
    if len(lines) < 2 or not all(_is_short(line) for line in lines):  # noqa: PLR2004  (one line has no other)
        return False
    if any(_RULED.match(line) for line in lines):
        return False
    if not any_case and any(_begins_in_lower_case(line) for line in lines[1:]):
        return False
    left = [_columns_left(above, below, width) for above, below in pairwise(lines)]
    return not all(free is not None and free < 0 for free in left) or width < _LONGEST_LINE
