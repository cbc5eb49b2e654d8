"""Whether what the reconciliation reports is true, read from the table without the product's code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.search.invariants import misplaced
from tests.search.stored import counted_in, letters_in, rows_of

if TYPE_CHECKING:
    from logging import LogRecord

    from tests.support.world import World


def is_true(record: LogRecord, world: World) -> bool:
    """Return whether a difference exists at the moment when it is reported. Any other finding is true."""
    finding = record.getMessage()
    rows = list(rows_of(world))
    match finding:
        case "the counters differ from the rows":
            marks = Counter(counter for letter in letters_in(rows) for counter in letter.mark)
            return marks != +counted_in(rows)
        case "a row is damaged":
            return False
        case (
            "the bundles differ from the rows"
            | "a letter is in a tray and in a bundle"
            | "a confirmed letter is in no tray and in no bundle"
            | "a letter that is not confirmed is in a tray"
        ):
            return bool(list(misplaced(rows)))
        case _:
            return True
