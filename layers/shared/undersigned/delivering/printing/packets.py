"""Packets: letters typeset as one accessible PDF, with a cover or, for a single letter or a paper form, without."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from undersigned.base import languages
from undersigned.base.colors import PLAIN, accents
from undersigned.base.fonts import needs_no_glyph
from undersigned.base.languages import Message
from undersigned.base.qr_codes import qr_code
from undersigned.delivering.printing.typesetter import Typesetter, TypesettingError
from undersigned.delivering.rules.packets import reference_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from undersigned.base.fonts import FontBook
    from undersigned.campaigns.rules.campaigns import Logo, Organizer, PaperSize, Target
    from undersigned.campaigns.rules.letters import Block, Run

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that no font has."""

# Control characters mean nothing on paper, direction overrides in a name would reverse the words around it, and PDF/UA
# forbids U+FEFF.
_UNPRINTED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_TIDY = dict.fromkeys(_UNPRINTED) | dict.fromkeys(map(ord, "\t\u0085\u2028\u2029"), " ")

_LEFT_TO_RIGHT, _FIRST_HEBREW = "\N{LEFT-TO-RIGHT MARK}", "\u0590"

# Every character except those of the plainest text: Latin-1, and the punctuation that packets.py itself writes.
_UNUSUAL = re.compile(r"[^\x00-\xac\xae-\xff\u2002\u200e\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\ufffd]")

_REGION = re.compile(r"[A-Za-z]{2}")

# The ink of packet.typ; an SVG can't use the document's colors.
_INK = "#1a1a1a"
_DRAWN_HEIGHT = 38  # points: a good half inch

_SCREEN = 100
"""Pixels per inch: a page of a packet is about 850 pixels wide."""

_SIZE, _SIZE_ON_PAPER = 10, 12
"""The font size, in points, of letters that were typed, and of letters that people read and sign on paper."""

_BLANKS = {"signature": 45, "date": 23, "signer.locality": 20, "signer.region": 6, "signer.postal_code": 11, "note": 86}
_USUAL_BLANK = 37
"""How many underscores a blank has to write on, by its merge field."""
_RULES_OF_NOTE = 3

_LONGEST_WORD = 40
_LONGEST_SIGNED_WORD = 18
_LONGEST_LISTED_WORD = 24
_ADDRESS_LINES = 5
_LONGEST_BOX = 1_000


@dataclass(frozen=True, slots=True)
class PacketCover:
    """A packet's first page, in `language`: letters `first` to `last` of `total`, packet `number` of `of`.

    `without` are the numbers of the letters that were erased. `so_far` is how many letters the target has with this
    delivery, if some came earlier. `cover_url` is the page of what was sent to it. By hand, an address sheet is first,
    and each part begins on a right-hand page when both sides of the paper are printed.
    """

    language: str
    campaign_title: str
    organizer: Organizer
    target: Target
    delivered_on: date
    number: int
    of: int
    first: int
    last: int
    total: int
    without: tuple[int, ...] = ()
    so_far: int = 0
    cover_url: str = ""
    by_hand: bool = False
    accent: str | None = None
    logo: Logo | None = None

    @property
    def letters(self) -> int:
        """Return how many letters are in the packet."""
        return self.last - self.first + 1 - len(self.without)


class Foot(NamedTuple):
    """Stands below a letter on paper: a picture as SVG, its words for people who don't see it, and paragraphs."""

    picture: str
    words: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PacketLetter:
    """A rendered letter. Index and bookmarks show its signer's name and town, and the index when it was confirmed.

    `confirmed_at` is in the campaign's time zone. Only a letter on paper has a foot.
    """

    blocks: tuple[Block, ...]
    language: str
    signer_name: str
    signer_locality: str
    confirmed_at: datetime | None = None
    foot: Foot | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """A finished PDF.

    `replaced` counts the characters that could not be typeset, by code point (`U+10FFFD`). `accessible` is False when
    the PDF does not conform to PDF/UA-1, which no known text causes; the letters are complete even then.
    """

    pdf: bytes
    replaced: Mapping[str, int]
    accessible: bool


def tidied(text: str, longest_word: int = _LONGEST_WORD) -> str:
    """Return a text without characters that can't be printed, and with break opportunities in longer words."""
    tidy = text if text.isascii() and text.isprintable() else text.translate(_TIDY)
    return re.sub(rf"[^\s/-]{{{longest_word},}}", _breakable, tidy)


def _breakable(word: re.Match[str]) -> str:
    """Insert a break opportunity before each character of a long word, but not before one that joins the last."""
    broken = ""
    for character in word[0]:
        joins = unicodedata.category(character)[0] == "M" or needs_no_glyph(character)
        if broken and not joins and not broken.endswith("\N{ZERO WIDTH JOINER}"):
            broken += "\N{ZERO WIDTH SPACE}"
        broken += character
    return broken


def _parts(run: Run) -> Iterator[object]:
    """Yield a run's parts in packet.typ's format; a drawing is an SVG with its height in points."""
    if run.blank:
        rules = _RULES_OF_NOTE if run.blank == "note" else 1
        yield [run.text, ["blank"], "", rules, _BLANKS.get(run.blank, _USUAL_BLANK)]
        return
    if run.drawn:
        _, height = run.drawn.size(_DRAWN_HEIGHT)
        yield [tidied(run.text, len(run.text) + 1), [], "", run.drawn.svg(_DRAWN_HEIGHT, ink=_INK), height]
        return
    styles = [style for style in ("strong", "emphasis", "signature") if getattr(run, style)]
    for number, line in enumerate(run.text.split("\n")):
        if number:
            yield "\n"
        if words := tidied(line, _LONGEST_SIGNED_WORD if run.signature else _LONGEST_WORD):
            yield [words, styles, run.link] if styles or run.link else words


@dataclass(frozen=True, slots=True)
class _Whole:
    """A block with all that is inside it: a list entry's own paragraphs and lists."""

    kind: str
    number: int
    runs: tuple[Run, ...]
    inside: tuple[_Whole, ...]

    def as_listed(self, uses: int) -> dict[str, Any]:
        """Return it in packet.typ's format."""
        return {
            "kind": self.kind,
            "number": self.number,
            "runs": [part for run in self.runs for part in _parts(run)],
            # Typst caches the layout of boxes only, and a box can't break across pages.
            "boxed": self.kind == "paragraph" and uses > 1 and sum(len(run.text) for run in self.runs) <= _LONGEST_BOX,
            # Typst lays out an entry as a whole.
            "inside": [whole.as_listed(1) for whole in self.inside],
        }


def _wholes(blocks: Sequence[Block]) -> Iterator[_Whole]:
    """Yield the outermost blocks, each with the deeper ones that follow it."""
    begins = [position for position, block in enumerate(blocks) if position == 0 or block.level <= blocks[0].level]
    for begin, end in pairwise([*begins, len(blocks)]):
        block = blocks[begin]
        yield _Whole(block.kind, block.number, tuple(block.runs), tuple(_wholes(blocks[begin + 1 : end])))


class _Blocks:
    """The blocks of all letters, each once: most of a letter is the same for all signers."""

    def __init__(self, letters: Sequence[PacketLetter]) -> None:
        self._of_letters = [list(_wholes(letter.blocks)) for letter in letters]
        self._uses = Counter(whole for wholes in self._of_letters for whole in wholes)
        self._numbers = {whole: number for number, whole in enumerate(self._uses)}

    def numbers(self) -> list[list[int]]:
        """Return the positions of each letter's blocks in `listed`."""
        return [[self._numbers[whole] for whole in wholes] for wholes in self._of_letters]

    def listed(self) -> list[dict[str, Any]]:
        """Return the blocks in packet.typ's format."""
        return [whole.as_listed(uses) for whole, uses in self._uses.items()]


def typst_language(tag: str) -> tuple[str, str | None]:
    """Split a language tag as Typst requires: the language, and the two letters of the region or None."""
    language, *rest = tag.split("-")
    return language, next((subtag.upper() for subtag in rest if _REGION.fullmatch(subtag)), None)


_UNNUMBERED: dict[str, Any] = {"label": "", "listed": [], "footer": []}
"""What a letter outside of a packet has in place of its numbers."""


def _letters(
    language: str,
    letters: Sequence[PacketLetter],
    fonts: FontBook,
    numbered: Iterable[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    blocks = _Blocks(letters)
    return {
        "size": _SIZE_ON_PAPER if letters[0].foot else _SIZE,
        "language": language,
        "languages": {
            tag: {"language": typst_language(tag), "faces": fonts.faces(tag)}
            for tag in dict.fromkeys([language, *(letter.language for letter in letters)])
        },
        "blocks": blocks.listed(),
        "letters": [
            {"language": letter.language, "blocks": numbers, "foot": letter.foot, **numbering}
            for letter, numbers, numbering in zip(
                letters, blocks.numbers(), numbered or [_UNNUMBERED] * len(letters), strict=True
            )
        ],
    }


def _numbers(cover: PacketCover) -> dict[str, str]:
    """Return a cover's numbers, formatted for its language."""
    numbers = {
        "first": cover.first,
        "last": cover.last,
        "total": cover.total,
        "letters": cover.letters,
        "packet": cover.number,
        "packets": cover.of,
    }
    return {name: languages.number(value, cover.language) for name, value in numbers.items()}


def _span(cover: PacketCover) -> str:
    span = (
        Message("Letter %(first)s of %(total)s", _numbers(cover))
        if cover.first == cover.last
        else Message("Letters %(first)s–%(last)s of %(total)s", _numbers(cover))
    )
    return span.in_language(cover.language)


def _picture(logo: Logo) -> str:
    """Return a logo as an SVG, because a document in JSON can't hold a PNG."""
    width, height = logo.size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="{logo.data}"/></svg>'
    )


def _said(words: Message | str, language: str) -> str:
    return tidied(words) if isinstance(words, str) else words.in_language(language)


def _lines(*texts: str) -> list[str]:
    return [tidied(text) for text in texts if text]


def _link(cover: PacketCover) -> dict[str, str] | None:
    """Return the address of the page of what was sent, with its code for telephones."""
    if not cover.cover_url:
        return None
    words = Message("All files that were sent to your office:")
    return {
        "words": words.in_language(cover.language),
        "url": cover.cover_url,
        "code": qr_code(cover.cover_url, sized=True),
        "alt": Message("QR code of %(address)s", {"address": cover.cover_url}).in_language(cover.language),
    }


def _sheet(cover: PacketCover, paper_size: PaperSize) -> dict[str, Any] | None:
    """Return what stands on the address sheet of a packet that goes by hand."""
    if not cover.by_hand:
        return None
    target, organizer = cover.target, cover.organizer
    fold = (
        Message("Fold along the two marks: the address then shows in the window of a DL envelope.")
        if paper_size == "a4"
        else Message("Fold along the two marks: the address then shows in the window of a No. 10 envelope.")
    )
    return {
        "sender": _lines(organizer.name, organizer.telephone or "", organizer.email, organizer.website or ""),
        "address": _lines(*_office_lines(target, cover.language), *(_postal_lines(target) or [target.locality])),
        "fold": fold.in_language(cover.language),
    }


def _office_lines(target: Target, language: str) -> Iterator[str]:
    """Return the lines above a postal address: the recipient and the department, unless it names them."""
    parts = [f" {part.strip().casefold()}" for part in re.split(r"[\n,]", target.postal_address)]
    if not any(part.endswith(f" {target.name.casefold()}") for part in parts):
        yield f"{target.title_in(language)} {target.name}"
    if not any(part.endswith(f" {target.department.casefold()}") for part in parts):
        yield target.department


def _postal_lines(target: Target) -> list[str]:
    """Return the lines of a postal address. A single line is broken before the town; a mere street gets the town."""
    lines = [line.strip() for line in target.postal_address.splitlines() if line.strip()]
    if len(lines) == 1 and target.locality:
        street, town, rest = lines[0].rpartition(f", {target.locality}")
        if town:
            lines = [street, f"{town}{rest}".removeprefix(", ")]
        elif "," not in lines[0]:
            lines.append(target.locality)
    return [*lines[:_ADDRESS_LINES], *filter(None, [", ".join(lines[_ADDRESS_LINES:])])]


def _cover(cover: PacketCover) -> dict[str, Any]:
    target, organizer, language, numbers = cover.target, cover.organizer, cover.language, _numbers(cover)
    headline = Message.counted("%(letters)s signed letter", "%(letters)s signed letters", cover.letters, numbers)
    gone = len(cover.without)
    erased = {"count": languages.number(gone, language)}
    so_far = {"letters": languages.number(cover.so_far, language)}
    facts = (
        (Message("In this file"), _span(cover)),
        (Message("Erased"), gone and Message.counted("%(count)s letter", "%(count)s letters", gone, erased)),
        (Message("File"), Message("%(packet)s of %(packets)s", numbers)),
        (Message("So far"), cover.so_far and Message("%(letters)s letters, these included", so_far)),
        (Message("Sent by"), organizer.name),
        (Message("Telephone"), organizer.telephone),
        (Message("For replies"), organizer.email),
        (Message("Website"), organizer.website),
    )
    note = Message(
        "Each letter starts on a new page. To answer, write to %(email)s. "
        "It helps to name a letter’s reference number.",
        {"email": organizer.email},
    )
    return {
        "organizer": tidied(organizer.name),
        "color": accents(cover.accent or PLAIN)[0].color,
        "logo": [_picture(cover.logo), *cover.logo.size] if cover.logo else None,
        "campaign": tidied(cover.campaign_title),
        "date": languages.long_date(cover.delivered_on, language),
        "day": {"year": cover.delivered_on.year, "month": cover.delivered_on.month, "day": cover.delivered_on.day},
        "target": _lines(f"{target.title_in(language)} {target.name}", target.department, target.locality),
        "headline": headline.in_language(language),
        "to": Message("To").in_language(language),
        "facts": [[label.in_language(language), _said(fact, language)] for label, fact in facts if fact],
        "note": tidied(note.in_language(language)),
        "link": _link(cover),
    }


def _index(cover: PacketCover) -> dict[str, str]:
    title = Message("Index")
    said = {
        "title": title,
        "words": Message(
            "Each entry has a letter’s number, its signer’s name, their town if the letter has it, and its page. The "
            "line below has its reference number and when the signer confirmed it by email."
        ),
        "footer": Message("%(index)s · file %(packet)s of %(packets)s", {"index": title, **_numbers(cover)}),
        "page": Message("Page %(number)s", {"number": "#"}),
    }
    return {name: message.in_language(cover.language) for name, message in said.items()}


def _ended(words: str) -> str:
    """Return words of any direction, ended so that the text after them stands on their right."""
    return words + _LEFT_TO_RIGHT if max(words, default="") >= _FIRST_HEBREW else words


def _numbered(cover: PacketCover, letters: Sequence[PacketLetter]) -> Iterator[dict[str, Any]]:
    """Yield the label, the entry in the index and the footer of each letter."""
    language, period = cover.language, cover.delivered_on.isoformat()
    footer = Message("Letter %(number)s of %(total)s · file %(packet)s of %(packets)s").in_language(language)
    reference = Message("Reference number %(reference)s").in_language(language)
    numbers = _numbers(cover)
    positions = (number for number in range(cover.first, cover.last + 1) if number not in cover.without)
    for position, letter in zip(positions, letters, strict=False):
        written, referred = languages.number(position, language), reference_number(period, position)
        name, town = letter.signer_name, letter.signer_locality
        when = languages.short_moment(letter.confirmed_at, language) if letter.confirmed_at else ""
        yield {
            "label": tidied(f"{written}\N{EN SPACE}{', '.join(filter(None, (name, town)))}"),
            "listed": [
                written,
                tidied(", ".join(_ended(words) for words in (name, town) if words), _LONGEST_LISTED_WORD),
                " · ".join(filter(None, (referred, when))),
            ],
            "footer": [footer % (numbers | {"number": written}), reference % {"reference": referred}],
        }


def _packet(
    cover: PacketCover, letters: Sequence[PacketLetter], fonts: FontBook, paper_size: PaperSize
) -> dict[str, Any]:
    return {
        "title": tidied(f"{cover.campaign_title}: {_span(cover)}"),
        "author": tidied(cover.organizer.name),
        "paper": paper_size,
        "sheet": _sheet(cover, paper_size),
        "cover": _cover(cover),
        "index": _index(cover),
        **_letters(cover.language, letters, fonts, _numbered(cover, letters)),
    }


def _without_cover(letters: Sequence[PacketLetter], fonts: FontBook, paper_size: PaperSize) -> dict[str, Any]:
    first = letters[0]
    return {
        "title": tidied(Message("Letter from %(name)s", {"name": first.signer_name}).in_language(first.language)),
        "author": tidied(first.signer_name),
        "paper": paper_size,
        "sheet": None,
        "cover": None,
        "index": None,
        **_letters(first.language, letters, fonts),
    }


def _paper(
    letters: Sequence[PacketLetter], title: str, author: str, fonts: FontBook, paper_size: PaperSize
) -> dict[str, Any]:
    said = {"title": title, "author": author, "paper": paper_size, "sheet": None, "cover": None, "index": None}
    return said | _letters(letters[0].language, letters, fonts)


def printable(document: str, fonts: FontBook) -> str:
    """Replace every character that no font has with U+FFFD."""
    lacking = filter(fonts.lacks, {character for character in document if character > "~"})
    return document.translate(dict.fromkeys(map(ord, lacking), REPLACEMENT))


def plain(words: str) -> str:
    """Replace every unusual character with U+FFFD.

    Typst refuses a mark that no font has together with its base, and panics on some marks (typst/typst#8667).
    """
    return _UNUSUAL.sub(REPLACEMENT, words)


def _plainly(letter: PacketLetter) -> PacketLetter:
    blocks = (
        replace(block, runs=[replace(run, text=plain(run.text)) for run in block.runs]) for block in letter.blocks
    )
    name, town = plain(letter.signer_name), plain(letter.signer_locality)
    return replace(letter, blocks=tuple(blocks), signer_name=name, signer_locality=town)


def _quoted(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _replaced(before: str, after: str) -> dict[str, int]:
    gone = Counter(before) - Counter(after) if before != after else Counter[str]()
    return {f"U+{ord(character):04X}": count for character, count in sorted(gone.items())}


def pictures(
    cover: PacketCover, letters: Sequence[PacketLetter], fonts: FontBook, paper_size: PaperSize
) -> list[bytes]:
    """Return a PNG of each page of a packet, as a person sees it on a screen. Raises TypesettingError."""
    typesetter = Typesetter(fonts)
    made = typesetter.pictures(printable(_quoted(_packet(cover, letters, fonts, paper_size)), fonts), _SCREEN)
    typesetter.forget()
    return made


def typeset(
    cover: PacketCover | None,
    letters: Sequence[PacketLetter],
    fonts: FontBook,
    paper_size: PaperSize = "us-letter",
) -> Packet:
    """Typeset letters, each starting on a new page, after the cover if there is one.

    Equal input gives equal bytes. U+FFFD replaces a character that no font has, so no character stops a packet.
    """

    def write(some: Sequence[PacketLetter]) -> dict[str, Any]:
        return _packet(cover, some, fonts, paper_size) if cover else _without_cover(some, fonts, paper_size)

    return _typeset(write, letters, fonts)


def typeset_paper(
    letters: Sequence[PacketLetter], title: str, author: str, fonts: FontBook, paper_size: PaperSize
) -> bytes:
    """Typeset letters to sign on paper, each with its foot, as a PDF with a title and an author."""
    said = (tidied(title), tidied(author), fonts, paper_size)
    return _typeset(lambda some: _paper(some, *said), letters, fonts).pdf


def _typeset(
    write: Callable[[Sequence[PacketLetter]], dict[str, Any]], letters: Sequence[PacketLetter], fonts: FontBook
) -> Packet:
    written = _quoted(write(letters))
    document = printable(written, fonts)
    typesetter = Typesetter(fonts)

    def is_refused(letter: PacketLetter) -> bool:
        try:
            typesetter.compile(printable(_quoted(write([letter])), fonts))
        except TypesettingError:
            return True
        return False

    accessible = True
    try:
        pdf = typesetter.compile(document)
    except TypesettingError:
        # Only the letters that Typst refuses change.
        plain = [_plainly(letter) if is_refused(letter) else letter for letter in letters]
        document = printable(_quoted(write(plain)), fonts)
        try:
            pdf = typesetter.compile(document)
        except TypesettingError:
            # A less accessible letter is better than one that is never sent.
            pdf, accessible = typesetter.compile(document, accessible=False), False
    typesetter.forget()
    return Packet(pdf, _replaced(written, document), accessible)
