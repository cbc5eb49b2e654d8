"""Typeset letters as one accessible PDF: a packet with its cover, or a single letter."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import struct
import unicodedata
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from undersigned.domain import languages
from undersigned.domain.errors import UndersignedError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from undersigned.domain.campaigns import Target
    from undersigned.domain.letters import Block, Run

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no font has."""

_TEMPLATE = Path(__file__).with_name("packet.typ").read_bytes()

_FONT_PACKAGES = (
    "fontpkg_source_serif_4",
    "fontpkg_noto_serif",
    "fontpkg_caveat",
    "manimgx_fonts",
    "manimgx_fonts_cjk",
)
_TEXT_FACES = ("Source Serif 4", "Noto Serif", "Noto Sans")
_SIGNATURE_FACE = "Caveat"
_SYMBOL_FACES = ("Noto Sans Symbols", "Noto Emoji")
_CJK_FACES = {
    "zh": "Noto Sans CJK SC",
    "zh-TW": "Noto Sans CJK TC",
    "zh-HK": "Noto Sans CJK HK",
    "ja": "Noto Sans CJK JP",
    "ko": "Noto Sans CJK KR",
}

# Controls say nothing on paper, direction overrides in a name would turn the words around it, PDF/UA bars U+FEFF.
_UNPRINTED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_TIDY = dict.fromkeys(_UNPRINTED) | dict.fromkeys(map(ord, "\t\u0085\u2028\u2029"), " ")

# Unicode's Default_Ignorable_Code_Point: these need no glyph, for they only steer how others look.
_IGNORABLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\uffa0"
    r"\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# What is left when a text is set in the plainest way: Latin-1, and the punctuation that packets.py itself writes.
_UNUSUAL = re.compile(r"[^\x00-\xac\xae-\xff\u2002\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\ufffd]")

_REGION = re.compile(r"[A-Za-z]{2}")

# As packet.typ has it; an SVG knows no other colours than its own.
_INK = "#1a1a1a"
_DRAWN_HEIGHT = 38  # points: a good half inch

_LONGEST_WORD = 40
_LONGEST_SIGNED_WORD = 18
_LONGEST_BOX = 1_000

# comemo, the cache inside Typst, drops what ten compilations in a row had no use for.
_COMPILATIONS_UNTIL_FORGOTTEN = 11


class FontsError(UndersignedError):
    """A font package is not installed."""


_STANDARD_ERROR = 2


class TypesettingError(UndersignedError):
    """Typst refused a document, or panicked over it."""


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


@contextmanager
def _unheard() -> Iterator[None]:
    """Drop what Typst writes to standard error: its panics can quote a signer's words, and Lambda logs them."""
    kept = os.dup(_STANDARD_ERROR)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


class FontBook:
    """The fonts of the installed font packages, opened once and shared by all packets of a process."""

    def __init__(self) -> None:
        """Open the fonts. Raises FontsError when a package is missing."""
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[_fonts_in(package) for package in _FONT_PACKAGES],
        )
        self._compiler = typst.Compiler(font_paths=fonts, root=Path(__file__).parent)
        placed = {*_TEXT_FACES, _SIGNATURE_FACE, *_SYMBOL_FACES}
        self._script_faces = tuple(
            sorted(family for family in fonts.families() if family not in placed and "CJK" not in family)
        )
        self._covered = _covered(fonts, {*self.faces("en")})

    def faces(self, language: str) -> tuple[str, ...]:
        """Return the font families for a language, in the order in which a character is looked for.

        Chinese, Japanese and Korean write some characters each in their own way, so the language's face is first.
        """
        own = _CJK_FACES.get(language) or _CJK_FACES.get(language[:2])
        cjk = sorted(_CJK_FACES.values(), key=lambda face: face != own)
        return (*_TEXT_FACES, *self._script_faces, *cjk, *_SYMBOL_FACES)

    def lacks(self, character: str) -> bool:
        """Say whether no font has a glyph for a character that needs one."""
        return ord(character) not in self._covered and not _IGNORABLE.match(character)

    def compile(self, document: str, *, accessible: bool = True) -> bytes:
        """Make the PDF of a document given as JSON. Raises TypesettingError."""
        try:
            with _unheard():
                pdf = self._compiler.compile(
                    input=_TEMPLATE, sys_inputs={"packet": document}, pdf_standards=["ua-1"] if accessible else []
                )
        except typst.TypstError as error:
            raise TypesettingError(str(error)) from error
        except BaseException as error:
            # A panic in Rust is no Exception, and pyo3 exports no class to name it by.
            if type(error).__name__ != "PanicException":
                raise
            raise TypesettingError(str(error)) from error
        assert isinstance(pdf, bytes)  # noqa: S101  (Typst's answer when it has no file to write)
        return pdf

    def forget(self) -> None:
        """Empty Typst's cache, which would else hold the last ten packets (150 MB each)."""
        for _ in range(_COMPILATIONS_UNTIL_FORGOTTEN):
            self._compiler.compile(input=b"", sys_inputs=None)


def _fonts_in(package: str) -> Path:
    # Not imported: the place of the files is all that is wanted.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        msg = f"font package {package} is not installed; install the dependency group `typesetting`"
        raise FontsError(msg)
    return Path(spec.submodule_search_locations[0])


def _covered(fonts: typst.Fonts, families: set[str]) -> frozenset[int]:
    """Return the code points that at least one of the families has in all its styles."""
    by_family: dict[str, set[int]] = {}
    for font in fonts.fonts():
        if font.family in families and font.path:
            characters = _characters(Path(font.path), font.index)
            by_family.setdefault(font.family, characters).intersection_update(characters)
    return frozenset().union(*by_family.values())


def _characters(path: Path, index: int) -> set[int]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as font:
        return {code_point for span in _character_map(font, index) for code_point in span}


def _character_map(font: mmap.mmap, index: int) -> Iterator[range]:
    """Read which code points a font maps: the OpenType `cmap` table in its formats 12 or else 4."""
    start = struct.unpack_from(">I", font, 12 + 4 * index)[0] if font[:4] == b"ttcf" else 0
    (tables,) = struct.unpack_from(">H", font, start + 4)
    offsets = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", font[start + 12 :][: 16 * tables])}
    cmap = offsets[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    places = [cmap + offset for _, _, offset in struct.iter_unpack(">HHI", font[cmap + 4 :][: 8 * count])]
    formats = {struct.unpack_from(">H", font, place)[0]: place for place in places}
    if place := formats.get(12):
        (groups,) = struct.unpack_from(">I", font, place + 12)
        for first, last, _ in struct.iter_unpack(">III", font[place + 16 :][: 12 * groups]):
            yield range(first, last + 1)
        return
    place = formats[4]
    segments = struct.unpack_from(">H", font, place + 6)[0] // 2
    lasts = struct.unpack_from(f">{segments}H", font, place + 14)
    firsts = struct.unpack_from(f">{segments}H", font, place + 16 + 2 * segments)
    for first, last in zip(firsts, lasts, strict=True):
        yield range(first, last + 1)


def _tidied(text: str, longest_word: int = _LONGEST_WORD) -> str:
    tidy = text if text.isascii() and text.isprintable() else text.translate(_TIDY)
    return re.sub(rf"[^\s/-]{{{longest_word},}}", _breakable, tidy)


def _breakable(word: re.Match[str]) -> str:
    """Let a word that may be wider than the page break before any character that does not sit on another."""
    broken = ""
    for character in word[0]:
        joins = unicodedata.category(character)[0] == "M" or _IGNORABLE.match(character)
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


def _plainer(document: str, fonts: FontBook) -> str:
    """Put U+FFFD for every unusual character in the texts that Typst refuses.

    Here come marks that no font has together with their base, or over which Typst panics (typst/typst#8667).
    """
    whole = json.loads(document)
    for text in _refused(_pieces(whole), whole, fonts):
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


def _refused(pieces: Sequence[_Piece], document: dict[str, Any], fonts: FontBook) -> set[str]:
    """Return the texts of the pieces that cannot be set, found by halving."""
    try:
        fonts.compile(_quoted(_excerpt(pieces, document)))
    except TypesettingError:
        middle = len(pieces) // 2
        if not middle:
            return pieces[0].texts
        return _refused(pieces[:middle], document, fonts) | _refused(pieces[middle:], document, fonts)
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


def _at_any_rate(document: str, fonts: FontBook) -> tuple[bytes, bool]:
    try:
        return fonts.compile(document), True
    except TypesettingError:
        # A letter that is less accessible is better than a letter that is not sent.
        return fonts.compile(document, accessible=False), False


def typeset(cover: PacketCover | None, letters: Sequence[PacketLetter], fonts: FontBook) -> Packet:
    """Typeset letters, each from a page of its own, behind a cover if there is one.

    Equal input gives equal bytes. A character that no font has never stops a packet: U+FFFD stands for it.
    """
    written = _quoted(_packet(cover, letters, fonts) if cover else _without_cover(letters, fonts))
    document = _shown(written, fonts)
    try:
        pdf, accessible = fonts.compile(document), True
    except TypesettingError:
        document = _plainer(document, fonts)
        pdf, accessible = _at_any_rate(document, fonts)
    fonts.forget()
    return Packet(pdf, hashlib.sha256(pdf).hexdigest(), _replaced(written, document), accessible)
