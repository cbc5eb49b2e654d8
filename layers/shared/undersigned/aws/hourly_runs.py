"""Hourly runs: until when each of them has done a campaign, or the stack.

| row | pk | sk |
|---|---|---|
| hourly run of a campaign | `CAMPAIGN#<campaign>` | `HOURLY#<run>` |
| hourly run of the stack | `HOURLY#<run>` | `META` |
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.campaigns import campaign_partition
from undersigned.aws.dynamodb import ConditionFailedError, Key, Update, read_moment, written
from undersigned.services.ports import HourlyRunStore

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.aws.dynamodb import Table
    from undersigned.services.ports import HourlyRun

HOURLY = "HOURLY#"


def hourly_key(run: HourlyRun, campaign: str | None) -> Key:
    """Return the key of an hourly run of a campaign, or of the stack."""
    return Key(campaign_partition(campaign), HOURLY + run) if campaign else Key(f"HOURLY#{run}", "META")


class HourlyRuns(HourlyRunStore):
    """Hourly runs in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def done_until(self, run: HourlyRun, campaign: str | None, cadence: str) -> datetime | None:
        values = self._table.get(hourly_key(run, campaign), consistent=True) or {}
        return read_moment(values["until"]) if values.get("cadence") == cadence else None

    @override
    def begin(self, run: HourlyRun, campaign: str | None, cadence: str, until: datetime) -> None:
        values = {"cadence": cadence, "until": written(until.astimezone(UTC))}
        self._table.update(Update(hourly_key(run, campaign), assign=values))

    @override
    def record(self, run: HourlyRun, campaign: str | None, until: datetime) -> None:
        # In UTC, texts are in the order of their moments.
        moment = written(until.astimezone(UTC))
        with suppress(ConditionFailedError):  # Another run was faster, or the campaign was deleted.
            self._table.update(
                Update(hourly_key(run, campaign), assign={"until": moment}, when=Attr("until").lt(moment))
            )
