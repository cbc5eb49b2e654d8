"""A TOML file, with the line of each value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from undersigned.authoring.mistakes import Mistake, MistakesError
from undersigned.domain.languages import Message

_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=""")
_TABLE = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A TOML file's values, and the line of each key and table by its dotted name."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]

    @classmethod
    def parse(cls, file: str, text: str) -> TomlDocument:
        """Parse a file's text. Raises MistakesError."""
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MistakesError([_syntax_mistake(file, str(error), text)]) from error
        except ValueError as error:
            message = Message("a number has thousands of digits; write a shorter one")
            raise MistakesError([Mistake(file, None, message)]) from error
        except RecursionError as error:
            message = Message("lists are nested too deeply; write a list without further lists in it")
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


def as_written(value: object) -> str:
    """Return a value approximately as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, (str, int, float, list)) else str(value)


def _syntax_mistake(file: str, error: str, text: str) -> Mistake:
    position = _POSITION.search(error)
    line = int(position[1]) if position and position[1] else len(text.rstrip().split("\n"))
    # The reason is that of the parser, which has it in English only.
    message = Message(
        "%(reason)s; write each setting once, on a line of its own, as name = 'text'",
        {"reason": _POSITION.sub("", error)},
    )
    return Mistake(file, line, message)


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
