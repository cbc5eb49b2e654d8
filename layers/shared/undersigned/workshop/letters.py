"""Compile a letter's Markdown to the HTML template that `undersigned.campaigns.rules.letters` renders.

The Markdown is CommonMark with bare web addresses as links. A letter is printed, emailed as text and shown on a
page. All three can show paragraphs, emphasis, links, headings, lists and quotations, so it may contain only these.
Line breaks follow what people type in letters:

- A line that ends in two spaces or a backslash has a line break in the letter.
- A line that has only merge fields, with or without a label (`Date: {{ date }}`), has a line break before and after it,
  so an address block needs no backslashes.
- Any other line break is a space, so a paragraph can be wrapped at any width.

A blank of a paper letter (three underscores or more) is text: neither emphasis nor a ruled line.

A letter needs no merge field. The fields of every letter are added unless its author placed them: the recipient at the
top; the signature, the date, and the signer's name and address at the end. A paragraph with only the signer's own
words, with or without a label, is left out if there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from undersigned.base.characters import unprintable_in
from undersigned.base.languages import Message
from undersigned.campaigns.rules.letter_fields import FIELDS, too_much_in
from undersigned.campaigns.rules.letter_templates import OWN_WORDS
from undersigned.workshop.mistakes import Mistake, MistakesError, TooMuchError, correct_name

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

TAG = re.compile(r"\{\{[^{}\n]*\}\}")
"""A merge field."""

RULE = r"_(?: ?_)+(?:(?: ?/ ?| ?day of ?|,? ?20)_(?: ?_)*)*"
"""A blank to fill in by hand: `____`, `__/__/____`, `___ day of ______, 20__`."""

ADDRESS = r"(?i:https?://|www\.)[^\s{}()]*"
"""A web address. Its brackets and underscores are its own."""

PART = re.compile(rf"\\[^\w\s]|(?P<tag>{TAG.pattern})(?P<round>\()?|{ADDRESS}|\[(?P<words>[^\[\]\\]{{1,80}})\](?!\()")
"""What is read as a whole in Markdown: an escape, a tag, an address, or the words of a placeholder in brackets."""

_SHORTEST_RULE = 3
_RULE = re.compile(RULE)
_MERGE_FIELD = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_NOTE = re.compile(r"\{\{\s*note\s*\}\}")
_CLOSING = re.compile(
    r"\b(?:sincerely|respectfully|cordially|gratefully|faithfully|regards|yours|thanks?|atentamente|cordialmente"
    r"|respetuosamente|saludos|gracias)\b",
    re.IGNORECASE,
)
_MOST_WORDS_OF_CLOSING = 5
_END_OF_SENTENCE = re.compile(r"[.!?][”\"’')*_]*\\?\Z")
_TAG_IN_ADDRESS = re.compile(r"(?:\]\(\s*<?|https?://|www\.|mailto:)[^\s)>]*\{\{", re.IGNORECASE)
# A box to tick, on paper forms; some of Word's are in the private use area.
_BOX = re.compile("[☐□❏❐❑❒◻\uf06f\uf0a8]")
_HALF_TAG = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
# “Date: {{ date }}”, “{{ target.title }} {{ target.name }},”: a label of a few words at most, then merge fields.
_LABEL = r"\s*(?:[*_]*[^\W\d][\w '()/-]{0,30}:[*_]*\s*)?[*_]*"
_FORM_LINE = re.compile(rf"{_LABEL}{TAG.pattern}(?:[\s,.*_]|{TAG.pattern})*\\?")
_OWN_WORDS = re.compile(rf"{_LABEL}{_NOTE.pattern}[\s.*_]*\\?")
_LINK = re.compile(r"https?://[^/?#]|mailto:|tel:", re.IGNORECASE)
_PLACEHOLDER = re.compile("\0(\\d+)\0")

_REFUSED: Mapping[str, Message] = {
    "table_open": Message("a letter can’t have a table; write the rows as a list"),
    "fence": Message("a letter can’t have a code block; remove the marks above and below it"),
    "code_inline": Message("a letter can’t have code; remove the marks around it"),
    "hr": Message("a letter can’t have a ruled line; remove it"),
    "html_block": Message("a letter can’t have HTML; write only the words, with *emphasis* or **strong emphasis**"),
    "html_inline": Message("a letter can’t have HTML; write only the words, with *emphasis* or **strong emphasis**"),
    "image": Message("a letter can’t have a picture; remove it, or remove the ! to make it a link"),
}

_BRACES = Message(
    "the signs { and } mean nothing here; remove them, or write words in brackets, such as {{ signer.name }}"
)

_BLANKS = Message(
    "replace the words in brackets with what belongs there, such as {{ signer.name }}, or delete them; if they are "
    "text, remove the brackets. You can delete lines at the end for the name, the address, the date and the signature: "
    "they are added automatically"
)

_TOP = "{{ target.title }} {{ target.name }}\n{{ target.department }}\n\n"
_END = ("signature", "date", "signer.name", "signer.address")
_PARTS_OF_ADDRESS = ("signer.address_line", "signer.locality", "signer.postal_code")


def is_form_line(line: str) -> bool:
    """Say whether a line of Markdown has only merge fields, labeled or not. It keeps its line breaks."""
    return bool(_FORM_LINE.fullmatch(line))


def _tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Read a merge field as one token, so that its underscores are not emphasis."""
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
    """Render a tag of Jinja2 as a placeholder. Markdown turns NUL into U+FFFD, so no letter can forge one."""
    spaced = TAG.sub(lambda tag: f"{{{{ {tag.group()[2:-2].strip()} }}}}", tokens[position].content)
    env["tags"].append(spaced)
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
    markdown.inline.ruler.after("text", "tag", _tag)
    markdown.inline.ruler.after("text", "blank", _blank)
    markdown.add_render_rule("tag", _placeholder)
    markdown.add_render_rule("own_words", _placeholder)
    return markdown


def compile_letter(source: str, file: str = FILE) -> str:
    """Return the template of a letter. Raises MistakesError with every mistake, by line of the Markdown."""
    if too_much := too_much_in(source):
        raise TooMuchError(file, 1, too_much)
    reading = _Reading(file)
    reading.read(_parser().parse(source))
    lines = source.split("\n")
    if mistakes := [*_line_mistakes(file, lines), *_placeholders(file, source), *reading.mistakes]:
        raise MistakesError(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line or 0))
    env: dict[str, Any] = {"tags": []}
    tokens = _parser().parse(_completed(source, reading.placed), env)
    _Reading(file).read(tokens)
    # The remaining braces are text.
    html = str(_parser().renderer.render(_with_optional(tokens), _parser().options, env))
    html = html.replace("{", "&#123;").removesuffix("\n")
    return _PLACEHOLDER.sub(lambda match: env["tags"][int(match.group(1))], html)


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
        if (address := _TAG_IN_ADDRESS.search(line)) and (tag := TAG.match(line, address.end() - 2)):
            message = Message(
                "a web address can’t have %(field)s in it; write the address without it", {"field": tag.group()}
            )
            yield Mistake(file, number, message)
        if box := _BOX.search(line):
            message = Message(
                "people can’t tick %(box)s; delete it, and write what the letter says of everyone who signs",
                {"box": box.group()},
            )
            yield Mistake(file, number, message)
        if unprintable := unprintable_in(line.replace("\t", " ")):
            message = Message(
                "the letter has %(character)s, which can’t be printed; type the text instead of pasting it",
                {"character": unprintable},
            )
            yield Mistake(file, number, message)


def _placeholders(file: str, source: str) -> Iterator[Mistake]:
    """Report each placeholder in brackets: somebody must say what belongs there."""
    line = read = 0
    for part in PART.finditer(source):
        if part["words"]:
            line, read = line + source.count("\n", read, part.start()), part.start()
            message = Message(
                "%(blank)s is a blank; replace it with what belongs there, such as {{ signer.name }}, or delete it; if "
                "it is text, remove its brackets",
                {"blank": " ".join(part.group().split())},
            )
            yield Mistake(file, line + 1, message, plainly=_BLANKS)


def _completed(source: str, placed: set[str]) -> str:
    """Add the merge fields that every letter has and this one hasn't placed, in the usual order."""
    if placed.issuperset(_PARTS_OF_ADDRESS):
        placed = placed | {"signer.address"}
    end = "\n\n".join(f"{{{{ {name} }}}}" for name in _END if name not in placed)
    end = end.replace("name }}\n\n", "name }}\n")
    return f"{'' if 'target.name' in placed else _TOP}{source.rstrip()}\n\n{end}"


@dataclass(slots=True)
class _Reading:
    """Collects the mistakes in a letter's tokens, and the fields that it has placed."""

    file: str
    mistakes: list[Mistake] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)

    def read(self, tokens: list[Token]) -> None:
        """Read the tokens of a whole letter."""
        for token in tokens:
            line = token.map[0] + 1 if token.map else 1
            if token.type == "inline":
                self._read_inline(token, line)
            else:
                self._read_one(token, line)

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

    def _read_tag(self, tag: str, line: int) -> None:
        if merge_field := _MERGE_FIELD.fullmatch(tag):
            self._read_field(merge_field.group(1), line)
            self.placed.add(merge_field.group(1))
        else:
            message = Message("`%(tag)s` is not a merge field; write one like {{ signer.name }}", {"tag": tag})
            self._mistake(line, message, _BRACES)

    def _read_field(self, name: str, line: int) -> None:
        if name not in FIELDS:
            way_out = correct_name(name, FIELDS, "{{{{ {} }}}}")
            message = Message(
                "unknown merge field %(field)s; %(way_out)s", {"field": f"{{{{ {name} }}}}", "way_out": way_out}
            )
            self._mistake(line, message, _BRACES)


def _with_optional(tokens: list[Token]) -> list[Token]:
    """Mark each paragraph with only the signer's own words: these may be missing."""
    from markdown_it.token import Token

    begin, end = (Token("own_words", "", 0, content=tag) for tag in OWN_WORDS)
    marked = list(tokens)
    for place, token in reversed([*enumerate(tokens)]):
        opening = tokens[place - 1]
        is_paragraph = token.type == "inline" and opening.type == "paragraph_open" and not opening.hidden
        if is_paragraph and _OWN_WORDS.fullmatch(token.content):
            marked[place - 1 : place + 2] = [begin, *tokens[place - 1 : place + 2], end]
    return marked
