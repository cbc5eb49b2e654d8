"""Read the column `postal_codes` of targets.csv: codes, prefixes and `*`. Find shared codes."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.rules.postal_codes import (
    ALL_OTHERS,
    LONGEST,
    canonical_postal_code,
    patterns_for,
)
from undersigned.workshop.mistakes import count_and_most, on_line
from undersigned.workshop.mistakes import line as line_of_file
from undersigned.workshop.regions import STATES, has_zip_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_IN_CELL = 10_000
# The form keeps all of them in memory.
_MOST_IN_ALL = 100_000
# The form offers them as a choice.
_MOST_CHOICES = 50
_MOST_NAMED = 3
_LONGEST_NAMED = 40
_MOST_TO_CHECK = 1_000

# Every postal code in the world has a digit, and before it at most three letters. Only the Falkland Islands and other
# British territories have four, and their codes end in 1ZZ. So `WARD5` is no code.
_CODE = re.compile(rf"(?=.{{3,{LONGEST}}}$)(?:[A-Z]{{0,3}}[0-9][A-Z0-9]*|[A-Z]{{4}}1ZZ)")
_PREFIX = re.compile(rf"(?=.{{1,{LONGEST - 1}}}$)(?:[A-Z]{{0,3}}[0-9][A-Z0-9]*|[A-Z]{{1,4}}|[A-Z]{{4}}1ZZ?)")
# A code can have groups of digits (ZIP+4 5 and 4, Brazil 5 and 3, Portugal 4 and 3, Japan 3 and 4), but never two of
# the same length.
_RANGE = re.compile(rf"([0-9]{{3,{LONGEST}}})-([0-9]{{3,{LONGEST}}})")
_NO_ZIP = re.compile(r"(?![0-9]{5}(?:-?[0-9]{4})?$)[0-9-]+")
_SHORT_ZIP = re.compile(r"[0-9]{3,4}")
_DASH = re.compile(r"(?<=[0-9])\s*[-–—]\s*(?=[0-9])")
# Sweden, Czechia, Slovakia and Greece write `432 15`. No code has two digits.
_GROUPS = re.compile(r"(?<![0-9])([0-9]{3}) ([0-9]{2})(?![0-9*])")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_HAS_DIGIT = re.compile(r"[0-9]")

_TOO_MANY = Message(
    "the file has more than the maximum of %(most)s codes; write prefixes, such as 602*", {"most": f"{_MOST_IN_ALL:,}"}
)


class PostalCodeCells:
    """Reads the cells one by one, and remembers which line has which codes."""

    def __init__(self, region: str = "") -> None:
        """Begin without any cell. In a state of the United States, each code must be a ZIP code."""
        self._region = region if region in STATES else ""
        self.to_check: list[tuple[int, Message]] = []
        """What a person must look at, by line: codes that got their zeros back, and those outside the state."""
        # How each postal code is written, and on which line first.
        self._spellings: dict[str, tuple[str, int]] = {}
        # The lines of each code or prefix.
        self._lines: dict[str, list[int]] = {}
        self._lines_for_everyone: list[int] = []
        self._entries = 0

    def read(self, line: int, cell: str) -> tuple[tuple[str, ...], tuple[Message, ...]]:
        """Return a cell's entries in canonical form, without duplicates, and its mistakes.

        A file with too many codes is not read further.
        """
        if self._entries > _MOST_IN_ALL:
            return (), ()
        typed_entries = tuple(_split(cell))
        if len(typed_entries) > _MOST_IN_CELL:
            values = count_and_most(len(typed_entries), _MOST_IN_CELL)
            return (), (Message("%(count)s codes, more than the maximum of %(most)s; remove some", values),)
        if not cell.strip():
            self._lines_for_everyone.append(line)
            return (), tuple(_too_many_choices(self._lines_for_everyone, Message("recipients without postal codes")))
        if not typed_entries:
            return (), (_no_code(cell),)
        self._entries += len(typed_entries)
        if self._entries > _MOST_IN_ALL:
            return (), (_TOO_MANY,)
        typed_as: dict[str, str] = {}
        mistakes: list[Message] = []
        filled = [self._with_zeros(typed) for typed in typed_entries]
        for typed in filled:
            entry, mistake = _entry_of(typed)
            if mistake is None and self._region and _NO_ZIP.fullmatch(typed):
                mistake = Message(
                    "%(code)s is not a ZIP code, which has five digits; write all of them", {"code": typed}
                )
            if mistake is None:
                spelling = ALL_OTHERS if entry == ALL_OTHERS else typed
                mistake = self._duplicate(line, entry, spelling, typed_as.get(entry))
                typed_as[entry] = spelling
            if mistake:
                mistakes.append(mistake)
        changed = [full for full, typed in zip(filled, typed_entries, strict=True) if full != typed]
        self._note_to_check(line, changed, typed_as)
        mistakes += [mistake for entry in typed_as for mistake in self._add(line, entry)]
        return tuple(typed_as), tuple(mistakes)

    def _with_zeros(self, typed: str) -> str:
        """Return a ZIP code with the zeros that spreadsheets remove, if the state has such codes."""
        full = typed.zfill(5)
        return full if self._region and _SHORT_ZIP.fullmatch(typed) and has_zip_code(self._region, full) else typed

    def _note_to_check(self, line: int, changed: Sequence[str], entries: Iterable[str]) -> None:
        if not self._region or len(self.to_check) >= _MOST_TO_CHECK:
            return
        elsewhere = [
            entry for entry in entries if entry != ALL_OTHERS and not has_zip_code(self._region, entry.strip("*"))
        ]
        values: dict[str, object] = {"state": STATES[self._region]}
        for codes, says in (
            (changed, Message("the spreadsheet left out zeros at the beginning, which we added again: %(codes)s")),
            (elsewhere, Message("check these codes, which are not in %(state)s: %(codes)s", values)),
        ):
            if codes:
                named = ", ".join(codes[:_MOST_NAMED]) + (" …" if len(codes) > _MOST_NAMED else "")
                self.to_check.append((line, replace(says, values={**says.values, "codes": named})))

    def _duplicate(self, line: int, entry: str, typed: str, before: str | None) -> Message | None:
        if before == typed:
            return Message("%(code)s is there twice; remove one", {"code": typed})
        spelling, first = self._spellings.setdefault(entry, (typed, line))
        if typed == spelling:
            return None
        where = on_line(first) if first != line else Message("on the same line")
        return Message(
            "%(code)s is written %(spelling)s %(line)s; write it one way, such as %(entry)s",
            {"code": typed, "spelling": spelling, "line": where, "entry": entry},
        )

    def _add(self, line: int, entry: str) -> Iterator[Message]:
        lines = self._lines.setdefault(entry, [])
        if entry == ALL_OTHERS and lines:
            yield Message(
                "%(line)s has “*” already; only one recipient can have all other codes",
                {"line": line_of_file(lines[0])},
            )
        lines.append(line)
        yield from _too_many_choices(lines, Message("recipients for %(codes)s", {"codes": entry}))

    def notes(self) -> Iterator[tuple[int, Message]]:
        """Return notes, by line, about codes that several targets share, so that signers have to choose."""
        by_line = sorted((line, pattern) for pattern, lines in self._lines.items() for line in set(lines))
        for line, found in groupby(by_line, key=lambda item: item[0]):
            shared: dict[int, list[str]] = {}
            for _, pattern in found:
                for other in self._lines_around(line, pattern):
                    shared.setdefault(other, []).append(pattern)
            for other, patterns in shared.items():
                yield line, _shared(patterns, other)
        if self._lines:
            for line in self._lines_for_everyone:
                note = Message(
                    "everyone can choose this recipient, beside their own; to give the recipient only the codes that "
                    "no other has, write *"
                )
                yield line, note

    def _lines_around(self, line: int, pattern: str) -> set[int]:
        """Return the other lines that have a pattern's codes. If both have the same pattern, only an earlier line."""
        return {
            other
            for around in patterns_for(pattern)
            for other in self._lines.get(around, ())
            if other < line or (other > line and around != pattern)
        }


def _entry_of(typed: str) -> tuple[str, Message | None]:
    """Return a typed entry in its canonical form, and its mistake, if it has one."""
    ends = _RANGE.fullmatch(typed)
    if ends and len(ends[1]) == len(ends[2]):
        message = Message("%(codes)s looks like a range; write each code, or a prefix, such as 602*", {"codes": typed})
        return typed, message
    if typed == ALL_OTHERS:
        return typed, None
    prefix = re.sub(r"[\s-]", "", typed).upper()
    if prefix.endswith("*") and _PREFIX.fullmatch(prefix[:-1]):
        return prefix, None
    code = canonical_postal_code(typed)
    return code, None if _CODE.fullmatch(code) else _no_code(typed[:_LONGEST_NAMED])


def _no_code(typed: str) -> Message:
    if _HAS_DIGIT.search(typed) or "*" in typed:
        return Message(
            "%(code)s is not a postal code; separate codes with semicolons, such as 60201; 60202", {"code": typed}
        )
    return Message(
        "%(code)s has no digit, so it is not a postal code; write codes, * for all that no other recipient has, or "
        "nothing for everyone",
        {"code": typed},
    )


def _too_many_choices(lines: list[int], what: Message) -> Iterator[Message]:
    if len(lines) == _MOST_CHOICES + 1:
        yield Message(
            "there are more than %(most)s %(what)s, too many to choose from; remove some",
            {"most": _MOST_CHOICES, "what": what},
        )


def _shared(patterns: list[str], line: int) -> Message:
    """Return the note that another line shares these patterns, listed as `60201, 60202, 60203 and 7 more`."""
    more = len(patterns) - _MOST_NAMED
    values: dict[str, object] = {"codes": ", ".join(patterns[:_MOST_NAMED]), "line": on_line(line)}
    if more > 0:
        return Message(
            "%(codes)s and %(more)s more are also %(line)s; people there choose who gets their letter",
            {**values, "more": more},
        )
    if len(patterns) == 1:
        return Message("%(codes)s is also %(line)s; people there choose who gets their letter", values)
    return Message(
        "%(first)s and %(last)s are also %(line)s; people there choose who gets their letter",
        {**values, "first": ", ".join(patterns[:-1]), "last": patterns[-1]},
    )


def _split(cell: str) -> Iterator[str]:
    """Split a cell at `;` and `,`, and digits at spaces, `/`, `|` and `&`. `K1A 0B1` and `432 15` stay together."""
    for piece in re.split(r"[;,]", _GROUPS.sub(r"\1\2", _DASH.sub("-", cell))):
        if _HAS_LETTER.search(piece):
            yield piece.strip()
        else:
            yield from re.findall(r"[^\s/|&]+", piece)
