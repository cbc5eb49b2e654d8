"""The keys of a campaign's counters. `counting/rows/counts.py` writes and reads these rows; publishing writes the goal.

| row | pk | sk |
|---|---|---|
| counter | `COUNT#<campaign>#<0…7>` | `TOTAL`, `TARGET#<target>`, `DAY#<day>`, `SOURCE#<label>` |
"""

from __future__ import annotations

from undersigned.base.rows import Key

SHARDS = 8
"""The partitions of a campaign's counters. Each takes 1,000 write units a second."""

TOTAL = "TOTAL"


def counter_partitions(campaign: str) -> list[str]:
    """Return the partitions of a campaign's counters."""
    return [_partition(campaign, shard) for shard in range(SHARDS)]


def _partition(campaign: str, shard: int) -> str:
    return f"COUNT#{campaign}#{shard}"


def counter_key(campaign: str, counter: str, shard: int = 0) -> Key:
    """Return the key of one of a counter's rows."""
    return Key(_partition(campaign, shard), counter)
