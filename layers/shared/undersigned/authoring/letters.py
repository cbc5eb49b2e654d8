"""Compile a letter's Markdown to the Jinja2 HTML template that `undersigned.domain.letters` renders.

The Markdown is CommonMark with bare web addresses as links. A letter is set on paper, mailed as text and
shown in a page, so it holds only what all three can show: paragraphs, emphasis, links, headings, lists
and quotations. Line ends follow what people type in letters:

- a line that ends in two spaces or a backslash ends there in the letter, too;
- so does a line of merge fields alone, with or without a label (`Date: {{ date }}`), and the line before it:
  an address block needs no marks;
- any other line end is a space, so a paragraph may be wrapped at any width.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from undersigned.domain.characters import unprintable_in
from undersigned.domain.errors import UndersignedError
from undersigned.domain.letter_templates import DEEPEST, FIELDS, TOO_DEEP, Mistake, mistakes_in, too_much_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict


class LetterSourceError(UndersignedError):
    """A letter's Markdown has mistakes; carries all of them, by line of the Markdown."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """Keep every mistake, in the order of the lines."""
        super().__init__("; ".join(f"line {mistake.line}: {mistake.message}" for mistake in mistakes))
        self.mistakes = mistakes


TAG = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}")
"""A merge field, or a tag such as `{% if note %}`."""

_MERGE_FIELD = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_CONDITION = re.compile(r"\{%\s*(?:(?P<word>if|elif)\s+(?P<field>[\w.]+)|(?P<other>else|endif))\s*%\}")
_TAG_IN_ADDRESS = re.compile(r"(?:\]\(\s*<?|https?://|www\.|mailto:)[^\s)>]*\{[{%]", re.IGNORECASE)
_HALF_TAG = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
# “Date: {{ date }}”, “{{ target.title }} {{ target.name }},”: a label of a few words at most, then merge fields.
_FORM_LINE = re.compile(
    rf"\s*(?:[*_]*[^\W\d][\w '()/-]{{0,30}}:[*_]*\s*)?[*_]*(?:{TAG.pattern})(?:[\s,.*_]|{TAG.pattern})*\\?"
)
_LINK = re.compile(r"https?://[^/?#]|mailto:|tel:", re.IGNORECASE)
_PLACEHOLDER = re.compile("\0(\\d+)\0")

_REFUSED = {
    "table_open": "a letter has no tables; write the rows as a list",
    "fence": "a letter has no code blocks; take the ``` lines out",
    "code_inline": "a letter has no code; take the backticks out",
    "hr": "a letter has no ruled lines; take this one out, or write a merge field where a blank was meant",
    "html_block": "a letter has no HTML; write the words alone, with *emphasis* or **strong emphasis**",
    "html_inline": "a letter has no HTML; write the words alone, with *emphasis* or **strong emphasis**",
    "image": "a letter has no pictures; take this one out, or write a link without the !",
}

_ADDRESS = ("signer.address_line", "signer.locality", "signer.postal_code")


def is_form_line(line: str) -> bool:
    """Say whether a line of Markdown is one of merge fields alone, with or without a label: it stays a line."""
    return bool(_FORM_LINE.fullmatch(line))


def _tag_line(state: StateBlock, start: int, _end: int, silent: bool) -> bool:  # noqa: FBT001
    """Read a line that is one `{% … %}` tag as a block, so that it can stand around paragraphs."""
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
    """Read a merge field or tag as one piece, so that its underscores are no emphasis."""
    match = TAG.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("tag", "", 0).content = match.group()
    state.pos = match.end()
    return True


def _place(
    _renderer: RendererProtocol, tokens: Sequence[Token], position: int, _options: OptionsDict, env: EnvType
) -> str:
    """Stand a placeholder in for a tag. Markdown turns NUL into U+FFFD, so no letter can forge one."""
    env["tags"].append(tokens[position].content)
    return f"\0{len(env['tags']) - 1}\0"


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"xhtmlOut": False, "linkify": True}).enable(["linkify", "table"])
    # Indented lines are paragraphs here, dashes under a line no heading, and `[name]: …` no hidden definition.
    markdown.disable(["code", "lheading", "reference"])
    markdown.block.ruler.before("blockquote", "tag_line", _tag_line, {"alt": ["paragraph", "blockquote", "list"]})
    markdown.inline.ruler.after("text", "tag", _tag)
    markdown.add_render_rule("tag", _place)
    return markdown


_MARKDOWN = _parser()


def compile_letter(source: str) -> str:
    """Return the template of a letter. Raises LetterSourceError with every mistake, by line of the Markdown."""
    if too_much := too_much_in(source):
        raise LetterSourceError((Mistake(1, too_much),))
    lines = source.split("\n")
    env: dict[str, Any] = {"tags": []}
    tokens = _MARKDOWN.parse(source, env)
    reading = _Reading()
    reading.read(tokens)
    mistakes = [*_line_mistakes(lines), *reading.mistakes]
    if not reading.has_unended_condition:
        mistakes += _missing(reading.always_shown, lines)
    if mistakes:
        raise LetterSourceError(tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line)))
    html = str(_MARKDOWN.renderer.render(_lift_conditions(tokens), _MARKDOWN.options, env))
    # Whatever brace is left is text, and Jinja must not read it.
    template = _PLACEHOLDER.sub(lambda match: env["tags"][int(match.group(1))], html.replace("{", "&#123;"))
    if unexpected := mistakes_in(template):
        raise LetterSourceError(unexpected)
    return template


def _line_mistakes(lines: list[str]) -> Iterator[Mistake]:
    for number, line in enumerate(lines, start=1):
        if half := _HALF_TAG.search(TAG.sub("", line)):
            yield Mistake(
                number,
                f"`{half.group()}` has no other half on its line; write a merge field on one line, such as "
                "{{ signer.name }}, and a brace that is meant as such with a backslash: \\{",
            )
        if _TAG_IN_ADDRESS.search(line):
            yield Mistake(number, "a web address can't hold a merge field; write the address without it")
        if unprintable := unprintable_in(line.replace("\t", " ")):
            yield Mistake(number, f"the letter {unprintable}")


def _missing(shown: set[str], lines: list[str]) -> Iterator[Mistake]:
    last = max((number for number, line in enumerate(lines, start=1) if line.strip()), default=1)
    if "target.name" not in shown:
        yield Mistake(1, "the letter has no {{ target.name }}; add a line that names the addressee at the top")
    for name in ("signature", "date", "signer.name"):
        if name not in shown:
            yield Mistake(
                last, f"the letter has no {{{{ {name} }}}}; add a line with it, outside of any {{% if … %}}, at the end"
            )
    if "signer.address" not in shown and not shown.issuperset(_ADDRESS):
        yield Mistake(
            last,
            "the letter has no {{ signer.address }}; add a line with it at the end, or its parts: "
            + ", ".join(f"{{{{ {name} }}}}" for name in _ADDRESS),
        )


@dataclass(slots=True)
class _Reading:
    """A walk over a letter's tokens that notes mistakes and the fields that are always shown."""

    mistakes: list[Mistake] = field(default_factory=list)
    always_shown: set[str] = field(default_factory=set)
    # Then nobody can tell what is always shown.
    has_unended_condition: bool = False
    # What is open: the elements of the text, and each `{% if %}` with its line.
    _open: list[str | Mistake] = field(default_factory=list)

    def read(self, tokens: list[Token]) -> None:
        """Walk the tokens of a whole letter."""
        for token in tokens:
            line = token.map[0] + 1 if token.map else 1
            if token.type == "inline":
                self._read_inline(token, line)
            else:
                self._read_one(token, line)
        self._close_conditions()

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
        # The last line of a block whose lines all end in a backslash.
        if children and children[-1].type == "text":
            children[-1].content = children[-1].content.removesuffix("\\")

    def _read_one(self, token: Token, line: int) -> None:
        if refusal := _REFUSED.get(token.type):
            self.mistakes.append(Mistake(line, refusal))
        elif token.type == "tag":
            self._read_tag(token.content, line)
        elif token.type == "link_open" and not _LINK.match(str(token.attrs["href"])):
            # On paper and in a mail there is no page that another address could begin at.
            self.mistakes.append(
                Mistake(line, f"a link leads to `{token.attrs['href']}`; write a whole address, https://… or mailto:…")
            )
        elif token.type == "ordered_list_open" and token.attrs:
            self.mistakes.append(Mistake(line, "a numbered list begins at 1; number this one from 1"))
        if token.nesting == 1:
            self._open.append(token.type)
        elif token.nesting == -1:
            self._close_conditions()
            self._open.pop()

    def _read_tag(self, tag: str, line: int) -> None:
        if merge_field := _MERGE_FIELD.fullmatch(tag):
            self._read_field(merge_field.group(1), line)
            if not any(isinstance(entry, Mistake) for entry in self._open):
                self.always_shown.add(merge_field.group(1))
        elif condition := _CONDITION.fullmatch(tag):
            self._read_condition(condition, line)
        elif tag.startswith("{{"):
            self.mistakes.append(Mistake(line, f"`{tag}` is no merge field; write one like {{{{ signer.name }}}}"))
        else:
            self.mistakes.append(
                Mistake(line, f"`{tag}` can't stand in a letter; only {{% if field %}} and {{% endif %}} can")
            )

    def _read_field(self, name: str, line: int) -> None:
        if name in FIELDS:
            return
        near = difflib.get_close_matches(name, FIELDS, n=1)
        way_out = f"did you mean {{{{ {near[0]} }}}}?" if near else f"the known ones are {', '.join(FIELDS)}"
        self.mistakes.append(Mistake(line, f"unknown merge field {{{{ {name} }}}}; {way_out}"))

    def _read_condition(self, condition: re.Match[str], line: int) -> None:
        if condition["field"]:
            self._read_field(condition["field"], line)
        inside = bool(self._open) and isinstance(self._open[-1], Mistake)
        if condition["word"] == "if":
            if sum(isinstance(entry, Mistake) for entry in self._open) == DEEPEST:
                self.mistakes.append(Mistake(line, TOO_DEEP))
            self._open.append(
                Mistake(
                    line,
                    f"`{condition.group()}` is not ended where it began; put it and its {{% endif %}} "
                    "in one paragraph, or each on a line of its own",
                )
            )
        elif not inside:
            self.mistakes.append(
                Mistake(
                    line,
                    f"`{condition.group()}` ends no {{% if … %}}; put both in one paragraph, "
                    "or each on a line of its own",
                )
            )
        elif condition["other"] == "endif":
            self._open.pop()

    def _close_conditions(self) -> None:
        while self._open and isinstance(unended := self._open[-1], Mistake):
            self.mistakes.append(unended)
            self.has_unended_condition = True
            self._open.pop()


def _lift_conditions(tokens: list[Token]) -> list[Token]:
    """Move an `{% if %}` around a paragraph's whole text out of it, so that no empty paragraph is left."""
    lifted = list(tokens)
    for position, token in enumerate(tokens):
        if token.type != "inline" or tokens[position - 1].type != "paragraph_open" or tokens[position - 1].hidden:
            continue
        children = token.children or []
        if children and _is_one_condition(children):
            token.children = children[1:-1]
            lifted[position - 1 : position + 2] = [children[0], *tokens[position - 1 : position + 2], children[-1]]
            return _lift_conditions(lifted)
    return lifted


def _is_one_condition(children: list[Token]) -> bool:
    """Say whether the first tag is an `if` that the last tag ends."""
    depth = 0
    for position, child in enumerate(children):
        word = condition["word"] or condition["other"] if (condition := _CONDITION.fullmatch(child.content)) else ""
        depth += {"if": 1, "endif": -1}.get(word, 0) if child.type == "tag" else 0
        if depth == 0:
            return position == len(children) - 1 and position > 0
        if depth == 1 and word in {"elif", "else"}:
            return False
    return False
