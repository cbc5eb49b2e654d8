"""Letters: a compiled template, rendered for one signer and one target as HTML, blocks and text.

`campaign push` compiles a letter's Markdown to a template of plain HTML. The template is rendered to HTML;
blocks (for the PDF) and text are read from that HTML, so all three always have the same words.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from undersigned.base.languages import SOURCE, Message, long_date
from undersigned.base.rows import Row
from undersigned.campaigns.rules.drawings import Drawing, Picture
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.campaigns.rules.letter_templates import NEEDED, fields_of, filled, marked, when

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from undersigned.campaigns.rules.campaigns import Target

_TEXT_WIDTH = 72

DRAWN_HEIGHT = 56
"""The height of a drawn signature on a page or in an email, in CSS pixels: a little over half an inch."""


@dataclass(frozen=True, slots=True)
class Letter(Row):
    """An immutable letter. `version` is the SHA-256 (hex) of all the rest, so it names exactly what people sign."""

    pk, sk = "CAMPAIGN#{campaign}", "LETTER#{version}"

    version: str
    language: str
    source: str
    template: str

    @classmethod
    def of(cls, language: str, source: str, template: str) -> Letter:
        """Make a letter, with the version computed from its content."""
        content = json.dumps([language, source, template], ensure_ascii=False)
        return cls(hashlib.sha256(content.encode()).hexdigest(), language, source, template)

    @property
    def offers_note(self) -> bool:
        """Say whether the letter has a field for the signer's own words."""
        return "note" in fields_of(self.template)


@dataclass(frozen=True, slots=True)
class SignerDetails:
    """The details of its signer that a letter shows. `signature` is the typed one; `note` may be empty.

    `signed_on` is None if the letter is not signed yet. `drawing` is the drawn signature, if there is one, as a row
    keeps it (see `drawings`); the letter shows it instead of the typed one.
    """

    name: str
    address_line: str
    locality: str
    region: str
    postal_code: str
    signature: str
    note: str
    signed_on: date | None
    drawing: str = ""
    answer: str = ""


def _lines(*lines: str) -> Markup:
    return Markup("<br>\n").join(lines)


def specimen(language: str) -> SignerDetails:
    """Return placeholders in parentheses for a letter that is not signed yet."""
    return SignerDetails(
        name=Message("(name)").in_language(language),
        address_line=Message("(address)").in_language(language),
        locality=Message("(town)").in_language(language),
        region=Message("(state)").in_language(language),
        postal_code=Message("(postal code)").in_language(language),
        signature=Message("(signature)").in_language(language),
        note="",
        signed_on=None,
        answer=Message("(answer)").in_language(language),
    )


def render_html(template: str, target: Target, signer: SignerDetails, language: str = SOURCE) -> str:
    """Render one signer's letter to one target as an HTML fragment. Every value is escaped.

    Raises LetterError if the template has something that no letter may have.
    """
    shown = _fields(target, signer, language)
    return filled(template, shown | {"signature": signature_html(signer), "note": _lines(*signer.note.splitlines())})


def render_marked(template: str, target: Target, signer: SignerDetails, language: str = SOURCE) -> str:
    """Render a letter for a browser to fill in while somebody types. `signer` and `target` have placeholders.

    Each merge field is a `<slot>` with its name. Raises LetterError.
    """
    placeholders = _fields(target, signer, language)
    slots = {name: _SLOT.format(name, text) for name, text in placeholders.items()}

    def given(names: str, content: Markup) -> Markup:
        return content if any(placeholders[name] for name in names.split()) else when(names, content)

    line, town, region, code = (slots[name] for name in _ADDRESS)
    end = given("signer.locality signer.region signer.postal_code", _lines("", ""))
    comma = given("signer.locality", given("signer.region", Markup(", ")))
    space = given("signer.locality signer.region", given("signer.postal_code", Markup(" ")))
    parts = given("signer.address_line", line + end) + town + comma + region + space + code
    slots["signer.address"] = given(NEEDED, parts)
    slots["signature"] = Markup('<span class="signature">{}</span>').format(slots["signature"])
    return marked(template, slots, has_address=any(placeholders[name] for name in NEEDED.split()))


def render_blank(
    template: str, printed: Mapping[str, str], language: str = SOURCE, unasked: Collection[str] = ()
) -> str:
    """Render a letter to sign on paper, with a `<slot>` for each merge field that a person fills in by hand.

    A slot has the words of its field in brackets, as the letter's page reads them. `printed` are the fields that are
    known, by name; fields that are `unasked` have no slot. Raises LetterError.
    """
    shown: dict[str, str] = {
        name: printed.get(name) or _SLOT.format(name, f"[{words.in_language(language)}]")
        for name, words in FIELDS.items()
    }
    shown |= {f"signer.{name}": "" for name in unasked}
    return filled(template, shown | {"signer.address": _address(shown)})


_ADDRESS = (*NEEDED.split(), "signer.postal_code")


def _address(parts: Mapping[str, str]) -> Markup:
    """Return an address of the parts that are there. A postal code alone is none."""
    line, town, region, code = (parts[name] for name in _ADDRESS)
    if not (line or town or region):
        return Markup("")
    place = Markup(", ").join(filter(None, (town, region)))
    return _lines(*filter(None, (line, Markup(" ").join(filter(None, (place, code))))))


_SLOT = Markup('<slot name="{}">{}</slot>')


def _fields(target: Target, signer: SignerDetails, language: str) -> dict[str, str]:
    """Return the text of each merge field, by name."""
    return {
        "target.title": target.title_in(language),
        "target.name": target.name,
        "target.department": target.department,
        "target.locality": target.locality,
        "signer.name": signer.name,
        "signer.address": _address({name: getattr(signer, name.removeprefix("signer.")) for name in _ADDRESS}),
        "signer.address_line": signer.address_line,
        "signer.locality": signer.locality,
        "signer.region": signer.region,
        "signer.postal_code": signer.postal_code,
        "signer.answer": signer.answer,
        "signature": signer.signature,
        "date": long_date(signer.signed_on, language) if signer.signed_on else Message("(date)").in_language(language),
        "note": signer.note,
    }


def signature_html(signer: SignerDetails) -> Markup:
    """Render the signature of a letter: typed, or drawn with the typed one as its label."""
    if not signer.drawing:
        return Markup('<span class="signature">{}</span>').format(signer.signature)
    svg = Drawing.kept(signer.drawing).picture.svg(DRAWN_HEIGHT, label=signer.signature)
    return Markup('<span class="signature drawn">{}</span>').format(Markup(svg))  # noqa: S704  (its label is escaped)


BlockKind = Literal["paragraph", "heading", "bullet", "number", "quote"]


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style. A line break is a run whose text is a newline. `drawn` is shown instead of the text.

    `blank` is the merge field of a place to write on by hand, whose caption is the text.
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    signature: bool = False
    link: str = ""
    drawn: Picture | None = None
    blank: str = ""


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list entry or quotation, as runs.

    `level` is the number of list entries around it, so 0 for an entry of an outermost list. `number` is a numbered
    entry's.
    """

    kind: BlockKind
    runs: list[Run] = field(default_factory=list)
    level: int = 0
    number: int = 0

    @property
    def is_entry(self) -> bool:
        """Say whether it begins an entry of a list."""
        return self.kind in {"bullet", "number"}

    @property
    def text(self) -> str:
        """Return the words alone."""
        return "".join(run.text for run in self.runs)


class _BlockReader(HTMLParser):
    """Reads the small part of HTML that a compiled letter can contain."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: list[str] = []
        self._links: list[str] = []
        self._lists: list[BlockKind] = []
        self._numbers: list[int] = []
        self._svg: dict[str, str | None] = {}
        self._slot = ""
        self._block: Block | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        match tag:
            case "br":
                self._add("\n")
                return
            case "ul" | "ol":
                self._lists.append("bullet" if tag == "ul" else "number")
                self._numbers.append(0)
            case "li":
                self._numbers[-1] += 1
                self._begin(self._lists[-1])
            case "p" if self._block is None or not self._block.is_entry or self._block.text.strip():
                self._begin("quote" if "blockquote" in self._open else "paragraph")
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._begin("heading")
            case "a":
                self._links.append(values.get("href") or "")
            case "slot":
                self._slot = values.get("name") or ""
            case "svg":
                self._svg = values
            case "path":
                picture = Picture.read(self._svg.get("viewbox") or "", values.get("d") or "")
                self._add(self._svg.get("aria-label") or "", picture)
            case _:
                pass
        self._open.append("signature" if "signature" in (values.get("class") or "").split() else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":  # `<br />` has no content
            return
        self._open.pop()
        match tag:
            case "ul" | "ol":
                self._lists.pop()
                self._numbers.pop()
            case "a":
                self._links.pop()
            case "slot":
                self._slot = ""
            case "p" | "li" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._block = None
            case _:
                pass

    def handle_data(self, data: str) -> None:
        # Spaces between blocks and at the start of one are only the layout of the source.
        if (self._block is None or not self._block.runs) and not data.strip():
            return
        # After a <br>, a line end in the source is ignored. Elsewhere it is a space.
        after_break = bool(self._block and self._block.runs and self._block.runs[-1].text.endswith("\n"))
        text = data.removeprefix("\n") if after_break else data
        self._add(text.replace("\n", " "))

    def _begin(self, kind: BlockKind) -> None:
        self._block = Block(kind, level=len(self._lists))
        if self._block.is_entry:
            self._block.level -= 1
            self._block.number = self._numbers[-1] if kind == "number" else 0
        self.blocks.append(self._block)

    def _add(self, text: str, drawn: Picture | None = None) -> None:
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
                drawn=drawn,
                blank=self._slot,
            )
        )


def read_blocks(html: str) -> tuple[Block, ...]:
    """Read a rendered letter as blocks, without empty ones. A list entry that begins with another list is not empty."""
    reader = _BlockReader()
    reader.feed(html)
    reader.close()
    kept: list[Block] = []
    for block in reversed(reader.blocks):
        has_inside = block.is_entry and kept and kept[-1].level > block.level
        if has_inside or block.text.strip():
            kept.append(block)
    return tuple(reversed(kept))


def _with_address(run: Run) -> str:
    if run.link and run.text not in {run.link, re.sub(r"^(https?://|mailto:)", "", run.link)}:
        return f"{run.text} <{run.link}>"
    return run.text


def as_text(blocks: Iterable[Block]) -> str:
    """Return blocks as plain text, wrapped at 72 columns, without trailing spaces.

    Blocks inside a list entry are indented as far as the entry's own words.
    """
    paragraphs = []
    # The width of the current entry's mark at each level.
    widths: list[int] = []
    for block in blocks:
        outer = " " * sum(widths[: block.level])
        mark = {"bullet": "- ", "number": f"{block.number}. ", "quote": "> "}.get(block.kind, "")
        if block.is_entry:
            widths[block.level :] = [len(mark)]
        lead = f"{outer}{mark}"
        if not block.text.strip():
            paragraphs.append(lead.rstrip())
            continue
        lines = "".join(_with_address(run) for run in block.runs).split("\n")
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
