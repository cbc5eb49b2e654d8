"""Mistakes in the files that people write: the line, what is wrong, and how to correct it.

Each is a sentence with values, which pages show in their reader's language, the command line and the API in English.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something to correct in a campaign's files, or a warning. `line` is 1-based; None means the whole file.

    A mistake in a table has its `column`, one in a setting its dotted name and perhaps an `example` of its line. `says`
    is the sentence that a page shows beside the cell or the field; `plainly` is another one for the page, if `says` has
    the file's syntax. With `is_too_much`, the file was not read further, because that takes long.
    """

    file: str
    line: int | None
    says: Message
    column: str | None = None
    is_too_much: bool = False
    setting: str | None = None
    example: str = ""
    plainly: Message | None = None

    @property
    def on_page(self) -> Message:
        """Return the sentence for a page."""
        return self.plainly or self.says

    @property
    def message(self) -> str:
        """Return the sentence in English, between the name of its column or setting and an example."""
        name, such = self.column or self.setting, f" (such as {self.example})" if self.example else ""
        return f"`{name}`: {self.says}{such}" if name else str(self.says)

    def __hash__(self) -> int:
        """Hash the sentence: a message's values can't be hashed."""
        return hash((self.file, self.line, self.message, self.column))

    def __str__(self) -> str:
        """Write it as compilers do, so that editors can jump there: `targets.csv:7: …`."""
        position = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{position}: {self.message}"


class MistakesError(UndersignedError):
    """A person's files have mistakes; carries all of them."""

    status = 422
    title = Message("Something is left to do")
    detail = Message("Nothing was saved or published. Each step of the campaign says what is left.")

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Keep every mistake, in the order given."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class TooMuchError(MistakesError):
    """A file is over a limit, so it is not read: that could take longer than a request may."""

    def __init__(self, file: str, line: int | None, says: Message) -> None:
        """Keep the mistake, which names the limit and the way out."""
        super().__init__([Mistake(file, line, says, is_too_much=True)])


def correct_name(unknown: str, known: Iterable[str], notation: str = "`{}`") -> Message:
    """Return how to correct an unknown name: the most similar known one in this notation, or all of them."""
    import difflib

    known = tuple(known)
    nearest = difflib.get_close_matches(unknown.lower(), known, n=1)
    if nearest:
        return Message("did you mean %(name)s?", {"name": notation.format(nearest[0])})
    return Message("use one of %(names)s", {"names": ", ".join(known)})


def count_and_most(count: int, most: int) -> dict[str, object]:
    """Return `count` and `most` for a sentence about a file that is over a limit."""
    return {"count": f"{count:,}", "most": f"{most:,}"}


def line(number: int) -> Message:
    """Return `line 7` as a value of a sentence. For a table, a page shows the row instead: see `with_rows`."""
    return Message("line %(line)s", {"line": number})


def on_line(number: int) -> Message:
    """Return `on line 7` as a value of a sentence. For a table, a page shows the row instead."""
    return Message("on line %(line)s", {"line": number})


def with_rows(message: Message, row_of: Callable[[int], int | None]) -> Message:
    """Return a sentence with a table's rows in place of its file's lines. `row_of` returns None for other lines."""
    number = message.values.get("line")
    row = row_of(number) if isinstance(number, int) else None
    if row is not None and message == line(number):  # type: ignore[arg-type]
        return Message("row %(row)s", {"row": row})
    if row is not None and message == on_line(number):  # type: ignore[arg-type]
        return Message("in row %(row)s", {"row": row})
    values = {
        name: with_rows(value, row_of) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    return replace(message, values=values)
