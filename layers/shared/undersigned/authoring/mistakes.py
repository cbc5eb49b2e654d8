"""Mistakes in the files that people write: the line, what is wrong, and how to correct it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something to correct in a campaign's files, or a warning. `line` is 1-based; None means the whole file."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """Write it as compilers do, so that editors can jump there: `campaign.toml:7: …`."""
        position = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{position}: {self.message}"


class MistakesError(UndersignedError):
    """A person's files have mistakes; carries all of them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Keep every mistake, in the order given."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def correct_name(unknown: str, known: Iterable[str], notation: str = "`{}`") -> str:
    """Return how to correct an unknown name: the most similar known one in this notation, or all of them."""
    known = tuple(known)
    nearest = difflib.get_close_matches(unknown.lower(), known, n=1)
    return f"did you mean {notation.format(nearest[0])}?" if nearest else f"use one of {', '.join(known)}"


def too_many(what: str, count: int, most: int) -> str:
    """Return the error for more of something than a file may have: `51 sites, more than the maximum of 50; …`."""
    return f"{count:,} {what}, more than the maximum of {most:,}; remove some"
