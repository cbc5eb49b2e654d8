"""A campaign's counters. `counting/rows/marks.py` moves letters between them; publishing writes the goal.

| row | pk | sk |
|---|---|---|
| counter | `COUNT#<campaign>#<0…7>` | `TOTAL`, `TARGET#<target>`, `DAY#<day>`, `SOURCE#<label>` |

A counter is the sum of its eight rows, so that workers that count at once seldom meet in one. Each has its letters, and
how many have ever `left` it. The campaign's goal, and when people see it, are beside the first total.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, NotFoundError
from undersigned.base.rows import Key
from undersigned.base.table import Repository, Update, as_read, read_row, read_rows
from undersigned.campaigns.rules.counts import TOTAL

if TYPE_CHECKING:
    from undersigned.base.rows import Values
    from undersigned.campaigns.rules.campaigns import ShowGoal

SHARDS = 8
"""The partitions of a campaign's counters. Each takes 1,000 write units a second."""


def counter_partitions(campaign: str) -> list[str]:
    """Return the partitions of a campaign's counters."""
    return [_partition(campaign, shard) for shard in range(SHARDS)]


def _partition(campaign: str, shard: int) -> str:
    return f"COUNT#{campaign}#{shard}"


def counter_key(campaign: str, counter: str, shard: int = 0) -> Key:
    """Return the key of one of a counter's rows."""
    return Key(_partition(campaign, shard), counter)


def change_of(campaign: str, counter: str, shard: int, letters: int, leaving: int) -> Update:
    """Return the change of a counter: by how many letters it grows, and how many of its letters leave it."""
    changes = {"signatures": letters, "left": leaving} if leaving else {"signatures": letters}
    return Update(counter_key(campaign, counter, shard), add=changes)


class Counters(Repository):
    """Counters in the table."""

    def total(self, campaign: str) -> tuple[int, int, ShowGoal]:
        """Return all confirmed letters, the goal, and when people see it. Raises NotFoundError."""
        rows = self._rows_of(campaign, TOTAL)
        if "goal" not in rows[0]:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        goal, show_goal = read_row(lambda row: (int(row["goal"]), row["show_goal"]), rows[0])
        return sum(read_rows(_letters, rows)), goal, show_goal

    def exist(self, campaign: str) -> bool:
        """Say whether the campaign has its counters still, by a consistent read."""
        return "goal" in self._rows_of(campaign, TOTAL, consistent=True)[0]

    def _rows_of(self, campaign: str, counter: str, *, consistent: bool = False) -> list[Values]:
        """Read a counter's rows, by shard. A missing row is empty."""
        keys = [counter_key(campaign, counter, shard) for shard in range(SHARDS)]
        found = {values["pk"]: values for values in self._table.batch_get(keys, consistent=consistent)}
        return [found.get(key.pk, {}) for key in keys]

    def counts(self, campaign: str, *beginnings: str) -> dict[str, int]:
        """Read all counters (`TOTAL`, `TARGET#…`, `DAY#…`) consistently, or those whose names begin with a text."""
        return {name: letters for name, (letters, _) in self.holdings(campaign, *beginnings).items()}

    def holdings(self, campaign: str, *beginnings: str) -> dict[str, tuple[int, int]]:
        """Read the same, each with how many letters have ever left it."""
        letters, left = Counter[str](), Counter[str]()
        for partition in counter_partitions(campaign):
            for beginning in beginnings or (None,):
                rows = self._table.query(partition, begins_with=beginning, consistent=True)
                for name, amount, gone in read_rows(_holding, rows):
                    letters[name] += amount
                    left[name] += gone
        return {name: (letters[name], left[name]) for name in sorted(letters)}

    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        """Correct a counter by a difference.

        Raises ChangedError if its number has changed since, and DamagedRowsError if one of its rows is damaged.
        """
        rows = self._rows_of(campaign, counter, consistent=True)
        if sum(read_rows(_letters, rows, whole=True)) != wrong:
            raise ChangedError
        change = change_of(campaign, counter, 0, right - wrong, max(wrong - right, 0))
        self._table.update(replace(change, when=as_read({"signatures": rows[0].get("signatures")})))


def _letters(values: Values) -> int:
    return int(values.get("signatures", 0))


def _holding(values: Values) -> tuple[str, int, int]:
    return values["sk"], _letters(values), int(values.get("left", 0))
