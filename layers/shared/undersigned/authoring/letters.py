"""Compile a letter's Markdown to the Jinja2 HTML template that `undersigned.domain.authoring.letters` renders.

The Markdown is CommonMark with bare web addresses as links. A letter is printed, emailed as text and shown on a
page. All three can show paragraphs, emphasis, links, headings, lists and quotations, so it may contain only these.
Line breaks follow what people type in letters:

- A line that ends in two spaces or a backslash has a line break in the letter.
- A line that has only merge fields, with or without a label (`Date: {{ date }}`), has a line break before and after it,
  so an address block needs no backslashes.
- Any other line break is a space, so a paragraph can be wrapped at any width.

A blank of a paper letter (three underscores or more) is text: neither emphasis nor a ruled line.

A letter needs no merge field. The fields of every letter are added unless its author placed them: the recipient at the
top; the signature, the date, and the signer's name and address at the end. A paragraph with only the signer's own words
is left out if there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError, correct_name
from undersigned.domain.authoring.letter_fields import DEEPEST, FIELDS, TOO_DEEP, too_much_in
from undersigned.domain.characters import unprintable_in
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict


FILE = "letter.md"
"""The letter in the campaign's own language; `letter.<language>.md` is a translation."""

TAG = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}")
"""A merge field, or a tag such as `{% if note %}`."""

RULE = r"_(?: ?_)+(?:(?: ?/ ?| ?day of ?|,? ?20)_(?: ?_)*)*"
"""A blank to fill in by hand: `____`, `__/__/____`, `___ day of ______, 20__`."""

ADDRESS = r"(?i:https?://|www\.)[^\s{}()]*"
"""A web address. Its brackets and underscores are its own."""

PART = re.compile(rf"\\[^\w\s]|(?P<tag>{TAG.pattern})(?P<round>\()?|{ADDRESS}|\[(?P<words>[^\[\]\\]{{1,80}})\](?!\()")
"""What is read as a whole in Markdown: an escape, a tag, an address, or the words of a placeholder in brackets."""

_SHORTEST_RULE = 3
_RULE = re.compile(RULE)
_MERGE_FIELD = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_CONDITION = re.compile(r"\{%\s*(?:(?P<word>if|elif)\s+(?P<field>[\w.]+)|(?P<other>else|endif))\s*%\}")
_NOTE = re.compile(r"\{\{\s*note\s*\}\}")
_CLOSING = re.compile(
    r"\b(?:sincerely|respectfully|cordially|gratefully|faithfully|regards|yours|thanks?|atentamente|cordialmente"
    r"|respetuosamente|saludos|gracias)\b",
    re.IGNORECASE,
)
_MOST_WORDS_OF_CLOSING = 5
_END_OF_SENTENCE = re.compile(r"[.!?][”\"’')*_]*\\?\Z")
_IF_NOTE = re.compile(r"\{%\s*if\s+note\s*%\}")
_TAG_IN_ADDRESS = re.compile(r"(?:\]\(\s*<?|https?://|www\.|mailto:)[^\s)>]*\{[{%]", re.IGNORECASE)
_HALF_TAG = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
# “Date: {{ date }}”, “{{ target.title }} {{ target.name }},”: a label of a few words at most, then merge fields.
_FORM_LINE = re.compile(
    rf"\s*(?:[*_]*[^\W\d][\w '()/-]{{0,30}}:[*_]*\s*)?[*_]*(?:{TAG.pattern})(?:[\s,.*_]|{TAG.pattern})*\\?"
)
_LINK = re.compile(r"https?://[^/?#]|mailto:|tel:", re.IGNORECASE)
_PLACEHOLDER = re.compile("\0(\\d+)\0")

_REFUSED: Mapping[str, Message] = {
    "table_open": Message("a letter can't have a table; write the rows as a list"),
    "fence": Message("a letter can't have a code block; remove the marks above and below it"),
    "code_inline": Message("a letter can't have code; remove the marks around it"),
    "hr": Message("a letter can't have a ruled line; remove it"),
    "html_block": Message("a letter can't have HTML; write only the words, with *emphasis* or **strong emphasis**"),
    "html_inline": Message("a letter can't have HTML; write only the words, with *emphasis* or **strong emphasis**"),
    "image": Message("a letter can't have a picture; remove it, or remove the ! to make it a link"),
}

_BRACES = Message(
    "the signs { and } mean nothing here; remove them, or write words in brackets, such as {{ signer.name }}"
)
_OPTIONAL_PART = Message(
    "an optional part needs a beginning and an end; put both in one paragraph, or each on a line of its own"
)

_TOP = "{{ target.title }} {{ target.name }}\n{{ target.department }}\n\n"
_END = ("signature", "date", "signer.name", "signer.address")
_PARTS_OF_ADDRESS = ("signer.address_line", "signer.locality", "signer.postal_code")


def is_form_line(line: str) -> bool:
    """Say whether a line of Markdown has only merge fields, labeled or not. It keeps its line breaks."""
    return bool(_FORM_LINE.fullmatch(line))


def _tag_line(state: StateBlock, start: int, _end: int, silent: bool) -> bool:  # noqa: FBT001
    """Read a line that is one `{% … %}` tag as a block, so that it can enclose paragraphs."""
    text = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    if not (text.startswith("{%") and TAG.fullmatch(text) and text.count("{%") == 1):
        return False
    if not silent:
        token = state.push("tag", "", 0)
        token.content = text
        token.map = [start, start + 1]
        state.line = start + 1
    return True


def _tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Read a merge field or tag as one token, so that its underscores are not emphasis."""
    match = TAG.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("tag", "", 0).content = match.group()
    state.pos = match.end()
    return True


def _blank(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Read a blank of a paper letter as text."""
    match = _RULE.match(state.src, state.pos, state.posMax)
    if match is None or match.group().count("_") < _SHORTEST_RULE:
        return False
    if not silent:
        state.pending += match.group()
    state.pos = match.end()
    return True


def _ruled_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    from markdown_it.rules_block import hr

    return state.src[state.bMarks[start] + state.tShift[start]] != "_" and hr(state, start, end, silent)


def _placeholder(
    _renderer: RendererProtocol, tokens: Sequence[Token], position: int, _options: OptionsDict, env: EnvType
) -> str:
    """Render a tag as a placeholder. Markdown turns NUL into U+FFFD, so no letter can forge one."""
    env["tags"].append(tokens[position].content)
    return f"\0{len(env['tags']) - 1}\0"


@cache
def _parser() -> MarkdownIt:
    # A page that compiles no letter doesn't load it.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"xhtmlOut": False, "linkify": True}).enable(["linkify", "table"])
    # Indented lines are paragraphs, dashes under a line don't make a heading, and `[name]: …` is visible text.
    markdown.disable(["code", "lheading", "reference"])
    alternatives = ["paragraph", "blockquote", "list"]
    markdown.block.ruler.at("hr", _ruled_line, {"alt": alternatives})
    markdown.block.ruler.before("blockquote", "tag_line", _tag_line, {"alt": alternatives})
    markdown.inline.ruler.after("text", "tag", _tag)
    markdown.inline.ruler.after("text", "blank", _blank)
    markdown.add_render_rule("tag", _placeholder)
    return markdown


def compile_letter(source: str, file: str = FILE) -> str:
    """Return the template of a letter. Raises MistakesError with every mistake, by line of the Markdown."""
    from undersigned.domain.authoring.letter_templates import mistakes_in

    if too_much := too_much_in(source):
        raise TooMuchError(file, 1, too_much)
    reading = _Reading(file)
    reading.read(_parser().parse(source))
    lines = source.split("\n")
    if mistakes := [*_line_mistakes(file, lines), *_placeholders(file, source), *reading.mistakes]:
        raise MistakesError(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line or 0))
    env: dict[str, Any] = {"tags": []}
    tokens = _parser().parse(_completed(source, reading.always_shown), env)
    _Reading(file).read(tokens)
    html = str(_parser().renderer.render(_lift_conditions(tokens), _parser().options, env))
    # The remaining braces are text, which Jinja must not parse.
    template = _PLACEHOLDER.sub(lambda match: env["tags"][int(match.group(1))], html.replace("{", "&#123;"))
    if unexpected := mistakes_in(template):
        raise MistakesError(Mistake(file, it.line, it.says, plainly=_BRACES) for it in unexpected)
    return template


def with_own_words(letter: str) -> str:
    """Return a letter with a place for the signer's own words before its closing, unless it has one.

    Without a closing, the place is after the last line that ends a sentence.
    """
    if _NOTE.search(letter) or too_much_in(letter):
        return letter
    lines = letter.rstrip().split("\n")
    texts = [TAG.sub("", line).strip(" \t\\*_") for line in lines]
    closings = [place for place, text in enumerate(texts) if place and _is_closing(text)]
    ends = [place for place, line in enumerate(lines, start=1) if _END_OF_SENTENCE.search(line.rstrip())]
    place = closings[-1] if closings else [len(lines), *ends][-1]
    above, below = ("\n".join(part).strip("\n") for part in (lines[:place], lines[place:]))
    return "\n\n".join(filter(None, (above, "{{ note }}", below))) + "\n"


def _is_closing(text: str) -> bool:
    is_short = len(text.split()) <= _MOST_WORDS_OF_CLOSING and not text.endswith((".", "!", "?", ":"))
    return is_short and bool(_CLOSING.search(text))


def _line_mistakes(file: str, lines: list[str]) -> Iterator[Mistake]:
    for number, line in enumerate(lines, start=1):
        if half := _HALF_TAG.search(TAG.sub("", line)):
            message = Message(
                "`%(half)s` has no other half on its line; write a merge field on one line, such as {{ signer.name }}, "
                "or put a backslash before a brace that is only a brace: \\{",
                {"half": half.group()},
            )
            yield Mistake(file, number, message, plainly=_BRACES)
        if _TAG_IN_ADDRESS.search(line):
            message = Message("a web address can't have a merge field in it; write the address without the field")
            plainly = Message("a web address can't have words in brackets in it; write the address without them")
            yield Mistake(file, number, message, plainly=plainly)
        if unprintable := unprintable_in(line.replace("\t", " ")):
            message = Message(
                "the letter has %(character)s, which can't be printed; type the text instead of pasting it",
                {"character": unprintable},
            )
            yield Mistake(file, number, message)


def _placeholders(file: str, source: str) -> Iterator[Mistake]:
    """Report each placeholder in brackets: somebody must say what belongs there."""
    line = read = 0
    for part in PART.finditer(source):
        if part["words"]:
            line, read = line + source.count("\n", read, part.start()), part.start()
            blank = {"blank": " ".join(part.group().split())}
            message = Message(
                "%(blank)s is a blank; write a merge field there, such as {{ signer.name }}, or put a backslash before "
                "each bracket that is text",
                blank,
            )
            plainly = Message(
                "%(blank)s is a blank; replace it with words from the list below the letter, or remove its brackets",
                blank,
            )
            yield Mistake(file, line + 1, message, plainly=plainly)


def _completed(source: str, placed: set[str]) -> str:
    """Add the merge fields that every letter has and this one hasn't placed, in the usual order."""
    if placed.issuperset(_PARTS_OF_ADDRESS):
        placed = placed | {"signer.address"}
    end = "\n\n".join(f"{{{{ {name} }}}}" for name in _END if name not in placed)
    end = end.replace("name }}\n\n", "name }}\n")
    return f"{'' if 'target.name' in placed else _TOP}{source.rstrip()}\n\n{end}"


@dataclass(slots=True)
class _Reading:
    """Collects the mistakes in a letter's tokens, and the fields that are always shown."""

    file: str
    mistakes: list[Mistake] = field(default_factory=list)
    always_shown: set[str] = field(default_factory=set)
    # The open elements, and for each open `{% if %}` the mistake to report if it is never closed.
    _open: list[str | Mistake] = field(default_factory=list)
    # For each open `{% if %}`, whether its `{% else %}` has been read.
    _has_else: list[bool] = field(default_factory=list)

    def read(self, tokens: list[Token]) -> None:
        """Read the tokens of a whole letter."""
        for token in tokens:
            line = token.map[0] + 1 if token.map else 1
            if token.type == "inline":
                self._read_inline(token, line)
            else:
                self._read_one(token, line)
        self._end_conditions()

    def _mistake(self, line: int, message: Message, plainly: Message | None = None) -> None:
        self.mistakes.append(Mistake(self.file, line, message, plainly=plainly))

    def _read_inline(self, token: Token, first_line: int) -> None:
        children = token.children or []
        typed = token.content.split("\n")
        index = 0
        for child in children:
            self._read_one(child, first_line + index)
            if child.type in {"softbreak", "hardbreak"}:
                if any(is_form_line(text) for text in typed[index : index + 2]):
                    child.type = "hardbreak"
                index += 1
        # Markdown keeps a backslash at the end of a block.
        if children and children[-1].type == "text":
            children[-1].content = children[-1].content.removesuffix("\\")

    def _read_one(self, token: Token, line: int) -> None:
        if refusal := _REFUSED.get(token.type):
            self._mistake(line, refusal)
        elif token.type == "tag":
            self._read_tag(token.content, line)
        elif token.type == "link_open" and not _LINK.match(str(token.attrs["href"])):
            # A letter on paper or in an email has no page to which an address could be relative.
            message = Message(
                "a link leads to “%(address)s”; write a full address, https://… or mailto:…",
                {"address": token.attrs["href"]},
            )
            self._mistake(line, message)
        elif token.type == "ordered_list_open" and token.attrs:
            self._mistake(line, Message("a numbered list must begin at 1; number this one from 1"))
        if token.nesting == 1:
            self._open.append(token.type)
        elif token.nesting == -1:
            self._end_conditions()
            self._open.pop()

    def _read_tag(self, tag: str, line: int) -> None:
        if merge_field := _MERGE_FIELD.fullmatch(tag):
            self._read_field(merge_field.group(1), line)
            if not self._open_conditions:
                self.always_shown.add(merge_field.group(1))
        elif condition := _CONDITION.fullmatch(tag):
            self._read_condition(condition, line)
        elif tag.startswith("{{"):
            message = Message("`%(tag)s` is not a merge field; write one like {{ signer.name }}", {"tag": tag})
            self._mistake(line, message, _BRACES)
        else:
            message = Message(
                "`%(tag)s` can't be in a letter; use only %(begin)s and %(end)s",
                {"tag": tag, "begin": "{% if field %}", "end": "{% endif %}"},
            )
            self._mistake(line, message, _BRACES)

    def _read_field(self, name: str, line: int) -> None:
        if name not in FIELDS:
            way_out = correct_name(name, FIELDS, "{{{{ {} }}}}")
            message = Message(
                "unknown merge field %(field)s; %(way_out)s", {"field": f"{{{{ {name} }}}}", "way_out": way_out}
            )
            self._mistake(line, message, _BRACES)

    def _read_condition(self, condition: re.Match[str], line: int) -> None:
        if condition["field"]:
            self._read_field(condition["field"], line)
        if condition["word"] == "if":
            self._begin_condition(condition.group(), line)
        elif not self._open or not isinstance(self._open[-1], Mistake):
            message = Message(
                "`%(tag)s` has no %(condition)s before it; put both in one paragraph, or each on a line of its own",
                {"tag": condition.group(), "condition": "{% if … %}"},
            )
            self._mistake(line, message, _OPTIONAL_PART)
        elif condition["other"] == "endif":
            self._pop_condition()
        elif self._has_else[-1]:
            message = Message(
                "`%(tag)s` can't follow %(other)s; remove it, or close the condition with %(end)s before it",
                {"tag": condition.group(), "other": "{% else %}", "end": "{% endif %}"},
            )
            self._mistake(line, message, _OPTIONAL_PART)
        else:
            self._has_else[-1] = condition["other"] == "else"

    @property
    def _open_conditions(self) -> int:
        return sum(isinstance(entry, Mistake) for entry in self._open)

    def _begin_condition(self, tag: str, line: int) -> None:
        if self._open_conditions == DEEPEST:
            plainly = Message("too many optional parts are inside each other; put them side by side")
            self._mistake(line, TOO_DEEP, plainly)
        message = Message(
            "`%(tag)s` is not closed where it was opened; put it and its %(end)s in one paragraph, or each on a line "
            "of its own",
            {"tag": tag, "end": "{% endif %}"},
        )
        self._open.append(Mistake(self.file, line, message, plainly=_OPTIONAL_PART))
        self._has_else.append(False)

    def _pop_condition(self) -> None:
        self._open.pop()
        self._has_else.pop()

    def _end_conditions(self) -> None:
        """Report each `{% if %}` that is still open at the end of the element around it."""
        while self._open and isinstance(unclosed := self._open[-1], Mistake):
            self.mistakes.append(unclosed)
            self._pop_condition()


def _lift_conditions(tokens: list[Token]) -> list[Token]:
    """Move an `{% if %}` around a paragraph's whole text to around the paragraph, so that none stays empty.

    A paragraph with only the signer's own words, which may be missing, gets such a condition.
    """
    lifted = list(tokens)
    for position, token in enumerate(tokens):
        if token.type != "inline" or tokens[position - 1].type != "paragraph_open" or tokens[position - 1].hidden:
            continue
        children = token.children or []
        if (
            len(children) == 1
            and _NOTE.fullmatch(children[0].content)
            and not _IF_NOTE.fullmatch(tokens[position - 2].content)
        ):
            children = [children[0].copy(content="{% if note %}"), *children, children[0].copy(content="{% endif %}")]
        if children and _is_one_condition(children):
            token.children = children[1:-1]
            lifted[position - 1 : position + 2] = [children[0], *tokens[position - 1 : position + 2], children[-1]]
            return _lift_conditions(lifted)
    return lifted


def _is_one_condition(children: list[Token]) -> bool:
    """Say whether the first tag is an `if` that the last tag closes."""
    depth = 0
    for position, child in enumerate(children):
        word = condition["word"] or condition["other"] if (condition := _CONDITION.fullmatch(child.content)) else ""
        depth += {"if": 1, "endif": -1}.get(word, 0) if child.type == "tag" else 0
        if depth == 0:
            return position == len(children) - 1 and position > 0
        if depth == 1 and word in {"elif", "else"}:
            return False
    return False
