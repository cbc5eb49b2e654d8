r"""Convert a letter typed for paper, with blanks to fill in by hand, to the Markdown of a campaign's letter.

A blank is a rule of three underscores or more (bare, or escaped as `\_`), a placeholder such as `(print name)` or
`[address]`, or a label with nothing after it (`Date:`). A rule takes the nearest label that no other rule has taken:
the words before it, the placeholder after it, the line above it, the caption below it. Everything removed is reported.
Lists, and the lines of an address or a closing, stay: see `paper_layout`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from undersigned.authoring.letters import TAG, is_form_line
from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError, count_and_most
from undersigned.authoring.paper_labels import (
    fields_after,
    fields_after_lead_in,
    fields_of_label,
    is_closing,
    is_surely_meant,
    tags,
    title_in_salutation,
    without_markup,
)
from undersigned.authoring.paper_layout import lay_out
from undersigned.authoring.paper_lines import Line, Piece, in_short
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Finding:
    """A blank of the paper form, by its line (1-based), and what replaces it."""

    line: int
    blank: str
    outcome: str

    def __str__(self) -> str:
        """Write it as one line of a report."""
        return f"line {self.line}: “{self.blank}” → {self.outcome}"


def import_letter(text: str, file: str = "paper form") -> tuple[str, tuple[Finding, ...]]:
    """Return a paper form's text as the Markdown of a letter, with a finding for each of its blanks.

    A letter that has its merge fields already stays as it is. Raises MistakesError with every blank whose meaning is
    unknown, and TooMuchError for a text that takes long to read.
    """
    _check_size(file, text)
    lines = _plain(text)
    laid = [Line.of(place, line) for place, line in enumerate(lay_out(lines))]
    _check_blanks(file, laid)
    form = _Form(file, laid, title=title_in_salutation("\n".join(lines)))
    form.fill()
    if form.mistakes:
        raise MistakesError(sorted(form.mistakes, key=lambda mistake: mistake.line or 0))
    return form.letter(), tuple(form.findings())


# The work grows with the square of each.
_LONGEST = 30_000
_MOST_LINES = 500
_MOST_BLANKS = 100


def _check_size(file: str, text: str) -> None:
    if len(text) > _LONGEST:
        message = Message(
            "the text has %(count)s characters, more than the maximum of %(most)s; leave out what is not the letter",
            count_and_most(len(text), _LONGEST),
        )
        raise TooMuchError(file, None, message)
    lines = len(_LINE_END.findall(text))
    if lines > _MOST_LINES:
        message = Message(
            "the text has %(count)s lines, more than the maximum of %(most)s; leave out what is not the letter",
            count_and_most(lines, _MOST_LINES),
        )
        raise TooMuchError(file, None, message)


def _check_blanks(file: str, lines: Iterable[Line]) -> None:
    for line in lines:
        blanks = sum(piece.kind != "text" for piece in line.pieces)
        if blanks > _MOST_BLANKS:
            message = Message(
                "the line has %(count)s blanks, more than the maximum of %(most)s; put them on several lines",
                count_and_most(blanks, _MOST_BLANKS),
            )
            raise TooMuchError(file, line.number, message)


# Also where word processors break a line within a paragraph.
_LINE_END = re.compile("[\n\r\v\u0085\u2028\u2029]")

# A brace outside a merge field must not begin one.
_LOOSE_BRACE = re.compile(rf"({TAG.pattern})|\\?([{{}}])")


def _plain(text: str) -> list[str]:
    """Return the lines of a typed text, without the characters that word processors leave in it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "")
    text = text.replace("\u00a0", " ").replace("\u200b", "")
    # Markdown needs no backslash before these.
    text = re.sub(r"\\([$'\"])", r"\1", text)
    return [_LOOSE_BRACE.sub(lambda match: match[1] or f"\\{match[2]}", line) for line in text.split("\n")]


@dataclass(slots=True)
class _Form:
    """The lines of a paper form, while their blanks are filled. `title` is the one in the salutation, if any."""

    file: str
    lines: list[Line]
    title: str
    mistakes: list[Mistake] = field(default_factory=list)

    def fill(self) -> None:
        """Fill every blank: rules first, because they take labels that would otherwise be blanks themselves."""
        for step in (self._fill_rules, self._fill_placeholders, self._fill_bare_labels):
            for line in self.lines:
                step(line)
        self._split_addresses()

    def letter(self) -> str:
        """Return the letter's Markdown."""
        written = [
            (text, line)
            for line in self.lines
            if line.written() or not line.pieces
            for text in line.written().split("\n")
        ]
        lines = [text for text, _ in written[:1]]
        for (above, line_above), (below, line_below) in pairwise(written):
            # Markdown would join a filled line and its neighbor.
            breaks = line_above.breaks or line_above.is_filled or line_below.is_filled
            if breaks and not _breaks_between(above, below):
                lines[-1] += "\\"
            lines.append(below)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"

    def findings(self) -> Iterator[Finding]:
        """Return the outcome of each blank, in the order of the lines."""
        for line in self.lines:
            for piece in line.pieces:
                if piece.fields:
                    yield Finding(line.number, piece.shown, tags(*piece.fields).replace("\n", " "))
                elif piece.reason:
                    yield Finding(line.number, piece.shown, f"removed: {piece.reason}")

    def _fill_rules(self, line: Line) -> None:
        rules = [piece for piece in line.pieces if piece.kind == "rule"]
        rules = [rule for rule in rules if not _fill_by_neighbors(line, rule)]
        rules = [rule for rule in rules if not self._fill_after_title(line, rule)]
        rules = [rule for rule in rules if not self._fill_by_words_above(line, rule)]
        if not rules or self._fill_by_captions(line, rules):
            return
        alone = rules[0] if line.labels_and_blanks == rules[:1] else None
        if alone is None or not (self._fill_after_closing(line, alone) or self._remove_from_address(line, alone)):
            for rule in rules:
                self._refuse(line, rule)

    def _fill_by_captions(self, line: Line, rules: list[Piece]) -> bool:
        """Fill rules by the labels above that no other rule has taken, or by the captions below."""
        above, below = self._above(line), self._below(line)
        labels = above.captions() if above else []
        # A label that ends in a colon has its blank after it.
        captions = [] if below is None or any(piece.is_bare_label for piece in below.pieces) else below.captions()
        return _take_all(rules, labels) or _take_all(rules, captions)

    def _fill_by_words_above(self, line: Line, rule: Piece) -> bool:
        """Fill the rule that a line begins with by the last words above: `Dear`, `… I live in`."""
        above = self._above(line)
        pieces_above = above.labels_and_blanks if above else []
        words = pieces_above[-1].text if pieces_above and line.labels_and_blanks[0] is rule else ""
        return rule.fill(fields_after_lead_in(words), f"{words} {rule.text}")

    def _fill_after_title(self, line: Line, rule: Piece) -> bool:
        before = line.before(rule)
        words = without_markup(before.text).lower() if before else ""
        return bool(self.title) and words == self.title and rule.fill(("target.name",), f"{words} {rule.text}")

    def _fill_after_closing(self, line: Line, rule: Piece) -> bool:
        above = self._above(line)
        return above is not None and is_closing(above.written()) and rule.fill(("signature",), rule.text)

    def _remove_from_address(self, line: Line, rule: Piece) -> bool:
        """Remove one of several rules for an address, which is one merge field of two lines."""
        above, below = self._above(line), self._below(line)
        while below and [piece.kind for piece in below.labels_and_blanks] == ["rule"]:
            below = self._below(below)
        asked = [piece.fields for piece in above.pieces] if above else []
        asked += [piece.label for piece in below.captions()] if below else []
        return ("signer.address",) in asked and rule.remove("the address field already fills this line")

    def _fill_placeholders(self, line: Line) -> None:
        for piece in line.pieces:
            if piece.kind == "placeholder" and not piece.is_done:
                self._fill_placeholder(line, piece)
            elif piece.kind == "instruction" and not line.is_prose:
                piece.remove("it only tells how to fill in the form")

    def _fill_placeholder(self, line: Line, piece: Piece) -> None:
        before = line.before(piece)
        lead = fields_after_lead_in(before.text) if before and before.kind == "text" else ()
        if line.is_prose and not lead and not is_surely_meant(piece.text):
            return
        # “Dear (name)” means the recipient, “my name is (name)” and “(name)” the signer.
        fields = lead if "target.name" in lead else fields_of_label(piece.text)
        if not piece.fill(fields, piece.text):
            self._refuse(line, piece)

    def _fill_bare_labels(self, line: Line) -> None:
        above = self.lines[line.place - 1] if line.place else None
        below = self._below(line)
        if line.is_prose or (above and above.is_prose) or (below and below.pieces[0].text.startswith("{{")):
            return
        # Such a line was filled in before, by hand or by an import. Its other labels have no merge field.
        if any("{{" in piece.text for piece in line.pieces):
            return
        for piece in list(line.pieces):
            after = line.after(piece)
            if piece.is_bare_label and (after is None or after.is_bare_label):
                self._fill_bare_label(line, piece)

    def _fill_bare_label(self, line: Line, label: Piece) -> None:
        blank = Piece("rule", "")
        if not blank.fill(label.label, label.text):
            self._refuse(line, label)
        label.text = f"{label.text.rstrip()} "
        line.pieces.insert(line.pieces.index(label) + 1, blank)

    def _split_addresses(self) -> None:
        """Replace the whole address by its first line if the form also asks for the town and postal code."""
        filled = [piece for line in self.lines for piece in line.pieces if piece.fields]
        if {"signer.locality", "signer.postal_code"} <= {name for piece in filled for name in piece.fields}:
            for piece in filled:
                piece.fields = tuple(
                    "signer.address_line" if name == "signer.address" else name for name in piece.fields
                )

    def _above(self, line: Line) -> Line | None:
        return next((other for other in reversed(self.lines[: line.place]) if not other.is_empty), None)

    def _below(self, line: Line) -> Line | None:
        return next((other for other in self.lines[line.place + 1 :] if not other.is_empty), None)

    def _refuse(self, line: Line, blank: Piece) -> None:
        before = line.before(blank)
        words = " ".join(without_markup(before.text).split()[-4:]) if before else ""
        if words:
            message = Message(
                "can't tell what belongs in the blank after “%(words)s”; remove it, or write the merge field that "
                "belongs there, such as {{ signer.name }}",
                {"words": words},
            )
        else:
            message = Message(
                "can't tell what belongs in the blank “%(blank)s”; remove it, or write the merge field that belongs "
                "there, such as {{ signer.name }}",
                {"blank": in_short(blank.text)},
            )
        self.mistakes.append(Mistake(self.file, line.number, message))


_OFFICE = re.compile(
    r"\s*(?:(?:Police|Public Safety|Fire|County) Department|(?:County )?Sheriff['’]s (?:Office|Department)"
    r"|(?:City|Town|Village|County) (?:Council|Hall|Board))\b"
)
"""What follows the name of a town."""


def _fill_by_neighbors(line: Line, rule: Piece) -> bool:
    """Fill a rule by its neighbors on its line."""
    before, after = line.before(rule), line.after(rule)
    if fields := _fields_of_shape(rule):
        return rule.fill(fields, (before.text if before else "") + rule.text)
    if after and _OFFICE.match(after.text):
        return rule.fill(("target.locality",), rule.text + after.text)
    if before and before.kind == "text" and (fields := fields_after(before.text) or _after_closing(before)):
        return rule.fill(fields, before.text + rule.text) and _take_echo(line, rule)
    if before and before.kind == "placeholder" and before.label:
        return rule.take(before)
    if after and after.label and (after.kind == "placeholder" or not _is_rule(line.after(after))):
        return rule.take(after)
    return False


def _fields_of_shape(rule: Piece) -> tuple[str, ...]:
    """Return the field that a rule's shape asks for: `X____` for a signature, `__/__/____` for a day."""
    if rule.text[0] in "Xx":
        return ("signature",)
    return ("date",) if re.search(r"/|day of|20", rule.text) else ()


def _after_closing(piece: Piece) -> tuple[str, ...]:
    return ("signature",) if is_closing(piece.text) else ()


def _take_echo(line: Line, rule: Piece) -> bool:
    """Remove the placeholder that repeats the words before a rule."""
    after = line.after(rule)
    if after and after.kind == "placeholder" and not _is_rule(line.after(after)):
        name_of_target = after.label == ("signer.name",) and "target.name" in rule.fields
        if after.label == rule.fields or name_of_target:
            after.dropped = True
            rule.shown = f"{rule.shown} {after.text}"
    return True


def _take_all(rules: list[Piece], labels: list[Piece]) -> bool:
    """Give each rule its label, if there are as many labels as rules."""
    if len(labels) != len(rules):
        return False
    for rule, label in zip(rules, labels, strict=True):
        rule.take(label)
    return True


def _is_rule(piece: Piece | None) -> bool:
    return piece is not None and piece.kind == "rule"


def _breaks_between(above: str, below: str) -> bool:
    """Say whether two lines of Markdown stay two lines in the letter."""
    return not above or not below or above.endswith("\\") or is_form_line(above) or is_form_line(below)
