"""Typeset letters as one accessible PDF: a packet with its cover, or a single letter."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from undersigned.domain import languages
from undersigned.domain.languages import Message
from undersigned.rendering.fonts import needs_no_glyph
from undersigned.rendering.typesetter import Typesetter, TypesettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from undersigned.domain.campaigns import Target
    from undersigned.domain.letters import Block, Run
    from undersigned.rendering.fonts import FontBook

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no font has."""

# Controls say nothing on paper, direction overrides in a name would turn the words around it, PDF/UA bars U+FEFF.
_UNPRINTED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_TIDY = dict.fromkeys(_UNPRINTED) | dict.fromkeys(map(ord, "\t\u0085\u2028\u2029"), " ")

# What is left when a text is set in the plainest way: Latin-1, and the punctuation that packets.py itself writes.
_UNUSUAL = re.compile(r"[^\x00-\xac\xae-\xff\u2002\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\ufffd]")

_REGION = re.compile(r"[A-Za-z]{2}")

# As packet.typ has it; an SVG knows no other colours than its own.
_INK = "#1a1a1a"
_DRAWN_HEIGHT = 38  # points: a good half inch

_LONGEST_WORD = 40
_LONGEST_SIGNED_WORD = 18
_LONGEST_BOX = 1_000


@dataclass(frozen=True, slots=True)
class PacketCover:
    """What the first page says, in its language: letters `first` to `last` of `total`, in packet `number` of `of`."""

    language: str
    campaign_title: str
    organizer_name: str
    target: Target
    delivered_on: date
    number: int
    of: int
    first: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class PacketLetter:
    """One rendered letter; name and town of its signer stand in the bookmarks."""

    blocks: tuple[Block, ...]
    language: str
    signer_name: str
    signer_locality: str


@dataclass(frozen=True, slots=True)
class Packet:
    """A finished PDF.

    `replaced` counts the characters that could not be set, by code point (`U+10FFFD`). `accessible` is False when
    PDF/UA-1 could not be met, which no known text brings about; the letters are complete all the same.
    """

    pdf: bytes
    sha256: str
    replaced: Mapping[str, int]
    accessible: bool


def _tidied(text: str, longest_word: int = _LONGEST_WORD) -> str:
    tidy = text if text.isascii() and text.isprintable() else text.translate(_TIDY)
    return re.sub(rf"[^\s/-]{{{longest_word},}}", _breakable, tidy)


def _breakable(word: re.Match[str]) -> str:
    """Let a word that may be wider than the page break before any character that does not sit on another."""
    broken = ""
    for character in word[0]:
        joins = unicodedata.category(character)[0] == "M" or needs_no_glyph(character)
        if broken and not joins and not broken.endswith("\N{ZERO WIDTH JOINER}"):
            broken += "\N{ZERO WIDTH SPACE}"
        broken += character
    return broken


def _parts(run: Run) -> Iterator[object]:
    """Return a run's parts as packet.typ takes them; what is drawn is an SVG with its height in points."""
    if run.drawn:
        _, height = run.drawn.size(_DRAWN_HEIGHT)
        yield [_tidied(run.text, len(run.text) + 1), [], "", run.drawn.svg(_DRAWN_HEIGHT, ink=_INK), height]
        return
    looks = [look for look in ("strong", "emphasis", "signature") if getattr(run, look)]
    for number, line in enumerate(run.text.split("\n")):
        if number:
            yield "\n"
        if words := _tidied(line, _LONGEST_SIGNED_WORD if run.signature else _LONGEST_WORD):
            yield [words, looks, run.link] if looks or run.link else words


class _Blocks:
    """The blocks of all letters, each once: most of a letter is the same for all signers."""

    def __init__(self, letters: Sequence[PacketLetter]) -> None:
        self._uses = Counter(_identity(block) for letter in letters for block in letter.blocks)
        self._numbers = {identity: number for number, identity in enumerate(self._uses)}

    def numbers(self, letter: PacketLetter) -> list[int]:
        """Return where a letter's blocks stand in `listed`."""
        return [self._numbers[_identity(block)] for block in letter.blocks]

    def listed(self) -> list[dict[str, Any]]:
        """Return the blocks as packet.typ takes them."""
        return [
            {"kind": kind, "runs": [part for run in runs for part in _parts(run)], "boxed": _is_boxed(kind, runs, uses)}
            for (kind, runs), uses in self._uses.items()
        ]


def _identity(block: Block) -> tuple[str, tuple[Run, ...]]:
    return block.kind, tuple(block.runs)


def _is_boxed(kind: str, runs: Sequence[Run], uses: int) -> bool:
    """Say whether packet.typ shall set a paragraph as one box: the layout of a box is cached, a paragraph's is not.

    A box cannot break across pages, so a long paragraph or a signer's own words are none.
    """
    return kind == "paragraph" and uses > 1 and sum(len(run.text) for run in runs) <= _LONGEST_BOX


def _language(tag: str) -> tuple[str, str | None]:
    """Split a language tag as Typst wants it: the language and, if there is one, the region's two letters."""
    language, *rest = tag.split("-")
    return language, next((subtag.upper() for subtag in rest if _REGION.fullmatch(subtag)), None)


def _letters(
    language: str, letters: Sequence[PacketLetter], labels: Sequence[tuple[str, str]], fonts: FontBook
) -> dict[str, Any]:
    blocks = _Blocks(letters)
    return {
        "language": language,
        "languages": {
            tag: {"language": _language(tag), "faces": fonts.faces(tag)}
            for tag in dict.fromkeys([language, *(letter.language for letter in letters)])
        },
        "blocks": blocks.listed(),
        "letters": [
            {"language": letter.language, "label": _tidied(label), "footer": footer, "blocks": blocks.numbers(letter)}
            for letter, (label, footer) in zip(letters, labels, strict=True)
        ],
    }


def _numbers(cover: PacketCover) -> dict[str, str]:
    """Return a cover's numbers as its language writes them."""
    numbers = {
        "first": cover.first,
        "last": cover.last,
        "total": cover.total,
        "packet": cover.number,
        "packets": cover.of,
    }
    return {name: languages.number(value, cover.language) for name, value in numbers.items()}


def _headline(cover: PacketCover) -> str:
    headline = Message.counted("%(total)s signed letter", "%(total)s signed letters", cover.total, _numbers(cover))
    return headline.in_language(cover.language)


def _span(cover: PacketCover) -> str:
    span = (
        Message("Letter %(first)s of %(total)s", _numbers(cover))
        if cover.first == cover.last
        else Message("Letters %(first)s–%(last)s of %(total)s", _numbers(cover))
    )
    return span.in_language(cover.language)


def _cover(cover: PacketCover) -> dict[str, Any]:
    target, language = cover.target, cover.language
    organizer = _tidied(cover.organizer_name)
    note = Message(
        "Each letter starts on a new page. To answer, reply to the email that came with this packet. "
        "Your reply goes to %(organizer)s.",
        {"organizer": organizer},
    )
    return {
        "organizer": organizer,
        "campaign": _tidied(cover.campaign_title),
        "date": languages.long_date(cover.delivered_on, language),
        "day": {"year": cover.delivered_on.year, "month": cover.delivered_on.month, "day": cover.delivered_on.day},
        "addressee": [
            _tidied(line)
            for line in (f"{target.title_in(language)} {target.name}", target.department, target.locality)
            if line
        ],
        "headline": _headline(cover),
        "to": Message("To").in_language(language),
        "facts": [
            [Message("In this packet").in_language(language), _span(cover)],
            [
                Message("Packet").in_language(language),
                Message("%(packet)s of %(packets)s", _numbers(cover)).in_language(language),
            ],
            [Message("Sent by").in_language(language), organizer],
        ],
        "note": note.in_language(language),
    }


def _packet(cover: PacketCover, letters: Sequence[PacketLetter], fonts: FontBook) -> dict[str, Any]:
    footer = Message("Letter %(number)s of %(total)s · packet %(packet)s of %(packets)s").in_language(cover.language)
    numbers = _numbers(cover)
    labels = []
    for position, letter in enumerate(letters, start=cover.first):
        written = languages.number(position, cover.language)
        label = f"{written}\N{EN SPACE}{letter.signer_name}, {letter.signer_locality}"
        labels.append((label, footer % (numbers | {"number": written})))
    return {
        "title": _tidied(f"{cover.campaign_title}: {_span(cover)}"),
        "author": _tidied(cover.organizer_name),
        "cover": _cover(cover),
        **_letters(cover.language, letters, labels, fonts),
    }


def _without_cover(letters: Sequence[PacketLetter], fonts: FontBook) -> dict[str, Any]:
    first = letters[0]
    return {
        "title": _tidied(Message("Letter from %(name)s", {"name": first.signer_name}).in_language(first.language)),
        "author": _tidied(first.signer_name),
        "cover": None,
        **_letters(first.language, letters, [("", "")] * len(letters), fonts),
    }


def _shown(document: str, fonts: FontBook) -> str:
    """Put U+FFFD for every character that no font has."""
    lacking = filter(fonts.lacks, {character for character in document if character > "~"})
    return document.translate(dict.fromkeys(map(ord, lacking), REPLACEMENT))


def _plainer(document: str, typesetter: Typesetter) -> str:
    """Put U+FFFD for every unusual character in the texts that Typst refuses.

    Here come marks that no font has together with their base, or over which Typst panics (typst/typst#8667).
    """
    whole = json.loads(document)
    for text in _refused(_pieces(whole), whole, typesetter):
        # A text stands between quotes, and a quote in a text is escaped: nothing but this text is hit.
        document = document.replace(_quoted(text), _quoted(_UNUSUAL.sub(REPLACEMENT, text)))
    return document


@dataclass(frozen=True, slots=True)
class _Piece:
    """A letter with its label or one of its blocks, and nothing else."""

    letter: dict[str, Any]
    block: dict[str, Any] | None

    @property
    def texts(self) -> set[str]:
        runs = self.block["runs"] if self.block else []
        return {self.letter["label"], *(run if isinstance(run, str) else run[0] for run in runs)}


def _pieces(document: dict[str, Any]) -> list[_Piece]:
    labels = [_Piece(letter, None) for letter in document["letters"] if letter["label"]]
    user_of = {number: letter | {"label": ""} for letter in document["letters"] for number in letter["blocks"]}
    return labels + [_Piece(letter, document["blocks"][number]) for number, letter in user_of.items()]


def _refused(pieces: Sequence[_Piece], document: dict[str, Any], typesetter: Typesetter) -> set[str]:
    """Return the texts of the pieces that cannot be set, found by halving."""
    try:
        typesetter.compile(_quoted(_excerpt(pieces, document)))
    except TypesettingError:
        middle = len(pieces) // 2
        if not middle:
            return pieces[0].texts
        return _refused(pieces[:middle], document, typesetter) | _refused(pieces[middle:], document, typesetter)
    return set()


def _excerpt(pieces: Sequence[_Piece], document: dict[str, Any]) -> dict[str, Any]:
    blocks = [piece.block for piece in pieces if piece.block]
    numbers = iter(range(len(blocks)))
    letters = [piece.letter | {"blocks": [next(numbers)] if piece.block else []} for piece in pieces]
    return document | {"cover": None, "blocks": blocks, "letters": letters}


def _quoted(text: str | dict[str, Any]) -> str:
    return json.dumps(text, ensure_ascii=False)


def _replaced(before: str, after: str) -> dict[str, int]:
    gone = Counter(before) - Counter(after) if before != after else Counter[str]()
    return {f"U+{ord(character):04X}": count for character, count in sorted(gone.items())}


def _at_any_rate(document: str, typesetter: Typesetter) -> tuple[bytes, bool]:
    try:
        return typesetter.compile(document), True
    except TypesettingError:
        # A letter that is less accessible is better than a letter that is not sent.
        return typesetter.compile(document, accessible=False), False


def typeset(cover: PacketCover | None, letters: Sequence[PacketLetter], fonts: FontBook) -> Packet:
    """Typeset letters, each from a page of its own, behind a cover if there is one.

    Equal input gives equal bytes. A character that no font has never stops a packet: U+FFFD stands for it.
    """
    written = _quoted(_packet(cover, letters, fonts) if cover else _without_cover(letters, fonts))
    document = _shown(written, fonts)
    typesetter = Typesetter(fonts)
    try:
        pdf, accessible = typesetter.compile(document), True
    except TypesettingError:
        document = _plainer(document, typesetter)
        pdf, accessible = _at_any_rate(document, typesetter)
    typesetter.forget()
    return Packet(pdf, hashlib.sha256(pdf).hexdigest(), _replaced(written, document), accessible)
