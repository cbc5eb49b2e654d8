"""Typeset letters as one accessible PDF: a packet with its cover, or a single letter."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from undersigned.domain.errors import UndersignedError
from undersigned.domain.letters import long_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from undersigned.domain.campaigns import Target
    from undersigned.domain.letters import Block, Run

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no font has."""

_TEMPLATE = Path(__file__).with_name("packet.typ").read_bytes()

# Words on a page whose only content is words: Typst fails on it just when it would fail on them in a packet.
_TRIAL = b"""
#set document(title: "Trial")
#for faces in json(bytes(sys.inputs.faces)) {
  set text(font: faces, fallback: false)
  for word in json(bytes(sys.inputs.words)) [#word #emph(word) ]
}
"""

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
    "ja": "Noto Sans CJK JP",
    "ko": "Noto Sans CJK KR",
}

# What the text faces hold for sure. Any other character is tried, with the base that it may sit on and all that follows.
_PLAIN = r"\n -~\u00a0-\u00ac\u00ae-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026"
_UNUSUAL = re.compile(rf'[^\s"\\]?[^{_PLAIN}][^\x00-\x7f]*')

_ODD_SPACE = re.compile(r"[\t\u0085\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Controls say nothing on paper, direction overrides in a name would turn the words around it, PDF/UA bars U+FEFF.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


class FontsError(UndersignedError):
    """A font package is not installed."""


@dataclass(frozen=True, slots=True)
class PacketCover:
    """What the first page says: letters `first` to `last` of `total`, in packet `number` of `of`."""

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

    `replaced` counts the characters that no font has, by code point (`U+10FFFD`). `accessible` is False when
    PDF/UA-1 could not be met, which no known text brings about; the letters are complete all the same.
    """

    pdf: bytes
    sha256: str
    replaced: Mapping[str, int]
    accessible: bool


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

    def faces(self, language: str) -> tuple[str, ...]:
        """Return the font families for a language, in the order in which a character is looked for.

        Chinese, Japanese and Korean write some characters each in their own way, so the language's face is first.
        """
        own = _CJK_FACES.get(language[:2])
        cjk = sorted(_CJK_FACES.values(), key=lambda face: face != own)
        return (*_TEXT_FACES, *self._script_faces, *cjk, *_SYMBOL_FACES)

    def compile(self, source: bytes, inputs: Mapping[str, str], *, accessible: bool = True) -> bytes:
        """Compile a Typst document with JSON texts as its inputs. Raises `typst.TypstError`."""
        pdf = self._compiler.compile(
            input=source, format="pdf", sys_inputs=dict(inputs), pdf_standards=["ua-1"] if accessible else []
        )
        assert isinstance(pdf, bytes)  # noqa: S101  (Typst's answer when it has no file to write)
        return pdf

    def mended(self, text: str, languages: Iterable[str]) -> tuple[str, Counter[str]]:
        """Return the text with U+FFFD for each character that no font has, and the count of these by code point."""
        trial = _Trial(self, languages)
        fragments = list(dict.fromkeys(_UNUSUAL.findall(text)))
        mended = {fragment: trial.mended(_clusters(fragment)) for fragment in trial.failing(fragments)}
        replaced: Counter[str] = Counter()

        def mend(match: re.Match[str]) -> str:
            before = match[0]
            after = mended.get(before, before)
            replaced.update(f"U+{ord(old):04X}" for old, new in zip(before, after, strict=True) if old != new)
            return after

        return (_UNUSUAL.sub(mend, text), replaced) if mended else (text, replaced)


class _Trial:
    """Ask Typst what it can set: only shaping shows whether one font has all of a cluster."""

    def __init__(self, fonts: FontBook, languages: Iterable[str]) -> None:
        self._fonts = fonts
        self._faces = json.dumps(sorted({fonts.faces(language) for language in languages}))

    def passes(self, fragments: Sequence[str]) -> bool:
        try:
            self._fonts.compile(_TRIAL, {"words": json.dumps(fragments), "faces": self._faces})
        except typst.TypstError:
            return False
        return True

    def failing(self, fragments: Sequence[str]) -> list[str]:
        """Return the fragments that cannot be set, found by halving."""
        if not fragments or self.passes(fragments):
            return []
        if len(fragments) == 1:
            return list(fragments)
        middle = len(fragments) // 2
        return self.failing(fragments[:middle]) + self.failing(fragments[middle:])

    def mended(self, clusters: Sequence[str]) -> str:
        """Return the clusters joined, of the same length, with U+FFFD where there is no way."""
        text = "".join(clusters)
        if self.passes([text]):
            return text
        if len(clusters) > 1:
            middle = len(clusters) // 2
            return self.mended(clusters[:middle]) + self.mended(clusters[middle:])
        by_character = "".join(character if self.passes([character]) else REPLACEMENT for character in text)
        without_marks = by_character[0] + REPLACEMENT * (len(text) - 1)
        return next((way for way in (by_character, without_marks) if self.passes([way])), REPLACEMENT * len(text))


def _clusters(text: str) -> list[str]:
    """Split before each character that is no mark, format character or part of a joined emoji."""
    clusters: list[str] = []
    for character in text:
        joined = clusters and (unicodedata.category(character)[0] == "M" or unicodedata.category(character) == "Cf")
        if joined or (clusters and clusters[-1][-1] == "\N{ZERO WIDTH JOINER}"):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _fonts_in(package: str) -> Path:
    # Not imported: the place of the files is all that is wanted.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        msg = f"font package {package} is not installed; install the dependency group `typesetting`"
        raise FontsError(msg)
    return Path(spec.submodule_search_locations[0])


def _tidied(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub(REPLACEMENT, _INVISIBLE.sub("", _ODD_SPACE.sub(" ", text)))


def _run(run: Run) -> list[object]:
    looks = [look for look in ("strong", "emphasis", "signature") if getattr(run, look)]
    parts: list[object] = []
    for line in run.text.split("\n"):
        words = _tidied(line)
        parts += ["\n", [words, looks, run.link] if looks or run.link else words]
    return [part for part in parts[1:] if part]


def _block(block: Block) -> dict[str, object]:
    return {"kind": block.kind, "runs": [part for run in block.runs for part in _run(run)]}


def _letter(letter: PacketLetter, fonts: FontBook, label: str, footer: str) -> dict[str, object]:
    return {
        "language": letter.language,
        "faces": fonts.faces(letter.language),
        "label": _tidied(label),
        "footer": footer,
        "blocks": [_block(block) for block in letter.blocks],
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _span(cover: PacketCover) -> str:
    if cover.first == cover.last:
        return f"Letter {cover.first:,} of {cover.total:,}"
    return f"Letters {cover.first:,}\N{EN DASH}{cover.last:,} of {cover.total:,}"


def _cover(cover: PacketCover) -> dict[str, object]:
    target = cover.target
    return {
        "organizer": _tidied(cover.organizer_name),
        "campaign": _tidied(cover.campaign_title),
        "date": long_date(cover.delivered_on),
        "day": {"year": cover.delivered_on.year, "month": cover.delivered_on.month, "day": cover.delivered_on.day},
        "addressee": [
            _tidied(line) for line in (f"{target.title} {target.name}", target.department, target.locality) if line
        ],
        "headline": _count(cover.total, "signed letter"),
        "facts": [
            ["In this packet", _span(cover)],
            ["Packet", f"{cover.number:,} of {cover.of:,}"],
            ["Sent by", _tidied(cover.organizer_name)],
        ],
        "note": "Each letter starts on a page of its own. To answer, reply to the e-mail that brought this packet: "
        f"your reply goes to {_tidied(cover.organizer_name)}.",
    }


def _packet(cover: PacketCover, letters: Sequence[PacketLetter], fonts: FontBook) -> dict[str, object]:
    title = f"{cover.campaign_title}: {_span(cover)}"
    return {
        "title": _tidied(title),
        "author": _tidied(cover.organizer_name),
        "language": "en",
        "faces": fonts.faces("en"),
        "cover": _cover(cover),
        "letters": [
            _letter(
                letter,
                fonts,
                label=f"{number:,}\N{EN SPACE}{letter.signer_name}, {letter.signer_locality}",
                footer=f"Letter {number:,} of {cover.total:,} · packet {cover.number:,} of {cover.of:,}",
            )
            for number, letter in enumerate(letters, start=cover.first)
        ],
    }


def _single(letters: Sequence[PacketLetter], fonts: FontBook) -> dict[str, object]:
    first = letters[0]
    return {
        "title": _tidied(f"Letter of {first.signer_name}"),
        "author": _tidied(first.signer_name),
        "language": first.language,
        "faces": fonts.faces(first.language),
        "cover": None,
        "letters": [_letter(letter, fonts, label="", footer="") for letter in letters],
    }


def typeset(cover: PacketCover | None, letters: Sequence[PacketLetter], fonts: FontBook) -> Packet:
    """Typeset letters, each from a page of its own, behind a cover if there is one.

    Equal input gives equal bytes. A character that no font has never stops a packet: U+FFFD stands for it.
    """
    document = _packet(cover, letters, fonts) if cover else _single(letters, fonts)
    languages = {"en", *(letter.language for letter in letters)}
    text, replaced = fonts.mended(json.dumps(document, ensure_ascii=False), languages)
    try:
        pdf, accessible = fonts.compile(_TEMPLATE, {"packet": text}), True
    except typst.TypstError:
        # A letter that is less accessible is better than a letter that is not sent.
        pdf, accessible = fonts.compile(_TEMPLATE, {"packet": text}, accessible=False), False
    return Packet(pdf, hashlib.sha256(pdf).hexdigest(), replaced, accessible)
