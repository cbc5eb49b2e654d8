"""Hourly runs: until when a function's hourly schedule has done everything.

| row | pk | sk |
|---|---|---|
| hourly run | `HOURLY#<plan or report>` | `META` |
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import ConditionFailedError, Key, Update, read_moment, written
from undersigned.services.ports import HourlyRunStore

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.aws.dynamodb import Table
    from undersigned.services.ports import HourlyRun


def hourly_key(run: HourlyRun) -> Key:
    """Return the key of an hourly run."""
    return Key(f"HOURLY#{run}", "META")


class HourlyRuns(HourlyRunStore):
    """Hourly runs in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def done_until(self, run: HourlyRun) -> datetime | None:
        values = self._table.get(hourly_key(run), consistent=True)
        return read_moment(values["until"]) if values else None

    @override
    def record(self, run: HourlyRun, until: datetime) -> None:
        # In UTC, texts are in the order of their moments.
        moment = written(until.astimezone(UTC))
        is_later = Attr("until").not_exists() | Attr("until").lt(moment)
        with suppress(ConditionFailedError):  # Another run was faster.
            self._table.update(Update(hourly_key(run), assign={"until": moment}, when=is_later))
