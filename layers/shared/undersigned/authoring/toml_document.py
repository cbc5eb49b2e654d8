"""A TOML file, with the line of each value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from undersigned.authoring.mistakes import Mistake, MistakesError, TooMuchError, count_and_most
from undersigned.domain.languages import Message

_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=""")
_TABLE = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TEXT = re.compile(
    r"""
    [#][^\n]*                                                    # a comment, in which any quotation mark may stand
    | "{3}(?:\\.|[^\\])*?"{3,5} | '{3}.*?'{3,5}                    # a text on several lines
    | "(?!"")(?:\\.|[^"\\])*" | '(?!'')[^']*' | (?P<open>["'])    # a text on one line, or without an end
    """,
    re.DOTALL | re.VERBOSE,
)
_NAME = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*)+[\w-]")
_HEADING = re.compile(r"(?m)^[ \t]*\[")
_BRACKET = re.compile(r"[\[\]{}]")

LONGEST = 50_000
"""The most characters of a file. One with all settings and their notes has 5,000."""

_MOST_LINES = 2_000
_MOST_TABLES = 100

_MOST_PARTS = 4
"""The most parts that a dotted name may have. The work of `tomllib` grows with their square."""

_DEEPEST = 10
"""How deeply lists and tables may be nested."""

_TWICE = Message("this setting or table is already further up; write each one once")
_NO_NAME = Message("the line has no name of a setting with “=” after it; write name = 'text', and begin a note with #")
_NO_END_OF_NAME = Message("the name of a table has no “]” after it; write it on a line of its own, such as [organizer]")
_NO_VALUE = Message(
    "what begins at character %(column)s is no value; write a text as 'text', a number with digits only, a day as "
    "2026-11-30, or true or false"
)
_TOO_MUCH = Message(
    "what begins at character %(column)s doesn't belong there; write one setting on a line, a text as 'text', a number "
    "with digits only, and a day as 2026-11-30"
)
_NO_END_OF_LIST = Message("a list has no “]” at its end, or no comma between two values; write ['one', 'two']")
_NO_END_OF_TEXT = Message(
    "a text has no quotation mark at its end; write it on one line, with the same quotation mark before and after it"
)
_BACKSLASH = Message("at character %(column)s a backslash stands before the wrong character; write the text as 'text'")
_UNPRINTABLE = Message("there is an invisible character at character %(column)s; type the line again")
_NO_DAY = Message("there is no such day or time; write a day as 2026-11-30")
_OTHERWISE = Message(
    "the line can't be read from character %(column)s on; write each setting once, on a line of its own, as "
    "name = 'text'"
)
_REASONS = {
    r"Cannot |Duplicate ": _TWICE,
    r"Expected '='|Invalid statement|Invalid initial": _NO_NAME,
    r"Expected '\]": _NO_END_OF_NAME,
    r"Invalid value": _NO_VALUE,
    r"Expected newline": _TOO_MUCH,
    r"Unclosed array": _NO_END_OF_LIST,
    r"Unterminated string|Expected '|Expected \"'|(Found invalid|Illegal) character '\\[nr]'": _NO_END_OF_TEXT,
    r"Unescaped|Invalid hex|Escaped character": _BACKSLASH,
    r"(Found invalid|Illegal) character": _UNPRINTABLE,
    r"Invalid date": _NO_DAY,
}
"""Our words for the reasons of `tomllib`, which are in English only, by how these begin."""


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A TOML file's values, and the line of each key and table by its dotted name."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]

    @classmethod
    def parse(cls, file: str, text: str) -> TomlDocument:
        """Parse a file's text. Raises MistakesError, or TooMuchError before a text that would take long."""
        _check_work(file, text)
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MistakesError([_syntax_mistake(file, str(error), text)]) from error
        except ValueError as error:
            message = Message("a number has thousands of digits; write a shorter one")
            raise MistakesError([Mistake(file, None, message)]) from error
        return cls(values, _lines_of_keys(text))

    def get(self, name: str) -> Any:  # noqa: ANN401  (any TOML value)
        """Return the value of a dotted name, or None."""
        value: Any = self.values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def line_of(self, name: str) -> int | None:
        """Return the line of a dotted name, or for a missing key the line of its table, if there is one."""
        table, dot, _ = name.partition(".")
        return self.lines.get(name, self.lines.get(table) if dot else None)


def check_length(file: str, text: str) -> None:
    """Raise TooMuchError for more characters than a file may have."""
    says = Message("the file has %(count)s characters, more than the maximum of %(most)s; remove some")
    _check_count(file, len(text), LONGEST, says)


def _check_count(file: str, count: int, most: int, says: Message) -> None:
    if count > most:
        raise TooMuchError(file, None, replace(says, values=count_and_most(count, most)))


def _check_work(file: str, text: str) -> None:
    """Raise TooMuchError if parsing takes long: too many characters, lines, tables, parts of a name, or levels."""
    check_length(file, text)
    plain = _without_texts(text)
    says = Message("the file has %(count)s lines, more than the maximum of %(most)s; remove some")
    _check_count(file, text.count("\n"), _MOST_LINES, says)
    says = Message("the file has %(count)s tables, more than the maximum of %(most)s; remove some")
    _check_count(file, len(_HEADING.findall(plain)), _MOST_TABLES, says)
    if long := next((name for name in _NAME.finditer(plain) if name[0].count(".") >= _MOST_PARTS), None):
        message = Message(
            "a name has more than the maximum of %(most)s parts with dots between; write one such as organizer.name",
            {"most": _MOST_PARTS},
        )
        raise TooMuchError(file, _line_at(plain, long.start()), message)
    depth = 0
    for bracket in _BRACKET.finditer(plain):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _DEEPEST:
            message = Message("lists are nested too deeply; write a list without further lists in it")
            raise TooMuchError(file, _line_at(plain, bracket.start()), message)


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _without_texts(text: str) -> str:
    """Return a file without comments, and with one letter for each text. It ends where a text without an end begins."""
    parts, end = [], 0
    for found in _TEXT.finditer(text):
        parts.append(text[end : found.start()])
        if found["open"]:
            # No parser reads further.
            return "".join(parts)
        parts.append(("" if found[0].startswith("#") else "x") + "\n" * found[0].count("\n"))
        end = found.end()
    return "".join((*parts, text[end:]))


def as_written(value: object) -> str:
    """Return a value approximately as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, (str, int, float, list)) else str(value)


def _syntax_mistake(file: str, error: str, text: str) -> Mistake:
    position = _POSITION.search(error)
    lines = text.rstrip().split("\n")
    at = (int(position[1]), int(position[2])) if position and position[1] else (len(lines), len(lines[-1]) + 1)
    says = next((says for begin, says in _REASONS.items() if re.match(begin, error)), _OTHERWISE)
    if says is _NO_END_OF_TEXT and position and not position[1]:
        # `tomllib` has looked for the end of a text in all that follows. The line to correct is where the text begins.
        opening = next(found for found in _TEXT.finditer(text) if found["open"])
        at = (text.count("\n", 0, opening.start()) + 1, at[1])
    return Mistake(file, at[0], replace(says, values={"column": at[1]}))


def _lines_of_keys(text: str) -> dict[str, int]:
    """Find the line of each key and table by the beginnings of lines, except in multi-line strings."""
    lines: dict[str, int] = {}
    table = ""
    open_quotes = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not open_quotes:
            if heading := _TABLE.match(line):
                lines.setdefault(heading[1], number)
                table = f"{heading[1]}."
            elif key := _KEY.match(line):
                lines.setdefault(table + (key[1] or key[2] or key[3]), number)
        for quotes in ('"""', "'''"):
            if open_quotes in {"", quotes} and line.count(quotes) % 2:
                open_quotes = "" if open_quotes else quotes
                break
    return lines
