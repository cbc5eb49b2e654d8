"""Letters: one compiled template, rendered for one signer and one target as HTML, blocks and text.

A letter's Markdown is compiled once, at push, to a Jinja2 template of plain HTML. HTML is what is
rendered; blocks (for the PDF) and text are read off that HTML, so all three always say the same words.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Literal

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from undersigned.domain.errors import LetterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.domain.campaigns import Target

FIELDS: Mapping[str, str] = {
    "target.title": "the addressee's title, such as Police Chief",
    "target.name": "the addressee's name",
    "target.department": "the addressee's department",
    "target.locality": "the addressee's town",
    "signer.name": "the signer's name",
    "signer.address": "the signer's address, on two lines",
    "signer.address_line": "street and number",
    "signer.locality": "the signer's town",
    "signer.region": "the signer's state",
    "signer.postal_code": "the signer's postal code",
    "signature": "the signature",
    "date": "the day of signing",
    "note": "the signer's own words; only a letter with this field offers them",
}
"""The merge fields that a letter may use, with what each stands for."""

_TEXT_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Letter:
    """An immutable letter. `version` is the SHA-256 (hex) of `language` and `source`."""

    version: str
    language: str
    source: str
    template: str

    @classmethod
    def of(cls, language: str, source: str, template: str) -> Letter:
        """Make the letter whose version follows from what it says."""
        digest = hashlib.sha256(f"{language}\n{source}".encode()).hexdigest()
        return cls(digest, language, source, template)

    @property
    def offers_note(self) -> bool:
        """Say whether the letter has a place for the signer's own words."""
        return "note" in fields_of(self.template)


@dataclass(frozen=True, slots=True)
class SignerDetails:
    """What a letter shows of its signer. `signature` is the typed one; `note` may be empty."""

    name: str
    address_line: str
    locality: str
    region: str
    postal_code: str
    signature: str
    note: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a template, by line (1-based) of the template."""

    line: int
    message: str


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def _field_name(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            return f"{name}.{attr}"
        case _:
            return None


def mistakes_in(template: str) -> tuple[Mistake, ...]:
    """Find whatever a letter may not hold: unknown fields, and any code but `{% if field %}`.

    A letter has no loops, calls, filters or assignments, so its output is bounded by its own length.
    """
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateError as error:
        return (Mistake(getattr(error, "lineno", 1), f"{error.message}; write merge fields as {{{{ signer.name }}}}"),)
    return tuple(_mistakes(tree.body))


def _mistakes(body: Iterable[nodes.Node]) -> Iterator[Mistake]:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        yield from _field_mistakes(part)
            case nodes.If():
                yield from _field_mistakes(node.test)
                yield from _mistakes([*node.body, *node.elif_, *node.else_])
            case _:
                yield Mistake(
                    node.lineno,
                    "a letter may hold merge fields and {% if field %} … {% endif %} only; take this tag out",
                )


def _field_mistakes(node: nodes.Node) -> Iterator[Mistake]:
    name = _field_name(node)
    if name is None:
        yield Mistake(node.lineno, "a merge field is a plain name such as {{ signer.name }}; take the rest out")
    elif name not in FIELDS:
        known = ", ".join(FIELDS)
        yield Mistake(node.lineno, f"unknown merge field {{{{ {name} }}}}; the known ones are {known}")


@lru_cache(maxsize=64)
def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses. Raises LetterError when it does not parse."""
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateError as error:
        raise LetterError(str(error)) from error
    found = (_field_name(node) for node in tree.find_all((nodes.Name, nodes.Getattr)))
    return frozenset(name for name in found if name is not None and name in FIELDS)


@lru_cache(maxsize=64)
def _compiled(template: str) -> Template:
    if mistakes := mistakes_in(template):
        raise LetterError("; ".join(f"line {mistake.line}: {mistake.message}" for mistake in mistakes))
    return _ENVIRONMENT.from_string(template)


# Not strftime's: its names follow the locale of the process.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def long_date(day: date) -> str:
    """Write a day as a letter does: `November 30, 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _lines(*lines: str) -> Markup:
    return Markup("<br>\n").join(lines)


def render_html(template: str, target: Target, signer: SignerDetails) -> str:
    """Render one signer's letter to one target as an HTML fragment; every value is escaped.

    Raises LetterError when the template holds what `mistakes_in` finds.
    """
    return _render(template, target, signer, long_date(signer.signed_on))


def render_specimen(template: str, target: Target) -> str:
    """Render a letter that nobody has signed yet, with words in parentheses where a signer's will stand."""
    signer = SignerDetails(
        name="(name)",
        address_line="(address)",
        locality="(town)",
        region="(state)",
        postal_code="(postal code)",
        signature="(signature)",
        note="",
        signed_on=date.min,
    )
    return _render(template, target, signer, "(date)")


def _render(template: str, target: Target, signer: SignerDetails, day: str) -> str:
    town = f"{signer.locality}, {signer.region} {signer.postal_code}"
    return _compiled(template).render(
        target={
            "title": target.title,
            "name": target.name,
            "department": target.department,
            "locality": target.locality,
        },
        signer={
            "name": signer.name,
            "address": _lines(signer.address_line, town),
            "address_line": signer.address_line,
            "locality": signer.locality,
            "region": signer.region,
            "postal_code": signer.postal_code,
        },
        signature=Markup('<span class="signature">{}</span>').format(signer.signature),
        date=day,
        note=_lines(*signer.note.splitlines()),
    )


BlockKind = Literal["paragraph", "heading", "bullet", "number", "quote"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text of one look. A line break is a run whose text is a newline."""

    text: str
    strong: bool = False
    emphasis: bool = False
    signature: bool = False
    link: str = ""


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list entry or quotation, as runs."""

    kind: BlockKind
    runs: list[Run] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the words alone."""
        return "".join(run.text for run in self.runs)


class _BlockReader(HTMLParser):
    """Read the small HTML that a compiled letter can hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: list[str] = []
        self._links: list[str] = []
        self._lists: list[BlockKind] = []
        self._block: Block | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        match tag:
            case "br":
                self._add("\n")
                return
            case "ul":
                self._lists.append("bullet")
            case "ol":
                self._lists.append("number")
            case "li":
                self._begin(self._lists[-1])
            case "p" if self._block is None or self._block.kind not in {"bullet", "number"} or self._block.text.strip():
                self._begin("quote" if "blockquote" in self._open else "paragraph")
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._begin("heading")
            case "a":
                self._links.append(values.get("href") or "")
            case _:
                pass
        self._open.append("signature" if values.get("class") == "signature" else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":  # `<br />` ends as it begins
            return
        self._open.pop()
        match tag:
            case "ul" | "ol":
                self._lists.pop()
            case "a":
                self._links.pop()
            case "p" | "li" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._block = None
            case _:
                pass

    def handle_data(self, data: str) -> None:
        # Blanks between blocks and at the beginning of one are the source's.
        if (self._block is None or not self._block.runs) and not data.strip():
            return
        # After a <br> the source's own line end is no space; elsewhere a line end is one.
        after_break = bool(self._block and self._block.runs and self._block.runs[-1].text.endswith("\n"))
        text = data.removeprefix("\n") if after_break else data
        self._add(text.replace("\n", " "))

    def _begin(self, kind: BlockKind) -> None:
        self._block = Block(kind)
        self.blocks.append(self._block)

    def _add(self, text: str) -> None:
        if not text:
            return
        if self._block is None:
            self._begin("paragraph")
        assert self._block is not None  # noqa: S101  (_begin has just set it)
        self._block.runs.append(
            Run(
                text,
                strong="strong" in self._open,
                emphasis="em" in self._open,
                signature="signature" in self._open,
                link=self._links[-1] if self._links else "",
            )
        )


def read_blocks(html: str) -> tuple[Block, ...]:
    """Read a rendered letter into blocks; empty ones are left out."""
    reader = _BlockReader()
    reader.feed(html)
    reader.close()
    return tuple(block for block in reader.blocks if block.text.strip())


def _marked(run: Run) -> str:
    if run.link and run.text not in {run.link, re.sub(r"^(https?://|mailto:)", "", run.link)}:
        return f"{run.text} <{run.link}>"
    return run.text


def as_text(blocks: Iterable[Block]) -> str:
    """Set blocks as plain text, wrapped at 72 columns, without trailing blanks."""
    paragraphs = []
    number = 0
    for block in blocks:
        number = number + 1 if block.kind == "number" else 0
        lead = {"bullet": "- ", "number": f"{number}. ", "quote": "> "}.get(block.kind, "")
        lines = "".join(_marked(run) for run in block.runs).split("\n")
        indent = lead if block.kind == "quote" else " " * len(lead)
        paragraphs.append(
            "\n".join(
                textwrap.fill(
                    line.strip(),
                    _TEXT_WIDTH,
                    initial_indent=lead if position == 0 else indent,
                    subsequent_indent=indent,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
                for position, line in enumerate(lines)
            )
        )
    return "\n\n".join(paragraphs) + "\n"
