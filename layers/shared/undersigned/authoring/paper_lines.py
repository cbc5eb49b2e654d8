"""Cut a line of a paper form into blanks, labels and the text between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from undersigned.authoring.letters import TAG
from undersigned.authoring.paper_labels import (
    asks_for_no_field,
    fields_after_lead_in,
    fields_of_label,
    is_instruction,
    tags,
    without_markup,
)

if TYPE_CHECKING:
    from undersigned.authoring.paper_layout import LaidLine

type Kind = Literal["text", "gap", "rule", "placeholder", "instruction"]

_PIECE = re.compile(
    r"(?P<rule>(?:\b[Xx] ?)?(?:(?:\\?_){2,} ?day of ?(?:\\?_){3,}(?:,? ?20(?:\\?_){2,})?"  # “___ day of ______, 20__”
    r"|(?:\\?_){2,} ?/ ?(?:\\?_){2,} ?/ ?(?:\\?_){2,}"  # “__/__/____”
    r"|\\?_(?: ?\\?_){2,}(?: ?, ?20(?:\\?_){2,})?))"  # “______”, and “______, 20__” for a day
    r"|\\?[(\[](?P<words>[^()\[\]\\\n]{2,50})\\?(?:\)|\](?!\())"  # “(name)” and “[name]”, but no Markdown link
    r"|(?P<gap>[ ]*\t\s*| {2,}|\\$)"
)
_HAS_LETTER = re.compile(r"[^\W\d_]")

_LONGEST_FORM_LINE = 4
"""How many words a line may have beside its blanks and their labels. A line with more words is part of a sentence."""


@dataclass(slots=True, eq=False)
class Piece:
    """A part of a line, and what replaces it.

    `fields` replace a blank. A `dropped` piece is not in the letter: a label that a blank has taken, or something that
    is removed for a `reason`. `shown` is the blank as the report shows it.
    """

    kind: Kind
    text: str
    fields: tuple[str, ...] = ()
    dropped: bool = False
    reason: str = ""
    shown: str = ""

    @property
    def is_done(self) -> bool:
        """Say whether it is filled or dropped."""
        return bool(self.fields) or self.dropped

    @property
    def is_bare_label(self) -> bool:
        """Say whether it is a label that ends in a colon. If nothing follows it, it needs a blank."""
        ends_in_colon = self.kind == "text" and without_markup(self.text).endswith(":")
        return ends_in_colon and (bool(self.label) or asks_for_no_field(self.text))

    @property
    def label(self) -> tuple[str, ...]:
        """Return the merge fields that it asks for as a label; none if a blank has taken it."""
        return () if self.kind == "rule" or self.is_done else fields_of_label(self.text)

    def fill(self, fields: tuple[str, ...], shown: str) -> bool:
        """Replace this blank by merge fields. Return whether there are any."""
        self.fields = fields
        self.shown = in_short(shown)
        return bool(fields)

    def take(self, label: Piece) -> bool:
        """Fill this blank by its label, and drop the label."""
        self.fill(label.label, f"{label.text} {self.text}")
        label.dropped = True
        return True

    def remove(self, reason: str) -> bool:
        """Drop it for a reason, which is reported."""
        self.dropped = True
        self.reason = reason
        self.shown = in_short(self.text)
        return True


@dataclass(slots=True)
class Line:
    """A line of a paper form, at `place` (0-based), by the `number` of the line (1-based) that it was typed on.

    `is_prose` says that it is part of a sentence, not a line of labels and blanks; `breaks`, that a line break follows.
    """

    place: int
    number: int
    pieces: list[Piece]
    is_prose: bool
    breaks: bool

    @classmethod
    def of(cls, place: int, laid: LaidLine) -> Line:
        """Cut a line into its pieces."""
        text = laid.text
        pieces: list[Piece] = []
        end = 0
        for match in _PIECE.finditer(text):
            if kind := _kind_of(match):
                pieces += [Piece("text", text[end : match.start()]), Piece(kind, match.group())]
                end = match.end()
        pieces.append(Piece("text", text[end:]))
        words = sum(_words(piece.text) for piece in pieces if piece.kind == "text")
        kept = [piece for piece in pieces if piece.text]
        return cls(place, laid.number, kept, words > _LONGEST_FORM_LINE, laid.breaks)

    @property
    def labels_and_blanks(self) -> list[Piece]:
        """Return the pieces that are a blank or can label one."""
        return [piece for piece in self.pieces if piece.kind in {"rule", "placeholder"} or _is_text(piece)]

    @property
    def is_empty(self) -> bool:
        """Say whether the line was blank, or everything on it is dropped."""
        return all(piece.dropped or not piece.text.strip() for piece in self.pieces)

    @property
    def is_filled(self) -> bool:
        """Say whether it is a line of labels and blanks, one of them filled."""
        return not self.is_prose and any(piece.fields for piece in self.pieces)

    def after(self, piece: Piece) -> Piece | None:
        """Return the next piece that is a blank or can label one."""
        return next((right for left, right in pairwise(self.labels_and_blanks) if left is piece), None)

    def before(self, piece: Piece) -> Piece | None:
        """Return the previous piece that is a blank or can label one."""
        return next((left for left, right in pairwise(self.labels_and_blanks) if right is piece), None)

    def captions(self) -> list[Piece]:
        """Return the labels of a line that has nothing else."""
        pieces = self.labels_and_blanks
        return pieces if all(piece.label for piece in pieces) else []

    def written(self) -> str:
        """Write the line with its blanks filled."""
        if not any(piece.is_done for piece in self.pieces):
            return "".join(piece.text for piece in self.pieces).rstrip()
        text = ""
        for piece in self.pieces:
            if piece.fields:
                text += tags(*piece.fields)
            elif piece.kind == "gap" and not self.is_prose:
                # Text after a gap on paper gets its own line in the letter.
                text += "\n" if text.rstrip(" *_").endswith("}}") else " "
            elif not piece.dropped:
                text += piece.text
        # Dropped pieces leave their spaces behind.
        return re.sub(r" +(?=[ :,.\n])", "", text).strip()


def _kind_of(match: re.Match[str]) -> Kind | None:
    if match["rule"]:
        return "rule"
    if match["gap"]:
        return "gap"
    if is_instruction(match["words"]):
        return "instruction"
    return "placeholder" if fields_of_label(match["words"]) or asks_for_no_field(match["words"]) else None


def _words(text: str) -> int:
    """Count the words of a text. A label, or words that lead to a name, count as none."""
    if fields_of_label(text) or "target.name" in fields_after_lead_in(text):
        return 0
    return sum(bool(_HAS_LETTER.search(word)) for word in TAG.sub("", text).split())


def _is_text(piece: Piece) -> bool:
    return piece.kind == "text" and bool(_HAS_LETTER.search(piece.text))


def in_short(text: str) -> str:
    """Return a blank as a report shows it."""
    plain = re.sub(r"(?:\\?_ ?){4,}", "____ ", text).replace("*", "")
    return " ".join(plain.split()).lstrip(",.;: ")[-100:]
